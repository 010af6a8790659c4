//! A leg's beginning: a packet leaves an interface and takes the route of its subnet.

use super::{Phase, Place, arrive};
use crate::vpc::{METADATA, METADATA_V6, RESOLVER, RESOLVER_V6};
use crate::{Cause, Header, Id, Interface, Owner, Protocol, Step, Subnet, Target, Topology, Vpc, What};

/// The interface with what it belongs to.
struct Here<'a> {
    topology: &'a Topology,
    interface: &'a Interface,
    subnet: &'a Subnet,
    vpc: &'a Vpc,
}

pub(super) fn interface(
    topology: &Topology,
    id: &str,
    header: &mut Header,
    phase: Phase,
    steps: &mut Vec<Step>,
) -> Result<Place, Cause> {
    let here = find(topology, id)?;
    if !here.interface.is_up() {
        return Err(Cause::Down { interface: id.to_owned() });
    }
    steps.push(Step { component: id.to_owned(), what: What::Leaves, header: *header });
    if here.interface.source_dest_check && !here.interface.owns(header.source) {
        return Err(Cause::SourceDestCheck { interface: id.to_owned(), egress: true, address: header.source });
    }
    if let Some(place) = here.own_services(id, header, steps)? {
        return Ok(place);
    }
    arrive::check_groups(topology, id, here.interface, true, header, phase, steps)?;
    here.route(header, phase, steps)
}

fn find<'a>(topology: &'a Topology, id: &'a str) -> Result<Here<'a>, Cause> {
    let lacks = |component: &str| Cause::NoSource { component: component.to_owned() };
    let interface = topology.interfaces.get(id).ok_or_else(|| lacks(id))?;
    let subnet = topology.subnets.get(&interface.subnet).ok_or_else(|| lacks(&interface.subnet))?;
    let vpc = topology.vpcs.get(&interface.vpc).ok_or_else(|| lacks(&interface.vpc))?;
    Ok(Here { topology, interface, subnet, vpc })
}

