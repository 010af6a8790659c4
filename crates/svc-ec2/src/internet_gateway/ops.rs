//! The operations of internet gateways.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{InternetGateway as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::record::InternetGateway;
use crate::faults::{dependency, limit};
use crate::filter::{Filters, each, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::route_table;
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 5;

pub fn make(w: &mut Writer, vpc: Option<&str>) -> Result<InternetGateway, Fault> {
    let gateway = InternetGateway { id: InternetGateway::KIND.new_id(), vpc: vpc.map(str::to_owned) };
    put(w, &gateway)?;
    Ok(gateway)
}

pub fn create_internet_gateway(
    w: &mut Writer,
    input: CreateInternetGatewayRequest,
) -> Result<CreateInternetGatewayResult, Fault> {
    let tags = tag::specified(w, input.tag_specifications, InternetGateway::KIND)?;
    if all::<InternetGateway>(w.store(), w.scope())?.len() >= MOST {
        let message = "The maximum number of internet gateways has been reached.";
        return Err(limit("InternetGatewayLimitExceeded", message));
    }
    let gateway = make(w, None)?;
    tag::mark(w, &gateway, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &gateway.id)?;
    Ok(CreateInternetGatewayResult { internet_gateway: Some(shown(&gateway, w.scope(), &tags)) })
}

fn shown(gateway: &InternetGateway, scope: &Scope, tags: &Tags) -> Shown {
    // AWS says "available", which its own model does not list.
    let attachment =
        |vpc: &String| InternetGatewayAttachment { state: Some("available".into()), vpc_id: Some(vpc.clone()) };
    Shown {
        attachments: Some(gateway.vpc.iter().map(attachment).collect()),
        internet_gateway_id: Some(gateway.id.clone()),
        owner_id: Some(scope.account.clone()),
        tags: Some(tags.shown(&gateway.id)),
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("attachment.state", |gateway| each(&gateway.attachments, |one| text(&one.state))),
        ("attachment.vpc-id", |gateway| each(&gateway.attachments, |one| text(&one.vpc_id))),
        ("internet-gateway-id", |gateway| text(&gateway.internet_gateway_id)),
        ("owner-id", |gateway| text(&gateway.owner_id)),
    ],
    tags: Some(|gateway| gateway.tags.as_ref()),
};

pub fn describe_internet_gateways(
    r: &Reader,
    input: DescribeInternetGatewaysRequest,
) -> Result<DescribeInternetGatewaysResult, Fault> {
    let gateways = chosen::<InternetGateway>(r.store, r.scope(), input.internet_gateway_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let gateways = gateways.iter().map(|gateway| shown(gateway, r.scope(), &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.internet_gateway_ids.as_ref().map(|_| "internetGatewayIds"),
    };
    let gateways = FILTERS.select(gateways, input.filters)?;
    let page = cut(gateways, wanted, |gateway| gateway.internet_gateway_id.clone().unwrap_or_default())?;
    Ok(DescribeInternetGatewaysResult { internet_gateways: Some(page.items), next_token: page.next_token })
}

pub fn attach_internet_gateway(w: &mut Writer, input: AttachInternetGatewayRequest) -> Result<Unit, Fault> {
    let mut gateway: InternetGateway = get(w.store(), w.scope(), &input.internet_gateway_id)?;
    let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    if let Some(other) = &gateway.vpc {
        let message = format!("resource {} is already attached to network {other}", gateway.id);
        return Err(Fault::coded("Resource.AlreadyAssociated", 400, message));
    }
    if all::<InternetGateway>(w.store(), w.scope())?.iter().any(|other| other.vpc.as_ref() == Some(&vpc.id)) {
        let message = format!("Network {} already has an internet gateway attached", vpc.id);
        return Err(crate::faults::invalid_value(message));
    }
    gateway.vpc = Some(vpc.id);
    put(w, &gateway)?;
    Ok(Unit)
}

/// A gateway that public addresses go through stays.
pub fn detach_internet_gateway(w: &mut Writer, input: DetachInternetGatewayRequest) -> Result<Unit, Fault> {
    let mut gateway: InternetGateway = get(w.store(), w.scope(), &input.internet_gateway_id)?;
    let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    if gateway.vpc.as_ref() != Some(&vpc.id) {
        let message = format!("resource {} is not attached to network {}", gateway.id, vpc.id);
        return Err(Fault::coded("Gateway.NotAttached", 400, message));
    }
    if crate::vpc_parts::has_public_addresses(w.store(), w.scope(), &vpc.id)? {
        let message = format!(
            "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.",
            vpc.id
        );
        return Err(dependency(message));
    }
    gateway.vpc = None;
    route_table::let_go(w, &gateway.id)?;
    put(w, &gateway)?;
    Ok(Unit)
}

pub fn delete_internet_gateway(w: &mut Writer, input: DeleteInternetGatewayRequest) -> Result<Unit, Fault> {
    let gateway: InternetGateway = get(w.store(), w.scope(), &input.internet_gateway_id)?;
    if gateway.vpc.is_some() {
        let message = format!("The internetGateway '{}' has dependencies and cannot be deleted.", gateway.id);
        return Err(dependency(message));
    }
    delete::<InternetGateway>(w, &gateway.id)?;
    Ok(Unit)
}
