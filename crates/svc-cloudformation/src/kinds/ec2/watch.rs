//! What looks at a network: flow logs, and the paths and analyses of the Reachability Analyzer.

use serde_json::{Value, json};

use super::tagged::make;
use crate::kinds::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

const OF_FLOW_LOG: [&str; 9] = [
    "DeliverCrossAccountRole",
    "DeliverLogsPermissionArn",
    "DestinationOptions",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "TrafficType",
];

pub async fn create_flow_log(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&OF_FLOW_LOG[..], &["ResourceId", "ResourceType", "Tags"]].concat())?;
    let own = [("ResourceIds", json!([w.get("ResourceId")])), ("ResourceType", w.get("ResourceType").clone())];
    let Value::Object(input) = with(w.pick(&OF_FLOW_LOG), own) else { return Err(Failure::new("Internal Failure")) };
    // What a flow log could not be made for is told in the answer, and is no error.
    let id = make(h, w, "CreateFlowLogs", "vpc-flow-log", input.clone(), "/FlowLogIds/0").await?;
    if id.is_empty() {
        let told = h.call("ec2", "CreateFlowLogs", Value::Object(input)).await?;
        return Err(Failure::new(text_at(&told, "/Unsuccessful/0/Error/Message")));
    }
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

pub async fn delete_flow_log(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("ec2", "DeleteFlowLogs", json!({"FlowLogIds": [w.physical_id]})).await
}

const OF_PATH: [&str; 8] = [
    "Destination",
    "DestinationIp",
    "DestinationPort",
    "FilterAtDestination",
    "FilterAtSource",
    "Protocol",
    "Source",
    "SourceIp",
];

pub async fn create_path(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&OF_PATH[..], &["Tags"]].concat())?;
    let token = format!("{}/{}", w.stack_id, w.logical_id);
    let token = token.get(token.len().saturating_sub(64)..).unwrap_or_default().to_owned();
    let Value::Object(input) = with(w.pick(&OF_PATH), [("ClientToken", json!(token))]) else {
        return Err(Failure::new("Internal Failure"));
    };
    let pointer = "/NetworkInsightsPath/NetworkInsightsPathId";
    let id = make(h, w, "CreateNetworkInsightsPath", "network-insights-path", input, pointer).await?;
    let found = h.call("ec2", "DescribeNetworkInsightsPaths", json!({"NetworkInsightsPathIds": [id]})).await?;
    let path = &found["NetworkInsightsPaths"][0];
    let mut made = Made::new(id.as_str());
    for name in ["CreatedDate", "DestinationArn", "NetworkInsightsPathArn", "NetworkInsightsPathId", "SourceArn"] {
        made = made.attribute(name, path[name].clone());
    }
    Ok(made)
}

/// Analyses, and waits for what is found.
pub async fn create_analysis(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["NetworkInsightsPathId", "Tags"])?;
    let token = format!("{}/{}", w.stack_id, w.logical_id);
    let token = token.get(token.len().saturating_sub(64)..).unwrap_or_default().to_owned();
    let Value::Object(input) = with(w.pick(&["NetworkInsightsPathId"]), [("ClientToken", json!(token))]) else {
        return Err(Failure::new("Internal Failure"));
    };
    let pointer = "/NetworkInsightsAnalysis/NetworkInsightsAnalysisId";
    let id = make(h, w, "StartNetworkInsightsAnalysis", "network-insights-analysis", input, pointer).await?;
    let ask = async || {
        let found = h.call("ec2", "DescribeNetworkInsightsAnalyses", json!({"NetworkInsightsAnalysisIds": [id]}));
        let analysis = found.await?["NetworkInsightsAnalyses"][0].clone();
        Ok((analysis["Status"] != "running").then_some(analysis))
    };
    let late = format!("the analysis {id} did not end");
    let analysis = h.until(300, &late, ask).await.map_err(|failure| failure.after(&id))?;
    let mut made = Made::new(id.as_str());
    for name in [
        "Explanations",
        "ForwardPathComponents",
        "NetworkInsightsAnalysisArn",
        "NetworkInsightsAnalysisId",
        "NetworkPathFound",
        "ReturnPathComponents",
        "StartDate",
        "Status",
        "StatusMessage",
    ] {
        made = made.attribute(name, analysis[name].clone());
    }
    Ok(made)
}
