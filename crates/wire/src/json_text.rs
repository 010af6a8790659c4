//! Values that are not taken apart on the wire: they travel as the JSON text they came in, or were made as.
//!
//! DynamoDB's items are such: its engine reads and writes them faster than any codec that asks a schema at each step.
//! A patch says so: `external AttributeMap Json`.

use bytes::Bytes;
use serde_json::Value;

use crate::schema::Member;
use crate::shaped::Shaped;
use crate::sink::Sink;
use crate::source::{Rejection, Source};

/// One JSON value as text; empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json(Bytes);

impl Json {
    /// Takes text that is JSON: whoever makes it answers for it.
    pub fn from_text(text: impl Into<Bytes>) -> Self {
        Json(text.into())
    }

    pub fn text(&self) -> &[u8] {
        &self.0
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        Json(Bytes::from(value.to_string()))
    }
}

impl Shaped for Json {
    fn present(&self) -> bool {
        !self.0.is_empty()
    }
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.json(at, &self.0);
    }
    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        self.0 = from.json()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Checks;
    use crate::json::JsonSink;
    use crate::schema::UNIT;
    use crate::serde_source::{from_deserializer, from_json};

    static AT: Member = Member::new("Item", &UNIT);

    #[test]
    fn text_comes_out_as_it_came_in() {
        let text = br#"{"a" : {"N":"1.50"}, "b":{"S":"\u3042"}}"#;
        let mut json = Json::default();
        from_json(text, &mut Checks::default(), &mut |source| json.read(&AT, source)).expect("JSON");
        assert_eq!(json.text(), text);
        let mut sink = JsonSink::new();
        json.write(&AT, &mut sink);
        assert_eq!(sink.finish(), text);
    }

    #[test]
    fn values_in_memory_become_text() {
        let value = serde_json::json!({"a": {"N": "1"}});
        let mut json = Json::default();
        from_deserializer(&value, &mut Checks::default(), &mut |source| json.read(&AT, source)).expect("JSON");
        assert_eq!(json.text(), br#"{"a":{"N":"1"}}"#);
    }

    #[test]
    fn broken_text_is_rejected() {
        let mut json = Json::default();
        for text in ["{\"a\":", "{a}", "[1,]"] {
            assert!(from_json(text.as_bytes(), &mut Checks::default(), &mut |source| json.read(&AT, source)).is_err());
        }
    }
}
