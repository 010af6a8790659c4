//! The operations of egress-only internet gateways.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{EgressOnlyInternetGateway as Shown, *};
use kogumo_wire::Fault;

use super::record::EgressGateway;
use crate::client_token;
use crate::faults::limit;
use crate::filter::Filters;
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 5;

pub fn create_egress_only_internet_gateway(
    w: &mut Writer,
    input: CreateEgressOnlyInternetGatewayRequest,
) -> Result<CreateEgressOnlyInternetGatewayResult, Fault> {
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateEgressOnlyInternetGateway", token.as_deref(), &input)?;
    let gateway = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
            let tags = tag::specified(w, input.tag_specifications, EgressGateway::KIND)?;
            if all::<EgressGateway>(w.store(), w.scope())?.len() >= MOST {
                let message = "The maximum number of egress-only internet gateways has been reached.";
                return Err(limit("EgressOnlyInternetGatewayLimitExceeded", message));
            }
            let gateway = EgressGateway { id: EgressGateway::KIND.new_id(), vpc: vpc.id };
            put(w, &gateway)?;
            tag::mark(w, &gateway, tags)?;
            claim.keep(w, &gateway.id)?;
            gateway
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &gateway.id)?;
    Ok(CreateEgressOnlyInternetGatewayResult {
        client_token: token,
        egress_only_internet_gateway: Some(shown(&gateway, &tags)),
    })
}

fn shown(gateway: &EgressGateway, tags: &Tags) -> Shown {
    Shown {
        attachments: Some(vec![InternetGatewayAttachment {
            state: Some("attached".into()),
            vpc_id: Some(gateway.vpc.clone()),
        }]),
        egress_only_internet_gateway_id: Some(gateway.id.clone()),
        tags: Some(tags.shown(&gateway.id)),
    }
}

static FILTERS: Filters<Shown> = Filters { names: &[], tags: Some(|gateway| gateway.tags.as_ref()) };

pub fn describe_egress_only_internet_gateways(
    r: &Reader,
    input: DescribeEgressOnlyInternetGatewaysRequest,
) -> Result<DescribeEgressOnlyInternetGatewaysResult, Fault> {
    let ids = input.egress_only_internet_gateway_ids.as_deref();
    let gateways = chosen::<EgressGateway>(r.store, r.scope(), ids)?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let gateways = gateways.iter().map(|gateway| shown(gateway, &tags)).collect();
    let named = ids.map(|_| "egressOnlyInternetGatewayIds");
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named };
    let gateways = FILTERS.select(gateways, input.filters)?;
    let page = cut(gateways, wanted, |one| one.egress_only_internet_gateway_id.clone().unwrap_or_default())?;
    Ok(DescribeEgressOnlyInternetGatewaysResult {
        egress_only_internet_gateways: Some(page.items),
        next_token: page.next_token,
    })
}

pub fn delete_egress_only_internet_gateway(
    w: &mut Writer,
    input: DeleteEgressOnlyInternetGatewayRequest,
) -> Result<DeleteEgressOnlyInternetGatewayResult, Fault> {
    let gateway: EgressGateway = get(w.store(), w.scope(), &input.egress_only_internet_gateway_id)?;
    delete::<EgressGateway>(w, &gateway.id)?;
    Ok(DeleteEgressOnlyInternetGatewayResult { return_code: Some(true) })
}
