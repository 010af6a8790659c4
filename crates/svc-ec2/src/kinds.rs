//! Every kind of resource: what tells by an id which one it is.

use kogumo_base::{Scope, Trouble};
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::address::Address;
use crate::dhcp_options::DhcpOptions;
use crate::egress_gateway::EgressGateway;
use crate::endpoint::VpcEndpoint;
use crate::flow_log::FlowLog;
use crate::image::Image;
use crate::insights::{Analysis, Path};
use crate::instance::Instance;
use crate::internet_gateway::InternetGateway;
use crate::key_pair::KeyPair;
use crate::launch_template::LaunchTemplate;
use crate::nat_gateway::NatGateway;
use crate::network_acl::NetworkAcl;
use crate::network_interface::NetworkInterface;
use crate::peering::VpcPeering;
use crate::placement_group::PlacementGroup;
use crate::prefix_list::PrefixList;
use crate::resource::{Kind, Resource};
use crate::route_table::RouteTable;
use crate::security_group::{RULE, SecurityGroup, rule_exists};
use crate::snapshot::{Import, Snapshot};
use crate::subnet::{RESERVATION, Subnet, reservation_exists};
use crate::volume::Volume;
use crate::vpc::Vpc;

type Exists = fn(&dyn Read, &Scope, &str) -> Result<bool, Trouble>;

/// A new kind is one line here: then it can be tagged.
static KINDS: &[(&Kind, Exists)] = &[
    entry::<Address>(),
    entry::<Analysis>(),
    entry::<DhcpOptions>(),
    entry::<EgressGateway>(),
    entry::<FlowLog>(),
    entry::<Image>(),
    entry::<Import>(),
    entry::<Instance>(),
    entry::<InternetGateway>(),
    entry::<KeyPair>(),
    entry::<LaunchTemplate>(),
    entry::<NatGateway>(),
    entry::<NetworkAcl>(),
    entry::<NetworkInterface>(),
    entry::<Path>(),
    entry::<PlacementGroup>(),
    entry::<PrefixList>(),
    entry::<RouteTable>(),
    entry::<SecurityGroup>(),
    (RULE, rule_exists),
    entry::<Snapshot>(),
    entry::<Subnet>(),
    (RESERVATION, reservation_exists),
    entry::<Volume>(),
    entry::<Vpc>(),
    entry::<VpcEndpoint>(),
    entry::<VpcPeering>(),
];

const fn entry<R: Resource>() -> (&'static Kind, Exists) {
    (R::KIND, |read, scope, id| R::TABLE.contains(read, scope, id))
}

/// The kind of an existing resource.
///
/// # Errors
/// `InvalidID` for an id of no kind; the kind's `NotFound`.
pub fn of(read: &dyn Read, scope: &Scope, id: &str) -> Result<&'static Kind, Fault> {
    let prefix = id.rsplit_once('-').map_or("", |(prefix, _)| prefix);
    let entry = KINDS.iter().find(|(kind, _)| kind.prefix == prefix);
    let (kind, exists) = entry.ok_or_else(|| Fault::coded("InvalidID", 400, format!("The ID '{id}' is not valid")))?;
    if exists(read, scope, id)? { Ok(kind) } else { Err(kind.missing(id)) }
}