impl Here<'_> {
    /// The resolver, the metadata service and the router: no group, no ACL and no route has a say in what they get.
    fn own_services(&self, id: &str, header: &Header, steps: &mut Vec<Step>) -> Result<Option<Place>, Cause> {
        let vpc = &self.interface.vpc;
        let not_served = || Cause::NotServed { vpc: vpc.clone(), header: *header };
        let to = header.destination;
        if to == METADATA || to == METADATA_V6 {
            let served = to == METADATA || self.topology.metadata_v6.contains(id);
            let instance = served && matches!(self.interface.owner, Owner::Instance { .. });
            if !instance || !matches!(header.protocol, Protocol::Tcp { destination: 80, .. }) {
                return Err(not_served());
            }
            steps.push(Step { component: vpc.clone(), what: What::Metadata, header: *header });
            return Ok(Some(Place::Metadata(vpc.clone())));
        }
        if to == RESOLVER || to == RESOLVER_V6 || Some(to) == self.vpc.resolver() {
            if !self.vpc.dns_support {
                return Err(Cause::NoResolver { vpc: vpc.clone() });
            }
            let dns = matches!(
                header.protocol,
                Protocol::Udp { destination: 53, .. } | Protocol::Tcp { destination: 53, .. }
            );
            if !dns {
                return Err(not_served());
            }
            steps.push(Step { component: vpc.clone(), what: What::Resolver, header: *header });
            return Ok(Some(Place::Resolver(vpc.clone())));
        }
        Ok(None)
    }

    fn route(&self, header: &mut Header, phase: Phase, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        let topology = self.topology;
        let (table_id, table) = topology
            .route_table_of(self.subnet)
            .ok_or_else(|| Cause::NoSource { component: self.vpc.main_route_table.clone() })?;
        let Some((destination, target)) = topology.route_to(self.vpc, table, header.destination) else {
            return Err(Cause::NoRoute {
                table: table_id.clone(),
                destination: header.destination,
                gateway: topology.internet_gateway_of(&self.interface.vpc).cloned(),
            });
        };
        if !topology.is_active(&self.interface.vpc, target) {
            let target = target.id().to_owned();
            return Err(Cause::Blackhole { table: table_id.clone(), route: destination, target });
        }
        let what = What::Route { destination, target: target.id().to_owned() };
        steps.push(Step { component: table_id.clone(), what, header: *header });
        self.follow(target, header, phase, steps)
    }

    fn follow(
        &self,
        target: &Target,
        header: &mut Header,
        phase: Phase,
        steps: &mut Vec<Step>,
    ) -> Result<Place, Cause> {
        match target {
            Target::Local => self.to_neighbour(&self.interface.vpc, header, phase, steps),
            Target::Interface(id) => self.to_interface(id, header, phase, steps),
            Target::NatGateway(id) => {
                let nat =
                    self.topology.nat_gateways.get(id).ok_or_else(|| Cause::NoSource { component: id.clone() })?;
                self.to_interface(&nat.interface, header, phase, steps)
            }
            Target::InternetGateway(id) => self.to_internet(id, header, steps),
            // It remembers what it let out. Answers to somebody outside are none of that.
            Target::EgressOnlyInternetGateway(id) if phase == Phase::Answer => {
                self.leave_subnet(header, steps)?;
                Err(Cause::EgressOnly { gateway: id.clone() })
            }
            Target::EgressOnlyInternetGateway(id) => self.to_internet(id, header, steps),
            Target::Peering(id) => self.over_peering(id, header, phase, steps),
            Target::Endpoint(id) => self.to_endpoint(id, header, steps),
        }
    }

    /// An address of the own VPC.
    fn to_neighbour(&self, vpc: &Id, header: &mut Header, phase: Phase, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        match self.topology.interface_at(vpc, header.destination) {
            Some((id, _)) => self.to_interface(id, header, phase, steps),
            None => Err(Cause::NobodyThere { vpc: vpc.clone(), address: header.destination }),
        }
    }

    fn to_interface(&self, id: &str, header: &mut Header, phase: Phase, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        let same = self.topology.interfaces.get(id).is_some_and(|other| other.subnet == self.interface.subnet);
        if !same {
            self.leave_subnet(header, steps)?;
        }
        arrive::interface(self.topology, id, Some(&self.interface.subnet), header, phase, steps)
    }

    fn leave_subnet(&self, header: &Header, steps: &mut Vec<Step>) -> Result<(), Cause> {
        arrive::check_acl(self.topology, &self.interface.subnet, true, header, steps)
    }

    fn to_internet(&self, gateway: &Id, header: &mut Header, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        self.leave_subnet(header, steps)?;
        let private = header.source;
        let owner = if self.interface.owns(private) {
            Some(self.interface)
        } else {
            self.topology.interface_at(&self.interface.vpc, private).map(|(_, interface)| interface)
        };
        let public = owner
            .and_then(|owner| owner.public_of(private))
            .ok_or_else(|| Cause::NoPublicAddress { gateway: gateway.clone(), address: private })?;
        header.source = public;
        let what = if public == private { What::Passes } else { What::PublicSource { private, public } };
        steps.push(Step { component: gateway.clone(), what, header: *header });
        Ok(Place::Internet)
    }

    fn over_peering(&self, id: &Id, header: &mut Header, phase: Phase, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        self.leave_subnet(header, steps)?;
        let lacks = || Cause::NoSource { component: id.clone() };
        let peering = self.topology.peerings.get(id).ok_or_else(lacks)?;
        let there = peering.beyond(&self.interface.vpc).ok_or_else(lacks)?;
        let vpc = self.topology.vpcs.get(there).ok_or_else(lacks)?;
        if !vpc.contains(header.destination) {
            let address = header.destination;
            return Err(Cause::BeyondPeering { peering: id.clone(), vpc: there.clone(), address });
        }
        steps.push(Step { component: id.clone(), what: What::Passes, header: *header });
        match self.topology.interface_at(there, header.destination) {
            Some((to, _)) => arrive::interface(self.topology, to, None, header, phase, steps),
            None => Err(Cause::NobodyThere { vpc: there.clone(), address: header.destination }),
        }
    }

    fn to_endpoint(&self, id: &Id, header: &Header, steps: &mut Vec<Step>) -> Result<Place, Cause> {
        self.leave_subnet(header, steps)?;
        if !matches!(header.protocol, Protocol::Tcp { .. } | Protocol::PING) {
            return Err(Cause::EndpointProtocol { endpoint: id.clone(), header: *header });
        }
        steps.push(Step { component: id.clone(), what: What::Passes, header: *header });
        Ok(Place::Endpoint(id.clone()))
    }
}
