//! The operations of imports.

use std::sync::Arc;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client, Context, Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_model::s3;
use kogumo_wire::Fault;

use super::record::{Import, State};
use crate::client_token::claim;
use crate::encryption::{self, Asked, Defaults, Lock, Want, decide};
use crate::faults::{missing_parameter, unsupported_here};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, chosen, delete, find, get, put};
use crate::snapshot::{NO_VOLUME, Snapshot, Writing};
use crate::tag::{self, Tags};

/// Who takes on the role.
const SERVICE: &str = "vmie.amazonaws.com";
const ROLE: &str = "vmimport";
const GIB: i64 = 1 << 30;

fn invalid(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidParameter", 400, message)
}

/// A client in the role of an import.
pub(super) fn in_role(cloud: &Arc<kogumo_door::Cloud>, scope: &Scope, role: &str, session: &str) -> Option<Client> {
    let arn = Arn::new("iam", "", &scope.account, format!("role/{role}")).to_string();
    Some(Client::new(Arc::clone(cloud), Caller::in_role(SERVICE, &arn, session, &scope.region)?))
}

pub async fn import_snapshot(context: Context, input: ImportSnapshotRequest) -> Result<ImportSnapshotResult, Fault> {
    let disk = input.disk_container.clone().ok_or_else(|| missing_parameter("DiskContainer"))?;
    let format = disk.format.clone().unwrap_or_else(|| "RAW".into());
    if !format.eq_ignore_ascii_case("raw") {
        return Err(unsupported_here(format!(
            "Disk images of the format {format} are not read by Kogumo; convert it to RAW"
        )));
    }
    let (bucket, key) = place(&disk)?;
    let role = input.role_name.clone().unwrap_or_else(|| ROLE.into());
    let id = Import::KIND.new_id();
    let head = s3::HeadObjectRequest { bucket: bucket.clone(), key: key.clone(), ..s3::HeadObjectRequest::default() };
    let client = in_role(&context.cloud, context.scope(), &role, &id);
    let refused =
        |_| invalid(format!("The service role {role} provided does not exist or does not have sufficient permissions"));
    let client = client.ok_or_else(|| refused(()))?;
    let bytes = client.call::<s3::HeadObject>(head).await.map_err(|_| refused(()))?.content_length.unwrap_or_default();
    if bytes == 0 {
        return Err(invalid("The disk image is empty"));
    }
    let asked = Asked::new(input.encrypted, input.kms_key_id.as_deref());
    let wish = context.read(|r| decide(&asked, None, &Defaults::of(r.store, r.scope())?))?;
    let want = Want { wish, source: None, has_content: true, is_used: false };
    let lock = encryption::lock(&context, &want, &Snapshot::KIND.new_id()).await;
    let lock = lock.map_err(|refusal| invalid(format!("The specified KMS key is not accessible: {}", refusal.why)))?;
    let import = Import {
        id,
        description: input.description.clone().or(disk.description).unwrap_or_default(),
        bucket,
        key,
        role: role.clone(),
        bytes,
        snapshot: lock.as_ref().map_or_else(|| Snapshot::KIND.new_id(), |lock| lock.id.clone()),
        started: context.now(),
        state: State::Active,
        progress: 0,
    };
    context.write(|w| start(w, &input, &import, lock.as_ref()))
}

fn start(
    w: &mut Writer,
    input: &ImportSnapshotRequest,
    import: &Import,
    lock: Option<&Lock>,
) -> Result<ImportSnapshotResult, Fault> {
    let claim = claim(w, "ImportSnapshot", input.client_token.as_deref(), input)?;
    let tags = tag::specified(w, input.tag_specifications.clone(), Import::KIND)?;
    let import = match &claim.made {
        Some(made) => get(w.store(), w.scope(), made)?,
        None => {
            let size = import.bytes.div_euclid(GIB) + i64::from(import.bytes % GIB != 0);
            let size = i32::try_from(size).map_err(|_| invalid("The disk image is too large"))?;
            let snapshot = Snapshot {
                id: import.snapshot.clone(),
                encryption: lock.map(|lock| lock.encryption.clone()),
                grants: lock.map(|lock| lock.grants.clone()).unwrap_or_default(),
                writing: Some(Writing { timeout_minutes: 0, progress: 0 }),
                ..Snapshot::new(w, NO_VOLUME, size, format!("Created by AWS-VMImport service for {}", import.id))
            };
            put(w, &snapshot)?;
            put(w, import)?;
            tag::mark(w, import, tags)?;
            claim.keep(w, &import.id)?;
            import.clone()
        }
    };
    let task = shown(&w.reader(), &import)?;
    Ok(ImportSnapshotResult {
        description: task.description,
        import_task_id: task.import_task_id,
        snapshot_task_detail: task.snapshot_task_detail,
        tags: task.tags,
    })
}

