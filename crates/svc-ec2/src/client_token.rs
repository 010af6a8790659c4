//! Client tokens: the same request with the same token makes one resource, however often it comes.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_store::{Key, Read, Table};
use kogumo_wire::{Fault, Structure, model_json};
use serde::{Deserialize, Serialize};

/// By operation and token.
static USES: Table<Use> = Table::new("ec2/client-token");

#[derive(Serialize, Deserialize)]
struct Use {
    /// The request, to tell a repetition from a mistake.
    request: String,
    /// What it made.
    id: String,
}

/// A request that carries a token.
pub struct Claim {
    key: Option<Key>,
    request: String,
    /// What an earlier call of the same request made.
    pub made: Option<String>,
}

/// Looks whether this request has been made before.
///
/// # Errors
/// `IdempotentParameterMismatch` if another request came with this token.
pub fn claim(w: &Writer, operation: &str, token: Option<&str>, input: &dyn Structure) -> Result<Claim, Fault> {
    look(w.store(), w.scope(), operation, token, input)
}

/// As [`claim`], for tasks that make something before their transaction.
///
/// # Errors
/// As of [`claim`].
pub fn is_repeated(r: &Reader, operation: &str, token: Option<&str>, input: &dyn Structure) -> Result<bool, Fault> {
    Ok(look(r.store, r.scope(), operation, token, input)?.made.is_some())
}

fn look(
    read: &dyn Read,
    scope: &Scope,
    operation: &str,
    token: Option<&str>,
    input: &dyn Structure,
) -> Result<Claim, Fault> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(Claim { key: None, request: String::new(), made: None });
    };
    let mut request = model_json(input);
    if let Some(members) = request.as_object_mut() {
        members.remove("DryRun");
    }
    let request = request.to_string();
    let key = Key::new().str(operation).str(token);
    let made = match USES.get(read, scope, &key)? {
        Some(earlier) if earlier.request != request => {
            let message = "The client token you have provided is associated with a resource that was created with \
                           different parameters.";
            return Err(Fault::coded("IdempotentParameterMismatch", 400, message));
        }
        earlier => earlier.map(|earlier| earlier.id),
    };
    Ok(Claim { key: Some(key), request, made })
}

impl Claim {
    /// Remembers what the request made.
    pub fn keep(self, w: &mut Writer, id: &str) -> Result<(), Fault> {
        match self.key {
            Some(key) => Ok(USES.put(w.tx, &w.caller.scope, key, &Use { request: self.request, id: id.to_owned() })?),
            None => Ok(()),
        }
    }
}
