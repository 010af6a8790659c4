//! What guests may at the most: the session policies that the enhanced flow gives to those who have not signed in.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>

use kogumo_model::sts::PolicyDescriptorType;
use serde_json::json;

/// The managed policy that sessions of guests get.
const MANAGED: &str = "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy";

/// The services that the policy within the call opens besides.
const SERVICES: [&str; 22] = [
    "appsync",
    "cloudwatch",
    "cognito-identity",
    "cognito-idp",
    "cognito-sync",
    "dynamodb",
    "execute-api",
    "gamelift",
    "iot",
    "kinesis",
    "lambda",
    "lex",
    "logs",
    "machinelearning",
    "mobileanalytics",
    "s3",
    "scs",
    "sdb",
    "ses",
    "sns",
    "sqs",
    "sumerian",
];

/// The session policies of a guest's credentials; who has signed in gets none.
pub fn limits(is_guest: bool) -> (Option<String>, Option<Vec<PolicyDescriptorType>>) {
    if !is_guest {
        return (None, None);
    }
    let actions: Vec<String> = SERVICES.iter().map(|service| format!("{service}:*")).collect();
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    (Some(policy), Some(vec![PolicyDescriptorType { arn: Some(MANAGED.to_owned()) }]))
}
