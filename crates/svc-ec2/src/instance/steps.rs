//! The steps of the reconciler, one function each. They block, and run on threads made for that.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Trouble};
use kogumo_door::{Caller, Cloud, Writer};
use kogumo_machine::linux::block;
use kogumo_machine::{Host, HostKey, Layer, Limits, Seed, Spec, State as Seen};
use kogumo_store::timers::{self, Timer};
use kogumo_wire::Fault;

use super::cpu::Cpu;
use super::decide::Step;
use super::reality::Machines;
use super::record::{Instance, State};
use super::storage::Files;
use crate::encryption::Refusal;
use crate::image::Base;
use crate::instance_type;
use crate::network::Network;
use crate::network_interface;
use crate::resource::{delete, find, put};
use crate::snapshot::{self, Snapshot};
use crate::volume::{self, Volume};

/// A terminated instance is shown for an hour.
const SHOWN_SECONDS: i64 = 3600;
pub const FORGET: &str = "ec2/forget-instance";
const MIB: u64 = 1 << 20;
const PROCESSES: u64 = 4096;

/// Whether a step changed anything: then there may be more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Something,
    Nothing,
}

/// What the steps need.
#[derive(Clone)]
pub struct Work {
    pub cloud: Arc<Cloud>,
    pub machines: Arc<Machines>,
    pub host: Arc<dyn Host>,
    pub files: Files,
}

impl Work {
    /// Whether anything of EC2's is on this host.
    pub fn has_files(&self) -> bool {
        self.files.machines().parent().is_some_and(std::path::Path::exists)
    }

    /// A transaction as EC2 itself.
    fn write<R>(&self, scope: &Scope, mut work: impl FnMut(&mut Writer) -> Result<R, Fault>) -> Result<R, Trouble> {
        let caller = Caller::service("ec2.amazonaws.com", scope.clone());
        let (now, cloud) = (self.cloud.clock.now(), &*self.cloud);
        let done = cloud.store.write(|tx| work(&mut Writer { tx, caller: &caller, now, cloud }));
        done.map_err(|fault: Fault| Trouble::new(fault.to_string()))
    }

    /// Changes an instance that is still in that state.
    fn change(
        &self,
        scope: &Scope,
        seen: &Instance,
        mut work: impl FnMut(&mut Writer, &mut Instance) -> Result<(), Fault>,
    ) -> Result<Done, Trouble> {
        self.write(scope, |w| {
            let Some(mut instance) = find::<Instance>(w.store(), w.scope(), &seen.id)? else {
                return Ok(Done::Nothing);
            };
            if instance.state != seen.state {
                return Ok(Done::Something);
            }
            work(w, &mut instance)?;
            put(w, &instance)?;
            Ok(Done::Something)
        })
    }

    pub fn remove(&self, id: &str) -> Result<Done, Trouble> {
        let troubles = self.host.remove(id);
        troubles.into_iter().next().map_or(Ok(Done::Nothing), Err)
    }

    pub fn make_volume(&self, scope: &Scope, volume: &Volume) -> Result<Done, Trouble> {
        if let Some(snapshot) = &volume.snapshot {
            let source = self.write(scope, |w| Ok(snapshot::find(w.store(), w.scope(), snapshot).ok()))?;
            if source.is_some_and(|source| !source.made) {
                return Ok(Done::Nothing);
            }
        }
        let copies = volume.snapshot.is_some() || volume.fresh_root;
        let both = (volume.source.as_ref(), volume.encryption.as_ref());
        let keys = if copies { self.keys(scope, &volume.id, both) } else { Ok(None) };
        match keys {
            Ok(keys) => self.files.make(&*self.host, volume, keys.as_ref())?,
            Err(refusal) => return self.refuse(scope, volume, &refusal),
        }
        if volume.attachment.is_none() {
            self.retire(scope, &volume.id, &volume.grants);
        }
        self.write(scope, |w| {
            if let Some(mut volume) = find::<Volume>(w.store(), w.scope(), &volume.id)? {
                volume.made = true;
                if volume.attachment.is_none() {
                    volume.grants.clear();
                }
                put(w, &volume)?;
            }
            Ok(Done::Something)
        })
    }

