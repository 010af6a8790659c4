//! A payload that is a blob or a string: the body itself.

use bytes::Bytes;

use crate::checks::Checks;
use crate::schema::Member;
use crate::source::{Rejection, Source};

/// The body itself as a blob or a string.
pub(super) struct RawSource<'b, 'c> {
    pub(super) body: &'b Bytes,
    pub(super) checks: &'c mut Checks,
}

impl Source for RawSource<'_, '_> {
    fn blob(&mut self) -> Result<Bytes, Rejection> {
        Ok(self.body.clone())
    }
    fn string(&mut self) -> Result<String, Rejection> {
        String::from_utf8(self.body.to_vec()).map_err(|_| Rejection::new("the body is not UTF-8"))
    }
    fn boolean(&mut self) -> Result<bool, Rejection> {
        Err(raw_only())
    }
    fn integer(&mut self) -> Result<i64, Rejection> {
        Err(raw_only())
    }
    fn float(&mut self) -> Result<f64, Rejection> {
        Err(raw_only())
    }
    fn timestamp(&mut self, _: Option<crate::schema::TimeFormat>) -> Result<kogumo_base::Timestamp, Rejection> {
        Err(raw_only())
    }
    fn document(&mut self) -> Result<serde_json::Value, Rejection> {
        serde_json::from_slice(self.body).map_err(|error| Rejection::new(error.to_string()))
    }
    fn fields(&mut self, _: &'static [Member], _: crate::source::Each<'_>) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn list(&mut self, _: &'static Member, _: crate::source::Each<'_>) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn map(&mut self, _: &'static Member, _: crate::source::Each<'_>) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}

fn raw_only() -> Rejection {
    Rejection::new("a raw payload is a blob or a string")
}

/// A blob or a string as the body itself.
#[derive(Default)]
pub(super) struct RawSink {
    pub(super) out: Vec<u8>,
}

impl crate::sink::Sink for RawSink {
    fn string(&mut self, _: &'static Member, value: &str) {
        self.out.extend_from_slice(value.as_bytes());
    }
    fn blob(&mut self, _: &'static Member, value: &Bytes) {
        self.out.extend_from_slice(value);
    }
    fn boolean(&mut self, _: &'static Member, _: bool) {}
    fn integer(&mut self, _: &'static Member, _: i64) {}
    fn float(&mut self, _: &'static Member, _: f64) {}
    fn timestamp(&mut self, _: &'static Member, _: kogumo_base::Timestamp) {}
    fn document(&mut self, _: &'static Member, _: &serde_json::Value) {}
    fn begin_structure(&mut self, _: &'static Member) {}
    fn end_structure(&mut self, _: &'static Member) {}
    fn begin_list(&mut self, _: &'static Member, _: usize) {}
    fn end_list(&mut self, _: &'static Member) {}
    fn begin_map(&mut self, _: &'static Member, _: usize) {}
    fn key(&mut self, _: &'static Member, _: &str) {}
    fn end_map(&mut self, _: &'static Member) {}
}
