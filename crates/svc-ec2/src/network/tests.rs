//! Records made by the API, felt by packets in real namespaces. Needs root, and is skipped loudly without.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::{Caller, Client, Cloud, Entrance, Writer};
use kogumo_model::ec2::*;
use kogumo_net::{Guest, Namespace};
use kogumo_testkit::root;

use super::Network;
use crate::network_interface::{NetworkInterface, attach, set_running};
use crate::resource;

const PATIENCE: Duration = Duration::from_millis(300);

struct Lab {
    cloud: Arc<Cloud>,
    client: Client,
    vpc: String,
    subnet: String,
}

impl Lab {
    /// A VPC with a subnet; none where the kernel permits no network.
    async fn new() -> Option<Self> {
        if Namespace::new().is_err() {
            eprintln!("SKIPPED: network namespaces need root; the network of the records was not tested");
            return None;
        }
        let cloud = kogumo_testkit::cloud(vec![crate::service()]).expect("a cloud");
        let client = root(&cloud);
        let vpc = CreateVpcRequest { cidr_block: Some("10.0.0.0/16".into()), ..Default::default() };
        let vpc = client.call::<CreateVpc>(vpc).await.expect("a VPC").vpc.and_then(|vpc| vpc.vpc_id).expect("its id");
        let subnet =
            CreateSubnetRequest { vpc_id: vpc.clone(), cidr_block: Some("10.0.1.0/24".into()), ..Default::default() };
        let subnet = client.call::<CreateSubnet>(subnet).await.expect("a subnet").subnet;
        let subnet = subnet.and_then(|subnet| subnet.subnet_id).expect("its id");
        Some(Lab { cloud, client, vpc, subnet })
    }

    async fn group(&self, name: &str) -> String {
        let group = CreateSecurityGroupRequest {
            group_name: name.into(),
            description: "test".into(),
            vpc_id: Some(self.vpc.clone()),
            ..Default::default()
        };
        self.client.call::<CreateSecurityGroup>(group).await.expect("a group").group_id.expect("its id")
    }

    /// An interface with a guest, as if an instance ran there.
    async fn guest(&self, address: &str, group: &str) -> (String, Namespace) {
        let wanted = CreateNetworkInterfaceRequest {
            subnet_id: self.subnet.clone(),
            private_ip_address: Some(address.into()),
            groups: Some(vec![group.to_owned()]),
            ..Default::default()
        };
        let made = self.client.call::<CreateNetworkInterface>(wanted).await.expect("an interface");
        let id = made.network_interface.and_then(|made| made.network_interface_id).expect("its id");
        let caller = Caller::root("000000000000", "ap-northeast-1");
        let held = self.cloud.store.write(|tx| {
            let w = &mut Writer { tx, caller: &caller, now: self.cloud.clock.now(), cloud: &self.cloud };
            let scope = w.scope().clone();
            let mut interface: NetworkInterface = resource::get(w.store(), &scope, &id)?;
            attach(w, &mut interface, Some(&id.replace("eni", "i")), 0, true)?;
            set_running(w, &id.replace("eni", "i"), true)
        });
        held.expect("an attachment");
        let namespace = Namespace::new().expect("a namespace");
        let share = namespace.share().expect("a share");
        let guest = Guest { namespace: share, device: "eth0".into(), default_route: true };
        self.network().attach(&self.cloud, &id, guest).await.expect("attached");
        (id, namespace)
    }

    fn network(&self) -> Arc<Network> {
        self.cloud.part::<Network>().expect("a network")
    }
}

fn trouble(error: std::io::Error) -> Trouble {
    Trouble::from_cause("a socket", error)
}

