//! What a packet passes on its way, each in AWS's ids, in English and Japanese.

use std::net::IpAddr;

use crate::{Cidr, Header, Id};

/// A thing passed, and what the packet looks like after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The component's id: `eni-…`, `sg-…`, `acl-…`, `rtb-…`, `igw-…`, `nat-…`, `pcx-…`, `vpce-…`, `vpc-…`.
    pub component: Id,
    pub what: What,
    pub header: Header,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It leaves an interface.
    Leaves,
    /// It comes to an interface.
    Arrives,
    /// A rule of a security group allows it.
    Group { egress: bool, rule: Id },
    /// A security group lets it through, since it answers what was allowed.
    Remembered { egress: bool },
    /// A rule of a network ACL allows it.
    Acl { egress: bool, rule: u16, subnet: Id },
    /// A route takes it to its target.
    Route { destination: Cidr, target: Id },
    /// The internet gateway wrote the public address in place of the private one.
    PublicSource { private: IpAddr, public: IpAddr },
    /// The internet gateway wrote the private address in place of the public one.
    PublicDestination { public: IpAddr, private: IpAddr },
    /// A gateway, a peering or an endpoint passes it on as it is.
    Passes,
    /// A NAT gateway or a forwarding guest put its own address in place of the source.
    Masquerades { source: IpAddr },
    /// It remembers whose answer this is, and gives it back.
    Returns { destination: IpAddr },
    /// The VPC's resolver takes it.
    Resolver,
    /// The instance metadata service takes it.
    Metadata,
}

impl Step {
    #[must_use]
    pub fn english(&self) -> String {
        let (id, header) = (&self.component, &self.header);
        match &self.what {
            What::Leaves => format!("{id} sends {header}"),
            What::Arrives => format!("{id} receives {header}"),
            What::Group { egress, rule } => format!("{id} allows it {}: {rule}", way(*egress)),
            What::Remembered { egress } => {
                format!("{id} lets the answer {}, since it allowed the request", way(*egress))
            }
            What::Acl { egress, rule, subnet } => format!("{id} allows it {} of {subnet}: rule {rule}", way(*egress)),
            What::Route { destination, target } => format!("{id} routes it: {destination} → {target}"),
            What::PublicSource { private, public } => format!("{id} writes the public address: {private} → {public}"),
            What::PublicDestination { public, private } => {
                format!("{id} writes the private address: {public} → {private}")
            }
            What::Passes => format!("{id} passes it on"),
            What::Masquerades { source } => format!("{id} forwards it with its own address {source} as the source"),
            What::Returns { destination } => format!("{id} gives the answer back to {destination}"),
            What::Resolver => format!("the resolver of {id} receives it"),
            What::Metadata => format!("the instance metadata service of {id} receives it"),
        }
    }

    #[must_use]
    pub fn japanese(&self) -> String {
        let (id, header) = (&self.component, &self.header);
        match &self.what {
            What::Leaves => format!("{id} が {header} を送信します"),
            What::Arrives => format!("{id} が {header} を受信します"),
            What::Group { egress, rule } => format!("{id} の{}ルール {rule} が許可します", direction(*egress)),
            What::Remembered { egress } => {
                format!("{id} は許可済みの通信への応答なので{}を許可します", direction(*egress))
            }
            What::Acl { egress, rule, subnet } => {
                format!("{id} の{}ルール {rule} が {subnet} で許可します", direction(*egress))
            }
            What::Route { destination, target } => format!("{id} のルート {destination} → {target} に従います"),
            What::PublicSource { private, public } => {
                format!("{id} が送信元 {private} をパブリックアドレス {public} に変換します")
            }
            What::PublicDestination { public, private } => {
                format!("{id} が宛先 {public} をプライベートアドレス {private} に変換します")
            }
            What::Passes => format!("{id} を通過します"),
            What::Masquerades { source } => format!("{id} が送信元を自分のアドレス {source} に変えて転送します"),
            What::Returns { destination } => format!("{id} が応答を {destination} に戻します"),
            What::Resolver => format!("{id} のリゾルバーが受信します"),
            What::Metadata => format!("{id} のインスタンスメタデータサービスが受信します"),
        }
    }
}

pub(crate) fn way(egress: bool) -> &'static str {
    if egress { "out" } else { "in" }
}

pub(crate) fn direction(egress: bool) -> &'static str {
    if egress { "アウトバウンド" } else { "インバウンド" }
}
