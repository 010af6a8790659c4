//! Which addresses a name has, for whom: a pure function of the topology.

use std::net::{IpAddr, Ipv4Addr};

use kogumo_netmodel::{Cidr, EndpointKind, Interface, Owner, Public, Topology, Vpc};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vantage {
    /// Somebody in that VPC, of its resolver.
    Vpc(String),
    /// This machine, or anybody else on the internet.
    Outside,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// In lower case, without the dot at the end.
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    A,
    Aaaa,
    Ptr,
    /// A kind of which this cloud has no records for its own names.
    Other,
}

/// What a name has. A name that is ours and has nothing of the kind has an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Addresses(Vec<IpAddr>),
    /// The names that an address has.
    Names(Vec<String>),
    /// There is no such name.
    Nothing,
}

/// Where AWS's endpoints are, as those that ask see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints {
    pub s3: IpAddr,
    pub dynamodb: IpAddr,
    pub others: IpAddr,
}

impl Endpoints {
    /// At the cloud's public addresses.
    #[must_use]
    pub fn public(plan: Public) -> Self {
        let others = IpAddr::V4(plan.cloud());
        let first = |block: Cidr| block.nth(1).unwrap_or(others);
        Self { s3: first(plan.s3()), dynamodb: first(plan.dynamodb()), others }
    }

    /// All at one address: where the cloud listens, as long as there is no network.
    #[must_use]
    pub fn all_at(address: IpAddr) -> Self {
        Self { s3: address, dynamodb: address, others: address }
    }
}

/// The domains under which every name is an endpoint of AWS's.
const AWS: [&str; 5] = ["amazonaws.com", "api.aws", "on.aws", "amazonaws.com.cn", "amazoncognito.com"];

/// What a name has; none where it is nothing of this cloud's.
#[must_use]
pub fn look_up(topology: &Topology, from: &Vantage, endpoints: Endpoints, question: &Question) -> Option<Answer> {
    let name = question.name.as_str();
    let asker = match from {
        Vantage::Vpc(id) => Some((id.as_str(), topology.vpcs.get(id)?)),
        Vantage::Outside => None,
    };
    if let Some(address) = reversed(name) {
        return reverse(topology, asker, address)
            .map(|name| of_kind(question.kind, Kind::Ptr, Answer::Names(vec![name])));
    }
    let addresses = private_name(topology, asker, name)
        .or_else(|| public_name(topology, asker, name))
        .or_else(|| endpoint_name(topology, asker, name))
        .or_else(|| aws_name(name, endpoints))?;
    Some(match addresses {
        Answer::Addresses(all) => {
            let wanted = |address: &IpAddr| match question.kind {
                Kind::A => address.is_ipv4(),
                Kind::Aaaa => address.is_ipv6(),
                Kind::Ptr | Kind::Other => false,
            };
            Answer::Addresses(all.into_iter().filter(wanted).collect())
        }
        other => other,
    })
}

type Asker<'a> = Option<(&'a str, &'a Vpc)>;

/// `ap-northeast-1.compute.internal`; us-east-1 is older than the others.
fn private_domain(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}

fn public_domain(region: &str) -> String {
    if region == "us-east-1" { "compute-1.amazonaws.com".to_owned() } else { format!("{region}.compute.amazonaws.com") }
}

/// `ip-10-0-1-5.ap-northeast-1.compute.internal` and `i-….ap-northeast-1.compute.internal`, inside of the VPC.
fn private_name(topology: &Topology, asker: Asker, name: &str) -> Option<Answer> {
    let (id, vpc) = asker?;
    let host = name.strip_suffix(&private_domain(&vpc.region))?.strip_suffix('.')?;
    let found: Vec<IpAddr> = match dashed(host.strip_prefix("ip-").unwrap_or_default()) {
        Some(address) => topology.interface_at(id, address).map(|_| address).into_iter().collect(),
        None => resource_name(topology, id, host),
    };
    Some(if found.is_empty() { Answer::Nothing } else { Answer::Addresses(found) })
}

/// The addresses that an instance's resource name has, as far as it is to have any.
fn resource_name(topology: &Topology, vpc: &str, instance: &str) -> Vec<IpAddr> {
    let wanted = topology.resource_names.get(instance).copied().unwrap_or_default();
    let Some(own) = first_interface(topology, vpc, instance) else { return Vec::new() };
    let v4 = own.primary(true).filter(|_| wanted.v4);
    v4.into_iter().chain(own.primary(false).filter(|_| wanted.v6)).collect()
}

