//! The registry: which services this program has.

use std::io::Write;

use kogumo_base::Trouble;
use kogumo_door::settings::{PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES};
use kogumo_door::{Service, Settings};

/// All services. A new one is one line here.
pub fn all(settings: &Settings) -> Result<Vec<Service>, Trouble> {
    // One a line: most changes to this file add one.
    #[rustfmt::skip]
    let services = vec![
        kogumo_svc_apigateway::service(),
        kogumo_svc_apigatewayv2::service(),
        kogumo_svc_cloudformation::service(),
        kogumo_svc_cloudtrail::service(),
        kogumo_svc_cloudwatch::service(),
        kogumo_svc_cognitoidp::service(),
        kogumo_svc_cognitoidentity::service(),
        kogumo_svc_dynamodb::service(),
        kogumo_svc_dynamodbstreams::service(),
        kogumo_svc_ec2::service(),
        kogumo_svc_ec2::ebs::service(),
        kogumo_svc_ecr::service(),
        kogumo_svc_iam::service(),
        kogumo_svc_s3::service(&settings.data.join("objects"), settings.fsync)?,
        kogumo_svc_kms::service(),
        kogumo_svc_lambda::service(),
        kogumo_svc_logs::service(),
        kogumo_svc_sns::service(),
        kogumo_svc_sqs::service(),
        kogumo_svc_ssm::service(),
        kogumo_svc_sts::service(),
        kogumo_svc_translate::service(),
    ];
    Ok(services)
}

/// Prints what is built, out of the registry itself; with `operations` each one by name.
///
/// # Errors
/// Standard output is closed.
pub fn list(operations: bool) -> Result<(), Trouble> {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 4566).into(),
        callback: None,
        data: std::env::temp_dir(),
        fsync: false,
        strict: false,
        public_addresses: PUBLIC_ADDRESSES,
        public_ipv6_addresses: PUBLIC_IPV6_ADDRESSES,
        translate_url: None,
    };
    let mut out = std::io::stdout().lock();
    let mut services = all(&settings)?;
    services.sort_by_key(|service| service.facts.name);
    for service in services {
        let (built, known) = (service.ops.len(), service.facts.operations.len());
        print(&mut out, format_args!("{:<18} {built:>4} of {known:>4} operations", service.facts.name))?;
        if operations {
            for operation in service.facts.operations {
                let mark = if service.op(operation.name).is_some() { '+' } else { '-' };
                print(&mut out, format_args!("  {mark} {}", operation.name))?;
            }
        }
    }
    Ok(())
}

fn print(out: &mut impl Write, line: std::fmt::Arguments) -> Result<(), Trouble> {
    writeln!(out, "{line}").map_err(|error| Trouble::from_cause("cannot write to standard output", error))
}
