//! A VPC endpoint as the API shows it.

use kogumo_base::Scope;
use kogumo_model::ec2::{DnsEntry, DnsOptions, SecurityGroupIdentifier, VpcEndpoint as Shown};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Kind, VpcEndpoint};
use crate::resource::find;
use crate::security_group::SecurityGroup;
use crate::tag::Tags;

/// What an endpoint lets through that nobody has limited.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// # Errors
/// Trouble with the store.
pub fn shown(read: &dyn Read, scope: &Scope, endpoint: &VpcEndpoint, tags: &Tags) -> Result<Shown, Fault> {
    let mut shown = Shown {
        vpc_endpoint_id: Some(endpoint.id.clone()),
        vpc_id: Some(endpoint.vpc.clone()),
        service_name: Some(endpoint.service.clone()),
        state: Some("available".into()),
        policy_document: Some(endpoint.policy.clone().unwrap_or_else(|| FULL_ACCESS.to_owned())),
        route_table_ids: Some(Vec::new()),
        subnet_ids: Some(Vec::new()),
        groups: Some(Vec::new()),
        ip_address_type: Some("ipv4".into()),
        dns_options: Some(DnsOptions { dns_record_ip_type: Some("ipv4".into()), ..DnsOptions::default() }),
        private_dns_enabled: Some(false),
        requester_managed: Some(false),
        network_interface_ids: Some(Vec::new()),
        dns_entries: Some(Vec::new()),
        creation_timestamp: Some(endpoint.created),
        tags: Some(tags.shown(&endpoint.id)),
        owner_id: Some(scope.account.clone()),
        service_region: Some(scope.region.clone()),
        ..Shown::default()
    };
    match &endpoint.kind {
        Kind::Gateway { route_tables } => {
            shown.vpc_endpoint_type = Some("Gateway".into());
            shown.route_table_ids = Some(route_tables.clone());
        }
        Kind::Interface { subnets, interfaces, groups, private_dns } => {
            shown.vpc_endpoint_type = Some("Interface".into());
            shown.subnet_ids = Some(subnets.clone());
            shown.network_interface_ids = Some(interfaces.clone());
            shown.private_dns_enabled = Some(*private_dns);
            shown.dns_entries =
                Some(vec![DnsEntry { dns_name: Some(dns_name(endpoint, scope)), hosted_zone_id: None }]);
            let group = |id: &String| {
                let name = find::<SecurityGroup>(read, scope, id)?.map(|group| group.name);
                Ok::<_, Fault>(SecurityGroupIdentifier { group_id: Some(id.clone()), group_name: name })
            };
            shown.groups = Some(groups.iter().map(group).collect::<Result<_, _>>()?);
        }
    }
    Ok(shown)
}

/// `vpce-0….logs.ap-northeast-1.vpce.amazonaws.com`
fn dns_name(endpoint: &VpcEndpoint, scope: &Scope) -> String {
    let short = endpoint.service.rsplit(&format!("{}.", scope.region)).next().unwrap_or_default();
    format!("{}.{short}.{}.vpce.amazonaws.com", endpoint.id, scope.region)
}
