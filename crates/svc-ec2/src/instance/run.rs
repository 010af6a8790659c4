//! RunInstances: checks everything, records instances with their interfaces and volumes, and answers; the reconciler
//! makes them run.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::{Caller, Client, Context, Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::defaults::LaunchDefaults;
use super::devices::devices;
use super::interfaces::{self, connect};
use super::record::{Instance as Record, MetadataOptions, Profile, State};
use super::shown;
use super::{cpu, maintenance, names, placement};
use crate::client_token::{claim, is_repeated};
use crate::encryption::{self, Locks, Refusal, Wish};
use crate::faults::{invalid_combination, invalid_value, refuse};
use crate::image::{self, Image as ImageRecord};
use crate::instance_type::{self, InstanceType};
use crate::network_interface::NetworkInterface as Interface;
use crate::resource::{Resource, all, get, new_id, put};
use crate::security_group::SecurityGroup as Group;
use crate::subnet::Subnet as SubnetRecord;
use crate::tag;
use crate::volume::{self, Attachment, Origin, Volume as VolumeRecord};
use crate::{key_pair, launch_template, region, vpc};

/// AWS's limit, before base64.
const MOST_USER_DATA: usize = 16 << 10;
/// So many instances at most run in an account's region.
const MOST_INSTANCES: i32 = 1000;

pub async fn run_instances(context: Context, input: RunInstancesRequest) -> Result<Reservation, Fault> {
    let input = match &input.launch_template {
        Some(_) => context.read(|r| launch_template::merge(r, input.clone()))?,
        None => input,
    };
    let input = RunInstancesRequest { image_id: image_of(&context, input.image_id).await?, ..input };
    let profile = profile_of(&context, input.iam_instance_profile.as_ref()).await?;
    let locks = locks(&context, &input).await?;
    let done = context.write(|w| run(w, &input, profile.clone(), locks.as_ref()));
    if done.is_err() {
        for lock in locks.iter().flat_map(Locks::values) {
            encryption::retire(&context.cloud, context.caller.account(), &lock.id, &lock.grants).await;
        }
    }
    done
}

/// What the launch's encrypted volumes are encrypted with; inside of it KMS's refusal, of which instances die.
async fn locks(context: &Context, input: &RunInstancesRequest) -> Result<Result<Locks, Refusal>, Fault> {
    let Some(image) = input.image_id.as_deref() else { return Ok(Ok(Locks::new())) };
    let (wants, count) = context.read(|r| {
        if is_repeated(r, "RunInstances", input.client_token.as_deref(), input)? {
            return Ok((Vec::new(), 0));
        }
        let image = image::find(r.store, r.scope(), image)?;
        let devices = devices(r, input, &image)?.into_iter().map(|device| (device.name, device.want));
        Ok::<_, Fault>((devices.collect::<Vec<_>>(), count(r, input)?))
    })?;
    if wants.iter().any(|(_, want)| want.wish != Wish::Plain) {
        encryption::is_possible(&context.cloud)?;
    }
    Ok(encryption::of_launch(context, &wants, count).await)
}

/// The image itself, or the one that a parameter of Systems Manager leads to: `resolve:ssm:NAME[:VERSION]`.
async fn image_of(context: &Context, wanted: Option<String>) -> Result<Option<String>, Fault> {
    let Some(parameter) = wanted.as_deref().and_then(|text| text.strip_prefix("resolve:ssm:")) else {
        return Ok(wanted);
    };
    let input = serde_json::json!({ "Name": parameter });
    // As whoever launches: they need ssm:GetParameters themselves.
    let found = context.client().call_json("ssm", "GetParameter", &input).await.map_err(|fault| {
        invalid_value(format!("Value (resolve:ssm:{parameter}) for parameter imageId is invalid. {}", fault.message))
    })?;
    Ok(found["Parameter"]["Value"].as_str().map(str::to_owned))
}

