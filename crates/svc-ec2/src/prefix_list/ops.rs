//! The operations of prefix lists.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{PrefixList as ShownPlain, *};
use kogumo_netmodel::Public;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::aws_managed::{AwsManaged, of_region};
use super::record::{Entry, PrefixList};
use crate::faults::{dependency, invalid_combination, invalid_value, limit, refuse};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::public_address::plan;
use crate::resource::{Resource, all, delete, get, put};
use crate::route_table::RouteTable;
use crate::security_group::{Peer, SecurityGroup};
use crate::tag::{self, Tags};
use crate::{cidr, client_token};

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST_LISTS: usize = 100;
const MOST_ENTRIES: i32 = 1000;

/// Whether there is such a list, the customer's or AWS's.
///
/// # Errors
/// `InvalidPrefixListID.NotFound`.
pub fn check(read: &dyn Read, scope: &Scope, id: &str) -> Result<(), Fault> {
    // Their ids are the same whatever their addresses are.
    if of_region(Public::default(), &scope.region).iter().any(|list| list.id == id) {
        return Ok(());
    }
    get::<PrefixList>(read, scope, id).map(drop)
}

/// The blocks of a request, checked and without doubles.
fn entries(asked: Vec<AddPrefixListEntry>, family: &str) -> Result<Vec<Entry>, Fault> {
    let mut entries: Vec<Entry> = Vec::new();
    for one in asked {
        let cidr = match family {
            "IPv6" => cidr::v6(&one.cidr, "Cidr")?.to_string(),
            _ => cidr::v4(&one.cidr, "Cidr")?.to_string(),
        };
        if entries.iter().any(|other| other.cidr == cidr) {
            return Err(invalid_value(format!("The request contains duplicate CIDR {cidr}")));
        }
        entries.push(Entry { cidr, description: one.description.filter(|text| !text.is_empty()) });
    }
    Ok(entries)
}

fn check_count(entries: &[Entry], most: i32) -> Result<(), Fault> {
    if i32::try_from(entries.len()).is_ok_and(|count| count <= most) {
        return Ok(());
    }
    let message = format!("You've reached the maximum number of entries for the prefix list: {most}");
    Err(limit("PrefixListMaxEntriesExceeded", message))
}

pub fn create_managed_prefix_list(
    w: &mut Writer,
    input: CreateManagedPrefixListRequest,
) -> Result<CreateManagedPrefixListResult, Fault> {
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateManagedPrefixList", token.as_deref(), &input)?;
    let list = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let tags = tag::specified(w, input.tag_specifications, PrefixList::KIND)?;
            if !matches!(&*input.address_family, "IPv4" | "IPv6") {
                return Err(invalid_value(format!(
                    "Value ({}) for parameter AddressFamily is invalid.",
                    input.address_family
                )));
            }
            if input.prefix_list_name.is_empty() || input.prefix_list_name.chars().count() > 255 {
                let message = format!("Value ({}) for parameter PrefixListName is invalid.", input.prefix_list_name);
                return Err(invalid_value(message));
            }
            if !(1..=MOST_ENTRIES).contains(&input.max_entries) {
                return Err(invalid_value(format!(
                    "Value ({}) for parameter MaxEntries is invalid.",
                    input.max_entries
                )));
            }
            if input.prefix_list_name.starts_with("com.amazonaws") {
                return Err(invalid_value("A prefix list's name cannot start with com.amazonaws."));
            }
            if all::<PrefixList>(w.store(), w.scope())?.len() >= MOST_LISTS {
                return Err(limit("PrefixListLimitExceeded", "The maximum number of prefix lists has been reached."));
            }
            let entries = entries(input.entries.unwrap_or_default(), &input.address_family)?;
            check_count(&entries, input.max_entries)?;
            let list = PrefixList {
                id: PrefixList::KIND.new_id(),
                name: input.prefix_list_name,
                family: input.address_family,
                max_entries: input.max_entries,
                versions: vec![entries],
                state: "create-complete".into(),
            };
            put(w, &list)?;
            tag::mark(w, &list, tags)?;
            claim.keep(w, &list.id)?;
            list
        }
    };
    Ok(CreateManagedPrefixListResult { prefix_list: Some(one_shown(w, &list)?) })
}

fn one_shown(w: &Writer, list: &PrefixList) -> Result<ManagedPrefixList, Fault> {
    let tags = Tags::of_one(w.store(), w.scope(), &list.id)?;
    Ok(shown(list, w.scope(), &tags))
}

fn shown(list: &PrefixList, scope: &Scope, tags: &Tags) -> ManagedPrefixList {
    let arn = Arn::new("ec2", &scope.region, &scope.account, format!("prefix-list/{}", list.id));
    ManagedPrefixList {
        prefix_list_id: Some(list.id.clone()),
        address_family: Some(list.family.clone()),
        state: Some(list.state.clone()),
        prefix_list_arn: Some(arn.to_string()),
        prefix_list_name: Some(list.name.clone()),
        max_entries: Some(list.max_entries),
        version: Some(list.version()),
        tags: Some(tags.shown(&list.id)),
        owner_id: Some(scope.account.clone()),
        ..ManagedPrefixList::default()
    }
}