    /// A volume whose key KMS refuses is gone, as on AWS.
    pub fn remove_volume(&self, scope: &Scope, volume: &Volume) -> Result<Done, Trouble> {
        self.write(scope, |w| {
            delete::<Volume>(w, &volume.id)?;
            Ok(Done::Something)
        })
    }

    /// An instance that cannot have its volumes ends.
    pub(super) fn fail_launch(&self, scope: &Scope, instance: &str, refusal: &Refusal) -> Result<Done, Trouble> {
        self.write(scope, |w| {
            let Some(mut instance) = find::<Instance>(w.store(), w.scope(), instance)? else {
                return Ok(Done::Nothing);
            };
            instance.state = State::ShuttingDown;
            instance.reason = Some(refusal.reason());
            put(w, &instance)?;
            Ok(Done::Something)
        })
    }

    /// Lets a volume's file follow its record. Its speed follows by itself.
    pub fn modify_volume(&self, scope: &Scope, volume: &Volume) -> Result<Done, Trouble> {
        self.files.grow(volume)?;
        for held in volume.attachments().filter(|held| held.state == "attached") {
            self.files.refresh(&*self.host, &volume.id, &held.instance, volume::file_name(&held.device));
        }
        let now = self.cloud.clock.now();
        self.write(scope, |w| {
            if let Some(mut volume) = find::<Volume>(w.store(), w.scope(), &volume.id)? {
                if let Some(last) = volume.modifications.last_mut() {
                    last.applied = last.applied.or(Some(now));
                }
                put(w, &volume)?;
            }
            Ok(Done::Something)
        })
    }

    pub fn take_snapshot(&self, scope: &Scope, snapshot: &Snapshot, volume: Option<&Volume>) -> Result<Done, Trouble> {
        let copied = snapshot.copy_of.as_ref().map(|_| (snapshot.source.as_ref(), snapshot.encryption.as_ref()));
        let keys = copied.map_or(Ok(None), |both| self.keys(scope, &snapshot.id, both));
        let refusal = match &keys {
            Ok(keys) => {
                self.files.take(&*self.host, snapshot, volume, keys.as_ref())?;
                None
            }
            Err(refusal) => Some(format!("Given key ID is not accessible. {}", refusal.why)),
        };
        self.retire(scope, &snapshot.id, &snapshot.grants);
        let bytes = self.files.written(&snapshot.id);
        self.write(scope, |w| {
            if let Some(mut snapshot) = find::<Snapshot>(w.store(), w.scope(), &snapshot.id)? {
                snapshot.made = refusal.is_none();
                snapshot.completed = refusal.is_none().then_some((w.now, bytes));
                snapshot.failure.clone_from(&refusal);
                snapshot.grants.clear();
                put(w, &snapshot)?;
            }
            Ok(Done::Something)
        })
    }

    /// Brings a volume to its instance, or away from it.
    pub fn move_volume(&self, scope: &Scope, volume: &Volume, instance: Option<&Instance>) -> Result<Done, Trouble> {
        let Some(attachment) = &volume.attachment else { return Ok(Done::Nothing) };
        let name = volume::file_name(&attachment.device);
        let is_root = instance.is_some_and(|one| one.root_device == attachment.device);
        let state = instance.map(|one| one.state);
        let there = match attachment.state.as_str() {
            "attaching" => match state {
                Some(State::Running) if is_root => true,
                Some(State::Running) => match self.unlock(scope, std::slice::from_ref(volume))? {
                    Ok(()) => {
                        self.files.plug(&*self.host, volume, &attachment.instance, name)?;
                        true
                    }
                    Err(refusal) => {
                        tracing::warn!("{} cannot be attached: {}", volume.id, refusal.why);
                        false
                    }
                },
                Some(State::Stopped) => true,
                _ => return Ok(Done::Nothing),
            },
            _ => {
                if !volume.others.is_empty() {
                    self.files.take_from(&*self.host, &attachment.instance, name)?;
                } else if !is_root || volume.encryption.is_some() {
                    self.files.unplug(&*self.host, &volume.id, &attachment.instance, name)?;
                    if self.files.is_held(&volume.id) && state == Some(State::Running) {
                        if !attachment.forced {
                            return self.is_busy(scope, volume);
                        }
                        self.files.tear_away(&*self.host, &volume.id, &attachment.instance)?;
                    }
                }
                false
            }
        };
        if !there && volume.others.is_empty() {
            self.retire(scope, &volume.id, &volume.grants);
        }
        let on = attachment.instance.as_str();
        self.write(scope, |w| {
            let Some(volume) = find::<Volume>(w.store(), w.scope(), &volume.id)?.filter(|volume| volume.is_on(on))
            else {
                return Ok(Done::Nothing);
            };
            let mut volume = volume.seen_from(on);
            match (&mut volume.attachment, there) {
                (Some(held), true) if held.state == "attaching" => held.state = "attached".into(),
                (_, false) => {
                    volume.leave();
                    if volume.attachment.is_none() {
                        volume.grants.clear();
                    }
                }
                _ => {}
            }
            put(w, &volume)?;
            Ok(Done::Something)
        })
    }

