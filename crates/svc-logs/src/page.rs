//! Pages of lists: an opaque token says behind which key the next page begins.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_model::logs::INVALID_PARAMETER_EXCEPTION;
use kogumo_wire::Fault;

/// A page that fills up.
pub struct Page<T> {
    limit: usize,
    items: Vec<T>,
    last: String,
    more: bool,
}

impl<T> Page<T> {
    pub fn new(asked: Option<i32>, most: i32) -> Page<T> {
        let limit = usize::try_from(asked.unwrap_or(most).min(most)).unwrap_or_default().max(1);
        Page { limit, items: Vec::new(), last: String::new(), more: false }
    }

    /// Adds an item that is found again by `key`; `false` when the page is full and there is more.
    pub fn push(&mut self, key: &str, item: T) -> bool {
        if self.items.len() >= self.limit {
            self.more = true;
            return false;
        }
        self.items.push(item);
        key.clone_into(&mut self.last);
        true
    }

    /// The items, and the token of the next page.
    pub fn finish(self) -> (Vec<T>, Option<String>) {
        let token = self.more.then(|| encoded(&self.last));
        (self.items, token)
    }
}

/// A token that holds `text`.
pub fn encoded(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// What a token holds.
pub fn decoded(token: &str) -> Result<String, Fault> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
    String::from_utf8(bytes).map_err(|_| bad_token())
}

pub fn bad_token() -> Fault {
    INVALID_PARAMETER_EXCEPTION.because("The specified nextToken is invalid.")
}
