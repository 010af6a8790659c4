//! What is measured of a request, and the dimensions it is counted under.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>

use crate::stage::MethodSettings;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::metrics::{Dimensions, Measure};

/// By API, by stage, and by method where its settings ask for detailed metrics.
pub fn dimensions(api_name: &str, settings: Option<&MethodSettings>, context: &Context) -> Vec<Dimensions> {
    let api = ("ApiName", api_name.to_owned());
    let stage = ("Stage", context.stage.clone());
    let mut sets = vec![vec![api.clone()], vec![api.clone(), stage.clone()]];
    if !context.resource_path.is_empty() && settings.is_some_and(|settings| settings.metrics_enabled) {
        let method = ("Method", context.http_method.clone());
        sets.push(vec![api, method, ("Resource", context.resource_path.clone()), stage]);
    }
    sets
}

/// One request.
pub fn measures(status: u16, context: &Context) -> Vec<Measure> {
    let is = |class: u16| i64::from(status / 100 == class);
    let mut measures = vec![
        Measure { name: "Count", unit: "Count", value: 1 },
        Measure { name: "4XXError", unit: "Count", value: is(4) },
        Measure { name: "5XXError", unit: "Count", value: is(5) },
        Measure { name: "Latency", unit: "Milliseconds", value: context.latency },
    ];
    if let Some(value) = context.integration_latency {
        measures.push(Measure { name: "IntegrationLatency", unit: "Milliseconds", value });
    }
    measures
}
