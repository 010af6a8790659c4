//! Reading: a `Source` is one value of a message in some format; `Shaped` types pull themselves out of it.

use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::checks::Checks;
use crate::schema::{Member, TimeFormat};
use crate::shaped::Structure;

/// The wire's own error: bytes that are no message of this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(pub String);

impl Rejection {
    pub fn new(what: impl Into<String>) -> Self {
        Rejection(what.into())
    }
}

/// What a field, item or entry is handed to.
pub type Each<'a> = &'a mut dyn FnMut(&str, &mut dyn Source) -> Result<(), Rejection>;

/// One value of a message. Each method may be called once; which one, the schema tells.
pub trait Source {
    fn boolean(&mut self) -> Result<bool, Rejection>;
    fn integer(&mut self) -> Result<i64, Rejection>;
    fn float(&mut self) -> Result<f64, Rejection>;
    fn string(&mut self) -> Result<String, Rejection>;
    fn blob(&mut self) -> Result<Bytes, Rejection>;
    /// `format` is what the model says; without it the codec's own way is meant.
    fn timestamp(&mut self, format: Option<TimeFormat>) -> Result<Timestamp, Rejection>;
    fn document(&mut self) -> Result<Value, Rejection>;
    /// The value as JSON text.
    fn json(&mut self) -> Result<Bytes, Rejection> {
        Ok(Bytes::from(self.document()?.to_string()))
    }
    /// Hands over each field by its wire name. What `each` does not read is skipped. Nulls are left out.
    fn fields(&mut self, members: &'static [Member], each: Each<'_>) -> Result<(), Rejection>;
    /// Hands over each item; the name is empty.
    fn list(&mut self, at: &'static Member, each: Each<'_>) -> Result<(), Rejection>;
    /// Hands over each entry by its key.
    fn map(&mut self, at: &'static Member, each: Each<'_>) -> Result<(), Rejection>;
    /// Where violations are noted.
    fn checks(&mut self) -> &mut Checks;
}

/// Reads a structure: finds each field's member, reads it, and notes the required ones that did not come.
pub fn read_structure(into: &mut dyn Structure, from: &mut dyn Source) -> Result<(), Rejection> {
    let members = into.shape().layout().members;
    let mut seen = Seen::default();
    let mut next = 0;
    from.fields(members, &mut |name, value| {
        let Some(index) = find(members, name, next) else {
            return Ok(());
        };
        next = index + 1;
        seen.insert(index);
        let member = &members[index];
        value.checks().enter_member(member.name);
        let read = into.get_mut(index).read(member, value);
        value.checks().leave();
        read
    })?;
    for (index, member) in members.iter().enumerate() {
        if member.required && !seen.contains(index) {
            from.checks().missing(member.name);
        }
    }
    Ok(())
}

/// The member of that wire name; fields mostly come in the order of the model, so the search begins there.
fn find(members: &[Member], name: &str, start: usize) -> Option<usize> {
    let start = start.min(members.len());
    (start..members.len()).chain(0..start).find(|&index| members[index].wire == name)
}

/// A set of member indices; structures with more than 128 members exist.
#[derive(Default)]
pub(crate) struct Seen {
    words: [u64; 4],
}

impl Seen {
    pub(crate) fn insert(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Beyond 256 members nothing is known to be missing.
    pub(crate) fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_none_or(|word| word & 1 << (index % 64) != 0)
    }
}
