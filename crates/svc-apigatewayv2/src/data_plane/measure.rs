//! What is measured of a request, and the dimensions it is counted under.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>

use crate::stage::Stage;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::{Request, Response};
use kogumo_execute_api::metrics::{Dimensions, Measure};

/// By API, by stage, and by route where the stage's settings ask for detailed metrics.
pub fn dimensions(stage: &Stage, context: &Context) -> Vec<Dimensions> {
    let api = ("ApiId", context.api_id.clone());
    let named = ("Stage", stage.name.clone());
    let mut sets = vec![vec![api.clone()], vec![api.clone(), named.clone()]];
    let own = stage.throttles.get(&context.resource_id).and_then(|own| own.detailed_metrics);
    let routed = !context.resource_id.is_empty();
    if routed && own.or(stage.default_throttle.detailed_metrics).unwrap_or(false) {
        let method = context.resource_id.split_once(' ').map_or("ANY", |(method, _)| method);
        let route = [("Method", method.to_owned()), ("Resource", context.resource_path.clone())];
        sets.push([api, named].into_iter().chain(route).collect());
    }
    sets
}

/// One request.
pub fn measures(request: &Request, response: &Response, context: &Context) -> Vec<Measure> {
    let is = |class: u16| i64::from(response.status / 100 == class);
    let bytes = i64::try_from(request.body.len() + response.body.len()).unwrap_or(i64::MAX);
    let mut measures = vec![
        Measure { name: "Count", unit: "Count", value: 1 },
        Measure { name: "4xx", unit: "Count", value: is(4) },
        Measure { name: "5xx", unit: "Count", value: is(5) },
        Measure { name: "Latency", unit: "Milliseconds", value: context.latency },
        Measure { name: "DataProcessed", unit: "Bytes", value: bytes },
    ];
    if let Some(value) = context.integration_latency {
        measures.push(Measure { name: "IntegrationLatency", unit: "Milliseconds", value });
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Throttle;

    #[test]
    fn routes_are_told_apart_where_that_is_asked_for() {
        let context = Context {
            api_id: "a".into(),
            resource_id: "GET /pets/{id}".into(),
            resource_path: "/pets/{id}".into(),
            ..Context::default()
        };
        let mut stage = Stage { name: "$default".into(), ..Stage::default() };
        assert_eq!(dimensions(&stage, &context).len(), 2);
        stage.default_throttle.detailed_metrics = Some(true);
        let sets = dimensions(&stage, &context);
        assert_eq!(sets[2][2..], [("Method", "GET".to_owned()), ("Resource", "/pets/{id}".to_owned())]);
        let off = Throttle { detailed_metrics: Some(false), ..Throttle::default() };
        stage.throttles.insert("GET /pets/{id}".into(), off);
        assert_eq!(dimensions(&stage, &context).len(), 2);
    }
}
