//! Streams: what is kept of a table's changes. Tables write it, the API of streams reads it; both find it here.
//!
//! Streams and changes are stored as items, so there is one encoding for all.

use crate::encoding::{self, Corrupt};
use crate::{Item, Number, Value, item_size};

/// The store's tables: streams by (table, label), changes by (table, label, sequence number).
pub const STREAMS: &str = "dynamodb/stream";
pub const CHANGES: &str = "dynamodb/stream-change";

/// A stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub table: String,
    /// When it was switched on, as the last part of its ARN.
    pub label: String,
    pub view_type: String,
    /// The names of the partition key and, if there is one, the sort key.
    pub keys: Vec<String>,
    /// Milliseconds since 1970.
    pub created: u64,
    pub enabled: bool,
    /// The sequence number of the next change.
    pub next: u64,
}

/// What happened to an item.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamChange {
    pub keys: Item,
    pub old: Option<Item>,
    pub new: Option<Item>,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Time to live did it, not a client.
    pub expired: bool,
}

impl Stream {
    pub fn to_bytes(&self) -> Vec<u8> {
        let keys = self.keys.iter().cloned().map(Value::S).collect();
        encoding::encode(&Item::from([
            ("table".to_owned(), Value::S(self.table.clone())),
            ("label".to_owned(), Value::S(self.label.clone())),
            ("view".to_owned(), Value::S(self.view_type.clone())),
            ("keys".to_owned(), Value::L(keys)),
            ("created".to_owned(), Value::N(Number::from(self.created))),
            ("enabled".to_owned(), Value::Bool(self.enabled)),
            ("next".to_owned(), Value::N(Number::from(self.next))),
        ]))
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Stream, Corrupt> {
        let mut item = encoding::decode(bytes)?;
        let Some(Value::L(keys)) = item.remove("keys") else { return Err(Corrupt) };
        Ok(Stream {
            table: text(&mut item, "table")?,
            label: text(&mut item, "label")?,
            view_type: text(&mut item, "view")?,
            keys: keys.into_iter().map(string).collect::<Result<_, _>>()?,
            created: whole(&item, "created")?,
            enabled: item.get("enabled") == Some(&Value::Bool(true)),
            next: whole(&item, "next")?,
        })
    }
}

impl StreamChange {
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub fn event_name(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "INSERT",
            (Some(_), Some(_)) => "MODIFY",
            (Some(_), None) => "REMOVE",
        }
    }

    /// The images that a view type shows: the new one and the old one.
    pub fn images(&self, view_type: &str) -> (Option<&Item>, Option<&Item>) {
        let new = self.new.as_ref().filter(|_| matches!(view_type, "NEW_IMAGE" | "NEW_AND_OLD_IMAGES"));
        let old = self.old.as_ref().filter(|_| matches!(view_type, "OLD_IMAGE" | "NEW_AND_OLD_IMAGES"));
        (new, old)
    }

    /// The bytes of what a view type shows.
    pub fn size(&self, view_type: &str) -> usize {
        let (new, old) = self.images(view_type);
        item_size(&self.keys) + new.map_or(0, item_size) + old.map_or(0, item_size)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut item = Item::from([
            ("keys".to_owned(), Value::M(self.keys.clone())),
            ("at".to_owned(), Value::N(Number::from(self.at))),
            ("expired".to_owned(), Value::Bool(self.expired)),
        ]);
        for (name, image) in [("old", &self.old), ("new", &self.new)] {
            if let Some(image) = image {
                item.insert(name.to_owned(), Value::M(image.clone()));
            }
        }
        encoding::encode(&item)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<StreamChange, Corrupt> {
        let mut item = encoding::decode_nested(bytes)?;
        let at = whole(&item, "at")?;
        let expired = item.get("expired") == Some(&Value::Bool(true));
        let mut image = |name: &str| match item.remove(name) {
            Some(Value::M(image)) => Some(image),
            _ => None,
        };
        Ok(StreamChange { keys: image("keys").ok_or(Corrupt)?, old: image("old"), new: image("new"), at, expired })
    }
}

fn text(item: &mut Item, name: &str) -> Result<String, Corrupt> {
    string(item.remove(name).ok_or(Corrupt)?)
}

fn string(value: Value) -> Result<String, Corrupt> {
    match value {
        Value::S(text) => Ok(text),
        _ => Err(Corrupt),
    }
}

fn whole(item: &Item, name: &str) -> Result<u64, Corrupt> {
    match item.get(name) {
        Some(Value::N(number)) => number.to_string().parse().map_err(|_| Corrupt),
        _ => Err(Corrupt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let stream = Stream {
            table: "t".to_owned(),
            label: "2026-01-01T00:00:00.000".to_owned(),
            view_type: "NEW_IMAGE".to_owned(),
            keys: vec!["a".to_owned()],
            created: 1_790_000_000_000,
            enabled: true,
            next: 7,
        };
        assert_eq!(Stream::from_bytes(&stream.to_bytes()), Ok(stream));
        let deep = (0..31).fold(Value::Null, |inner, _| Value::L(vec![inner]));
        let item = Item::from([("a".to_owned(), deep)]);
        let change = StreamChange { keys: item.clone(), old: None, new: Some(item), at: 5, expired: true };
        assert_eq!(change.event_name(), "INSERT");
        assert_eq!(StreamChange::from_bytes(&change.to_bytes()), Ok(change));
    }
}
