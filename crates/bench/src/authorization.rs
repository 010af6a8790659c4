//! What authorization costs: an item read by a user who may do that and little else, against the same read by root, whom
//! nothing is decided about.

use std::time::Duration;

use crate::ask::succeed;
use crate::load::{self, Report};
use crate::message::Maker;

const USER: &str = "bench";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:us-east-1:000000000000:table/bench"}]}"#;

/// Requests per second of the user for each of root's. The table is there, and an item in it.
pub fn measure(root: Maker, rounds: usize, seconds: f64, connections: usize) -> Result<f64, String> {
    let user = user(root)?;
    let run = |maker: Maker| {
        let body = r#"{"TableName":"bench","Key":{"p":{"S":"p0"},"s":{"S":"s00042"}}}"#;
        let request = maker.json("dynamodb", "DynamoDB_20120810.GetItem", body);
        let report = load::run(maker.address, &[request], connections, Duration::from_secs_f64(seconds));
        let report = report.map_err(|error| error.to_string())?;
        match report.failure {
            Some(failure) => Err(failure),
            None => Ok(report),
        }
    };
    run(user)?;
    let (mut users, mut roots) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        users.push(run(user)?);
        roots.push(run(root)?);
    }
    Ok(median(&users) / median(&roots))
}

fn median(reports: &[Report]) -> f64 {
    let mut rates: Vec<f64> = reports.iter().map(Report::per_second).collect();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A user with one policy and a key, which signs from then on.
fn user(root: Maker) -> Result<Maker, String> {
    let iam = |form: &str| {
        succeed(root.address, &root.query("iam", &format!("Version=2010-05-08&UserName={USER}&{form}")))
            .map(|body| String::from_utf8_lossy(&body).into_owned())
    };
    iam("Action=CreateUser")?;
    let encoded: String = POLICY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    iam(&format!("Action=PutUserPolicy&PolicyName=read&PolicyDocument={encoded}"))?;
    let answer = iam("Action=CreateAccessKey")?;
    let field = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        // Two short strings for as long as the bench runs.
        Some(&*rest.split_once('<')?.0.to_owned().leak())
    };
    match (field("AccessKeyId"), field("SecretAccessKey")) {
        (Some(access_key), Some(secret)) => Ok(Maker { access_key, secret, ..root }),
        _ => Err(format!("no key in {answer}")),
    }
}