fn aws_shown(list: &AwsManaged, scope: &Scope) -> ManagedPrefixList {
    let arn = Arn::new("ec2", &scope.region, "aws", format!("prefix-list/{}", list.id));
    ManagedPrefixList {
        prefix_list_id: Some(list.id.clone()),
        address_family: Some("IPv4".into()),
        state: Some("create-complete".into()),
        prefix_list_arn: Some(arn.to_string()),
        prefix_list_name: Some(list.name.clone()),
        tags: Some(Vec::new()),
        owner_id: Some("AWS".into()),
        ..ManagedPrefixList::default()
    }
}

static FILTERS: Filters<ManagedPrefixList> = Filters {
    names: &[
        ("owner-id", |list| text(&list.owner_id)),
        ("prefix-list-id", |list| text(&list.prefix_list_id)),
        ("prefix-list-name", |list| text(&list.prefix_list_name)),
    ],
    tags: Some(|list| list.tags.as_ref()),
};

pub fn describe_managed_prefix_lists(
    r: &Reader,
    input: DescribeManagedPrefixListsRequest,
) -> Result<DescribeManagedPrefixListsResult, Fault> {
    let tags = Tags::of_all(r.store, r.scope())?;
    let own = all::<PrefixList>(r.store, r.scope())?;
    let aws = of_region(plan(r.cloud), &r.scope().region);
    let own = own.iter().map(|list| shown(list, r.scope(), &tags));
    let mut lists: Vec<ManagedPrefixList> = aws.iter().map(|list| aws_shown(list, r.scope())).chain(own).collect();
    if let Some(ids) = &input.prefix_list_ids {
        ids.iter().try_for_each(|id| check(r.store, r.scope(), id))?;
        lists.retain(|list| list.prefix_list_id.as_ref().is_some_and(|id| ids.contains(id)));
    }
    let named = input.prefix_list_ids.as_ref().map(|_| "prefixListIds");
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named };
    let page =
        cut(FILTERS.select(lists, input.filters)?, wanted, |list| list.prefix_list_id.clone().unwrap_or_default())?;
    Ok(DescribeManagedPrefixListsResult { prefix_lists: Some(page.items), next_token: page.next_token })
}

/// AWS's lists only, with their blocks.
pub fn describe_prefix_lists(
    r: &Reader,
    input: DescribePrefixListsRequest,
) -> Result<DescribePrefixListsResult, Fault> {
    static FILTERS: Filters<ShownPlain> = Filters {
        names: &[
            ("prefix-list-id", |list| text(&list.prefix_list_id)),
            ("prefix-list-name", |list| text(&list.prefix_list_name)),
        ],
        tags: None,
    };
    let mut lists = of_region(plan(r.cloud), &r.scope().region);
    if let Some(ids) = &input.prefix_list_ids {
        if let Some(missing) = ids.iter().find(|id| !lists.iter().any(|list| list.id == **id)) {
            return Err(PrefixList::KIND.missing(missing));
        }
        lists.retain(|list| ids.contains(&list.id));
    }
    let shown = lists.into_iter().map(|list| ShownPlain {
        cidrs: Some(vec![list.cidr]),
        prefix_list_id: Some(list.id),
        prefix_list_name: Some(list.name),
    });
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let shown = FILTERS.select(shown.collect(), input.filters)?;
    let page = cut(shown, wanted, |list| list.prefix_list_id.clone().unwrap_or_default())?;
    Ok(DescribePrefixListsResult { prefix_lists: Some(page.items), next_token: page.next_token })
}

/// The entries of the list's last version, or of one before.
pub fn get_managed_prefix_list_entries(
    r: &Reader,
    input: GetManagedPrefixListEntriesRequest,
) -> Result<GetManagedPrefixListEntriesResult, Fault> {
    let id = &input.prefix_list_id;
    let entries = match of_region(plan(r.cloud), &r.scope().region).into_iter().find(|list| list.id == *id) {
        Some(list) => vec![Entry { cidr: list.cidr, description: None }],
        None => {
            let list: PrefixList = get(r.store, r.scope(), id)?;
            version(&list, input.target_version.unwrap_or_else(|| list.version()))?.to_vec()
        }
    };
    let shown =
        entries.into_iter().map(|entry| PrefixListEntry { cidr: Some(entry.cidr), description: entry.description });
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(shown.collect(), wanted, |entry: &PrefixListEntry| entry.cidr.clone().unwrap_or_default())?;
    Ok(GetManagedPrefixListEntriesResult { entries: Some(page.items), next_token: page.next_token })
}

fn version(list: &PrefixList, number: i64) -> Result<&[Entry], Fault> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    index.and_then(|index| list.versions.get(index)).map(Vec::as_slice).ok_or_else(|| {
        let message = format!("The prefix list '{}' has no version {number}", list.id);
        Fault::coded("InvalidPrefixListVersion.NotFound", 400, message)
    })
}

