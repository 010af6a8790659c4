//! What a decision costs: a request over 50 attached policies, none of which but the last allows it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use kogumo_policy::{Attached, Context, Document, Policies, Principal, Request, decide};

const POLICIES: usize = 50;
const TIMES: u32 = 20_000;

/// The mean time of a decision; none if the engine errs.
pub fn measure() -> Option<Duration> {
    let text = |index: usize| {
        let action = if index + 1 == POLICIES { "dynamodb:GetItem" } else { "dynamodb:Query" };
        format!(
            r#"{{"Version":"2012-10-17","Statement":[
                {{"Effect":"Deny","Action":["s3:Delete*","sqs:*"],"Resource":"arn:aws:s3:::bucket-{index}/*"}},
                {{"Effect":"Allow","Action":["s3:Get*","{action}"],"Resource":["arn:aws:dynamodb:*:*:table/t-*","arn:aws:s3:::b/${{aws:username}}/*"],
                  "Condition":{{"StringLike":{{"aws:username":["u*","v*"]}},"IpAddress":{{"aws:SourceIp":["10.0.0.0/8","127.0.0.1/32"]}}}}}}]}}"#
        )
    };
    let documents: Vec<Document> = (0..POLICIES).filter_map(|index| Document::parse(&text(index)).ok()).collect();
    let identity = documents.iter().map(|document| Attached { name: "p", document }).collect();
    let policies = Policies { identity, ..Policies::default() };
    let account = "111122223333";
    let principal = Principal::User {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/u"),
        id: "AIDAAAAAAAAAAAAAAAAAA".into(),
    };
    let mut context = Context::default();
    for (key, value) in [("aws:username", "u"), ("aws:SourceIp", "127.0.0.1"), ("aws:SecureTransport", "false")] {
        context.put(key, value);
    }
    let resource = "arn:aws:dynamodb:us-east-1:111122223333:table/t-1";
    let request = Request { principal: &principal, action: "dynamodb:GetItem", resource, owner: "", context: &context };
    if !decide(&request, &policies).is_allowed() {
        return None;
    }
    let begun = Instant::now();
    for _ in 0..TIMES {
        black_box(decide(black_box(&request), black_box(&policies)));
    }
    Some(begun.elapsed() / TIMES)
}
