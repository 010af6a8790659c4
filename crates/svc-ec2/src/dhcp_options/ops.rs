//! The operations of DHCP options.

use std::net::IpAddr;

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{DhcpOptions as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::record::DhcpOptions;
use crate::faults::{dependency, invalid_value, missing_parameter};
use crate::filter::{Filters, each, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

/// Source: Amazon EC2 API Reference, CreateDhcpOptions.
const KEYS: [&str; 6] = [
    "domain-name-servers",
    "domain-name",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ipv6-address-preferred-lease-time",
];

/// Up to so many servers of a sort.
const MOST_SERVERS: usize = 4;

/// The options of a request.
///
/// # Errors
/// Keys that there are not, values that the key does not take.
fn checked(asked: Vec<NewDhcpConfiguration>) -> Result<Vec<(String, Vec<String>)>, Fault> {
    let mut configurations: Vec<(String, Vec<String>)> = Vec::new();
    for one in asked {
        let (key, values) = (one.key.unwrap_or_default(), one.values.unwrap_or_default());
        if !KEYS.contains(&key.as_str()) {
            return Err(invalid_value(format!("Value ({key}) for parameter name is invalid. Unknown DHCP option")));
        }
        if values.is_empty() {
            return Err(missing_parameter("value"));
        }
        if configurations.iter().any(|(other, _)| *other == key) {
            return Err(invalid_value(format!("Value ({key}) for parameter name is invalid. Option is duplicated")));
        }
        let wrong = |value: &String| {
            invalid_value(format!("Value ({value}) for parameter value is invalid. Invalid DHCP option value"))
        };
        let is_address = |value: &&String| value.parse::<IpAddr>().is_ok();
        let servers = key.ends_with("-servers");
        let is_fine = |value: &&String| match key.as_str() {
            "domain-name-servers" => *value == "AmazonProvidedDNS" || is_address(value),
            "netbios-node-type" => ["1", "2", "4", "8"].contains(&value.as_str()),
            "ipv6-address-preferred-lease-time" => {
                value.parse().is_ok_and(|seconds: u32| (140..=2_147_483_647).contains(&seconds))
            }
            _ => !servers || is_address(value),
        };
        if let Some(value) = values.iter().find(|value| !is_fine(value)) {
            return Err(wrong(value));
        }
        if servers && values.len() > MOST_SERVERS {
            return Err(invalid_value(format!("Too many values for {key}: at most {MOST_SERVERS}")));
        }
        configurations.push((key, values));
    }
    Ok(configurations)
}

pub fn create_dhcp_options(w: &mut Writer, input: CreateDhcpOptionsRequest) -> Result<CreateDhcpOptionsResult, Fault> {
    let tags = tag::specified(w, input.tag_specifications, DhcpOptions::KIND)?;
    let configurations = checked(input.dhcp_configurations)?;
    let options = DhcpOptions { id: DhcpOptions::KIND.new_id(), configurations };
    put(w, &options)?;
    tag::mark(w, &options, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &options.id)?;
    Ok(CreateDhcpOptionsResult { dhcp_options: Some(shown(&options, w.scope(), &tags)) })
}

fn shown(options: &DhcpOptions, scope: &Scope, tags: &Tags) -> Shown {
    let value = |value: &String| AttributeValue { value: Some(value.clone()) };
    let configuration = |(key, values): &(String, Vec<String>)| DhcpConfiguration {
        key: Some(key.clone()),
        values: Some(values.iter().map(value).collect()),
    };
    Shown {
        owner_id: Some(scope.account.clone()),
        tags: Some(tags.shown(&options.id)),
        dhcp_options_id: Some(options.id.clone()),
        dhcp_configurations: Some(options.configurations.iter().map(configuration).collect()),
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("dhcp-options-id", |options| text(&options.dhcp_options_id)),
        ("key", |options| each(&options.dhcp_configurations, |one| text(&one.key))),
        ("value", |options| each(&options.dhcp_configurations, |one| each(&one.values, |value| text(&value.value)))),
        ("owner-id", |options| text(&options.owner_id)),
    ],
    tags: Some(|options| options.tags.as_ref()),
};

pub fn describe_dhcp_options(
    r: &Reader,
    input: DescribeDhcpOptionsRequest,
) -> Result<DescribeDhcpOptionsResult, Fault> {
    let options = chosen::<DhcpOptions>(r.store, r.scope(), input.dhcp_options_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let options = options.iter().map(|one| shown(one, r.scope(), &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.dhcp_options_ids.as_ref().map(|_| "dhcpOptionsIds"),
    };
    let page =
        cut(FILTERS.select(options, input.filters)?, wanted, |one| one.dhcp_options_id.clone().unwrap_or_default())?;
    Ok(DescribeDhcpOptionsResult { dhcp_options: Some(page.items), next_token: page.next_token })
}

pub fn delete_dhcp_options(w: &mut Writer, input: DeleteDhcpOptionsRequest) -> Result<Unit, Fault> {
    let options: DhcpOptions = get(w.store(), w.scope(), &input.dhcp_options_id)?;
    if all::<Vpc>(w.store(), w.scope())?.iter().any(|vpc| vpc.dhcp_options == options.id) {
        let message = format!("The dhcpOptions '{}' has dependencies and cannot be deleted.", options.id);
        return Err(dependency(message));
    }
    delete::<DhcpOptions>(w, &options.id)?;
    Ok(Unit)
}

/// `default` takes the options away.
pub fn associate_dhcp_options(w: &mut Writer, input: AssociateDhcpOptionsRequest) -> Result<Unit, Fault> {
    let mut vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    if input.dhcp_options_id != "default" {
        get::<DhcpOptions>(w.store(), w.scope(), &input.dhcp_options_id)?;
    }
    vpc.dhcp_options = input.dhcp_options_id;
    put(w, &vpc)?;
    Ok(Unit)
}