/// The profile as IAM knows it, which the caller may give to an instance.
pub async fn profile_of(
    context: &Context,
    wanted: Option<&IamInstanceProfileSpecification>,
) -> Result<Option<Profile>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    let (name, parameter) = match (&wanted.arn, &wanted.name) {
        (Some(_), Some(_)) => {
            return Err(invalid_combination(
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
            ));
        }
        (Some(arn), None) => (arn.rsplit('/').next().unwrap_or_default(), "iamInstanceProfile.arn"),
        (None, Some(name)) => (name.as_str(), "iamInstanceProfile.name"),
        (None, None) => return Ok(None),
    };
    let input = serde_json::json!({ "InstanceProfileName": name });
    // As EC2 itself: whoever launches needs iam:PassRole, not a look into IAM.
    let ec2 = Caller::service("ec2.amazonaws.com", context.scope().clone());
    let client = Client::new(Arc::clone(&context.cloud), ec2);
    let found = client.call_json("iam", "GetInstanceProfile", &input).await.map_err(|_| {
        let value = wanted.arn.as_deref().or(wanted.name.as_deref()).unwrap_or_default();
        invalid_value(format!(
            "Value ({value}) for parameter {parameter} is invalid. Invalid IAM Instance Profile {}",
            parameter.rsplit('.').next().unwrap_or_default()
        ))
    })?;
    for role in found["InstanceProfile"]["Roles"].as_array().into_iter().flatten() {
        let role = role["Arn"].as_str().unwrap_or_default();
        context.cloud.may_pass(&context.caller, "ec2", role, "ec2.amazonaws.com")?;
    }
    let text = |key: &str| found["InstanceProfile"][key].as_str().unwrap_or_default().to_owned();
    Ok(Some(Profile { arn: text("Arn"), id: text("InstanceProfileId") }))
}

fn run(
    w: &mut Writer,
    input: &RunInstancesRequest,
    profile: Option<Profile>,
    locks: Result<&Locks, &Refusal>,
) -> Result<Reservation, Fault> {
    refuse_unknown(input)?;
    let claim = claim(w, "RunInstances", input.client_token.as_deref(), input)?;
    if let Some(reservation) = &claim.made {
        return shown::reservation(w, reservation);
    }
    let count = count(&w.reader(), input)?;
    let image_id = input
        .image_id
        .as_deref()
        .ok_or_else(|| Fault::coded("MissingParameter", 400, "The request must contain the parameter ImageId"))?;
    let image = image::find(w.store(), w.scope(), image_id)?;
    if image::allowed::Allowed::of(w.store(), w.scope())?.hides(w.caller.account(), &image, w.now) {
        return Err(ImageRecord::KIND.missing(image_id));
    }
    if image.lifecycle.disabled {
        let message = format!("The image ID '{image_id}' is not available");
        return Err(Fault::coded("InvalidAMIID.Unavailable", 400, message));
    }
    let kind = kind(input, &image)?;
    let key = input.key_name.as_deref().map(|name| key_pair::named(w.store(), w.scope(), name)).transpose()?;
    let user_data = user_data(input.user_data.as_deref())?;
    let devices = devices(&w.reader(), input, &image)?;
    interfaces::check(input.network_interfaces.as_deref().unwrap_or_default())?;
    let (subnet, groups) = place(w, input)?;
    let tags = Tags::of(w, input)?;
    let defaults = LaunchDefaults::of(w.store(), w.scope())?;
    let metadata = metadata(&defaults.over(of_image(&image)), input.metadata_options.as_ref())?;
    let names = names::of_launch(&subnet, input.private_dns_name_options.as_ref());
    let credits = credits(input, kind, &defaults)?;
    let cpu = cpu::of_launch(input, kind)?;
    let maintenance = maintenance::of_launch(input)?;
    let group = placement::of_launch(w, input.placement.as_ref())?;
    let wanted_partition = input.placement.as_ref().and_then(|one| one.partition_number);
    let reservation = new_id("r");
    for launch_index in 0..count {
        let partition = placement::partition(w, group.as_ref(), kind, &subnet.zone, wanted_partition)?;
        let instance = Record {
            id: Record::KIND.new_id(),
            reservation: reservation.clone(),
            launch_index,
            image: image.id.clone(),
            base: image.base.clone(),
            architecture: image.architecture.clone(),
            root_device: image.root_device.clone(),
            kind: kind.name.to_owned(),
            vpc: subnet.vpc.clone(),
            subnet: subnet.id.clone(),
            zone: subnet.zone.clone(),
            key_name: key.as_ref().map(|key| key.name.clone()),
            public_key: key.as_ref().map(|key| key.public_key.clone()),
            user_data: user_data.clone(),
            profile: profile.clone(),
            state: if locks.is_ok() { State::Pending } else { State::ShuttingDown },
            reason: Some(locks.map_or_else(Refusal::reason, |_| ("pending".into(), "pending".into()))),
            transition: locks.map_or_else(|refusal| refusal.code.to_owned(), |_| String::new()),
            launched: w.now,
            reboot: false,
            monitoring: input.monitoring.as_ref().is_some_and(|monitoring| monitoring.enabled),
            ebs_optimized: input.ebs_optimized.unwrap_or_default(),
            termination_protected: input.disable_api_termination.unwrap_or_default(),
            stop_protected: input.disable_api_stop.unwrap_or_default(),
            shutdown_behavior: input.instance_initiated_shutdown_behavior.clone().unwrap_or_else(|| "stop".into()),
            metadata: metadata.clone(),
            names: names.clone(),
            credits: credits.clone(),
            cpu,
            maintenance: maintenance.clone(),
            client_token: input.client_token.clone().unwrap_or_default(),
            group_name: group.as_ref().map(|group| group.name.clone()).unwrap_or_default(),
            partition,
        };
        put(w, &instance)?;
        tag::mark(w, &instance, tags.instance.clone())?;
        connect(w, input, &instance, &subnet, &groups, kind, &tags.interface)?;
        for device in &devices {
            let lock = locks.ok().and_then(|locks| locks.get(&(launch_index, device.name.clone())));
            let origin = Origin {
                snapshot: device.snapshot.clone(),
                source: device.want.source.clone(),
                fresh_root: device.fresh_root,
            };
            let mut volume = volume::make(w, &subnet.zone, device.shape.clone(), origin, lock)?;
            volume.refused = locks.is_err();
            volume.attachment = Some(Attachment {
                instance: instance.id.clone(),
                device: device.name.clone(),
                since: w.now,
                delete_on_termination: device.delete_on_termination,
                state: "attaching".into(),
                forced: false,
            });
            put(w, &volume)?;
            if device.name == image.root_device {
                image::base::note(w, &volume.id, &image.base)?;
            }
            tag::mark(w, &volume, tags.volume.clone())?;
        }
    }
    claim.keep(w, &reservation)?;
    let mut answer = shown::reservation(w, &reservation)?;
    if locks.is_err() {
        // AWS asks KMS only after it has answered.
        let (code, name) = State::Pending.words();
        let pending = InstanceState { code: Some(code), name: Some(name.into()) };
        answer.instances.iter_mut().flatten().for_each(|instance| instance.state = Some(pending.clone()));
    }
    Ok(answer)
}

