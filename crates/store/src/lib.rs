//! The store: everything this cloud remembers, in one ordered, transactional key-value file tree.
//!
//! - [`Store::read`] gives a [`Snapshot`], a consistent view that later writes do not change.
//! - [`Store::write`] runs a closure over a [`Transaction`]: all of it happens, or none of it.
//! - [`Table`] keeps records by ([`Scope`](kogumo_base::Scope), [`Key`]) with secondary indexes; [`RawTable`] keeps bytes.
//! - [`timers`] are rows that fall due by the cloud's clock.
//! - [`Store::changes`] and [`Store::changes_of`] wake those who wait for commits.
//!
//! What is acknowledged survives `kill -9`; with [`Options::fsync`] it survives a power failure too.
//!
//! ```
//! use kogumo_base::{Scope, Trouble};
//! use kogumo_store::{Index, Key, Range, Store, Table};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Parameter {
//!     name: String,
//!     value: String,
//! }
//!
//! static PARAMETERS: Table<Parameter> =
//!     Table::indexed("ssm/parameter", &[Index { name: "value", key: |p| Some(Key::new().str(&p.value)) }]);
//!
//! let store = Store::ephemeral()?;
//! let scope = Scope::new("000000000000", "ap-northeast-1");
//! store.write(|tx| {
//!     PARAMETERS.put(tx, &scope, "/app/a", &Parameter { name: "/app/a".into(), value: "1".into() })?;
//!     PARAMETERS.put(tx, &scope, "/app/b", &Parameter { name: "/app/b".into(), value: "2".into() })
//! })?;
//!
//! let snapshot = store.read();
//! assert!(PARAMETERS.contains(&snapshot, &scope, "/app/a")?);
//! let under_app = Range::prefix(Key::open_str("/app/")).reverse();
//! let last = PARAMETERS.scan(&snapshot, &scope, &under_app).next().expect("two are there")?;
//! assert_eq!(last.1.name, "/app/b");
//! let twos = PARAMETERS.by_index(&snapshot, &scope, "value", &Range::prefix("2"));
//! assert_eq!(twos.count(), 1);
//! # Ok::<(), Trouble>(())
//! ```

mod changes;
mod ephemeral;
mod group_commit;
mod key;
mod late;
mod range;
mod read;
mod store;
mod table;
pub mod timers;
mod transaction;

pub use changes::Changes;
pub use key::{Key, KeyReader};
pub use late::LateSnapshot;
pub use range::Range;
pub use read::{Read, Row, Scan, Snapshot, Value};
pub use store::{Options, Store};
pub use table::{Index, RawTable, Record, Table};
pub use transaction::Transaction;