fn connects(from: &Namespace, to: &str) -> bool {
    let to: SocketAddr = to.parse().expect("an address");
    from.enter(|| Ok(TcpStream::connect_timeout(&to, PATIENCE).is_ok())).expect("a namespace")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_group_is_felt_when_the_call_answers() {
    let Some(lab) = Lab::new().await else { return };
    let group = lab.group("web").await;
    let (_, web) = lab.guest("10.0.1.10", &group).await;
    let (_, other) = lab.guest("10.0.1.11", &group).await;
    let _server = web.enter(|| TcpListener::bind(("0.0.0.0", 80)).map_err(trouble)).expect("a server");
    let permission = IpPermission {
        ip_protocol: Some("tcp".into()),
        from_port: Some(80),
        to_port: Some(80),
        ip_ranges: Some(vec![IpRange { cidr_ip: Some("10.0.1.0/24".into()), ..Default::default() }]),
        ..Default::default()
    };
    for _ in 0..3 {
        assert!(!connects(&other, "10.0.1.10:80"));
        let allow = AuthorizeSecurityGroupIngressRequest {
            group_id: Some(group.clone()),
            ip_permissions: Some(vec![permission.clone()]),
            ..Default::default()
        };
        lab.client.call::<AuthorizeSecurityGroupIngress>(allow).await.expect("allowed");
        assert!(connects(&other, "10.0.1.10:80"));
        let revoke = RevokeSecurityGroupIngressRequest {
            group_id: Some(group.clone()),
            ip_permissions: Some(vec![permission.clone()]),
            ..Default::default()
        };
        lab.client.call::<RevokeSecurityGroupIngress>(revoke).await.expect("revoked");
    }
    lab.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resolver_answers_and_metadata_is_told() {
    let Some(lab) = Lab::new().await else { return };
    let group = lab.group("any").await;
    let (_, guest) = lab.guest("10.0.1.10", &group).await;
    // sts.amazonaws.com, A
    let question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03sts\x09amazonaws\x03com\x00\x00\x01\x00\x01";
    for resolver in ["10.0.0.2:53", "169.254.169.253:53"] {
        let socket = guest.enter(|| UdpSocket::bind("0.0.0.0:0").map_err(trouble)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(3))).expect("a timeout");
        socket.send_to(question, resolver).expect("sent");
        let mut answer = [0; 512];
        let answered = tokio::task::block_in_place(|| socket.recv(&mut answer));
        let length = answered.expect("an answer");
        assert_eq!(answer[length - 4..length], [198, 18, 0, 2], "{resolver}");
    }
    assert!(connects(&guest, "169.254.169.254:80"), "metadata is told");
    let mut doorways = lab.cloud.entrances.take().expect("the doorways");
    let first = doorways.try_recv().expect("AWS's endpoints");
    assert_eq!(first.entrance, Entrance::Internet);
    lab.cloud.stop().await;
    let mut closed = first.closed;
    let ended = closed.try_recv();
    assert_eq!(ended, Err(tokio::sync::oneshot::error::TryRecvError::Closed), "a socket would keep its namespace");
    let gone =
        guest.enter(|| TcpStream::connect_timeout(&"10.0.0.2:53".parse().expect("it"), PATIENCE).map_err(trouble));
    assert!(gone.is_err(), "nothing is left of the network");
}

/// Servers at this machine's own addresses, and a network whose outside is elsewhere: what a guest sends there is for the
/// world, and this process carries it.
#[tokio::test(flavor = "multi_thread")]
async fn the_world_is_reached_by_the_relay() {
    let own: Vec<IpAddr> =
        [("0.0.0.0:0", "203.0.113.1:9"), ("[::]:0", "[2600::1]:9")].into_iter().filter_map(own_address).collect();
    if own.is_empty() {
        eprintln!("SKIPPED: this machine has no address but loopback; the way to the world was not tested");
        return;
    }
    let (Ok(outside), Ok(inside)) = (Namespace::new(), Namespace::new()) else {
        eprintln!("SKIPPED: network namespaces need root; the way to the world was not tested");
        return;
    };
    let linux = kogumo_net::Linux::seen_from(outside).expect("a network");
    let mut topology = kogumo_netmodel::Topology::default();
    internet_for_one(&mut topology);
    kogumo_net::Net::realise(&linux, &topology).expect("realised");
    let share = inside.share().expect("a share");
    let guest = Guest { namespace: share, device: "eth0".into(), default_route: true };
    kogumo_net::Net::attach(&linux, "eni-1", guest).expect("attached");
    let internet = Arc::new(linux.internet().expect("the internet"));
    let intake = internet.enter(kogumo_relay::open).expect("an intake");
    tokio::spawn(kogumo_relay::serve(
        intake,
        Arc::new(move |open| internet.enter(open)),
        kogumo_relay::Pool {
            v4: kogumo_door::settings::PUBLIC_ADDRESSES,
            v6: kogumo_door::settings::PUBLIC_IPV6_ADDRESSES,
        },
    ));
    let inside = Arc::new(inside);
    for own in own {
        let at = serve_once(own);
        let from = Arc::clone(&inside);
        let asked = move || from.enter(|| Ok((talk(at).map_err(trouble)?, pings(own))));
        let ((text, answer), pinged) = tokio::task::spawn_blocking(asked).await.expect("asked").expect("answers");
        assert_eq!((text.as_str(), answer.as_slice(), pinged), ("hello", b"word".as_slice(), true), "{own}");
    }
}

/// One that says hello and one that sends back, and where they are.
fn serve_once(own: IpAddr) -> [SocketAddr; 2] {
    let (tcp, udp) = (TcpListener::bind((own, 0)).expect("tcp"), UdpSocket::bind((own, 0)).expect("udp"));
    let at = [tcp.local_addr().expect("it"), udp.local_addr().expect("it")];
    std::thread::spawn(move || {
        let (mut stream, _) = tcp.accept().expect("a connection");
        std::io::Write::write_all(&mut stream, b"hello").expect("sent");
    });
    std::thread::spawn(move || {
        let mut word = [0; 16];
        let (length, from) = udp.recv_from(&mut word).expect("a datagram");
        udp.send_to(&word[..length], from).expect("sent back");
    });
    at
}

fn talk([tcp, udp]: [SocketAddr; 2]) -> std::io::Result<(String, Vec<u8>)> {
    let mut text = String::new();
    let mut stream = TcpStream::connect_timeout(&tcp, Duration::from_secs(3))?;
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    std::io::Read::read_to_string(&mut stream, &mut text)?;
    let socket = UdpSocket::bind(if udp.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.set_read_timeout(Some(Duration::from_secs(3)))?;
    socket.connect(udp)?;
    socket.send(b"word")?;
    let mut answer = vec![0; 16];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    Ok((text, answer))
}

/// Whether a ping comes back; without the program nobody knows.
fn pings(to: IpAddr) -> bool {
    let to = to.to_string();
    let done = std::process::Command::new("ping").args(["-n", "-c", "1", "-W", "3", &to]).output();
    done.map_or(true, |done| done.status.success())
}

/// An address of this machine's that is not loopback: what it would have as its source towards elsewhere.
fn own_address((any, elsewhere): (&str, &str)) -> Option<IpAddr> {
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(elsewhere).ok()?;
    socket.local_addr().ok().map(|own| own.ip()).filter(|own| !own.is_loopback())
}

/// A VPC with one interface that may go everywhere.
fn internet_for_one(topology: &mut kogumo_netmodel::Topology) {
    use kogumo_netmodel::*;
    let vpc = Vpc {
        account: "000000000000".into(),
        region: "ap-northeast-1".into(),
        cidrs: vec![Cidr::v4(10, 0, 0, 0, 16), topology.public.of_vpc(0)],
        dns_support: true,
        dns_hostnames: true,
        dhcp_options: None,
        main_route_table: "rtb-1".into(),
    };
    topology.vpcs.insert("vpc-1".into(), vpc);
    let route = Route { destination: Destination::Cidr(Cidr::ANY), target: Target::InternetGateway("igw-1".into()) };
    let v6 = Route { destination: Destination::Cidr(Cidr::ANY_V6), ..route.clone() };
    topology.route_tables.insert("rtb-1".into(), RouteTable { vpc: "vpc-1".into(), routes: vec![route, v6] });
    topology.internet_gateways.insert("igw-1".into(), InternetGateway { vpc: Some("vpc-1".into()) });
    let entry = |number, egress, cidr| AclEntry { number, egress, allow: true, traffic: Traffic::All, cidr };
    let both = |egress| [entry(1, egress, Cidr::ANY), entry(2, egress, Cidr::ANY_V6)];
    let acl = NetworkAcl { vpc: "vpc-1".into(), entries: [both(true), both(false)].concat() };
    topology.network_acls.insert("acl-1".into(), acl);
    let subnet = Subnet {
        vpc: "vpc-1".into(),
        zone: "ap-northeast-1a".into(),
        cidr: Cidr::v4(10, 0, 1, 0, 24),
        ipv6_cidr: "2001:db8:0:100::/64".parse().ok(),
        route_table: None,
        network_acl: "acl-1".into(),
    };
    topology.subnets.insert("subnet-1".into(), subnet);
    let own = Address { private: "10.0.1.5".parse().expect("it"), public: "198.18.4.1".parse().ok() };
    let interface = Interface {
        vpc: "vpc-1".into(),
        subnet: "subnet-1".into(),
        mac: [2, 0, 0, 0, 0, 5],
        addresses: vec![own, Address { private: "2001:db8:0:100::5".parse().expect("it"), public: None }],
        groups: Vec::new(),
        source_dest_check: true,
        owner: Owner::Instance { id: "i-1".into(), device_index: 0, running: true },
        forwarding: Forwarding::None,
    };
    topology.interfaces.insert("eni-1".into(), interface);
}
