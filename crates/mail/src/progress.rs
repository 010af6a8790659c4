//! How far the outbox has been relayed: the number of the message that comes next.

use kogumo_base::{Scope, Trouble};
use kogumo_door::outbox::{self, Message};
use kogumo_store::{Read, Store, Table, Transaction};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Progress {
    next: u64,
}

static PROGRESS: Table<Progress> = Table::new("cloud/mail-relayed");
const KEY: &str = "relay";

/// Notes that all before now stays, unless a relay was there before.
pub fn begin(tx: &mut Transaction) -> Result<(), Trouble> {
    if PROGRESS.contains(tx, &scope(), KEY)? {
        return Ok(());
    }
    let next = outbox::next(tx)?;
    PROGRESS.put(tx, &scope(), KEY, &Progress { next })
}

/// Forgets a relay of before: there is none now, and what is sent meanwhile stays.
///
/// # Errors
/// A store that cannot be read or written.
pub fn forget(store: &Store) -> Result<(), Trouble> {
    if PROGRESS.contains(&store.read(), &scope(), KEY)? {
        store.write(|tx| PROGRESS.delete(tx, &scope(), KEY))?;
    }
    Ok(())
}

/// The message that is to go next, with its number. A cloud that was emptied begins anew.
pub fn next(read: &dyn Read) -> Result<Option<(u64, Message)>, Trouble> {
    let next = PROGRESS.get(read, &scope(), KEY)?.map_or(0, |progress| progress.next);
    outbox::from(read, next)
}

pub fn done(tx: &mut Transaction, number: u64) -> Result<(), Trouble> {
    PROGRESS.put(tx, &scope(), KEY, &Progress { next: number.saturating_add(1) })
}

fn scope() -> Scope {
    Scope::new("", "")
}

#[cfg(test)]
mod tests {
    use kogumo_base::Timestamp;
    use kogumo_door::outbox::Medium;

    use super::*;

    fn send(store: &Store, to: &str) {
        let message = Message { medium: Medium::Mail, to: to.into(), at: Timestamp(0), ..Message::default() };
        store.write(|tx| outbox::send(tx, &message)).expect("sent");
    }

    fn waiting(store: &Store) -> Option<String> {
        next(&store.read()).expect("read").map(|(_, message)| message.to)
    }

    #[test]
    fn what_waits_goes_on_where_it_stopped() {
        let store = Store::ephemeral().expect("a store");
        send(&store, "before");
        store.write(begin).expect("begun");
        assert_eq!(waiting(&store), None);
        send(&store, "one");
        send(&store, "two");
        assert_eq!(waiting(&store).as_deref(), Some("one"));
        store.write(|tx| done(tx, 1)).expect("done");
        store.write(begin).expect("begun again");
        assert_eq!(waiting(&store).as_deref(), Some("two"));
        forget(&store).expect("forgotten");
        store.write(begin).expect("begun again");
        assert_eq!(waiting(&store), None);
    }
}
