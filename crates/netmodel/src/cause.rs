//! Why a packet goes no further: AWS's explanation code, and a sentence in English and Japanese that says what to do.
//!
//! The codes are those of the Reachability Analyzer ("VPC Reachability Analyzer explanation codes").

use std::net::IpAddr;

use crate::step::{direction, way};
use crate::{Cidr, Header, Id};

#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The packet's interface, or what belongs to it, does not exist.
    NoSource { component: Id },
    /// Nobody is behind the interface: it is not attached, or the instance does not run.
    Down { interface: Id },
    /// The source/destination check: the address is not the interface's own.
    SourceDestCheck { interface: Id, egress: bool, address: IpAddr },
    /// No rule of any of the interface's groups allows it.
    Groups { interface: Id, groups: Vec<Id>, egress: bool, header: Header },
    /// A rule of the network ACL denies it; without a number it is the final `*`.
    Acl { acl: Id, subnet: Id, egress: bool, rule: Option<u16>, header: Header },
    /// The table has no route. `gateway` is what a default route could lead to.
    NoRoute { table: Id, destination: IpAddr, gateway: Option<Id> },
    /// The route is a blackhole: its target is gone, detached or not available.
    Blackhole { table: Id, route: Cidr, target: Id },
    /// No interface of the VPC has the address.
    NobodyThere { vpc: Id, address: IpAddr },
    /// The sender has no public address, so that the internet gateway drops it.
    NoPublicAddress { gateway: Id, address: IpAddr },
    /// No interface has the public address.
    NoSuchPublicAddress { address: IpAddr },
    /// The VPC of the public address has no internet gateway.
    NoInternetGateway { vpc: Id, address: IpAddr },
    /// A peering leads to addresses of the other VPC only.
    BeyondPeering { peering: Id, vpc: Id, address: IpAddr },
    /// NAT gateways serve their own VPC only, and let nobody in.
    NatGatewayForInside { nat_gateway: Id, header: Header },
    /// Gateway endpoints take TCP and ping.
    EndpointProtocol { endpoint: Id, header: Header },
    /// `enableDnsSupport` is off.
    NoResolver { vpc: Id },
    /// The VPC's router, its resolver and the metadata service answer nothing else.
    NotServed { vpc: Id, header: Header },
    /// An egress-only internet gateway lets nobody in.
    EgressOnly { gateway: Id },
    /// An answer comes to an interface that has not seen what it answers.
    Astray { interface: Id, header: Header },
    /// The packet would go round in circles.
    Loop { component: Id },
}

