//! Whom policies name: IAM knows who is there, and the services that keep policies ask before they store one.

use kogumo_base::Trouble;
use kogumo_policy::{Document, Renaming};
use kogumo_store::{Read, Transaction};

use crate::Cloud;

/// How a service changes a name in the policies that it keeps.
pub type Renames = fn(&mut Transaction, &Renaming<'_>) -> Result<(), Trouble>;

/// The part by which IAM tells. It brings it.
pub struct Principals {
    /// The first principal that a policy of an account names and that is nobody, as messages name it: `"AWS":"arn:…"`.
    pub stranger: fn(&dyn Read, &str, &Document) -> Result<Option<String>, Trouble>,
}

impl Cloud {
    /// Somebody goes, or gets another name: all policies that name him say the new one from now on.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn rename_principal(&self, tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
        self.services().iter().filter_map(|service| service.renames).try_for_each(|renames| renames(tx, renaming))
    }

    /// The first principal that a policy of an account names and that is nobody. A cloud without IAM knows everybody.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn stranger(&self, read: &dyn Read, account: &str, document: &Document) -> Result<Option<String>, Trouble> {
        self.part::<Principals>().map_or(Ok(None), |principals| (principals.stranger)(read, account, document))
    }
}