/// What would have no effect here.
fn refuse_unknown(input: &RunInstancesRequest) -> Result<(), Fault> {
    let placement = input.placement.clone().unwrap_or_default();
    let not_default = |tenancy: &String| tenancy != "default";
    let not_default_bandwidth = |options: &InstanceNetworkPerformanceOptionsRequest| {
        options.bandwidth_weighting.as_deref().is_some_and(|weighting| weighting != "default")
    };
    refuse(&[
        ("KernelId", input.kernel_id.is_some()),
        ("RamdiskId", input.ramdisk_id.is_some()),
        ("ElasticGpuSpecification", input.elastic_gpu_specification.is_some()),
        ("ElasticInferenceAccelerators", input.elastic_inference_accelerators.is_some()),
        ("InstanceMarketOptions", input.instance_market_options.is_some()),
        ("HibernationOptions", input.hibernation_options.as_ref().is_some_and(|one| one.configured == Some(true))),
        ("LicenseSpecifications", input.license_specifications.is_some()),
        ("EnclaveOptions", input.enclave_options.as_ref().is_some_and(|one| one.enabled == Some(true))),
        ("Placement.HostResourceGroupArn", placement.host_resource_group_arn.is_some()),
        ("Placement.SpreadDomain", placement.spread_domain.is_some()),
        ("Placement.HostId", placement.host_id.is_some()),
        ("Placement.Tenancy", placement.tenancy.as_ref().is_some_and(not_default)),
        ("NetworkPerformanceOptions", input.network_performance_options.as_ref().is_some_and(not_default_bandwidth)),
        ("EnablePrimaryIpv6", input.enable_primary_ipv6 == Some(true)),
        ("SecondaryInterfaces", input.secondary_interfaces.is_some()),
    ])
}

