//! The network: a stream between two instances of a subnet beside one over a bare bridge, the same with a hundred rules of
//! security groups, and how soon packets feel a change of a group. Needs what instances need; says so where it is missing.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use kogumo_net::Namespace;

use crate::instances::{Stage, ec2, keepers, launch, prepare, terminate, within};
use crate::message::Maker;

/// What was measured.
pub struct Measured {
    /// Gbit/s over a bridge, between the instances, and between them with the rules.
    pub bare: f64,
    pub routed: f64,
    pub guarded: f64,
    /// From the call that changes a group to the first packet that passes, or the last that does: the median.
    pub felt: Duration,
}

const PORT: u16 = 5201;
const PROBED: u16 = 9;
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_millis(1500);
const CHANGES: usize = 9;
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_micros(500);

/// Two ends of a way.
struct Ends {
    client: Namespace,
    server: Namespace,
    /// The server's address.
    at: IpAddr,
}

pub fn measure(maker: Maker) -> Result<Measured, String> {
    let stage = prepare(maker, "bench-network")?;
    allow(&stage, &stage.group, "Authorize", "tcp", PORT)?;
    let (ids, ends) = two_instances(&stage)?;
    let (bridged, _middle) = bridge()?;
    let measured = compare(&stage, &ids, &ends, &bridged);
    terminate(&stage, &ids)?;
    measured
}

