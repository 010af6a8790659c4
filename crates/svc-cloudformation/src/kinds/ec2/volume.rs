//! `AWS::EC2::Volume`, and its attachment to an instance.

use serde_json::{Value, json};

use super::tagged::{follow_tags, make, same};
use crate::kinds::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

/// What CreateVolume calls the same.
const SAME: [&str; 11] = [
    "AvailabilityZone",
    "AvailabilityZoneId",
    "Encrypted",
    "Iops",
    "KmsKeyId",
    "MultiAttachEnabled",
    "OutpostArn",
    "Size",
    "SnapshotId",
    "Throughput",
    "VolumeType",
];
/// What ModifyVolume can change.
const CHANGEABLE: [&str; 4] = ["Iops", "Size", "Throughput", "VolumeType"];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &["AutoEnableIO", "Tags"]].concat())?;
    let id = make(h, w, "CreateVolume", "volume", w.pick(&SAME), "/VolumeId").await?;
    let done = async {
        until_state(h, &id, "available").await?;
        if w.get("AutoEnableIO").as_bool() == Some(true) {
            enable_io(h, &id, true).await?;
        }
        Ok(Made::new(id.as_str()).attribute("VolumeId", id.as_str()))
    };
    done.await.map_err(|failure: Failure| failure.after(&id))
}

async fn enable_io(h: &Hands, id: &str, wanted: bool) -> Result<(), Failure> {
    let input = json!({"VolumeId": id, "AutoEnableIO": {"Value": wanted}});
    h.call("ec2", "ModifyVolumeAttribute", input).await.map(drop)
}

async fn until_state(h: &Hands, id: &str, state: &str) -> Result<(), Failure> {
    let ask = async || {
        let found = h.call("ec2", "DescribeVolumes", json!({"VolumeIds": [id]})).await?;
        Ok((found["Volumes"][0]["State"] == *state).then_some(()))
    };
    h.until(600, &format!("{id} did not become {state}"), ask).await
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let fixed = SAME.iter().find(|name| !CHANGEABLE.contains(name) && w.changed(name));
    if let Some(name) = fixed {
        return Err(Failure::new(format!("Changing {name} of {} is not implemented by Kogumo", w.kind)));
    }
    let id = &w.physical_id;
    if CHANGEABLE.iter().any(|name| w.changed(name)) && !(w.again && is_modified(h, w).await?) {
        let input = with(w.pick(&CHANGEABLE), [("VolumeId", json!(id))]);
        h.call("ec2", "ModifyVolume", input).await?;
        let ask = async || {
            let found = h.call("ec2", "DescribeVolumesModifications", json!({"VolumeIds": [id]})).await?;
            Ok((found["VolumesModifications"][0]["ModificationState"] != "modifying").then_some(()))
        };
        h.until(600, &format!("{id} was not modified"), ask).await?;
    }
    if w.changed("AutoEnableIO") {
        enable_io(h, id, w.get("AutoEnableIO").as_bool().unwrap_or(false)).await?;
    }
    follow_tags(h, w, id).await?;
    Ok(same(w))
}

/// Whether a step that ran before has modified the volume.
async fn is_modified(h: &Hands, w: &Work) -> Result<bool, Failure> {
    let found = h.call("ec2", "DescribeVolumes", json!({"VolumeIds": [w.physical_id]})).await?;
    let volume = &found["Volumes"][0];
    Ok(CHANGEABLE.iter().all(|name| w.get(name).is_null() || *w.get(name) == volume[*name]))
}

/// Deletes a volume; where its policy says so, not before there is a snapshot of it.
pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    if w.snapshot {
        let description = format!("Final snapshot of {} of {}", w.logical_id, w.stack_name);
        let input = json!({"VolumeId": w.physical_id, "Description": description});
        match h.call("ec2", "CreateSnapshot", input).await {
            Err(failure) if failure.not_found => return Ok(()),
            Err(failure) => return Err(failure),
            Ok(snapshot) => until_completed(h, &text_at(&snapshot, "/SnapshotId")).await?,
        }
    }
    h.remove("ec2", "DeleteVolume", json!({"VolumeId": w.physical_id})).await
}

async fn until_completed(h: &Hands, snapshot: &str) -> Result<(), Failure> {
    let ask = async || {
        let found = h.call("ec2", "DescribeSnapshots", json!({"SnapshotIds": [snapshot]})).await?;
        Ok((found["Snapshots"][0]["State"] == "completed").then_some(()))
    };
    h.until(3_600, &format!("{snapshot} was not completed"), ask).await
}

pub async fn attach(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Device", "InstanceId", "VolumeId"])?;
    let (volume, instance) =
        (w.text("VolumeId").unwrap_or_default().to_owned(), w.text("InstanceId").unwrap_or_default().to_owned());
    let id = format!("{volume}|{instance}");
    if !w.again || held(h, &volume, &instance).await?.is_null() {
        h.call("ec2", "AttachVolume", Value::Object(w.pick(&["Device", "InstanceId", "VolumeId"]))).await?;
    }
    let ask = async || Ok((held(h, &volume, &instance).await?["State"] == "attached").then_some(()));
    h.until(300, &format!("{volume} was not attached"), ask).await.map_err(|failure| failure.after(&id))?;
    Ok(Made::new(id))
}

/// A volume's attachment to that instance; null if there is none.
async fn held(h: &Hands, volume: &str, instance: &str) -> Result<Value, Failure> {
    let found = h.call("ec2", "DescribeVolumes", json!({"VolumeIds": [volume]})).await?;
    let mut all = found["Volumes"][0]["Attachments"].as_array().into_iter().flatten();
    Ok(all.find(|one| one["InstanceId"] == *instance).cloned().unwrap_or_default())
}

pub async fn detach(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (volume, instance) = w.physical_id.split_once('|').unwrap_or_default();
    match held(h, volume, instance).await {
        Err(failure) if failure.not_found => return Ok(()),
        Ok(held) if !held.is_null() => {}
        done => return done.map(drop),
    }
    h.remove("ec2", "DetachVolume", json!({"VolumeId": volume, "InstanceId": instance})).await?;
    let ask = async || Ok(held(h, volume, instance).await?.is_null().then_some(()));
    h.until(600, &format!("{volume} was not detached"), ask).await
}