fn count(r: &Reader, input: &RunInstancesRequest) -> Result<i32, Fault> {
    let (least, most) = (input.min_count, input.max_count);
    if least < 1 {
        return Err(invalid_value(format!("Invalid value '{least}' for min. Must be greater than 0.")));
    }
    if most < least {
        return Err(invalid_value(format!(
            "Invalid value '{least}' for minCount. Must be less than or equal to maxCount {most}."
        )));
    }
    let running = all::<Record>(r.store, r.scope())?.iter().filter(|one| one.state != State::Terminated).count();
    let free = MOST_INSTANCES - i32::try_from(running).unwrap_or(MOST_INSTANCES);
    if least > free {
        let message = format!(
            "You have requested more instances ({least}) than your current instance limit of {MOST_INSTANCES} allows for the specified instance type."
        );
        return Err(Fault::coded("InstanceLimitExceeded", 400, message));
    }
    Ok(most.min(free))
}

fn kind(input: &RunInstancesRequest, image: &ImageRecord) -> Result<&'static InstanceType, Fault> {
    let name = input.instance_type.as_deref().unwrap_or("m1.small");
    let kind =
        instance_type::find(name).ok_or_else(|| invalid_value(format!("Invalid value '{name}' for InstanceType.")))?;
    if kind.architecture != image.architecture {
        let message = format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.",
            kind.architecture, image.architecture
        );
        return Err(invalid_value(message));
    }
    Ok(kind)
}

/// Checks it; it stays as it came.
pub fn user_data(text: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let compact: String = text.split_whitespace().collect();
    let bytes = STANDARD
        .decode(&compact)
        .map_err(|_| Fault::coded("InvalidUserData.Malformed", 400, "Invalid BASE64 encoding of user data."))?;
    if bytes.len() > MOST_USER_DATA {
        return Err(invalid_value("User data is limited to 16384 bytes"));
    }
    Ok(Some(compact))
}

/// What an image wants: Amazon Linux 2023 version 2, as its image says.
fn of_image(image: &ImageRecord) -> MetadataOptions {
    let options = MetadataOptions::default();
    match image.name.starts_with("al2023") {
        true => MetadataOptions { tokens: "required".into(), hop_limit: 2, ..options },
        false => options,
    }
}

pub fn metadata(
    before: &MetadataOptions,
    wanted: Option<&InstanceMetadataOptionsRequest>,
) -> Result<MetadataOptions, Fault> {
    let mut options = before.clone();
    let Some(wanted) = wanted else { return Ok(options) };
    if let Some(wanted) = wanted.http_protocol_ipv6.as_deref() {
        options.ipv6 = wanted == "enabled";
    }
    if let Some(hops) = wanted.http_put_response_hop_limit {
        if !(1..=64).contains(&hops) {
            return Err(invalid_value(format!(
                "Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and 64."
            )));
        }
        options.hop_limit = hops;
    }
    for (to, from) in [
        (&mut options.tokens, &wanted.http_tokens),
        (&mut options.endpoint, &wanted.http_endpoint),
        (&mut options.tags, &wanted.instance_metadata_tags),
    ] {
        if let Some(value) = from {
            to.clone_from(value);
        }
    }
    Ok(options)
}

fn credits(
    input: &RunInstancesRequest,
    kind: &InstanceType,
    defaults: &LaunchDefaults,
) -> Result<Option<String>, Fault> {
    let wanted = input.credit_specification.as_ref().map(|one| one.cpu_credits.clone());
    match wanted {
        Some(_) if !kind.burst => {
            let message = format!("The credit specification is not supported for the instance type {}.", kind.name);
            Err(invalid_combination(message))
        }
        Some(wanted) if !matches!(wanted.as_str(), "standard" | "unlimited") => {
            Err(invalid_value(format!("Invalid value '{wanted}' for CpuCredits.")))
        }
        Some(wanted) => Ok(Some(wanted)),
        None => Ok(kind.burst.then(|| defaults.credits(kind.name.split('.').next().unwrap_or_default()))),
    }
}

