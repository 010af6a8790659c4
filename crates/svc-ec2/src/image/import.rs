//! `kogumo ami import`: a root file system or an OCI image becomes an image of an account. A part of the port that is not
//! AWS's API: the archive is the body of a request, and is unpacked as it comes.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{Caller, Cloud, Entrance, Incoming, Surface, Writer};
use kogumo_rootfs::Summary;
use kogumo_wire::{Body, Fault};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::base;
use super::lifecycle::Lifecycle;
use super::ops::check_name;
use super::record::{Base, Image, ImageDevice};
use crate::instance::Files;
use crate::region;
use crate::resource::{Resource, put};

const PAGE: &str = "/_kogumo/ami";
/// GiB of the root volume, which takes what instances change.
const ROOT_SIZE: i32 = 8;
const LARGEST_ROOT: i32 = 16_384;
/// Chunks that wait for the disk.
const AHEAD: usize = 16;

/// What is being unpacked: no record knows of it yet, and it stays nonetheless.
#[derive(Default)]
pub struct Imports(Mutex<BTreeSet<String>>);

impl Imports {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /_kogumo/ami?name=…&account=…&region=…&description=…&architecture=…&size=…` with the archive as its body.
pub fn surface() -> Surface {
    Surface {
        name: "ami import",
        claims: |incoming| incoming.request.path == PAGE && incoming.entrance == Entrance::Port,
        serve: |cloud, incoming| {
            Box::pin(async move {
                let answer = serve(&cloud, incoming).await;
                http::Response::new(Body::from(Bytes::from(answer.to_string())))
            })
        },
    }
}

async fn serve(cloud: &Arc<Cloud>, mut incoming: Incoming) -> Value {
    let mut body = std::mem::take(&mut incoming.request.body);
    let done = match Wish::read(cloud, &incoming) {
        Ok(wish) => import(cloud, &wish, &mut body).await,
        Err(why) => Err(why),
    };
    // Whoever sends hears an answer only once everything is sent.
    while let Some(Ok(_)) = body.next().await {}
    done.unwrap_or_else(|why| json!({ "error": why }))
}

/// What was asked for.
struct Wish {
    name: String,
    description: String,
    account: String,
    regions: Vec<String>,
    size: i32,
}

impl Wish {
    fn read(cloud: &Arc<Cloud>, incoming: &Incoming) -> Result<Wish, String> {
        let asked = |name: &str| incoming.request.query_value(name).unwrap_or_default().to_owned();
        if incoming.request.method.as_str() != "POST" {
            return Err("an archive is posted".into());
        }
        let architecture = asked("architecture");
        if !matches!(architecture.as_str(), "" | "x86_64" | "amd64") {
            return Err(format!("images of the architecture {architecture} cannot run on this machine"));
        }
        let size = match asked("size").as_str() {
            "" => ROOT_SIZE,
            text => text
                .parse()
                .ok()
                .filter(|size| (1..=LARGEST_ROOT).contains(size))
                .ok_or("the size is 1 to 16384 GiB")?,
        };
        let account = Some(asked("account")).filter(|account| !account.is_empty()).unwrap_or("000000000000".into());
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("'{account}' is no account: 12 digits"));
        }
        let regions = match asked("region") {
            none if none.is_empty() => region::names().map(str::to_owned).collect(),
            one if region::names().any(|name| name == one) => vec![one],
            other => return Err(format!("there is no region {other}")),
        };
        let wish = Wish { name: asked("name"), description: asked("description"), account, regions, size };
        let read = cloud.store.read();
        for scope in wish.scopes() {
            check_name(&read, &scope, &wish.name).map_err(|fault| fault.message)?;
        }
        Ok(wish)
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.regions.iter().map(|region| Scope::new(&self.account, region))
    }
}

async fn import(cloud: &Arc<Cloud>, wish: &Wish, body: &mut Body) -> Result<Value, String> {
    let id = Image::KIND.new_id();
    let imports = cloud.part::<Imports>().map_err(|trouble| trouble.to_string())?;
    imports.lock().insert(id.clone());
    let done = unpack(cloud, &id, body).await.and_then(|(summary, lacks)| {
        record(cloud, wish, &id).map_err(|fault| Trouble::new(fault.message))?;
        Ok((summary, lacks))
    });
    imports.lock().remove(&id);
    let (summary, lacks) = done.map_err(|trouble| {
        tracing::warn!("an image was not imported: {trouble}");
        trouble.to_string()
    })?;
    let Summary { entries, bytes, devices, layers } = summary;
    tracing::info!("imported {id} ({}): {entries} files, {bytes} bytes", wish.name);
    Ok(json!({ "imageId": id, "files": entries, "bytes": bytes, "devices": devices, "layers": layers, "lacks": lacks }))
}

/// Unpacks the body while it comes.
async fn unpack(cloud: &Cloud, id: &str, body: &mut Body) -> Result<(Summary, Vec<&'static str>), Trouble> {
    let folder = Files::below(&cloud.settings.data).imported(id);
    let (sender, chunks) = mpsc::channel(AHEAD);
    let work = tokio::task::spawn_blocking(move || unpack_here(folder, Chunks { chunks, now: Bytes::new() }));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|trouble| io::Error::other(trouble.to_string()));
        // Whoever unpacks has seen enough.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    work.await.unwrap_or_else(|error| Err(Trouble::from_cause("the unpacking broke off", error)))
}

fn unpack_here(folder: PathBuf, chunks: Chunks) -> Result<(Summary, Vec<&'static str>), Trouble> {
    use std::os::unix::fs::PermissionsExt;
    let above = folder.parent().unwrap_or(&folder);
    // Files of an image may be set-uid: nobody but root comes near them.
    let made = std::fs::create_dir_all(above)
        .and_then(|()| std::fs::set_permissions(above, std::fs::Permissions::from_mode(0o700)));
    made.map_err(|e| Trouble::from_cause("cannot make a folder for images", e))?;
    let summary = kogumo_rootfs::unpack(chunks, &folder)?;
    Ok((summary, kogumo_rootfs::lacks(&folder)))
}

/// A body as a thread reads it.
struct Chunks {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    now: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.now = chunk?,
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.now.len());
        self.now.copy_to_slice(into.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// One image, in every region that was asked for.
fn record(cloud: &Arc<Cloud>, wish: &Wish, id: &str) -> Result<(), Fault> {
    let now = cloud.clock.now();
    cloud.store.write(|tx| {
        for scope in wish.scopes() {
            let caller = Caller::service("ec2.amazonaws.com", scope.clone());
            let w = &mut Writer { tx, caller: &caller, now, cloud };
            check_name(w.store(), &scope, &wish.name)?;
            put(w, &image(wish, id, now))?;
        }
        Ok(())
    })
}

fn image(wish: &Wish, id: &str, created: kogumo_base::Timestamp) -> Image {
    let root = ImageDevice {
        name: "/dev/xvda".into(),
        snapshot: None,
        size: wish.size,
        kind: "gp3".into(),
        iops: None,
        throughput: None,
        delete_on_termination: true,
    };
    Image {
        id: id.to_owned(),
        name: wish.name.clone(),
        description: wish.description.clone(),
        owner: wish.account.clone(),
        owner_alias: None,
        architecture: "x86_64".into(),
        root_device: root.name.clone(),
        devices: vec![root],
        public: false,
        launch_users: Vec::new(),
        created,
        base: Base::Imported(id.to_owned()),
        source_instance: None,
        source_image: None,
        source_region: None,
        lifecycle: Lifecycle::default(),
    }
}

/// Removes the root file systems that nothing starts from any more.
pub fn sweep(cloud: &Cloud, files: &Files) {
    // These first: what leaves this list has been recorded before.
    let Ok(coming) = cloud.part::<Imports>().map(|imports| imports.lock().clone()) else { return };
    let Ok(needed) = base::needed(&cloud.store.read()) else { return };
    let images = files.imported("");
    for entry in std::fs::read_dir(images).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name.split('.').next().unwrap_or_default();
        if !coming.contains(id) && !needed.iter().any(|own| own == id) {
            let gone = std::fs::remove_dir_all(entry.path());
            if let Err(error) = gone {
                tracing::warn!("{} could not be removed: {error}", entry.path().display());
            }
        }
    }
}
