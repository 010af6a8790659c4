//! Records made by the API, felt by packets in real namespaces. Needs root, and is skipped loudly without.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
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
async fn the_resolver_answers_and_the_metadata_service_has_its_entrance() {
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
    let mut doorways = lab.cloud.entrances.take().expect("the doorways");
    let mut metadata = Vec::new();
    while let Ok(doorway) = doorways.try_recv() {
        if doorway.entrance == (Entrance::Metadata { vpc: lab.vpc.clone() }) {
            metadata.push(doorway);
        }
    }
    assert_eq!(metadata.len(), 1);
    assert!(connects(&guest, "169.254.169.254:80"));
    lab.cloud.stop().await;
    let ended = metadata.remove(0).closed.try_recv();
    assert_eq!(ended, Err(tokio::sync::oneshot::error::TryRecvError::Closed), "a socket would keep its namespace");
    let gone =
        guest.enter(|| TcpStream::connect_timeout(&"10.0.0.2:53".parse().expect("it"), PATIENCE).map_err(trouble));
    assert!(gone.is_err(), "nothing is left of the network");
}
