//! Issuers of tokens that say to the world who somebody of this cloud is: IAM names them, STS signs.

use kogumo_base::Trouble;
use kogumo_store::Read;

/// The part by which IAM tells. It brings it.
pub struct OutboundFederation {
    /// The issuer of an account (`https://….tokens.sts.global.api.aws`), if it is enabled.
    pub issuer_of: fn(&dyn Read, &str) -> Result<Option<String>, Trouble>,
    /// Whether an issuer is some account's, enabled or not.
    pub is_issuer: fn(&dyn Read, &str) -> Result<bool, Trouble>,
}
