//! Starting, stopping, rebooting and terminating.

use std::collections::BTreeMap;

use kogumo_door::{Context, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Unit};

use super::placement;
use super::record::{Instance, State};
use crate::encryption::{self, Grant, Refusal};
use crate::faults::refuse;
use crate::resource::{all, get, put};
use crate::volume::{self, Volume};

fn state(of: State) -> Option<InstanceState> {
    let (code, name) = of.words();
    Some(InstanceState { code: Some(code), name: Some(name.into()) })
}

fn change(id: &str, before: State, after: State) -> InstanceStateChange {
    InstanceStateChange { instance_id: Some(id.to_owned()), previous_state: state(before), current_state: state(after) }
}

/// The instances of these ids, in the order of the request, each once.
pub(super) fn named(w: &Writer, ids: &[String]) -> Result<Vec<Instance>, Fault> {
    if ids.is_empty() {
        return Err(Fault::coded("MissingParameter", 400, "The request must contain the parameter InstanceId"));
    }
    let mut seen: Vec<&String> = Vec::new();
    let mut found = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            found.push(get::<Instance>(w.store(), w.scope(), id)?);
            seen.push(id);
        }
    }
    Ok(found)
}

fn incorrect(instance: &Instance, what: &str) -> Fault {
    let (_, name) = instance.state.words();
    let message =
        format!("The instance '{}' is not in a state from which it can be {what}: it is '{name}'.", instance.id);
    Fault::coded("IncorrectInstanceState", 400, message)
}

fn told(w: &Writer, who: &str) -> String {
    format!("{who} initiated ({})", w.now.format("%Y-%m-%d %H:%M:%S GMT"))
}

/// What EC2 is lent for the volumes of instances that start, or KMS's refusal, by the volumes' ids.
type Lent = BTreeMap<String, Result<Vec<Grant>, Refusal>>;

pub async fn start_instances(context: Context, input: StartInstancesRequest) -> Result<StartInstancesResult, Fault> {
    let volumes = context.read(|r| all::<Volume>(r.store, r.scope()))?;
    let of = |volume: &Volume| {
        volume.attachments().any(|held| input.instance_ids.contains(&held.instance)) && volume.grants.is_empty()
    };
    let mut lent = Lent::new();
    for volume in volumes.into_iter().filter(of) {
        if let Some(encryption) = &volume.encryption {
            let grants = encryption::lend_all(&context, &[Some(encryption)], &volume.id).await;
            lent.insert(volume.id, grants.map_err(|fault| Refusal::of(&fault)));
        }
    }
    let done = context.write(|w| start(w, &input, &lent));
    if done.is_err() {
        for (volume, grants) in lent {
            let grants = grants.unwrap_or_default();
            encryption::retire(&context.cloud, context.caller.account(), &volume, &grants).await;
        }
    }
    done
}

/// Notes what EC2 was lent for an instance's volumes.
fn take_grants(w: &mut Writer, instance: &str, lent: &Lent) -> Result<Option<Refusal>, Fault> {
    let mut refusal = None;
    for mut volume in volume::of_instance(w, instance)? {
        match lent.get(&volume.id) {
            Some(Ok(grants)) => {
                volume.grants.extend_from_slice(grants);
                put(w, &volume)?;
            }
            Some(Err(refused)) => refusal = Some(refused.clone()),
            None => {}
        }
    }
    Ok(refusal)
}

fn start(w: &mut Writer, input: &StartInstancesRequest, lent: &Lent) -> Result<StartInstancesResult, Fault> {
    let mut changes = Vec::new();
    for mut instance in named(w, &input.instance_ids)? {
        let before = instance.state;
        match before {
            State::Stopped => {
                placement::check_start(w, &instance)?;
                instance.state = State::Pending;
                instance.reason = Some(("pending".into(), "pending".into()));
                instance.transition = String::new();
                instance.launched = w.now;
                give_address(w, &instance)?;
                if let Some(refusal) = take_grants(w, &instance.id, lent)? {
                    // As on AWS it is pending for a moment, and then stopped.
                    instance.state = State::Stopping;
                    instance.reason = Some(refusal.reason());
                    instance.transition = refusal.code.into();
                }
                put(w, &instance)?;
            }
            State::Pending | State::Running => {}
            _ => return Err(incorrect(&instance, "started")),
        }
        let shown = if before == State::Stopped { State::Pending } else { instance.state };
        changes.push(change(&instance.id, before, shown));
    }
    Ok(StartInstancesResult { starting_instances: Some(changes) })
}

/// An automatic address goes at a stop; a new one comes at the start where the subnet gives one.
fn give_address(w: &mut Writer, instance: &Instance) -> Result<(), Fault> {
    let subnet: crate::subnet::Subnet = get(w.store(), w.scope(), &instance.subnet)?;
    let interfaces = crate::network_interface::of_instance(w.store(), w.scope(), &instance.id)?;
    if let (true, Some(mut first)) = (subnet.map_public_ip, interfaces.into_iter().next()) {
        crate::network_interface::give_public_address(w, &mut first)?;
    }
    Ok(())
}

pub fn stop_instances(w: &mut Writer, input: StopInstancesRequest) -> Result<StopInstancesResult, Fault> {
    refuse(&[("Hibernate", input.hibernate == Some(true))])?;
    let mut changes = Vec::new();
    for mut instance in named(w, &input.instance_ids)? {
        let before = instance.state;
        match before {
            State::Pending | State::Running => {
                if instance.stop_protected {
                    let message = format!(
                        "The instance '{}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
                        instance.id
                    );
                    return Err(Fault::coded("OperationNotPermitted", 400, message));
                }
                instance.state = State::Stopping;
                instance.reboot = false;
                instance.reason = Some((
                    "Client.UserInitiatedShutdown".into(),
                    "Client.UserInitiatedShutdown: User initiated shutdown".into(),
                ));
                instance.transition = told(w, "User");
                put(w, &instance)?;
            }
            State::Stopping | State::Stopped => {}
            _ => return Err(incorrect(&instance, "stopped")),
        }
        changes.push(change(&instance.id, before, instance.state));
    }
    Ok(StopInstancesResult { stopping_instances: Some(changes) })
}

pub fn reboot_instances(w: &mut Writer, input: RebootInstancesRequest) -> Result<Unit, Fault> {
    for mut instance in named(w, &input.instance_ids)? {
        match instance.state {
            State::Running => {
                instance.reboot = true;
                put(w, &instance)?;
            }
            State::Pending => {}
            _ => return Err(incorrect(&instance, "rebooted")),
        }
    }
    Ok(Unit)
}

pub fn terminate_instances(
    w: &mut Writer,
    input: TerminateInstancesRequest,
) -> Result<TerminateInstancesResult, Fault> {
    let instances = named(w, &input.instance_ids)?;
    if let Some(protected) = instances.iter().find(|one| one.termination_protected && one.state != State::Terminated) {
        let message = format!(
            "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
            protected.id
        );
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    let mut changes = Vec::new();
    for mut instance in instances {
        let before = instance.state;
        if !matches!(before, State::ShuttingDown | State::Terminated) {
            instance.state = State::ShuttingDown;
            instance.reboot = false;
            instance.reason = Some((
                "Client.UserInitiatedShutdown".into(),
                "Client.UserInitiatedShutdown: User initiated shutdown".into(),
            ));
            instance.transition = told(w, "User");
            put(w, &instance)?;
        }
        changes.push(change(&instance.id, before, instance.state));
    }
    Ok(TerminateInstancesResult { terminating_instances: Some(changes) })
}
