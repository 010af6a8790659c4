//! Whom policies name: IAM knows who is there, and the services that keep policies ask before they store one.

use kogumo_base::Trouble;
use kogumo_policy::Document;
use kogumo_store::Read;

use crate::Cloud;

/// The part by which IAM tells. It brings it.
pub struct Principals {
    /// The first principal that a policy of an account names and that is nobody, as messages name it: `"AWS":"arn:…"`.
    pub stranger: fn(&dyn Read, &str, &Document) -> Result<Option<String>, Trouble>,
}

impl Cloud {
    /// The first principal that a policy of an account names and that is nobody. A cloud without IAM knows everybody.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn stranger(&self, read: &dyn Read, account: &str, document: &Document) -> Result<Option<String>, Trouble> {
        self.part::<Principals>().map_or(Ok(None), |principals| (principals.stranger)(read, account, document))
    }
}