impl Cause {
    /// AWS's explanation code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSource { .. } => "NO_SOURCE_OR_DESTINATION",
            Self::Down { .. } => "BAD_STATE",
            Self::SourceDestCheck { .. } => "ENI_SOURCE_DEST_CHECK_RESTRICTION",
            Self::Groups { .. } => "ENI_SG_RULES_MISMATCH",
            Self::Acl { .. } => "SUBNET_ACL_RESTRICTION",
            Self::NoRoute { .. } => "NO_ROUTE_TO_DESTINATION",
            Self::Blackhole { .. } => "BAD_STATE_ROUTE",
            Self::NobodyThere { .. } => "NO_POSSIBLE_DESTINATION",
            Self::NoPublicAddress { .. } => "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
            Self::NoSuchPublicAddress { .. } => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
            Self::NoInternetGateway { .. } => "BAD_STATE_ATTACHMENT",
            Self::BeyondPeering { .. } => "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
            Self::NatGatewayForInside { .. } => "NGW_REQUIRES_SOURCE_IN_VPC",
            Self::EndpointProtocol { .. } => "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            Self::NoResolver { .. } | Self::NotServed { .. } => "PROTOCOL_RESTRICTION",
            Self::EgressOnly { .. } | Self::Astray { .. } | Self::Loop { .. } => "NO_PATH",
        }
    }

    /// The id of the component that stops the packet.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        match self {
            Self::NoSource { component } | Self::Loop { component } => Some(component),
            Self::Down { interface }
            | Self::SourceDestCheck { interface, .. }
            | Self::Groups { interface, .. }
            | Self::Astray { interface, .. } => Some(interface),
            Self::Acl { acl, .. } => Some(acl),
            Self::NoRoute { table, .. } | Self::Blackhole { table, .. } => Some(table),
            Self::NobodyThere { vpc, .. }
            | Self::NoInternetGateway { vpc, .. }
            | Self::NoResolver { vpc }
            | Self::NotServed { vpc, .. } => Some(vpc),
            Self::NoPublicAddress { gateway, .. } | Self::EgressOnly { gateway } => Some(gateway),
            Self::NoSuchPublicAddress { .. } => None,
            Self::BeyondPeering { peering, .. } => Some(peering),
            Self::NatGatewayForInside { nat_gateway, .. } => Some(nat_gateway),
            Self::EndpointProtocol { endpoint, .. } => Some(endpoint),
        }
    }

    #[must_use]
    pub fn english(&self) -> String {
        match self {
            Self::NoSource { component } => format!("{component} does not exist"),
            Self::Down { interface } => {
                format!("nobody is behind {interface}: attach it to an instance, or start the instance")
            }
            Self::SourceDestCheck { interface, egress, address } => {
                let role = if *egress { "send from" } else { "receive for" };
                format!(
                    "{interface} may not {role} {address}, which is not its own address: switch its source/destination check off"
                )
            }
            Self::Groups { interface, groups, egress, header } => {
                let rules = if *egress { "outbound" } else { "inbound" };
                format!(
                    "no {rules} rule of {} at {interface} allows {header}: add one for {}",
                    list(groups),
                    wish(*egress, header)
                )
            }
            Self::Acl { acl, subnet, egress, rule, header } => {
                let rule = rule.map_or("the last rule *".to_owned(), |number| format!("rule {number}"));
                format!("{acl} of {subnet} denies {header} {}: {rule}; allow it with a lower rule number", way(*egress))
            }
            Self::NoRoute { table, destination, gateway } => {
                let advice =
                    gateway.as_ref().map_or("add one".to_owned(), |id| format!("add {} → {id}", default(*destination)));
                format!("{table} has no route for {destination}: {advice}")
            }
            Self::Blackhole { table, route, target } => {
                format!(
                    "the route {route} → {target} of {table} is a blackhole: {target} is gone, detached or not running"
                )
            }
            Self::NobodyThere { vpc, address } => format!("nobody has {address} in {vpc}"),
            Self::NoPublicAddress { gateway, address } => {
                format!(
                    "{address} has no public address, so {gateway} drops it: associate an Elastic IP, or route through a NAT gateway"
                )
            }
            Self::NoSuchPublicAddress { address } => format!("no interface has the public address {address}"),
            Self::NoInternetGateway { vpc, address } => {
                format!("{vpc}, where {address} leads, has no internet gateway: attach one")
            }
            Self::BeyondPeering { peering, vpc, address } => {
                format!("{peering} leads into {vpc} only, and {address} is not an address of it")
            }
            Self::NatGatewayForInside { nat_gateway, header } => {
                format!("{nat_gateway} forwards what comes from its own VPC to elsewhere, and not {header}")
            }
            Self::EndpointProtocol { endpoint, header } => format!("{endpoint} takes TCP and ping, and not {header}"),
            Self::NoResolver { vpc } => format!("{vpc} has no resolver: switch enableDnsSupport on"),
            Self::NotServed { vpc, header } => format!("{vpc} itself does not answer {header}"),
            Self::EgressOnly { gateway } => format!("{gateway} lets connections out, and none in"),
            Self::Astray { interface, header } => {
                format!("the answer {header} comes to {interface}, which has not seen what it answers")
            }
            Self::Loop { component } => format!("the packet comes to {component} again and again"),
        }
    }

    #[must_use]
    pub fn japanese(&self) -> String {
        match self {
            Self::NoSource { component } => format!("{component} は存在しません"),
            Self::Down { interface } => {
                format!(
                    "{interface} の先に受信者がいません。インスタンスにアタッチするか、インスタンスを起動してください"
                )
            }
            Self::SourceDestCheck { interface, egress, address } => {
                let role = if *egress { "送信元" } else { "宛先" };
                format!(
                    "{interface} は自分のアドレスではない {address} を{role}とするパケットを通しません。送信元/送信先チェックを無効にしてください"
                )
            }
            Self::Groups { interface, groups, egress, header } => format!(
                "{interface} の {} に {header} を許可する{}ルールがありません。{} を許可するルールを追加してください",
                list(groups),
                direction(*egress),
                wish(*egress, header)
            ),
            Self::Acl { acl, subnet, egress, rule, header } => {
                let rule = rule.map_or("最後のルール *".to_owned(), |number| format!("ルール {number}"));
                format!(
                    "{subnet} の {acl} の{}の{rule}が {header} を拒否します。より小さい番号のルールで許可してください",
                    direction(*egress)
                )
            }
            Self::NoRoute { table, destination, gateway } => {
                let advice = gateway.as_ref().map_or("ルートを追加してください".to_owned(), |id| {
                    format!("{} → {id} を追加してください", default(*destination))
                });
                format!("{table} に {destination} へのルートがありません。{advice}")
            }
            Self::Blackhole { table, route, target } => format!(
                "{table} のルート {route} → {target} はブラックホールです。{target} が削除・デタッチされたか、停止しています"
            ),
            Self::NobodyThere { vpc, address } => format!("{vpc} に {address} を持つインターフェイスはありません"),
            Self::NoPublicAddress { gateway, address } => format!(
                "{address} にパブリックアドレスがないため {gateway} が破棄します。Elastic IP を関連付けるか、NAT ゲートウェイを経由してください"
            ),
            Self::NoSuchPublicAddress { address } => {
                format!("パブリックアドレス {address} を持つインターフェイスはありません")
            }
            Self::NoInternetGateway { vpc, address } => {
                format!("{address} のある {vpc} にインターネットゲートウェイがありません。アタッチしてください")
            }
            Self::BeyondPeering { peering, vpc, address } => {
                format!("{peering} の先は {vpc} だけで、{address} はそのアドレスではありません")
            }
            Self::NatGatewayForInside { nat_gateway, header } => {
                format!("{nat_gateway} は自分の VPC から外へ出る通信だけを転送し、{header} は転送しません")
            }
            Self::EndpointProtocol { endpoint, header } => {
                format!("{endpoint} は TCP と ping だけを受け付け、{header} は受け付けません")
            }
            Self::NoResolver { vpc } => {
                format!("{vpc} にリゾルバーがありません。enableDnsSupport を有効にしてください")
            }
            Self::NotServed { vpc, header } => format!("{vpc} 自身は {header} に応答しません"),
            Self::EgressOnly { gateway } => format!("{gateway} は外向きの接続だけを通します"),
            Self::Astray { interface, header } => {
                format!("応答 {header} が、元の通信を通していない {interface} に届きます")
            }
            Self::Loop { component } => format!("パケットが {component} を何度も通り、循環しています"),
        }
    }
}

/// What a rule would have to say.
fn wish(egress: bool, header: &Header) -> String {
    let remote = Cidr::host(if egress { header.destination } else { header.source });
    format!("{} {remote}", header.protocol)
}

fn default(address: IpAddr) -> Cidr {
    if address.is_ipv4() { Cidr::ANY } else { Cidr::ANY_V6 }
}

fn list(ids: &[Id]) -> String {
    ids.join(", ")
}
