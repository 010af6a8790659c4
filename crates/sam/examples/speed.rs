//! How long a template of fifty resources takes: thirty functions behind one API, with tables,
//! queues and layers.

use kogumo_sam::{Context, transform};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

fn template() -> Value {
    let mut resources = Map::new();
    for n in 0..30 {
        let function = json!({"Type": "AWS::Serverless::Function", "Properties": {
        "CodeUri": "s3://bucket/code", "Handler": "a.b", "Runtime": "python3.12", "AutoPublishAlias": "live",
        "Policies": ["AmazonS3FullAccess", {"DynamoDBCrudPolicy": {"TableName": {"Ref": format!("Table{}", n % 10)}}}],
        "Events": {
            "Get": {"Type": "Api", "Properties": {"Path": format!("/items{n}/{{id}}"), "Method": "get"}},
            "Post": {"Type": "Api", "Properties": {"Path": format!("/items{n}"), "Method": "post"}},
            "Queue": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": [format!("Queue{}", n % 5), "Arn"]}}}
        }}});
        resources.insert(format!("Function{n}"), function);
    }
    for n in 0..10 {
        resources.insert(format!("Table{n}"), json!({"Type": "AWS::Serverless::SimpleTable"}));
    }
    for n in 0..5 {
        resources.insert(format!("Queue{n}"), json!({"Type": "AWS::SQS::Queue"}));
        let layer = json!({"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "s3://bucket/layer"}});
        resources.insert(format!("Layer{n}"), layer);
    }
    json!({"Globals": {"Api": {"Cors": "'*'"}}, "Resources": resources})
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (template, context) = (template(), Context::new("us-east-1"));
    let mut times = Vec::new();
    for _ in 0..21 {
        let input = template.clone();
        let start = Instant::now();
        transform(input, &BTreeMap::new(), &context)?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("{} resources: {:?} at the median", template["Resources"].as_object().map_or(0, Map::len), times[10]);
    Ok(())
}
