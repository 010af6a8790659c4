//! `AWS::Logs::MetricFilter` and `AWS::Logs::SubscriptionFilter`.

use serde_json::{Map, Value, json};

use super::hands::{Hands, with};
use crate::world::{Failure, Made, Work};

pub async fn put_metric_filter(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["FilterName", "FilterPattern", "LogGroupName", "MetricTransformations", "ApplyOnTransformedLogs"])?;
    let transformations: Vec<Value> = w.list("MetricTransformations").iter().map(transformation).collect();
    let name = name(w, "FilterName");
    let input = json!({
        "logGroupName": w.get("LogGroupName"),
        "filterName": name,
        "filterPattern": w.get("FilterPattern"),
        "metricTransformations": transformations,
        "applyOnTransformedLogs": w.get("ApplyOnTransformedLogs"),
    });
    h.call("logs", "PutMetricFilter", input).await?;
    Ok(Made::new(name))
}

/// Members begin with a small letter in the operation; dimensions are a map there.
fn transformation(given: &Value) -> Value {
    let members = given.as_object().into_iter().flatten().map(|(member, value)| {
        let mut letters = member.chars();
        let small = letters.next().map(|first| first.to_ascii_lowercase());
        let value = match member.as_str() {
            "Dimensions" => dimensions(value),
            _ => value.clone(),
        };
        (small.into_iter().chain(letters).collect::<String>(), value)
    });
    Value::Object(members.collect())
}

fn dimensions(given: &Value) -> Value {
    let pairs = given.as_array().into_iter().flatten();
    let pairs = pairs.map(|pair| (pair["Key"].as_str().unwrap_or_default().to_owned(), pair["Value"].clone()));
    Value::Object(pairs.collect::<Map<_, _>>())
}

pub async fn delete_metric_filter(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("logs", "DeleteMetricFilter", which(w)).await
}

pub async fn put_subscription_filter(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[
        "FilterName",
        "FilterPattern",
        "LogGroupName",
        "DestinationArn",
        "Distribution",
        "ApplyOnTransformedLogs",
    ])?;
    let name = name(w, "FilterName");
    let input = with(
        Map::new(),
        [
            ("logGroupName", w.get("LogGroupName").clone()),
            ("filterName", json!(name)),
            ("filterPattern", w.get("FilterPattern").clone()),
            ("destinationArn", w.get("DestinationArn").clone()),
            ("distribution", w.get("Distribution").clone()),
            ("applyOnTransformedLogs", w.get("ApplyOnTransformedLogs").clone()),
        ],
    );
    h.call("logs", "PutSubscriptionFilter", input).await?;
    Ok(Made::new(name))
}

pub async fn delete_subscription_filter(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("logs", "DeleteSubscriptionFilter", which(w)).await
}

fn which(w: &Work) -> Value {
    json!({"logGroupName": w.get("LogGroupName"), "filterName": w.physical_id})
}

/// The name that it has, is given, or was made up for it.
fn name(w: &Work, property: &str) -> String {
    if w.physical_id.is_empty() { w.named(property) } else { w.physical_id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_as_the_operation_has_them() {
        let given = json!({"MetricName": "m", "DefaultValue": 0, "Dimensions": [{"Key": "a", "Value": "$.a"}]});
        assert_eq!(transformation(&given), json!({"metricName": "m", "defaultValue": 0, "dimensions": {"a": "$.a"}}));
    }
}
