//! Attributes of instances, and their metadata options.

use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Unit};

use super::record::{Instance, State};
use super::{run, shown};
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::filter::{Filters, text};
use crate::instance_type;
use crate::network_interface;
use crate::page::{Wanted, cut};
use crate::resource::{all, get, put};
use crate::volume;

/// What a request changes: by its own members, or by the older pair of attribute and value.
#[derive(Default)]
struct Changes {
    kind: Option<String>,
    user_data: Option<String>,
    termination: Option<bool>,
    stop: Option<bool>,
    behavior: Option<String>,
    source_dest_check: Option<bool>,
    ebs_optimized: Option<bool>,
}

fn changes(input: &ModifyInstanceAttributeRequest) -> Result<Changes, Fault> {
    let flag = |value: &Option<AttributeBooleanValue>| value.as_ref().and_then(|one| one.value);
    let text = |value: &Option<AttributeValue>| value.as_ref().and_then(|one| one.value.clone());
    let mut changes = Changes {
        kind: text(&input.instance_type),
        user_data: input.user_data.as_ref().and_then(|one| one.value.as_ref()).map(|bytes| {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(bytes)
        }),
        termination: flag(&input.disable_api_termination),
        stop: flag(&input.disable_api_stop),
        behavior: text(&input.instance_initiated_shutdown_behavior),
        source_dest_check: flag(&input.source_dest_check),
        ebs_optimized: flag(&input.ebs_optimized),
    };
    let Some(attribute) = input.attribute.as_deref() else { return Ok(changes) };
    let value = input.value.clone().unwrap_or_default();
    let truth = || match value.as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        other => Err(invalid_value(format!("Value ({other}) for parameter value is invalid."))),
    };
    match attribute {
        "instanceType" => changes.kind = Some(value),
        "userData" => changes.user_data = Some(value),
        "disableApiTermination" => changes.termination = truth()?,
        "disableApiStop" => changes.stop = truth()?,
        "instanceInitiatedShutdownBehavior" => changes.behavior = Some(value),
        "sourceDestCheck" => changes.source_dest_check = truth()?,
        "ebsOptimized" => changes.ebs_optimized = truth()?,
        "groupSet" | "blockDeviceMapping" => {}
        other => return Err(invalid_value(format!("Value ({other}) for parameter attribute is invalid."))),
    }
    Ok(changes)
}

pub fn modify_instance_attribute(w: &mut Writer, input: ModifyInstanceAttributeRequest) -> Result<Unit, Fault> {
    refuse(&[
        ("Kernel", input.kernel.is_some()),
        ("Ramdisk", input.ramdisk.is_some()),
        ("SriovNetSupport", input.sriov_net_support.is_some()),
        ("EnclaveOptions", input.enclave_options.is_some()),
        ("EnaSupport", input.ena_support.as_ref().is_some_and(|one| one.value == Some(false))),
    ])?;
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    let changes = changes(&input)?;
    if changes.kind.is_some() || changes.user_data.is_some() || changes.ebs_optimized.is_some() {
        require_stopped(&instance)?;
    }
    if let Some(kind) = changes.kind {
        let known = instance_type::find(&kind)
            .ok_or_else(|| invalid_value(format!("Invalid value '{kind}' for InstanceType.")))?;
        if known.architecture != instance.architecture {
            let message = format!(
                "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified AMI.",
                known.architecture, instance.architecture
            );
            return Err(invalid_value(message));
        }
        instance.credits = known.burst.then(|| instance.credits.clone().unwrap_or_else(|| "unlimited".into()));
        // Another type has other processors.
        instance.cpu = instance.cpu.filter(|_| instance.kind == kind);
        instance.kind = kind;
    }
    if let Some(data) = changes.user_data {
        instance.user_data = run::user_data(Some(&data))?;
    }
    if let Some(behavior) = changes.behavior {
        if !matches!(behavior.as_str(), "stop" | "terminate") {
            return Err(invalid_value(format!("Invalid value '{behavior}' for InstanceInitiatedShutdownBehavior.")));
        }
        instance.shutdown_behavior = behavior;
    }
    instance.termination_protected = changes.termination.unwrap_or(instance.termination_protected);
    instance.stop_protected = changes.stop.unwrap_or(instance.stop_protected);
    instance.ebs_optimized = changes.ebs_optimized.unwrap_or(instance.ebs_optimized);
    if changes.source_dest_check.is_some() || input.groups.is_some() {
        change_interface(w, &instance, changes.source_dest_check, input.groups)?;
    }
    for mapping in input.block_device_mappings.into_iter().flatten() {
        let name = mapping.device_name.unwrap_or_default();
        let keep = mapping.ebs.and_then(|ebs| ebs.delete_on_termination);
        change_device(w, &instance, &name, keep)?;
    }
    put(w, &instance)?;
    Ok(Unit)
}

