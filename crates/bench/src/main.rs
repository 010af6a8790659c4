//! `make bench`: the cloud against a bare hyper server on the same machine, alternating, medians, as a table with ratios.
//!
//! `kogumo-bench [--program target/release/kogumo] [--rounds 5] [--seconds 2] [--connections 16] [--only WORD]`
//!
//! `--only` measures the cases that have the word in their name, and nothing else.

mod ask;
mod authorization;
mod bare;
mod cases;
mod cloud;
mod compile;
mod decision;
mod describe;
mod instances;
mod lambda;
mod load;
mod message;
mod network;
mod sign_in;
mod stack;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use cases::{CASES, Case};
use cloud::Cloud;
use load::Report;
use message::Maker;

/// What a start leaves to be done has been done after that time; then the cloud is idle.
const SETTLING: Duration = Duration::from_millis(500);

/// How the bench was asked to run.
struct Options {
    program: String,
    rounds: usize,
    seconds: f64,
    connections: usize,
    only: String,
}

/// One case, measured.
struct Row {
    name: &'static str,
    cloud: f64,
    bare: f64,
    median_micros: u32,
    target: f64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(code) = compile::wrap() {
        return Ok(code);
    }
    let options = options()?;
    let bare = bare::start()?;
    let mut cloud = Cloud::start(&options.program)?;
    let ready = cloud.restart(&options.program)?;
    std::thread::sleep(SETTLING);
    let idle = cloud.resident_megabytes();
    let size = std::fs::metadata(&options.program)?.len() as f64 / 1e6;
    println!("{:24} {:>12} {:>12} {:>8} {:>8} {:>10}", "", "requests/s", "bare/s", "ratio", "goal", "median µs");
    let mut missed = 0;
    for case in CASES.iter().filter(|case| case.name.contains(&options.only)) {
        match measure(case, &cloud, bare, &options) {
            Ok(row) => {
                let ratio = row.cloud / row.bare;
                missed += usize::from(ratio < row.target);
                let (cloud, bare, target, micros) = (row.cloud, row.bare, row.target, row.median_micros);
                println!("{:24} {cloud:>12.0} {bare:>12.0} {ratio:>8.2} {target:>8.2} {micros:>10}", row.name);
            }
            Err(why) => println!("{:24} {why}", case.name),
        }
    }
    let mut tell = |name: &str, value: f64, goal: f64, unit: &str| {
        missed += usize::from(value > goal);
        println!("{name:24} {value:>12.2} {unit:<12} {:>17.2}", goal);
    };
    if options.only.is_empty() {
        tell("Binary", size, 60.0, "MB");
        tell("Idle memory", idle, 30.0, "MB");
        println!("{:24} {:>12.2} MB", "Memory at the end", cloud.resident_megabytes());
        tell("Ready, second start", millis(ready), 30.0, "ms");
        let loaded = millis(cloud.restart(&options.program)?);
        tell("... killed under 100,000", loaded, f64::INFINITY, "ms");
        if let Some(time) = decision::measure() {
            tell("Decision, 50 policies", time.as_secs_f64() * 1e6, 20.0, "µs");
        }
        others(Maker::root(cloud.address), &mut tell);
    }
    // The table and the item are those of the case "DynamoDB GetItem".
    if "Authorization of GetItem".contains(&options.only) {
        let Options { rounds, seconds, connections, .. } = options;
        match authorization::measure(Maker::root(cloud.address), rounds, seconds, connections) {
            Ok(ratio) => tell("Authorization of GetItem", (1.0 - ratio) * 100.0, 10.0, "%"),
            Err(why) => println!("{:24} {why}", "Authorization of GetItem"),
        }
    }
    if "SRP sign-in".contains(&options.only) {
        match sign_in::measure(Maker::root(cloud.address), options.seconds) {
            Ok(times) => {
                // Two hundred a second.
                tell("SRP sign-in", millis(times.each), 5.0, "ms");
                tell("... the client's sums", millis(times.client), f64::INFINITY, "ms");
            }
            Err(why) => println!("{:24} {why}", "SRP sign-in"),
        }
    }
    if "Instances".contains(&options.only) {
        match instances::measure(Maker::root(cloud.address), cloud.process_id()) {
            Ok(measured) => {
                tell("Instances: ssh login", millis(measured.login), 1000.0, "ms");
                tell("... memory of each of 50", measured.memory, 15.0, "MB");
            }
            Err(why) => println!("{:24} {why}", "Instances"),
        }
        match describe::measure(&options.program) {
            Ok(described) => {
                tell("DescribeInstances, 1,000", millis(described.changed), 30.0, "ms");
                tell("... and nothing changed", millis(described.unchanged), 30.0, "ms");
            }
            Err(why) => println!("{:24} {why}", "DescribeInstances, 1,000"),
        }
    }
    if "Network".contains(&options.only) {
        missed += network(Maker::root(cloud.address));
    }
    println!("{missed} goals missed");
    if options.only.is_empty() {
        compile::measure()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is no matter of requests per second: invocations, a stack.
fn others(maker: Maker, tell: &mut impl FnMut(&str, f64, f64, &str)) {
    match lambda::measure(maker) {
        Ok(times) => {
            tell("Warm invocation", millis(times.warm), 1.5, "ms");
            tell("Cold invocation", millis(times.cold), f64::INFINITY, "ms");
            tell("... python3 -c pass", millis(times.interpreter), f64::INFINITY, "ms");
        }
        Err(why) => println!("{:24} {why}", "Lambda"),
    }
    match stack::measure(maker) {
        Ok(time) => tell("Stack of 100 parameters", millis(time), 40.0, "ms"),
        Err(why) => println!("{:24} {why}", "Stack of 100 parameters"),
    }
}

/// What instances' packets go through; how many goals were missed.
fn network(maker: Maker) -> usize {
    match network::measure(maker) {
        Ok(measured) => {
            let network::Measured { bare, routed, guarded, felt } = measured;
            println!(
                "{:24} {routed:>12.1} {bare:>12.1} {:>8.2} {:>8.2}    Gbit/s",
                "Network: a stream",
                routed / bare,
                0.8
            );
            let kept = guarded / routed;
            println!("{:24} {guarded:>12.1} {routed:>12.1} {kept:>8.2} {:>8.2}    Gbit/s", "... with 100 rules", 0.9);
            println!("{:24} {:>12.2} {:<12} {:>17.2}", "... a change is felt", millis(felt), "ms", 50.0);
            usize::from(routed < 0.8 * bare) + usize::from(kept < 0.9) + usize::from(millis(felt) > 50.0)
        }
        Err(why) => {
            println!("{:24} SKIPPED: {why}", "Network");
            0
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Measures a case: rounds of the cloud and of the bare server in turn, and of each its median round.
fn measure(case: &Case, cloud: &Cloud, bare: SocketAddr, options: &Options) -> Result<Row, Box<dyn Error>> {
    let maker = Maker::root(cloud.address);
    for request in (case.prepare)(maker) {
        ask::succeed(cloud.address, &request).map_err(|why| format!("{}: not prepared: {why}", case.service))?;
    }
    let requests = (case.requests)(maker);
    let run = |address, requests: &[Vec<u8>], seconds| {
        load::run(address, requests, options.connections, Duration::from_secs_f64(seconds))
    };
    let warm = run(cloud.address, &requests, 0.3)?;
    if let Some(failure) = warm.failure {
        return Err(first_lines(&failure).into());
    }
    let size = warm.bytes / warm.requests.max(1);
    let plain: Vec<Vec<u8>> = requests.iter().map(|request| message::bare(request, size)).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        ours.push(run(cloud.address, &requests, options.seconds)?);
        theirs.push(run(bare, &plain, options.seconds)?);
    }
    let middle = median(ours);
    Ok(Row {
        name: case.name,
        cloud: middle.per_second(),
        bare: median(theirs).per_second(),
        median_micros: middle.median_micros(),
        target: case.target,
    })
}

fn median(mut reports: Vec<Report>) -> Report {
    reports.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    let middle = reports.len() / 2;
    reports.into_iter().nth(middle).unwrap_or_default()
}

fn first_lines(text: &str) -> String {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    format!("{}: {}", head.lines().next().unwrap_or_default(), body.chars().take(300).collect::<String>())
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        program: "target/release/kogumo".into(),
        rounds: 5,
        seconds: 2.0,
        connections: 16,
        only: String::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--program" => options.program = value,
            "--rounds" => options.rounds = value.parse()?,
            "--seconds" => options.seconds = value.parse()?,
            "--connections" => options.connections = value.parse()?,
            "--only" => options.only = value,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok(options)
}