fn first_interface<'a>(topology: &'a Topology, vpc: &str, instance: &str) -> Option<&'a Interface> {
    topology.interfaces.values().find(|own| {
        let first = matches!(&own.owner, Owner::Instance { id, device_index: 0, .. } if id == instance);
        first && own.vpc == vpc
    })
}

/// `ec2-198-18-4-1.ap-northeast-1.compute.amazonaws.com`: the private address for whoever is in the same VPC. Only VPCs
/// with enableDnsHostnames have such names.
fn public_name(topology: &Topology, asker: Asker, name: &str) -> Option<Answer> {
    let (host, domain) = name.split_once('.')?;
    let public = dashed(host.strip_prefix("ec2-")?)?;
    let owner = topology.interface_behind(public);
    let known = owner.and_then(|(_, interface, private)| {
        let vpc = topology.vpcs.get(&interface.vpc)?;
        (vpc.dns_hostnames && domain == public_domain(&vpc.region)).then_some((interface, private))
    });
    let compute = domain == "compute-1.amazonaws.com" || domain.ends_with(".compute.amazonaws.com");
    match known {
        Some((interface, private)) => {
            let inside = asker.is_some_and(|(id, _)| id == interface.vpc || resolves_for(topology, &interface.vpc, id));
            Some(Answer::Addresses(vec![if inside { private } else { public }]))
        }
        None => compute.then_some(Answer::Nothing),
    }
}

/// Whether a VPC's public names are private addresses for another one that it is peered with.
fn resolves_for(topology: &Topology, vpc: &str, asker: &str) -> bool {
    let mut joining = topology.peerings.values().filter(|peering| peering.active);
    joining.any(|one| one.beyond(vpc).is_some_and(|other| other == asker) && one.resolving.iter().any(|own| own == vpc))
}

/// Names of interface endpoints: `vpce-….sqs.ap-northeast-1.vpce.amazonaws.com` for everybody, and the service's usual
/// name, with private DNS, inside of the VPC.
fn endpoint_name(topology: &Topology, asker: Asker, name: &str) -> Option<Answer> {
    for (id, endpoint) in topology.endpoints.iter().filter(|(_, endpoint)| endpoint.available) {
        let EndpointKind::Interface { interfaces, private_dns } = &endpoint.kind else { continue };
        let own = name.starts_with(id.as_str()) && name.ends_with(".vpce.amazonaws.com");
        let inside = asker.is_some_and(|(vpc, known)| vpc == endpoint.vpc && known.dns_support && known.dns_hostnames);
        if own || (inside && *private_dns && is_or_is_below(name, &usual_name(&endpoint.service)?)) {
            let addresses = interfaces.iter().filter_map(|id| topology.interfaces.get(id)?.primary(true));
            return Some(Answer::Addresses(addresses.collect()));
        }
    }
    None
}

/// `com.amazonaws.ap-northeast-1.ecr.api` is known as `api.ecr.ap-northeast-1.amazonaws.com`.
fn usual_name(service: &str) -> Option<String> {
    let (region, service) = service.strip_prefix("com.amazonaws.")?.split_once('.')?;
    let parts: Vec<&str> = service.rsplit('.').collect();
    Some(format!("{}.{region}.amazonaws.com", parts.join(".")))
}

fn aws_name(name: &str, endpoints: Endpoints) -> Option<Answer> {
    if !AWS.iter().any(|domain| is_or_is_below(name, domain)) {
        return None;
    }
    let has = |label: &str| name.split('.').any(|own| own == label);
    let address = match name {
        _ if has("s3") => endpoints.s3,
        _ if has("dynamodb") => endpoints.dynamodb,
        _ => endpoints.others,
    };
    Some(Answer::Addresses(vec![address]))
}

fn is_or_is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// `10-0-1-5`
fn dashed(text: &str) -> Option<IpAddr> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    digits.then(|| text.replace('-', ".").parse::<Ipv4Addr>().ok()).flatten().map(IpAddr::V4)
}

