//! Encryption of volumes and snapshots. A volume's bytes on this machine are ciphertext under a data key of its own, which
//! KMS made and which is kept as KMS sealed it; KMS opens it when the volume is attached, for as long as it is.
//! Source: Amazon EBS User Guide, "How Amazon EBS encryption works"; AWS KMS Developer Guide, "How Amazon EBS uses AWS KMS".
//!
//! ```text
//! CreateVolume ──► kms:GenerateDataKeyWithoutPlaintext, as the caller    the sealed data key goes into the record
//! AttachVolume, RunInstances, StartInstances ──► kms:CreateGrant, as the caller
//! the reconciler ──► kms:Decrypt, by the grant ──► the volume's view (`kogumo_machine::view`), and nowhere else
//! DetachVolume, the instance's end ──► kms:RetireGrant
//! ```
//! A snapshot has its volume's data key, and so has a volume of that snapshot; under another key the bytes are encrypted anew.

mod data_key;
mod defaults;
mod lock;
mod record;
mod rules;

pub use data_key::{Key, is_possible, lend_all, make, open, open_as_caller, retire};
pub use defaults::*;
pub use lock::{Lock, Locks, Want, lock, of_launch};
pub use record::{Defaults, Encryption, Grant};
pub use rules::{Asked, Refusal, Wish, check_shareable, decide};
