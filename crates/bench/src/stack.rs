//! A stack of a hundred parameters, from the call to `CREATE_COMPLETE`.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::ask::{exchange, succeed};
use crate::message::Maker;

/// How long each stack takes: the median of five.
pub fn measure(maker: Maker) -> Result<Duration, String> {
    let mut times: Vec<Duration> = (0..5).map(|n| create(maker, n)).collect::<Result<_, _>>()?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn create(maker: Maker, n: usize) -> Result<Duration, String> {
    let resources: Vec<String> = (0..100)
        .map(|p| {
            let properties = format!(r#"{{"Name":"/bench/{n}/{p}","Type":"String","Value":"value {p}"}}"#);
            format!(r#""P{p}":{{"Type":"AWS::SSM::Parameter","Properties":{properties}}}"#)
        })
        .collect();
    let template = format!(r#"{{"Resources":{{{}}}}}"#, resources.join(","));
    let template: String = template.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!("Action=CreateStack&Version=2010-05-15&StackName=bench-{n}&TemplateBody={template}");
    let begin = Instant::now();
    succeed(maker.address, &maker.query("cloudformation", &form))?;
    let describe = format!("Action=DescribeStacks&Version=2010-05-15&StackName=bench-{n}");
    let describe = maker.query("cloudformation", &describe);
    let mut socket = TcpStream::connect(maker.address).map_err(|error| error.to_string())?;
    while begin.elapsed() < Duration::from_secs(60) {
        let (_, body) = exchange(&mut socket, &describe).map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body);
        if text.contains("<StackStatus>CREATE_COMPLETE<") {
            return Ok(begin.elapsed());
        }
        if !text.contains("<StackStatus>CREATE_IN_PROGRESS<") {
            return Err(text.chars().take(300).collect());
        }
    }
    Err("not complete within a minute".into())
}