    /// Still mounted inside: a volume stays on its way out until it is not.
    fn is_busy(&self, scope: &Scope, seen: &Volume) -> Result<Done, Trouble> {
        if seen.attachment.as_ref().is_some_and(|held| held.state == "busy") {
            return Ok(Done::Nothing);
        }
        self.write(scope, |w| {
            let Some(mut volume) = find::<Volume>(w.store(), w.scope(), &seen.id)? else { return Ok(Done::Nothing) };
            if let Some(held) = volume.attachment.as_mut().filter(|held| held.is_leaving()) {
                held.state = "busy".into();
                put(w, &volume)?;
            }
            Ok(Done::Nothing)
        })
    }

    /// One step of an instance's.
    pub fn take(&self, step: Step, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Done, Trouble> {
        match step {
            Step::Nothing => Ok(Done::Nothing),
            Step::Start => self.start(scope, instance, volumes),
            Step::Boot => self.boot(scope, instance, volumes),
            Step::ShutDown => {
                self.host.shut_down(&instance.id);
                Ok(Done::Something)
            }
            Step::IsRunning => self.change(scope, instance, |_, instance| {
                instance.state = State::Running;
                instance.reason = None;
                Ok(())
            }),
            Step::EndedInside => self.change(scope, instance, |w, instance| {
                // Protection is from the API alone (Amazon EC2 User Guide, "Change instance termination protection").
                let terminate = instance.shutdown_behavior == "terminate";
                instance.state = if terminate { State::ShuttingDown } else { State::Stopping };
                instance.reason = Some((
                    "Client.InstanceInitiatedShutdown".into(),
                    "Client.InstanceInitiatedShutdown: Instance initiated shutdown".into(),
                ));
                instance.transition = format!("Instance initiated ({})", w.now.format("%Y-%m-%d %H:%M:%S GMT"));
                Ok(())
            }),
            Step::IsStopped => self.stopped(scope, instance, volumes),
            Step::IsTerminated => self.terminated(scope, instance, volumes),
            Step::Connect => {
                self.machines.connect(&self.cloud, scope, instance, &self.host.state(&instance.id))?;
                Ok(Done::Nothing)
            }
            Step::Remove => self.remove(&instance.id),
        }
    }

    fn start(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Done, Trouble> {
        let _none_kept = std::fs::remove_file(self.files.console(&instance.id));
        // A machine that comes again, as after a reboot, is a new one with a network of its own.
        self.machines.disconnect(&self.cloud, &instance.id);
        let lacks = self.host.lacks().into_iter().map(|lack| lack.why);
        // A root volume may be a folder, but not one that is encrypted.
        let is_data = |one: &Volume| one.attachment.as_ref().is_some_and(|held| held.device != instance.root_device);
        let needs_device = |one: &Volume| is_data(one) || one.encryption.is_some();
        let devices = self.host.lacks_devices().filter(|_| volumes.iter().any(needs_device)).map(|lack| lack.why);
        let why: Vec<String> = lacks.chain(self.cloud.part::<Network>()?.lacks()).chain(devices).collect();
        if !why.is_empty() {
            let reason = (
                "Server.InsufficientInstanceCapacity".to_owned(),
                format!("This machine cannot run instances: {}. 'kogumo doctor' tells more.", why.join("; ")),
            );
            if instance.reason.as_ref() == Some(&reason) {
                return Ok(Done::Nothing);
            }
            self.change(scope, instance, |_, instance| {
                instance.reason = Some(reason.clone());
                Ok(())
            })?;
            return Ok(Done::Nothing);
        }
        if let Err(refusal) = self.unlock(scope, volumes)? {
            // A launch that has never been anything ends; what was stopped is stopped again.
            let is_new =
                volumes.iter().any(|one| one.attachment.as_ref().is_some_and(|held| held.state == "attaching"));
            return self.change(scope, instance, |_, instance| {
                instance.state = if is_new { State::ShuttingDown } else { State::Stopping };
                instance.reason = Some(refusal.reason());
                Ok(())
            });
        }
        let made = self.spec(scope, instance, volumes).and_then(|spec| self.host.prepare(&spec));
        match made {
            Ok(Seen::Prepared { .. }) => self.boot(scope, instance, volumes),
            Ok(_) => Ok(Done::Something),
            Err(trouble) => {
                tracing::error!("{} cannot be started: {trouble}", instance.id);
                self.change(scope, instance, |_, instance| {
                    instance.state =
                        if instance.state == State::Pending { State::ShuttingDown } else { State::Stopping };
                    instance.reason = Some(("Server.InternalError".into(), format!("Server.InternalError: {trouble}")));
                    Ok(())
                })
            }
        }
    }

    /// Connects what a machine has outside, and lets it go.
    fn boot(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Done, Trouble> {
        for volume in volumes {
            let Some(held) =
                volume.attachment.as_ref().filter(|held| held.device != instance.root_device && !held.is_leaving())
            else {
                continue;
            };
            self.files.plug(&*self.host, volume, &instance.id, volume::file_name(&held.device))?;
        }
        self.write(scope, |w| network_interface::set_running(w, &instance.id, true))?;
        self.machines.connect(&self.cloud, scope, instance, &self.host.state(&instance.id))?;
        self.host.boot(&instance.id)?;
        if instance.reboot {
            self.change(scope, instance, |_, instance| {
                instance.reboot = false;
                Ok(())
            })?;
        }
        Ok(Done::Something)
    }

    fn spec(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Spec, Trouble> {
        let root =
            volumes.iter().find(|one| one.attachment.as_ref().is_some_and(|held| held.device == instance.root_device));
        let root = root.ok_or_else(|| Trouble::new("the instance has no root volume"))?;
        // A root fills its volume by itself, as cloud images do at each boot.
        let file = self.files.volume(&root.id);
        let device = self.files.device(&root.id).filter(|_| root.encryption.is_some());
        if file.is_file() {
            block::fill(device.as_deref().unwrap_or(&file))?;
        }
        let layers = match &instance.base {
            Base::Host => self.machines.userland(&self.files)?,
            Base::Imported(name) => vec![Layer { at: "/".into(), from: self.files.imported(name) }],
        };
        let kind = instance_type::find(&instance.kind).ok_or_else(|| Trouble::new("the instance has no type"))?;
        Ok(Spec {
            id: instance.id.clone(),
            layers,
            volume: file,
            device,
            root_device: volume::file_name(&instance.root_device).to_owned(),
            limits: Limits {
                vcpus: u32::try_from(instance.cpu.map_or(kind.vcpus, Cpu::vcpus)).unwrap_or(1),
                memory: u64::try_from(kind.memory_mib).unwrap_or_default() * MIB,
                processes: PROCESSES,
            },
            seed: self.seed(scope, instance)?,
        })
    }

    fn seed(&self, scope: &Scope, instance: &Instance) -> Result<Seed, Trouble> {
        let interfaces = self.write(scope, |w| network_interface::of_instance(w.store(), w.scope(), &instance.id))?;
        let address = interfaces.first().map_or("", |one| one.primary());
        let authority = self.cloud.settings.data.join("ca/ca.pem");
        Ok(Seed {
            hostname: instance.private_name(&scope.region, address),
            host_key: Some(host_key()?),
            authorized_keys: instance.public_key.iter().cloned().collect(),
            user_data: instance.user_data.as_deref().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default(),
            // The VPC's own resolver; it is at this address in every VPC.
            nameservers: vec!["169.254.169.253".into()],
            search: crate::dhcp_options::internal_domain(&scope.region),
            authority: std::fs::read_to_string(authority).unwrap_or_default(),
            environment: Vec::new(),
        })
    }

    fn stopped(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Done, Trouble> {
        self.let_go(scope, instance, volumes)?;
        self.change(scope, instance, |w, instance| {
            self.give_back(w, &instance.id)?;
            network_interface::set_running(w, &instance.id, false)?;
            for mut interface in network_interface::of_instance(w.store(), w.scope(), &instance.id)? {
                network_interface::drop_automatic(w, &mut interface)?;
                put(w, &interface)?;
            }
            instance.state = State::Stopped;
            Ok(())
        })
    }

    /// Nothing of the machine is left; its devices are free.
    fn let_go(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<(), Trouble> {
        self.machines.disconnect(&self.cloud, &instance.id);
        self.keep_console(&instance.id);
        self.remove(&instance.id)?;
        // What others have stays as it is.
        for volume in volumes.iter().filter(|volume| volume.others.is_empty()) {
            self.retire(scope, &volume.id, &volume.grants);
            if let Some(held) = &volume.attachment {
                self.files.unplug(&*self.host, &volume.id, &instance.id, volume::file_name(&held.device))?;
            }
        }
        Ok(())
    }

    /// What it printed can be read until it is forgotten.
    fn keep_console(&self, id: &str) {
        let (text, file) = (self.host.console(id), self.files.console(id));
        let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| std::fs::write(&file, text)) {
            tracing::warn!("the console of {id} could not be kept: {error}");
        }
    }

    /// Gives back what EC2 was lent for the volumes of an instance that has ended.
    fn give_back(&self, w: &mut Writer, instance: &str) -> Result<(), Fault> {
        let last = |volume: &Volume| !volume.grants.is_empty() && volume.others.is_empty();
        for mut volume in volume::of_instance(w, instance)?.into_iter().filter(last) {
            volume.grants.clear();
            put(w, &volume)?;
        }
        Ok(())
    }

    fn terminated(&self, scope: &Scope, instance: &Instance, volumes: &[Volume]) -> Result<Done, Trouble> {
        self.let_go(scope, instance, volumes)?;
        self.change(scope, instance, |w, instance| {
            self.give_back(w, &instance.id)?;
            for mut volume in volume::of_instance(w, &instance.id)? {
                let goes = volume.attachment.as_ref().is_some_and(|held| held.delete_on_termination);
                if goes && volume.others.is_empty() {
                    delete::<Volume>(w, &volume.id)?;
                } else {
                    volume.leave();
                    put(w, &volume)?;
                }
            }
            for mut interface in network_interface::of_instance(w.store(), w.scope(), &instance.id)? {
                if interface.attachment.as_ref().is_some_and(|held| held.delete_on_termination) {
                    network_interface::remove(w, interface)?;
                } else {
                    network_interface::detach(w, &mut interface)?;
                }
            }
            instance.state = State::Terminated;
            let due = w.now.plus_seconds(SHOWN_SECONDS);
            timers::put(w.tx, due, FORGET, &w.caller.scope, instance.id.as_str(), &[])?;
            Ok(())
        })
    }
}

fn host_key() -> Result<HostKey, Trouble> {
    let made = crate::key_pair::ssh::make_ed25519("", crate::key_pair::ssh::Format::Pem)?;
    Ok(HostKey { private: made.material, public: made.public_key, fingerprint: made.fingerprint })
}

/// An instance that has been shown long enough.
///
/// # Errors
/// Trouble with the store.
pub fn forget(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let id = timer.id.reader().str().unwrap_or_default();
    delete::<Instance>(w, &id).map_err(|fault| Trouble::new(fault.to_string()))
}