/// Alternating: what else the machine does slows all of them alike.
fn compare(stage: &Stage, ids: &[String], ends: &Ends, bridged: &Ends) -> Result<Measured, String> {
    let (mut bare, mut routed, mut guarded) = (Vec::new(), Vec::new(), Vec::new());
    let (usual, many) = (vec![stage.group.clone()], groups_with_rules(stage)?);
    for _ in 0..ROUNDS {
        bare.push(gigabits(bridged)?);
        routed.push(gigabits(ends)?);
        set_groups(stage, ids, &many)?;
        guarded.push(gigabits(ends)?);
        set_groups(stage, ids, &usual)?;
    }
    Ok(Measured { bare: middle(bare), routed: middle(routed), guarded: middle(guarded), felt: felt(stage, ends)? })
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn allow(stage: &Stage, group: &str, verb: &str, protocol: &str, port: u16) -> Result<String, String> {
    let rule = format!("&IpProtocol={protocol}&FromPort={port}&ToPort={port}&CidrIp=0.0.0.0/0");
    ec2(stage.maker, &format!("Action={verb}SecurityGroupIngress&GroupId={group}{rule}"))
}

/// Two instances of a subnet whose network is there.
fn two_instances(stage: &Stage) -> Result<(Vec<String>, Ends), String> {
    let (ids, _) = launch(stage, 2, "")?;
    let begun = Instant::now();
    loop {
        let spaces: Vec<Namespace> = ids.iter().filter_map(|id| namespace_of(id)).collect();
        let described = ec2(stage.maker, &format!("Action=DescribeInstances&InstanceId.1={}", ids[1]))?;
        let at: IpAddr = within(&described, "privateIpAddress")?.parse().map_err(|_| "no address")?;
        if let Ok([client, server]) = <[Namespace; 2]>::try_from(spaces) {
            let ends = Ends { client, server, at };
            if gigabits_over(&ends, Duration::from_millis(10)).is_ok() {
                return Ok((ids, ends));
            }
        }
        if begun.elapsed() > PATIENCE {
            terminate(stage, &ids)?;
            return Err("the instances' network does not come up".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The network of an instance: that of whichever of its processes is not in ours.
fn namespace_of(id: &String) -> Option<Namespace> {
    let own = Namespace::current().ok()?.identity().ok()?;
    let spaces = keepers(std::slice::from_ref(id)).into_iter().filter_map(|pid| Namespace::of_process(pid).ok());
    spaces.into_iter().find(|space| space.identity().is_ok_and(|identity| identity != own))
}

/// Two groups of fifty rules, since a group has sixty at most; the one that lets the stream in comes last.
fn groups_with_rules(stage: &Stage) -> Result<Vec<String>, String> {
    let mut groups = Vec::new();
    for number in 0..2 {
        let name = format!("bench-rules-{number}");
        let made = ec2(stage.maker, &format!("Action=CreateSecurityGroup&GroupName={name}&GroupDescription=bench"))?;
        let group = within(&made, "groupId")?.to_owned();
        let rules: String = (1..=50)
            .map(|rule| {
                let at = format!("&IpPermissions.{rule}");
                let port = 10_000 + number * 100 + rule;
                format!(
                    "{at}.IpProtocol=tcp{at}.FromPort={port}{at}.ToPort={port}{at}.IpRanges.1.CidrIp=192.0.2.0%2F24"
                )
            })
            .collect();
        ec2(stage.maker, &format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}{rules}"))?;
        groups.push(group);
    }
    groups.push(stage.group.clone());
    Ok(groups)
}

fn set_groups(stage: &Stage, ids: &[String], groups: &[String]) -> Result<(), String> {
    let groups: String = groups.iter().enumerate().map(|(n, group)| format!("&GroupId.{}={group}", n + 1)).collect();
    for id in ids {
        ec2(stage.maker, &format!("Action=ModifyInstanceAttribute&InstanceId={id}{groups}"))?;
    }
    Ok(())
}

fn gigabits(ends: &Ends) -> Result<f64, String> {
    gigabits_over(ends, TIME)
}

/// What one connection carries: as `iperf3` measures it.
fn gigabits_over(ends: &Ends, time: Duration) -> Result<f64, String> {
    let trouble = |error| Trouble::from_cause("a socket", error);
    let inside = |trouble: Trouble| trouble.to_string();
    let listener = ends.server.enter(|| TcpListener::bind(("0.0.0.0", PORT)).map_err(trouble)).map_err(inside)?;
    let to = (ends.at, PORT).into();
    let connect = || TcpStream::connect_timeout(&to, Duration::from_secs(2)).map_err(trouble);
    let mut stream = ends.client.enter(connect).map_err(inside)?;
    let sink = std::thread::spawn(move || -> std::io::Result<usize> {
        let (mut stream, _) = listener.accept()?;
        let (mut buffer, mut total) = (vec![0; 1 << 17], 0);
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(total),
                length => total += length,
            }
        }
    });
    let (begun, block) = (Instant::now(), vec![0; 1 << 17]);
    while begun.elapsed() < time {
        stream.write_all(&block).map_err(|error| error.to_string())?;
    }
    drop(stream);
    let total = sink.join().map_err(|_| "the receiver broke off")?.map_err(|error| error.to_string())?;
    Ok(total as f64 * 8.0 / begun.elapsed().as_secs_f64() / 1e9)
}

/// Sends datagrams all the while, each a flow of its own, and looks when they pass after a change, or no more.
fn felt(stage: &Stage, ends: &Ends) -> Result<Duration, String> {
    let trouble = |error| Trouble::from_cause("a socket", error);
    let bind = || UdpSocket::bind(("0.0.0.0", PROBED)).map_err(trouble);
    let receiver = ends.server.enter(bind).map_err(|trouble| trouble.to_string())?;
    receiver.set_read_timeout(Some(Duration::from_millis(20))).map_err(|error| error.to_string())?;
    let client = ends.client.share().map_err(|trouble| trouble.to_string())?;
    let (to, ends_now) = ((ends.at, PROBED), AtomicBool::new(false));
    let (sender, arrivals) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = client.enter(|| {
                while !ends_now.load(Ordering::Relaxed) {
                    let socket = UdpSocket::bind(("0.0.0.0", 0)).map_err(trouble)?;
                    let _refused_by_the_group = socket.send_to(b"?", to);
                    std::thread::sleep(EVERY);
                }
                Ok(())
            });
        });
        scope.spawn(|| {
            while !ends_now.load(Ordering::Relaxed) {
                if receiver.recv(&mut [0; 8]).is_ok() && sender.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
        let measured = changes(stage, &arrivals);
        ends_now.store(true, Ordering::Relaxed);
        measured
    })
}

fn changes(stage: &Stage, arrivals: &mpsc::Receiver<Instant>) -> Result<Duration, String> {
    let mut times = Vec::new();
    for _ in 0..CHANGES {
        let begun = Instant::now();
        allow(stage, &stage.group, "Authorize", "udp", PROBED)?;
        let first = arrivals.recv_timeout(Duration::from_secs(5)).map_err(|_| "no packet passes")?;
        times.push(first.saturating_duration_since(begun));
        let begun = Instant::now();
        allow(stage, &stage.group, "Revoke", "udp", PROBED)?;
        // Whatever is still on its way comes within this time.
        let mut last = begun;
        while let Ok(arrived) = arrivals.recv_timeout(Duration::from_millis(100)) {
            last = last.max(arrived);
            if begun.elapsed() > Duration::from_secs(5) {
                return Err("packets pass though the rule is gone".into());
            }
        }
        times.push(last.saturating_duration_since(begun));
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

/// Two namespaces with a bare bridge between them; the third is the bridge's.
fn bridge() -> Result<(Ends, Namespace), String> {
    let made = || -> Result<(Ends, Namespace), Trouble> {
        let (client, server, middle) = (Namespace::new()?, Namespace::new()?, Namespace::new()?);
        ip(&middle, "link add br0 type bridge")?;
        ip(&middle, "link set br0 up")?;
        for (number, end) in [(1, &client), (2, &server)] {
            ip(&middle, &format!("link add port{number} type veth peer name eth{number}"))?;
            ip(&middle, &format!("link set port{number} master br0 up"))?;
            // A namespace without a name is told to `ip` by a process that is in it: it sleeps until it is killed.
            let mut holder = end.enter(|| {
                Command::new("sleep").arg("30").spawn().map_err(|e| Trouble::from_cause("cannot start sleep", e))
            })?;
            let moved = ip(&middle, &format!("link set eth{number} netns {}", holder.id()));
            let _ended = holder.kill().and_then(|()| holder.wait());
            moved?;
            ip(end, &format!("addr add 10.9.0.{number}/24 dev eth{number}"))?;
            ip(end, &format!("link set eth{number} up"))?;
        }
        std::thread::sleep(Duration::from_secs(1));
        Ok((Ends { client, server, at: [10, 9, 0, 2].into() }, middle))
    };
    made().map_err(|trouble| trouble.to_string())
}

fn ip(namespace: &Namespace, arguments: &str) -> Result<(), Trouble> {
    namespace.enter(|| {
        let done = Command::new("ip").args(arguments.split(' ')).status();
        match done.map_err(|error| Trouble::from_cause("cannot start ip", error))? {
            status if status.success() => Ok(()),
            _ => Err(Trouble::new(format!("ip {arguments} fails"))),
        }
    })
}
