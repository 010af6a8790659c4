//! What the VPC's DNS calls an instance: by its address or by its id, as its subnet says at the launch.

use kogumo_door::Writer;
use kogumo_model::ec2::{
    ModifyPrivateDnsNameOptionsRequest, ModifyPrivateDnsNameOptionsResult, PrivateDnsNameOptionsRequest,
};
use kogumo_wire::Fault;

use super::record::{Instance, NameOptions, State};
use crate::resource::{get, put};
use crate::subnet::Subnet;

/// What the request wants, else the subnet.
pub(super) fn of_launch(subnet: &Subnet, wanted: Option<&PrivateDnsNameOptionsRequest>) -> NameOptions {
    let hostname_type = wanted.and_then(|wanted| wanted.hostname_type.clone());
    NameOptions {
        hostname_type: hostname_type.unwrap_or_else(|| subnet.hostname_type.clone()),
        a_record: wanted
            .and_then(|wanted| wanted.enable_resource_name_dns_a_record)
            .unwrap_or(subnet.resource_name_a_record),
        aaaa_record: wanted
            .and_then(|wanted| wanted.enable_resource_name_dns_aaaa_record)
            .unwrap_or(subnet.resource_name_aaaa_record),
    }
}

/// The records change at any time, the host name while the instance is stopped.
pub fn modify_private_dns_name_options(
    w: &mut Writer,
    input: ModifyPrivateDnsNameOptionsRequest,
) -> Result<ModifyPrivateDnsNameOptionsResult, Fault> {
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    if let Some(wanted) = input.private_dns_hostname_type
        && wanted != instance.names.hostname_type
    {
        if instance.state != State::Stopped {
            let message =
                format!("The instance '{}' must be in the stopped state to change its hostname type.", instance.id);
            return Err(Fault::coded("IncorrectInstanceState", 400, message));
        }
        instance.names.hostname_type = wanted;
    }
    instance.names.a_record = input.enable_resource_name_dns_a_record.unwrap_or(instance.names.a_record);
    instance.names.aaaa_record = input.enable_resource_name_dns_aaaa_record.unwrap_or(instance.names.aaaa_record);
    put(w, &instance)?;
    Ok(ModifyPrivateDnsNameOptionsResult { return_: Some(true) })
}