pub(super) fn require_stopped(instance: &Instance) -> Result<(), Fault> {
    if instance.state == State::Stopped {
        return Ok(());
    }
    let message = format!("The instance '{}' is not in the 'stopped' state.", instance.id);
    Err(Fault::coded("IncorrectInstanceState", 400, message))
}

/// The check and the groups are the interface's; with several interfaces they are changed there.
fn change_interface(
    w: &mut Writer,
    instance: &Instance,
    check: Option<bool>,
    groups: Option<Vec<String>>,
) -> Result<(), Fault> {
    let mut interfaces = network_interface::of_instance(w.store(), w.scope(), &instance.id)?;
    if interfaces.len() > 1 {
        let message = format!(
            "There are multiple interfaces attached to instance '{}'. Please specify an interface ID for the operation instead.",
            instance.id
        );
        return Err(Fault::coded("InvalidInstanceID", 400, message));
    }
    let Some(interface) = interfaces.first_mut() else { return Ok(()) };
    if let Some(check) = check {
        interface.source_dest_check = check;
    }
    if let Some(groups) = groups {
        if groups.is_empty() {
            return Err(missing_parameter("groupId"));
        }
        network_interface::check_groups(w, &interface.vpc, &interface.subnet, &groups)?;
        interface.groups = groups;
    }
    put(w, interface)
}

fn change_device(w: &mut Writer, instance: &Instance, name: &str, delete: Option<bool>) -> Result<(), Fault> {
    for mut volume in volume::of_instance(w, &instance.id)? {
        if let Some(attachment) = volume.attachment.as_mut().filter(|one| one.device == name) {
            attachment.delete_on_termination = delete.unwrap_or(attachment.delete_on_termination);
            return put(w, &volume);
        }
    }
    let message = format!("No device is currently mapped at {name}");
    Err(Fault::coded("InvalidInstanceAttributeValue", 400, message))
}

pub fn describe_instance_attribute(
    r: &Reader,
    input: DescribeInstanceAttributeRequest,
) -> Result<InstanceAttribute, Fault> {
    let instance: Instance = get(r.store, r.scope(), &input.instance_id)?;
    let text = |value: &str| Some(AttributeValue { value: Some(value.to_owned()) });
    let flag = |value: bool| Some(AttributeBooleanValue { value: Some(value) });
    let mut answer = InstanceAttribute { instance_id: Some(instance.id.clone()), ..InstanceAttribute::default() };
    match input.attribute.as_str() {
        "instanceType" => answer.instance_type = text(&instance.kind),
        "userData" => answer.user_data = Some(AttributeValue { value: instance.user_data }),
        "disableApiTermination" => answer.disable_api_termination = flag(instance.termination_protected),
        "disableApiStop" => answer.disable_api_stop = flag(instance.stop_protected),
        "instanceInitiatedShutdownBehavior" => {
            answer.instance_initiated_shutdown_behavior = text(&instance.shutdown_behavior)
        }
        "rootDeviceName" => answer.root_device_name = text(&instance.root_device),
        "ebsOptimized" => answer.ebs_optimized = flag(instance.ebs_optimized),
        "enaSupport" => answer.ena_support = flag(true),
        "enclaveOptions" => answer.enclave_options = Some(EnclaveOptions { enabled: Some(false) }),
        "kernel" => answer.kernel_id = Some(AttributeValue::default()),
        "ramdisk" => answer.ramdisk_id = Some(AttributeValue::default()),
        "sriovNetSupport" => answer.sriov_net_support = text("simple"),
        "productCodes" => answer.product_codes = Some(Vec::new()),
        "sourceDestCheck" | "groupSet" => {
            let first = network_interface::of_instance(r.store, r.scope(), &instance.id)?.into_iter().next();
            if input.attribute == "groupSet" {
                let groups = first.map(|one| network_interface::groups(r.store, r.scope(), &one)).transpose()?;
                answer.groups = Some(groups.unwrap_or_default());
            } else {
                answer.source_dest_check = flag(first.is_some_and(|one| one.source_dest_check));
            }
        }
        "blockDeviceMapping" => {
            let mut world = shown::World::read(r.store, r.scope())?;
            answer.block_device_mappings = world.show(&instance).block_device_mappings;
        }
        other => {
            return Err(invalid_value(format!(
                "Value ({other}) for parameter attribute is invalid. Unknown attribute."
            )));
        }
    }
    Ok(answer)
}

pub fn reset_instance_attribute(w: &mut Writer, input: ResetInstanceAttributeRequest) -> Result<Unit, Fault> {
    let instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    match input.attribute.as_str() {
        "sourceDestCheck" => change_interface(w, &instance, Some(true), None)?,
        other => return Err(invalid_value(format!("Value ({other}) for parameter attribute is invalid."))),
    }
    Ok(Unit)
}

