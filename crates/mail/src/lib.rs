//! Mail that leaves the cloud: what services put into the outbox goes to an SMTP relay, in its order, and waits while the
//! relay is away.
//!
//! How far it has come is a row, so that a cloud that is started again goes on where it stopped. What lay in the outbox
//! before a relay was set stays there.

mod letter;
mod progress;

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::Cloud;
use kogumo_door::outbox::{self, Medium};
use lettre::{SmtpTransport, Transport};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use progress::forget;

/// Where mail goes: `smtp://host:port`, `smtps://user:password@host`, `smtp://host?tls=required`.
pub struct Relay(SmtpTransport);

/// How long a relay may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first pause before a relay that was away is tried again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A letter that a relay puts off so often is given up.
const TRIES: u32 = 6;

impl Relay {
    /// # Errors
    /// No address of a relay.
    pub fn new(url: &str) -> Result<Self, String> {
        let transport = SmtpTransport::from_url(url).map_err(|error| format!("{url} is no SMTP relay: {error}"))?;
        Ok(Relay(transport.timeout(Some(PATIENCE)).build()))
    }
}

/// Why a letter did not go.
enum Failure {
    /// The relay is away.
    Away(String),
    /// The relay puts it off.
    PutOff(String),
    /// It never will.
    Never(String),
}

/// Relays what is sent from now on, and what waits from before, until the task is aborted.
///
/// # Errors
/// A store that cannot be read or written.
pub fn start(cloud: &Arc<Cloud>, relay: Relay) -> Result<JoinHandle<()>, Trouble> {
    cloud.store.write(progress::begin)?;
    Ok(tokio::spawn(drive(Arc::clone(cloud), Arc::new(relay))))
}

async fn drive(cloud: Arc<Cloud>, relay: Arc<Relay>) {
    let mut commits = cloud.store.changes_of(&["cloud"]);
    let (mut pause, mut tries) = (PAUSES.0, 0);
    loop {
        commits.mark_unchanged();
        match deliver(&cloud, &relay, tries + 1 >= TRIES).await {
            Ok(()) => {
                (pause, tries) = (PAUSES.0, 0);
                commits.changed().await;
            }
            Err(Delay { why, put_off }) => {
                tries = if put_off { tries + 1 } else { 0 };
                tracing::warn!("mail waits, and is tried again in {} s: {why}", pause.as_secs());
                let _ = timeout(pause, std::future::pending::<()>()).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

/// Why nothing more went for now.
struct Delay {
    why: String,
    /// The relay answered and put a letter off.
    put_off: bool,
}

/// Sends all that waits. `last` is whether a letter that is put off once more is given up.
async fn deliver(cloud: &Arc<Cloud>, relay: &Arc<Relay>, mut last: bool) -> Result<(), Delay> {
    let trouble = |trouble: Trouble| Delay { why: trouble.to_string(), put_off: false };
    while let Some((number, message)) = progress::next(&cloud.store.read()).map_err(trouble)? {
        if message.medium == Medium::Mail {
            match send(relay, message).await {
                Ok(()) => {}
                Err(Failure::Away(why)) => return Err(Delay { why, put_off: false }),
                Err(Failure::PutOff(why)) if !last => return Err(Delay { why, put_off: true }),
                Err(Failure::PutOff(why) | Failure::Never(why)) => tracing::warn!("mail is given up: {why}"),
            }
        }
        last = false;
        cloud.store.write(|tx| progress::done(tx, number)).map_err(trouble)?;
    }
    Ok(())
}

async fn send(relay: &Arc<Relay>, message: outbox::Message) -> Result<(), Failure> {
    let letter = letter::letter(&message).map_err(Failure::Never)?;
    let relay = Arc::clone(relay);
    let sent = tokio::task::spawn_blocking(move || relay.0.send(&letter)).await;
    match sent {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is_permanent() => Err(Failure::Never(error.to_string())),
        Ok(Err(error)) if error.is_transient() => Err(Failure::PutOff(error.to_string())),
        Ok(Err(error)) => Err(Failure::Away(error.to_string())),
        Err(error) => Err(Failure::Away(error.to_string())),
    }
}
