//! Writing: a `Sink` takes values in the order of the schema and makes a message of some format.

use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::schema::Member;

/// Takes one value after the other. `at` tells the name, the shape and the traits of what comes;
/// inside of a list or map it is the element's member.
pub trait Sink {
    fn boolean(&mut self, at: &'static Member, value: bool);
    fn integer(&mut self, at: &'static Member, value: i64);
    fn float(&mut self, at: &'static Member, value: f64);
    fn string(&mut self, at: &'static Member, value: &str);
    fn blob(&mut self, at: &'static Member, value: &Bytes);
    fn timestamp(&mut self, at: &'static Member, value: Timestamp);
    fn document(&mut self, at: &'static Member, value: &Value);
    /// JSON text as it is; formats other than JSON take it for a document.
    fn json(&mut self, at: &'static Member, text: &[u8]) {
        self.document(at, &serde_json::from_slice(text).unwrap_or_default());
    }
    fn begin_structure(&mut self, at: &'static Member);
    fn end_structure(&mut self, at: &'static Member);
    fn begin_list(&mut self, at: &'static Member, length: usize);
    fn end_list(&mut self, at: &'static Member);
    fn begin_map(&mut self, at: &'static Member, length: usize);
    /// Comes before each value of a map.
    fn key(&mut self, at: &'static Member, key: &str);
    fn end_map(&mut self, at: &'static Member);
}
