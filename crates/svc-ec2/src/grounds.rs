//! What the door hears of EC2's resources: their tags, and what conditions ask of the kinds that have more to tell.
//! Source: Service Authorization Reference, "Condition keys for Amazon EC2".

use std::any::Any;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding};
use kogumo_model::ec2::CreateVolumeRequest;
use kogumo_store::Read;

use crate::encryption::Defaults;
use crate::image::Image;
use crate::instance::Instance;
use crate::network_acl::NetworkAcl;
use crate::network_interface::NetworkInterface;
use crate::resource::{Resource, find};
use crate::route_table::RouteTable;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::tag::Tags;
use crate::volume::Volume;

/// What EC2 knows of the resource that is asked for, where a policy wants to know.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    if !grounding.wants_keys {
        return Ok(ground);
    }
    let mut say = |key: &'static str, value: String| ground.keys.push((key.into(), vec![value]));
    say("ec2:Region", grounding.caller.region().to_owned());
    // A volume is encrypted if the request says so, or says nothing and the account's volumes are.
    let new: Option<&CreateVolumeRequest> = ask.call.and_then(|(_, input)| (input as &dyn Any).downcast_ref());
    if let Some(new) = new {
        let by_default = Defaults::of(grounding.store, &grounding.caller.scope)?.by_default;
        say("ec2:Encrypted", new.encrypted.unwrap_or(by_default).to_string());
    }
    // Tags that come with what is made: for their sake the action is asked for, too.
    if let Some((operation, _)) =
        ask.call.filter(|(operation, _)| ask.action == "ec2:CreateTags" && operation.name != "CreateTags")
    {
        say("ec2:CreateAction", operation.name.to_owned());
    }
    let Some(arn) = Arn::parse(ask.resource).filter(|arn| arn.service == "ec2") else { return Ok(ground) };
    let Some((kind, id)) = arn.resource.split_once('/') else { return Ok(ground) };
    let account = if arn.account.is_empty() { grounding.caller.account() } else { &arn.account };
    let scope = Scope::new(account, &arn.region);
    for (key, value) in told(grounding.store, &scope, kind, id)? {
        say(key, value);
    }
    for (key, value) in Tags::of_one(grounding.store, &scope, id)?.of(id) {
        let keys = [format!("aws:ResourceTag/{key}"), format!("ec2:ResourceTag/{key}")];
        ground.keys.extend(keys.map(|key| (key.into(), vec![value.clone()])));
    }
    Ok(ground)
}

/// What a resource of a kind says of itself besides its tags.
fn told(read: &dyn Read, scope: &Scope, kind: &str, id: &str) -> Result<Vec<(&'static str, String)>, Trouble> {
    let arn = |kind: &str, id: &str| Arn::new("ec2", &scope.region, &scope.account, format!("{kind}/{id}")).to_string();
    let vpc = |id: String| vec![("ec2:Vpc", arn("vpc", &id))];
    Ok(match kind {
        "instance" => of(read, scope, id, |one: Instance| {
            let profile = one.profile.map(|profile| ("ec2:InstanceProfile", profile.arn));
            let own = [
                ("ec2:InstanceType", one.kind),
                ("ec2:AvailabilityZone", one.zone),
                ("ec2:EbsOptimized", one.ebs_optimized.to_string()),
                ("ec2:MetadataHttpTokens", one.metadata.tokens),
                ("ec2:RootDeviceType", "ebs".to_owned()),
                ("ec2:Tenancy", "default".to_owned()),
            ];
            own.into_iter().chain(profile).collect()
        })?,
        "volume" => of(read, scope, id, |one: Volume| {
            let iops = one.iops.map(|iops| ("ec2:VolumeIops", iops.to_string()));
            let own = [
                ("ec2:VolumeType", one.kind),
                ("ec2:VolumeSize", one.size.to_string()),
                ("ec2:AvailabilityZone", one.zone),
                ("ec2:Encrypted", one.encryption.is_some().to_string()),
            ];
            own.into_iter().chain(iops).collect()
        })?,
        "image" => of(read, scope, id, |one: Image| {
            let owner = one.owner_alias.unwrap_or(one.owner);
            vec![("ec2:Owner", owner), ("ec2:Public", one.public.to_string()), ("ec2:ImageType", "machine".to_owned())]
        })?,
        "subnet" => of(read, scope, id, |one: Subnet| {
            vec![("ec2:Vpc", arn("vpc", &one.vpc)), ("ec2:AvailabilityZone", one.zone)]
        })?,
        "network-interface" => of(read, scope, id, |one: NetworkInterface| {
            let own = [("ec2:Subnet", arn("subnet", &one.subnet)), ("ec2:AvailabilityZone", one.zone)];
            vpc(one.vpc).into_iter().chain(own).collect()
        })?,
        "security-group" => of(read, scope, id, |one: SecurityGroup| vpc(one.vpc))?,
        "route-table" => of(read, scope, id, |one: RouteTable| vpc(one.vpc))?,
        "network-acl" => of(read, scope, id, |one: NetworkAcl| vpc(one.vpc))?,
        _ => Vec::new(),
    })
}

/// What the resource of that id tells; nothing where there is none.
fn of<R: Resource>(
    read: &dyn Read,
    scope: &Scope,
    id: &str,
    tell: impl FnOnce(R) -> Vec<(&'static str, String)>,
) -> Result<Vec<(&'static str, String)>, Trouble> {
    Ok(find(read, scope, id)?.map(tell).unwrap_or_default())
}
