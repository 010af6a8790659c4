//! What an Elastic IP leads to.

use kogumo_door::Writer;
use kogumo_model::ec2::{AssociateAddressRequest, AssociateAddressResult, DisassociateAddressRequest};
use kogumo_wire::{Fault, Unit};

use super::ops::{named, one_way};
use super::record::{Address, Association};
use crate::faults::{invalid_combination, invalid_value, missing_parameter};
use crate::instance::Instance;
use crate::internet_gateway::InternetGateway;
use crate::network_interface::{self, NetworkInterface, Public};
use crate::resource::{Resource, all, find, get, new_id, put};

/// Lets an address lead to a private address of an interface, whatever public one that had before.
///
/// # Errors
/// Trouble with the store.
pub fn associate(
    w: &mut Writer,
    mut address: Address,
    interface: &mut NetworkInterface,
    private: &str,
) -> Result<String, Fault> {
    network_interface::drop_automatic(w, interface)?;
    let_go(w, interface, Some(private))?;
    let id = new_id("eipassoc");
    if let Some(own) = interface.address_mut(private) {
        own.public = Some(Public {
            address: address.public.clone(),
            allocation: Some(address.id.clone()),
            association: Some(id.clone()),
        });
    }
    put(w, interface)?;
    address.association =
        Some(Association { id: id.clone(), interface: interface.id.clone(), private: private.to_owned() });
    put(w, &address)?;
    Ok(id)
}

/// The Elastic IPs of an interface (or of one of its private addresses) lead nowhere from now on. The caller puts the
/// interface.
///
/// # Errors
/// Trouble with the store.
pub fn let_go(w: &mut Writer, interface: &mut NetworkInterface, private: Option<&str>) -> Result<(), Fault> {
    for own in interface.addresses.iter_mut().filter(|own| private.is_none_or(|wanted| own.address == wanted)) {
        let Some(public) = own.public.take_if(|public| public.allocation.is_some()) else { continue };
        let allocation = public.allocation.unwrap_or_default();
        if let Some(mut address) = find::<Address>(w.store(), w.scope(), &allocation)? {
            address.association = None;
            put(w, &address)?;
        }
    }
    Ok(())
}

/// Takes an address from what it leads to. An instance that launched with an automatic address does not get it back.
///
/// # Errors
/// Trouble with the store.
pub fn disassociate(w: &mut Writer, mut address: Address) -> Result<(), Fault> {
    let Some(association) = address.association.take() else { return Ok(()) };
    if let Some(mut interface) = find::<NetworkInterface>(w.store(), w.scope(), &association.interface)? {
        if let Some(own) = interface.address_mut(&association.private) {
            own.public = None;
        }
        put(w, &interface)?;
    }
    put(w, &address)
}

/// The interface that a request names, itself or by its instance.
fn target(w: &Writer, interface: Option<String>, instance: Option<String>) -> Result<NetworkInterface, Fault> {
    match (interface, instance) {
        (Some(_), Some(_)) => {
            Err(invalid_combination("You may specify either an instance ID or a network interface ID, but not both"))
        }
        (Some(id), None) => get(w.store(), w.scope(), &id),
        (None, Some(id)) => {
            Instance::KIND.check(&id)?;
            let interfaces = network_interface::of_instance(w.store(), w.scope(), &id)?;
            if interfaces.len() > 1 {
                let message = format!(
                    "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead."
                );
                return Err(Fault::coded("InvalidInstanceID", 400, message));
            }
            interfaces.into_iter().next().ok_or_else(|| {
                let message = format!("The instance ID '{id}' does not exist");
                Fault::coded("InvalidInstanceID.NotFound", 400, message)
            })
        }
        (None, None) => Err(missing_parameter("instanceId or networkInterfaceId")),
    }
}

pub fn associate_address(w: &mut Writer, input: AssociateAddressRequest) -> Result<AssociateAddressResult, Fault> {
    one_way(input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    let address = named(w, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    let mut interface = target(w, input.network_interface_id, input.instance_id)?;
    let private = input.private_ip_address.unwrap_or_else(|| interface.primary().to_owned());
    let Some(own) = interface.addresses.iter().find(|own| own.address == private) else {
        let message = format!("Private IP address {private} is not assigned to interface {}", interface.id);
        return Err(invalid_value(message));
    };
    let is_attached = |gateway: &InternetGateway| gateway.vpc.as_ref() == Some(&interface.vpc);
    if !all::<InternetGateway>(w.store(), w.scope())?.iter().any(is_attached) {
        let message = format!("Network {} is not attached to any internet gateway", interface.vpc);
        return Err(Fault::coded("Gateway.NotAttached", 400, message));
    }
    if let Some(association) = &address.association {
        if association.interface == interface.id && association.private == private {
            return Ok(AssociateAddressResult { association_id: Some(association.id.clone()) });
        }
        if input.allow_reassociation == Some(false) {
            let message = format!("resource {} is already associated with associate-id {}", address.id, association.id);
            return Err(Fault::coded("Resource.AlreadyAssociated", 400, message));
        }
    }
    let elastic = own.public.as_ref().and_then(|public| public.association.clone());
    if let (Some(other), true) = (elastic, input.allow_reassociation == Some(false)) {
        let message = format!("resource {} is already associated with associate-id {other}", interface.id);
        return Err(Fault::coded("Resource.AlreadyAssociated", 400, message));
    }
    disassociate(w, address.clone())?;
    // The address may have led to another private address of the same interface.
    interface = get(w.store(), w.scope(), &interface.id)?;
    let id = associate(w, address, &mut interface, &private)?;
    Ok(AssociateAddressResult { association_id: Some(id) })
}

pub fn disassociate_address(w: &mut Writer, input: DisassociateAddressRequest) -> Result<Unit, Fault> {
    let missing = |id: &str| {
        let message = format!("The association ID '{id}' does not exist");
        Fault::coded("InvalidAssociationID.NotFound", 400, message)
    };
    let address = match (input.association_id, input.public_ip) {
        (Some(id), _) => {
            let is_own =
                |address: &Address| address.association.as_ref().is_some_and(|association| association.id == id);
            let found = all::<Address>(w.store(), w.scope())?.into_iter().find(is_own);
            found.ok_or_else(|| missing(&id))?
        }
        (None, Some(public)) => named(w, None, Some(&public))?,
        (None, None) => return Err(missing_parameter("associationId")),
    };
    if let Some(association) = &address.association {
        let interface = find::<NetworkInterface>(w.store(), w.scope(), &association.interface)?;
        if interface.is_some_and(|interface| interface.made_for.is_some()) {
            let message = format!("You do not have permission to access the specified resource {}.", address.id);
            return Err(Fault::coded("AuthFailure", 400, message));
        }
    }
    disassociate(w, address)?;
    Ok(Unit)
}