/// `5.1.0.10.in-addr.arpa`
fn reversed(name: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = name.strip_suffix(".in-addr.arpa")?.rsplit('.').collect();
    parts.join(".").parse().ok()
}

fn reverse(topology: &Topology, asker: Asker, address: Ipv4Addr) -> Option<String> {
    let dashes = address.to_string().replace('.', "-");
    if let Some((id, vpc)) = asker
        && topology.interface_at(id, address.into()).is_some()
    {
        return Some(format!("ip-{dashes}.{}", private_domain(&vpc.region)));
    }
    if let Some(name) = topology.reverse_names.get(&address.into()) {
        return Some(name.clone());
    }
    let (_, interface, _) = topology.interface_behind(address.into())?;
    let vpc = topology.vpcs.get(&interface.vpc).filter(|vpc| vpc.dns_hostnames)?;
    Some(format!("ec2-{dashes}.{}", public_domain(&vpc.region)))
}

/// The answer where its kind is asked for, else that there is nothing of the other kind.
fn of_kind(asked: Kind, kind: Kind, answer: Answer) -> Answer {
    if asked == kind { answer } else { Answer::Addresses(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogumo_netmodel::{Address, Endpoint, Forwarding, Peering, ResourceNames};

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn topology() -> Topology {
        let mut topology = Topology::default();
        let vpc = Vpc {
            account: "000000000000".into(),
            region: "ap-northeast-1".into(),
            cidrs: vec![Cidr::v4(10, 0, 0, 0, 16)],
            dns_support: true,
            dns_hostnames: true,
            dhcp_options: None,
            main_route_table: "rtb-1".into(),
        };
        topology.vpcs.insert("vpc-1".into(), vpc.clone());
        topology.vpcs.insert("vpc-2".into(), Vpc { region: "us-east-1".into(), ..vpc });
        let interface = Interface {
            vpc: "vpc-1".into(),
            subnet: "subnet-1".into(),
            mac: [2; 6],
            addresses: vec![
                Address { private: ip("10.0.1.5"), public: Some(ip("198.18.4.1")) },
                Address { private: ip("2001:db8:0:100::5"), public: None },
            ],
            groups: Vec::new(),
            source_dest_check: true,
            owner: Owner::Instance { id: "i-1".into(), device_index: 0, running: true },
            forwarding: Forwarding::None,
        };
        topology.interfaces.insert("eni-1".into(), interface.clone());
        topology.resource_names.insert("i-1".into(), ResourceNames { v4: true, v6: true });
        let own = vec![Address { private: ip("10.0.1.9"), public: None }];
        let endpoint = Interface { addresses: own, owner: Owner::Endpoint("vpce-1".into()), ..interface };
        topology.interfaces.insert("eni-2".into(), endpoint);
        topology
    }

    fn ask(topology: &Topology, from: &str, name: &str) -> Option<Answer> {
        let from = if from.is_empty() { Vantage::Outside } else { Vantage::Vpc(from.into()) };
        let question = Question { name: name.into(), kind: Kind::A };
        look_up(topology, &from, Endpoints::public(Public::default()), &question)
    }

    fn at(address: &str) -> Option<Answer> {
        Some(Answer::Addresses(vec![ip(address)]))
    }

    #[test]
    fn private_names_are_known_inside() {
        let topology = topology();
        let name = "ip-10-0-1-5.ap-northeast-1.compute.internal";
        assert_eq!(ask(&topology, "vpc-1", name), at("10.0.1.5"));
        assert_eq!(ask(&topology, "vpc-1", "i-1.ap-northeast-1.compute.internal"), at("10.0.1.5"));
        assert_eq!(ask(&topology, "vpc-1", "ip-10-0-1-6.ap-northeast-1.compute.internal"), Some(Answer::Nothing));
        assert_eq!(ask(&topology, "vpc-2", "ip-10-0-1-5.ec2.internal"), Some(Answer::Nothing));
        assert_eq!(ask(&topology, "", name), None);
    }

    #[test]
    fn resource_names_have_what_they_are_to_have() {
        let mut topology = topology();
        let mut asked = |names: Option<ResourceNames>| {
            match names {
                Some(names) => topology.resource_names.insert("i-1".into(), names),
                None => topology.resource_names.remove("i-1"),
            };
            let question = Question { name: "i-1.ap-northeast-1.compute.internal".into(), kind: Kind::Aaaa };
            look_up(&topology, &Vantage::Vpc("vpc-1".into()), Endpoints::public(Public::default()), &question)
        };
        assert_eq!(asked(Some(ResourceNames { v4: true, v6: true })), at("2001:db8:0:100::5"));
        assert_eq!(asked(Some(ResourceNames { v4: true, v6: false })), Some(Answer::Addresses(Vec::new())));
        assert_eq!(asked(None), Some(Answer::Nothing));
    }

    #[test]
    fn public_names_are_private_addresses_inside() {
        let mut topology = topology();
        let name = "ec2-198-18-4-1.ap-northeast-1.compute.amazonaws.com";
        assert_eq!(ask(&topology, "vpc-1", name), at("10.0.1.5"));
        assert_eq!(ask(&topology, "vpc-2", name), at("198.18.4.1"));
        assert_eq!(ask(&topology, "", name), at("198.18.4.1"));
        let resolving = vec!["vpc-1".to_owned()];
        let peering = Peering { requester: "vpc-2".into(), accepter: "vpc-1".into(), active: true, resolving };
        topology.peerings.insert("pcx-1".into(), peering);
        assert_eq!(ask(&topology, "vpc-2", name), at("10.0.1.5"));
        topology.vpcs.get_mut("vpc-1").expect("it").dns_hostnames = false;
        assert_eq!(ask(&topology, "", name), Some(Answer::Nothing));
    }

    #[test]
    fn aws_is_this_cloud() {
        let topology = topology();
        assert_eq!(ask(&topology, "vpc-1", "sts.ap-northeast-1.amazonaws.com"), at("198.18.0.2"));
        assert_eq!(ask(&topology, "", "bucket.s3.ap-northeast-1.amazonaws.com"), at("198.18.1.1"));
        assert_eq!(ask(&topology, "", "dynamodb.ap-northeast-1.amazonaws.com"), at("198.18.2.1"));
        assert_eq!(ask(&topology, "", "app.auth.us-east-1.amazoncognito.com"), at("198.18.0.2"));
        assert_eq!(ask(&topology, "vpc-1", "example.com"), None);
        assert_eq!(ask(&topology, "vpc-1", "notamazonaws.com"), None);
    }

    #[test]
    fn interface_endpoints_take_the_usual_name() {
        let mut topology = topology();
        let kind = EndpointKind::Interface { interfaces: vec!["eni-2".into()], private_dns: true };
        let service = "com.amazonaws.ap-northeast-1.ecr.api".to_owned();
        topology.endpoints.insert("vpce-1".into(), Endpoint { vpc: "vpc-1".into(), service, kind, available: true });
        assert_eq!(ask(&topology, "vpc-1", "api.ecr.ap-northeast-1.amazonaws.com"), at("10.0.1.9"));
        assert_eq!(ask(&topology, "vpc-2", "api.ecr.ap-northeast-1.amazonaws.com"), at("198.18.0.2"));
        assert_eq!(ask(&topology, "", "vpce-1-abc.api.ecr.ap-northeast-1.vpce.amazonaws.com"), at("10.0.1.9"));
    }

    #[test]
    fn addresses_have_names() {
        let topology = topology();
        let question = Question { name: "5.1.0.10.in-addr.arpa".into(), kind: Kind::Ptr };
        let answer = look_up(&topology, &Vantage::Vpc("vpc-1".into()), Endpoints::public(Public::default()), &question);
        assert_eq!(answer, Some(Answer::Names(vec!["ip-10-0-1-5.ap-northeast-1.compute.internal".into()])));
        assert_eq!(look_up(&topology, &Vantage::Outside, Endpoints::public(Public::default()), &question), None);
    }

    #[test]
    fn public_addresses_have_the_names_that_their_owners_gave_them() {
        let mut topology = topology();
        topology.reverse_names.insert(ip("198.18.4.1"), "mail.example.com".into());
        let question = Question { name: "1.4.18.198.in-addr.arpa".into(), kind: Kind::Ptr };
        for from in [Vantage::Outside, Vantage::Vpc("vpc-2".into())] {
            let answer = look_up(&topology, &from, Endpoints::public(Public::default()), &question);
            assert_eq!(answer, Some(Answer::Names(vec!["mail.example.com".into()])));
        }
    }
}