pub fn modify_instance_metadata_options(
    w: &mut Writer,
    input: ModifyInstanceMetadataOptionsRequest,
) -> Result<ModifyInstanceMetadataOptionsResult, Fault> {
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    let wanted = InstanceMetadataOptionsRequest {
        http_tokens: input.http_tokens,
        http_put_response_hop_limit: input.http_put_response_hop_limit,
        http_endpoint: input.http_endpoint,
        http_protocol_ipv6: input.http_protocol_ipv6,
        instance_metadata_tags: input.instance_metadata_tags,
    };
    instance.metadata = run::metadata(&instance.metadata, Some(&wanted))?;
    put(w, &instance)?;
    Ok(ModifyInstanceMetadataOptionsResult {
        instance_id: Some(instance.id.clone()),
        instance_metadata_options: Some(shown::metadata_options(&instance)),
    })
}

/// The profile of a running instance: found by its association.
fn association(instance: &Instance) -> Option<IamInstanceProfileAssociation> {
    let profile = instance.profile.as_ref()?;
    Some(IamInstanceProfileAssociation {
        association_id: Some(instance.id.replacen("i-", "iip-assoc-", 1)),
        instance_id: Some(instance.id.clone()),
        iam_instance_profile: Some(IamInstanceProfile { arn: Some(profile.arn.clone()), id: Some(profile.id.clone()) }),
        state: Some("associated".into()),
        timestamp: None,
    })
}

pub async fn associate_iam_instance_profile(
    context: Context,
    input: AssociateIamInstanceProfileRequest,
) -> Result<AssociateIamInstanceProfileResult, Fault> {
    let profile = run::profile_of(&context, Some(&input.iam_instance_profile)).await?;
    context.write(|w| {
        let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
        if instance.profile.is_some() {
            let message = format!("There is an existing association for instance {}", instance.id);
            return Err(Fault::coded("IncorrectState", 400, message));
        }
        instance.profile.clone_from(&profile);
        put(w, &instance)?;
        Ok(AssociateIamInstanceProfileResult { iam_instance_profile_association: association(&instance) })
    })
}

pub fn disassociate_iam_instance_profile(
    w: &mut Writer,
    input: DisassociateIamInstanceProfileRequest,
) -> Result<DisassociateIamInstanceProfileResult, Fault> {
    let mut instance = associated(w, &input.association_id)?;
    let shown = association(&instance);
    instance.profile = None;
    put(w, &instance)?;
    Ok(DisassociateIamInstanceProfileResult { iam_instance_profile_association: shown })
}

pub async fn replace_iam_instance_profile_association(
    context: Context,
    input: ReplaceIamInstanceProfileAssociationRequest,
) -> Result<ReplaceIamInstanceProfileAssociationResult, Fault> {
    let profile = run::profile_of(&context, Some(&input.iam_instance_profile)).await?;
    context.write(|w| {
        let mut instance = associated(w, &input.association_id)?;
        instance.profile.clone_from(&profile);
        put(w, &instance)?;
        Ok(ReplaceIamInstanceProfileAssociationResult { iam_instance_profile_association: association(&instance) })
    })
}

/// The instance of an association.
fn associated(w: &Writer, id: &str) -> Result<Instance, Fault> {
    let found: Option<Instance> = crate::resource::find(w.store(), w.scope(), &id.replacen("iip-assoc-", "i-", 1))?;
    found.filter(|instance| instance.profile.is_some()).ok_or_else(|| {
        let message = format!("An invalid association-id of '{id}' was given");
        Fault::coded("InvalidAssociationID.NotFound", 400, message)
    })
}

static ASSOCIATIONS: Filters<IamInstanceProfileAssociation> =
    Filters { names: &[("instance-id", |one| text(&one.instance_id)), ("state", |one| text(&one.state))], tags: None };

pub fn describe_iam_instance_profile_associations(
    r: &Reader,
    input: DescribeIamInstanceProfileAssociationsRequest,
) -> Result<DescribeIamInstanceProfileAssociationsResult, Fault> {
    let ids = input.association_ids.filter(|ids| !ids.is_empty());
    let mut shown: Vec<_> = all::<Instance>(r.store, r.scope())?.iter().filter_map(association).collect();
    if let Some(ids) = &ids {
        shown.retain(|one| one.association_id.as_ref().is_some_and(|id| ids.contains(id)));
    }
    let shown = ASSOCIATIONS.select(shown, input.filters)?;
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: ids.as_ref().map(|_| "associationIds"),
    };
    let page = cut(shown, wanted, |one| one.association_id.clone().unwrap_or_default())?;
    Ok(DescribeIamInstanceProfileAssociationsResult {
        iam_instance_profile_associations: Some(page.items),
        next_token: page.next_token,
    })
}