fn check_version(list: &PrefixList, current: Option<i64>) -> Result<(), Fault> {
    match current {
        Some(current) if current != list.version() => {
            let message = format!(
                "The prefix list has the incorrect version number: {} is at version {}",
                list.id,
                list.version()
            );
            Err(Fault::coded("PrefixListVersionMismatch", 400, message))
        }
        _ => Ok(()),
    }
}

pub fn modify_managed_prefix_list(
    w: &mut Writer,
    input: ModifyManagedPrefixListRequest,
) -> Result<ModifyManagedPrefixListResult, Fault> {
    refuse(&[("IpamPrefixListResolverSyncEnabled", input.ipam_prefix_list_resolver_sync_enabled.is_some())])?;
    let mut list: PrefixList = get(w.store(), w.scope(), &input.prefix_list_id)?;
    let changes_entries = input.add_entries.is_some() || input.remove_entries.is_some();
    if changes_entries && input.max_entries.is_some() {
        return Err(invalid_combination(
            "You cannot modify the entries and MaxEntries of a prefix list in one request",
        ));
    }
    if changes_entries && input.current_version.is_none() {
        return Err(crate::faults::missing_parameter("CurrentVersion"));
    }
    check_version(&list, input.current_version)?;
    if let Some(name) = input.prefix_list_name {
        list.name = name;
    }
    if let Some(most) = input.max_entries {
        check_count(list.entries(), most)?;
        list.max_entries = most;
    }
    if changes_entries {
        let mut now = list.entries().to_vec();
        for one in input.remove_entries.unwrap_or_default() {
            let at = now.iter().position(|entry| entry.cidr == one.cidr);
            let missing = || invalid_value(format!("The prefix list {} has no entry {}", list.id, one.cidr));
            now.remove(at.ok_or_else(missing)?);
        }
        for entry in entries(input.add_entries.unwrap_or_default(), &list.family)? {
            now.retain(|own| own.cidr != entry.cidr);
            now.push(entry);
        }
        check_count(&now, list.max_entries)?;
        list.versions.push(now);
    }
    list.state = "modify-complete".into();
    put(w, &list)?;
    Ok(ModifyManagedPrefixListResult { prefix_list: Some(one_shown(w, &list)?) })
}

pub fn restore_managed_prefix_list_version(
    w: &mut Writer,
    input: RestoreManagedPrefixListVersionRequest,
) -> Result<RestoreManagedPrefixListVersionResult, Fault> {
    let mut list: PrefixList = get(w.store(), w.scope(), &input.prefix_list_id)?;
    check_version(&list, Some(input.current_version))?;
    let before = version(&list, input.previous_version)?.to_vec();
    list.versions.push(before);
    list.state = "restore-complete".into();
    put(w, &list)?;
    Ok(RestoreManagedPrefixListVersionResult { prefix_list: Some(one_shown(w, &list)?) })
}

/// What speaks of a list: groups and route tables.
fn users(read: &dyn Read, scope: &Scope, id: &str) -> Result<Vec<String>, Fault> {
    let is_peer = |group: &SecurityGroup| group.rules.iter().any(|rule| rule.peer == Peer::PrefixList(id.to_owned()));
    let is_destination = |table: &RouteTable| table.routes.iter().any(|route| route.destination == id);
    let groups = all::<SecurityGroup>(read, scope)?.into_iter().filter(is_peer).map(|group| group.id);
    let tables = all::<RouteTable>(read, scope)?.into_iter().filter(is_destination).map(|table| table.id);
    Ok(groups.chain(tables).collect())
}

pub fn get_managed_prefix_list_associations(
    r: &Reader,
    input: GetManagedPrefixListAssociationsRequest,
) -> Result<GetManagedPrefixListAssociationsResult, Fault> {
    get::<PrefixList>(r.store, r.scope(), &input.prefix_list_id)?;
    let users = users(r.store, r.scope(), &input.prefix_list_id)?
        .into_iter()
        .map(|id| PrefixListAssociation { resource_id: Some(id), resource_owner: Some(r.caller.account().to_owned()) });
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(users.collect(), wanted, |one: &PrefixListAssociation| one.resource_id.clone().unwrap_or_default())?;
    Ok(GetManagedPrefixListAssociationsResult {
        prefix_list_associations: Some(page.items),
        next_token: page.next_token,
    })
}

pub fn delete_managed_prefix_list(
    w: &mut Writer,
    input: DeleteManagedPrefixListRequest,
) -> Result<DeleteManagedPrefixListResult, Fault> {
    let list: PrefixList = get(w.store(), w.scope(), &input.prefix_list_id)?;
    if !users(w.store(), w.scope(), &list.id)?.is_empty() {
        return Err(dependency(format!("The prefix list '{}' has dependencies and cannot be deleted.", list.id)));
    }
    let shown = ManagedPrefixList { state: Some("delete-in-progress".into()), ..one_shown(w, &list)? };
    delete::<PrefixList>(w, &list.id)?;
    Ok(DeleteManagedPrefixListResult { prefix_list: Some(shown) })
}
