//! `kogumo up`: assembles the cloud and serves it until it is told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kogumo_base::Trouble;
use kogumo_door::{Cloud, Entrance, Settings};
use kogumo_gateway::{Allowed, Authority, Gateway, HostNames};
use kogumo_store::{Options, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Up;
use crate::{callback, logging, names, root_key, services};

/// Serves in the foreground.
///
/// # Errors
/// What keeps the cloud from starting.
pub fn run(up: Up) -> Result<(), Trouble> {
    let begun = Instant::now();
    logging::start(up.log_level, up.log_json);
    Gateway::check_address(up.listen, up.strict)?;
    let folder = DataFolder::open(&up)?;
    // Before there is a second thread: what comes from here on is root of a namespace of its own, where this is possible.
    if let Err(trouble) = kogumo_userns::enter(kogumo_svc_ec2::users(&folder.path)) {
        tracing::info!("instances stay pending ('kogumo doctor' tells more): {trouble}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::from_cause("cannot start the runtime", error))?;
    runtime.block_on(serve(up, &folder, begun))
}

async fn serve(up: Up, folder: &DataFolder, begun: Instant) -> Result<(), Trouble> {
    let listener = TcpListener::bind(up.listen).await;
    let listener = listener.map_err(|error| Trouble::from_cause(format!("cannot listen on {}", up.listen), error))?;
    let listen = listener.local_addr().map_err(|error| Trouble::from_cause("the socket has no address", error))?;
    let callbacks = callback::listen(listen.port()).await;
    let settings = Settings {
        listen,
        callback: callbacks.as_ref().and_then(|listener| Some(listener.local_addr().ok()?.ip())),
        data: folder.path.clone(),
        fsync: up.fsync,
        strict: up.strict,
        public_addresses: up.public_addresses,
        public_ipv6_addresses: up.public_ipv6_addresses,
        translate_url: up.translate_url.clone(),
    };
    let services = services::all(&settings)?;
    let store =
        if up.ephemeral { Store::ephemeral()? } else { Store::open(&folder.path.join("store"), &options(&up))? };
    let cloud = Cloud::new(settings, store, services)?;
    let authority = Arc::new(Authority::open(&folder.path.join("ca"))?);
    let callback = cloud.settings.callback;
    let names = HostNames::new(listen, &up.hosts).also_at(callback);
    let chosen = Arc::clone(&cloud);
    let chosen = Arc::new(move |name: &str| chosen.has_name(name));
    let tls = kogumo_gateway::server_config(Arc::clone(&authority), names.clone(), chosen)?;
    let allowed = Allowed { names, origins: up.origins.clone() };
    let gateway = Gateway::new(Arc::clone(&cloud), kogumo_model::SERVICES, authority, allowed);
    if up.strict {
        root_key::tell(&cloud, &folder.path).await?;
    }
    let background = kogumo_reconcile::start(&cloud);
    let mail = match up.smtp {
        Some(relay) => Some(kogumo_mail::start(&cloud, relay)?),
        None => kogumo_mail::forget(&cloud.store).map(|()| None)?,
    };
    // The line that scripts wait for.
    println!("kogumo is ready on http://{listen} ({} ms)", begun.elapsed().as_millis());
    let gateway = Arc::new(gateway);
    let entrances =
        tokio::spawn(kogumo_gateway::serve_entrances(Arc::clone(&cloud), Arc::clone(&tls), Arc::clone(&gateway)));
    let names = names::serve(&cloud, up.dns).await?;
    let serve = |listener| {
        kogumo_gateway::serve(listener, Arc::clone(&tls), Arc::clone(&gateway), Entrance::Port, told_to_stop())
    };
    let callbacks = callbacks.map(serve);
    let callbacks = async {
        if let Some(serving) = callbacks {
            serving.await;
        }
    };
    tokio::join!(serve(listener), callbacks);
    drop(background);
    entrances.abort();
    names.iter().chain(&mail).for_each(tokio::task::JoinHandle::abort);
    cloud.stop().await;
    tracing::info!("stopped");
    Ok(())
}

fn options(up: &Up) -> Options {
    Options { fsync: up.fsync, ..Options::default() }
}

/// Ctrl-C or a termination signal.
async fn told_to_stop() {
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        _ => tracing::error!("signals cannot be received: only a kill will stop this"),
    }
}

/// Where everything is kept; a temporary one vanishes with the cloud.
struct DataFolder {
    path: PathBuf,
    temporary: bool,
}

impl DataFolder {
    fn open(up: &Up) -> Result<Self, Trouble> {
        let temporary = up.ephemeral && up.data.is_none();
        let path = match &up.data {
            Some(path) => path.clone(),
            None if temporary => std::env::temp_dir().join(format!("kogumo-{}", std::process::id())),
            None => default_folder()?,
        };
        make_private(&path)?;
        // Sandboxes and services need a path that does not depend on where the program was started.
        let path = path
            .canonicalize()
            .map_err(|error| Trouble::from_cause(format!("cannot use {}", path.display()), error))?;
        Ok(DataFolder { path, temporary })
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!("{} could not be removed: {error}", self.path.display());
        }
    }
}

fn default_folder() -> Result<PathBuf, Trouble> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")));
    base.map(|base| base.join("kogumo")).ok_or_else(|| Trouble::new("say with --data where everything shall be kept"))
}

/// Secrets are in it: only its owner may look.
fn make_private(path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Trouble::from_cause(format!("cannot make {}", path.display()), error))
}