/// The bucket and the key: by their names, or as `s3://bucket/key`.
fn place(disk: &SnapshotDiskContainer) -> Result<(String, String), Fault> {
    let bucket = disk.user_bucket.clone().unwrap_or_default();
    if let (Some(bucket), Some(key)) = (bucket.s3_bucket, bucket.s3_key) {
        return Ok((bucket, key));
    }
    let url = disk.url.as_deref().ok_or_else(|| missing_parameter("UserBucket or Url"))?;
    let parts = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let (bucket, key) = parts.ok_or_else(|| invalid(format!("The URL '{url}' is not of the form s3://bucket/key")))?;
    Ok((bucket.to_owned(), key.to_owned()))
}

fn shown(r: &Reader, import: &Import) -> Result<ImportSnapshotTask, Fault> {
    let snapshot: Option<Snapshot> = find(r.store, r.scope(), &import.snapshot)?;
    let encryption = snapshot.and_then(|snapshot| snapshot.encryption);
    let (status, message) = match &import.state {
        State::Active => ("active", Some("downloading/converting".to_owned())),
        State::Completed => ("completed", None),
        State::Deleted(why) => ("deleted", Some(why.clone())),
    };
    let is_done = import.state == State::Completed;
    let detail = SnapshotTaskDetail {
        description: Some(import.description.clone()),
        disk_image_size: Some(import.bytes as f64),
        encrypted: Some(encryption.is_some()),
        format: Some("RAW".into()),
        kms_key_id: encryption.map(|one| one.key),
        progress: Some(import.progress.to_string()).filter(|_| !is_done),
        snapshot_id: Some(import.snapshot.clone()).filter(|_| is_done),
        status: Some(status.into()),
        status_message: message,
        user_bucket: Some(UserBucketDetails {
            s3_bucket: Some(import.bucket.clone()),
            s3_key: Some(import.key.clone()),
        }),
        ..SnapshotTaskDetail::default()
    };
    Ok(ImportSnapshotTask {
        description: Some(import.description.clone()),
        import_task_id: Some(import.id.clone()),
        snapshot_task_detail: Some(detail),
        tags: Tags::of_one(r.store, r.scope(), &import.id)?.shown_if_any(&import.id),
    })
}

static FILTERS: Filters<ImportSnapshotTask> = Filters {
    names: &[("task-state", |task| {
        task.snapshot_task_detail.as_ref().map(|detail| text(&detail.status)).unwrap_or_default()
    })],
    tags: Some(|task| task.tags.as_ref()),
};

pub fn describe_import_snapshot_tasks(
    r: &Reader,
    input: DescribeImportSnapshotTasksRequest,
) -> Result<DescribeImportSnapshotTasksResult, Fault> {
    let imports = chosen::<Import>(r.store, r.scope(), input.import_task_ids.as_deref())?;
    let tasks = imports.iter().map(|import| shown(r, import)).collect::<Result<Vec<_>, _>>()?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page =
        cut(FILTERS.select(tasks, input.filters)?, wanted, |one| one.import_task_id.clone().unwrap_or_default())?;
    Ok(DescribeImportSnapshotTasksResult { import_snapshot_tasks: Some(page.items), next_token: page.next_token })
}

/// What is under way is given up.
pub fn cancel_import_task(w: &mut Writer, input: CancelImportTaskRequest) -> Result<CancelImportTaskResult, Fault> {
    let id = input.import_task_id.ok_or_else(|| missing_parameter("ImportTaskId"))?;
    let mut import: Import = get(w.store(), w.scope(), &id)?;
    if import.state != State::Active {
        return Err(Fault::coded("IncorrectState", 400, format!("The task '{id}' is not active")));
    }
    import.state = State::Deleted(input.cancel_reason.unwrap_or_else(|| "Cancelled by the user".into()));
    put(w, &import)?;
    delete::<Snapshot>(w, &import.snapshot)?;
    Ok(CancelImportTaskResult {
        import_task_id: Some(id),
        previous_state: Some("active".into()),
        state: Some("deleting".into()),
    })
}
