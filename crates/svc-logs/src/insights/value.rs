//! Values of a query: what fields hold and expressions come to.

use kogumo_base::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The field is not there.
    Missing,
    Text(String),
    Number(f64),
    Truth(bool),
    /// Milliseconds since 1970, shown as a date.
    Time(i64),
}

/// The fields of an event or of a group of events, in the order in which they are shown.
pub type Row = Vec<(String, Value)>;

/// A field of a row.
pub fn field<'r>(row: &'r Row, name: &str) -> &'r Value {
    row.iter().rev().find(|(known, _)| known == name).map_or(&Value::Missing, |(_, value)| value)
}

impl Value {
    /// A number, or a text that is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Time(millis) => Some(*millis as f64),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Truth(_) | Value::Missing => None,
        }
    }

    /// As results show it; a missing value is not shown.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Missing => None,
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Truth(truth) => Some(if *truth { "1" } else { "0" }.to_owned()),
            Value::Time(millis) => Some(Timestamp(*millis).iso_millis().replace('T', " ").replace('Z', "")),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Value::Truth(truth) => *truth,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Time(_) => true,
            Value::Missing => false,
        }
    }

    /// Numbers by their size, everything else as text; what is missing comes first.
    pub fn order(&self, other: &Value) -> std::cmp::Ordering {
        match (self.number(), other.number()) {
            (Some(one), Some(two)) => one.total_cmp(&two),
            _ => self.text().cmp(&other.text()),
        }
    }
}
