//! Pages of lists: KMS's `Limit`, `Marker`, `NextMarker` and `Truncated`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_model::kms::INVALID_MARKER_EXCEPTION;
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

/// A page that is being filled.
pub struct Page<T> {
    most: usize,
    after: Option<Key>,
    rows: Vec<T>,
    last: Option<Key>,
    more: bool,
}

impl<T> Page<T> {
    /// # Errors
    /// A limit that is too large, a marker that no page ended with.
    pub fn new(limit: Option<i32>, default: i32, largest: i32, marker: Option<&str>) -> Result<Self, Fault> {
        let limit = limit.unwrap_or(default);
        if limit > largest {
            return Err(Fault::validation(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
                 value less than or equal to {largest}"
            )));
        }
        let broken = |_| INVALID_MARKER_EXCEPTION.because("Could not deserialize marker");
        let after = marker.map(|marker| BASE64_URL_SAFE_NO_PAD.decode(marker).map_err(broken)).transpose()?;
        Ok(Page {
            most: usize::try_from(limit).unwrap_or(1),
            after: after.map(Key::from_encoded),
            rows: Vec::new(),
            last: None,
            more: false,
        })
    }

    /// The rows that the page may take from.
    pub fn range(&self) -> Range {
        self.within(Range::all())
    }

    /// The rows of a range that the page may take from.
    pub fn within(&self, range: Range) -> Range {
        match &self.after {
            Some(after) => range.after(after),
            None => range,
        }
    }

    /// Whether a row at that place is behind the last page.
    pub fn starts_before(&self, place: &Key) -> bool {
        self.after.as_ref().is_none_or(|after| after < place)
    }

    /// Whether there is room for more.
    pub fn push(&mut self, place: Key, row: T) -> bool {
        if self.rows.len() == self.most {
            self.more = true;
            return false;
        }
        self.rows.push(row);
        self.last = Some(place);
        true
    }

    /// The rows, the marker of the next page, and whether there is one.
    pub fn finish(self) -> (Vec<T>, Option<String>, bool) {
        let next = self.last.filter(|_| self.more).map(|last| BASE64_URL_SAFE_NO_PAD.encode(last.as_bytes()));
        let truncated = next.is_some();
        (self.rows, next, truncated)
    }
}