/// The subnet, and the groups that the first interface gets.
fn place(w: &Writer, input: &RunInstancesRequest) -> Result<(SubnetRecord, Vec<String>), Fault> {
    let interfaces = input.network_interfaces.as_deref().unwrap_or_default();
    let first = interfaces.iter().find(|one| one.device_index.unwrap_or_default() == 0);
    let groups_given = input.security_group_ids.is_some() || input.security_groups.is_some();
    let addresses_given = input.ipv6_address_count.is_some() || input.ipv6_addresses.is_some();
    if !interfaces.is_empty() && addresses_given {
        return Err(invalid_combination(
            "Network interfaces and instance-level IPv6 addresses may not be specified on the same request",
        ));
    }
    if !interfaces.is_empty() && (input.subnet_id.is_some() || groups_given) {
        return Err(invalid_combination(
            "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request",
        ));
    }
    let existing = first.and_then(|one| one.network_interface_id.as_deref());
    if let Some(id) = existing {
        let interface: Interface = get(w.store(), w.scope(), id)?;
        return Ok((get(w.store(), w.scope(), &interface.subnet)?, Vec::new()));
    }
    let wanted =
        input.subnet_id.as_deref().or(first.and_then(|one| one.subnet_id.as_deref())).filter(|id| !id.is_empty());
    let subnet: SubnetRecord = match wanted {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => default_subnet(w, input)?,
    };
    if let Some(zone) =
        input.placement.as_ref().and_then(|one| one.availability_zone.as_deref()).filter(|zone| *zone != subnet.zone)
    {
        let message = format!("The availability zone '{zone}' is not that of the subnet '{}'.", subnet.id);
        return Err(invalid_combination(message));
    }
    let mut groups = input.security_group_ids.clone().unwrap_or_default();
    for name in input.security_groups.iter().flatten() {
        let own = all::<Group>(w.store(), w.scope())?
            .into_iter()
            .find(|group| group.vpc == subnet.vpc && group.name == *name);
        let own = own.ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in VPC '{}'", subnet.vpc);
            Fault::coded("InvalidGroup.NotFound", 400, message)
        })?;
        groups.push(own.id);
    }
    Ok((subnet, groups))
}

fn default_subnet(w: &Writer, input: &RunInstancesRequest) -> Result<SubnetRecord, Fault> {
    let zone = input.placement.as_ref().and_then(|one| one.availability_zone.as_deref());
    if let Some(zone) = zone {
        region::zone(w.caller.region(), Some(zone), None)?;
    }
    let vpc = vpc::find_default(w.store(), w.scope())?;
    let missing = || {
        let message = "No subnets found for the default VPC. Please specify a subnet.";
        Fault::coded("MissingInput", 400, message)
    };
    let vpc = vpc.ok_or_else(|| {
        Fault::coded(
            "VPCIdNotSpecified",
            400,
            "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
        )
    })?;
    let mut subnets = crate::subnet::of_vpc(w.store(), w.scope(), &vpc.id)?;
    subnets.sort_by(|one, other| one.zone.cmp(&other.zone));
    subnets.into_iter().find(|one| one.default_for_zone && zone.is_none_or(|zone| zone == one.zone)).ok_or_else(missing)
}

/// The tags for each kind of resource that a launch makes.
struct Tags {
    instance: Vec<Tag>,
    volume: Vec<Tag>,
    interface: Vec<Tag>,
}

impl Tags {
    fn of(w: &Writer, input: &RunInstancesRequest) -> Result<Tags, Fault> {
        let kinds = [Record::KIND, VolumeRecord::KIND, Interface::KIND];
        let all = input.tag_specifications.clone().unwrap_or_default();
        if let Some(other) = all
            .iter()
            .filter_map(|one| one.resource_type.as_deref())
            .find(|wanted| !kinds.iter().any(|kind| kind.name == *wanted))
        {
            return Err(invalid_value(format!("'{other}' is not a valid taggable resource type for this operation.")));
        }
        let of = |kind: &crate::resource::Kind| {
            let own = all.iter().filter(|one| one.resource_type.as_deref() == Some(kind.name)).cloned().collect();
            tag::specified(w, Some(own), kind)
        };
        Ok(Tags { instance: of(Record::KIND)?, volume: of(VolumeRecord::KIND)?, interface: of(Interface::KIND)? })
    }
}
