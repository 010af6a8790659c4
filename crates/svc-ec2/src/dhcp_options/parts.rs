//! The options that every region has from the beginning.

use kogumo_door::Writer;
use kogumo_wire::Fault;

use super::record::DhcpOptions;
use crate::resource::{Resource, all, put};

/// The id of the region's own options; they are made if they aren't there.
pub fn default_of_region(w: &mut Writer) -> Result<String, Fault> {
    let domain = internal_domain(w.caller.region());
    let configurations = vec![
        ("domain-name".to_owned(), vec![domain]),
        ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
    ];
    if let Some(own) =
        all::<DhcpOptions>(w.store(), w.scope())?.into_iter().find(|one| one.configurations == configurations)
    {
        return Ok(own.id);
    }
    let options = DhcpOptions { id: DhcpOptions::KIND.new_id(), configurations };
    put(w, &options)?;
    Ok(options.id)
}

/// The domain of private names. Source: Amazon VPC User Guide, "DNS attributes for your VPC".
pub fn internal_domain(region: &str) -> String {
    match region {
        "us-east-1" => "ec2.internal".into(),
        region => format!("{region}.compute.internal"),
    }
}
