//! What the router costs, beside a bare bridge in the same run. Ignored by default: figures need a quiet machine.
//! `cargo test --release -p kogumo-net speed -- --ignored --nocapture`

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Peer, PortRange, Traffic};

use super::super::route::{End, Routing};
use super::world::{Lab, interface, rule, two_subnets};
use super::{Namespace, permitted};

const PORT: u16 = 5201;
const TIME: Duration = Duration::from_millis(1500);

#[test]
#[ignore = "measures"]
fn speed() {
    if !permitted() {
        return;
    }
    let mut topology = two_subnets();
    topology.interfaces.insert("eni-near".into(), interface("vpc-a", "subnet-pub", 3, "10.0.1.6", None, "sg-a"));
    let rules = &mut topology.security_groups.get_mut("sg-a").expect("a group").rules;
    rules.push(rule(false, Traffic::Tcp(PortRange::one(PORT)), Peer::Cidr(Cidr::ANY)));
    let mut lab = Lab::new(topology);
    let (bare_client, bare_server, _bridge) = bridge();
    for round in 0..8 {
        let bare = gigabits(&bare_client, &bare_server, "10.9.0.2");
        let routed = gigabits(lab.namespace(Some("eni-web")), lab.namespace(Some("eni-near")), "10.0.1.6");
        println!("round {round}: bridge {bare:.1} Gbit/s, router {routed:.1} Gbit/s, {:.2}", routed / bare);
    }
    let few = gigabits(lab.namespace(Some("eni-web")), lab.namespace(Some("eni-near")), "10.0.1.6");
    lab.change(|topology| {
        let rules = &mut topology.security_groups.get_mut("sg-a").expect("a group").rules;
        let many = (0..100).map(|port| {
            rule(false, Traffic::Tcp(PortRange::one(10_000 + port)), Peer::Cidr(Cidr::v4(192, 0, 2, 0, 24)))
        });
        rules.splice(0..0, many);
    });
    let many = gigabits(lab.namespace(Some("eni-web")), lab.namespace(Some("eni-near")), "10.0.1.6");
    println!("with 100 rules more: {many:.1} Gbit/s, {:.2}", many / few);
    let begun = Instant::now();
    lab.change(|topology| topology.security_groups.get_mut("sg-a").expect("a group").rules.clear());
    println!("a change of a group took {:?}", begun.elapsed());
}

fn gigabits(client: &Namespace, server: &Namespace, at: &str) -> f64 {
    let trouble = |error| Trouble::from_cause("a socket", error);
    let listener = server.enter(|| TcpListener::bind(("0.0.0.0", PORT)).map_err(trouble)).expect("a server");
    let sink = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut buffer, mut total) = (vec![0; 1 << 17], 0_usize);
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            total += length;
        }
        total
    });
    let mut stream = client.enter(|| TcpStream::connect((at, PORT)).map_err(trouble)).expect("a connection");
    let (begun, block) = (Instant::now(), vec![0; 1 << 17]);
    while begun.elapsed() < TIME {
        stream.write_all(&block).expect("sent");
    }
    drop(stream);
    let total = sink.join().expect("a sum");
    total as f64 * 8.0 / begun.elapsed().as_secs_f64() / 1e9
}

/// Two namespaces with a bare bridge between them.
fn bridge() -> (Namespace, Namespace, Namespace) {
    let [client, server, middle] = [(); 3].map(|()| Namespace::new().expect("a namespace"));
    let ip = |namespace: &Namespace, arguments: &str| {
        let run = || Command::new("ip").args(arguments.split(' ')).status().map_err(|e| Trouble::from_cause("ip", e));
        assert!(namespace.enter(run).expect("the program ip").success(), "ip {arguments}");
    };
    ip(&middle, "link add br0 type bridge");
    ip(&middle, "link set br0 up");
    let mut routing = Routing::open(&middle).expect("rtnetlink");
    for (number, guest) in [(1_u8, &client), (2, &server)] {
        let name = format!("port{number}");
        let end = End { name: "eth0", mac: [2, 0, 0, 9, 0, number], namespace: guest };
        routing.add_pair(&name, [2, 0, 0, 8, 0, number], &end).expect("a pair");
        ip(&middle, &format!("link set {name} master br0 up"));
        ip(guest, &format!("addr add 10.9.0.{number}/24 dev eth0"));
        ip(guest, "link set eth0 up");
    }
    std::thread::sleep(Duration::from_secs(1));
    (client, server, middle)
}
