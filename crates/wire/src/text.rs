//! Reading scalars from text: headers, labels, query parameters, XML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::checks::Checks;
use crate::schema::{Kind, Member, TimeFormat};
use crate::source::{Each, Rejection, Source};

pub(crate) fn parse_boolean(text: &str) -> Result<bool, Rejection> {
    match text {
        "true" | "True" | "TRUE" | "1" => Ok(true),
        "false" | "False" | "FALSE" | "0" => Ok(false),
        _ => Err(Rejection::new(format!("'{text}' is no boolean"))),
    }
}

pub(crate) fn parse_integer(text: &str) -> Result<i64, Rejection> {
    text.parse().map_err(|_| Rejection::new(format!("'{text}' is no integer")))
}

pub(crate) fn parse_float(text: &str) -> Result<f64, Rejection> {
    text.parse().map_err(|_| Rejection::new(format!("'{text}' is no number")))
}

/// Reads a timestamp in any of the three ways; SDKs differ in which they send.
pub(crate) fn parse_time(text: &str, format: Option<TimeFormat>) -> Result<Timestamp, Rejection> {
    let epoch = || {
        text.parse::<f64>()
            .ok()
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| Timestamp((seconds * 1000.0).round() as i64))
    };
    let read = match format {
        Some(TimeFormat::EpochSeconds) => epoch(),
        Some(TimeFormat::HttpDate) => Timestamp::parse_http_date(text).or_else(|| Timestamp::parse_iso(text)),
        Some(TimeFormat::DateTime) | None => {
            Timestamp::parse_iso(text).or_else(|| Timestamp::parse_http_date(text)).or_else(epoch)
        }
    };
    read.ok_or_else(|| Rejection::new(format!("'{text}' is no timestamp")))
}

/// One text (a list may have several: repeated query parameters).
pub(crate) struct TextSource<'t, 'c> {
    pub texts: &'t [String],
    pub checks: &'c mut Checks,
    /// A header holds a list as `a, b, c`.
    pub comma_separated: bool,
    /// A header's way of writing time, where the model gives none.
    pub default_time: TimeFormat,
}

impl TextSource<'_, '_> {
    fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }
}

impl Source for TextSource<'_, '_> {
    fn boolean(&mut self) -> Result<bool, Rejection> {
        parse_boolean(self.text())
    }

    fn integer(&mut self) -> Result<i64, Rejection> {
        parse_integer(self.text())
    }

    fn float(&mut self) -> Result<f64, Rejection> {
        parse_float(self.text())
    }

    fn string(&mut self) -> Result<String, Rejection> {
        Ok(self.text().to_owned())
    }

    fn blob(&mut self) -> Result<Bytes, Rejection> {
        STANDARD.decode(self.text()).map(Bytes::from).map_err(|_| Rejection::new("a blob is not base64"))
    }

    fn timestamp(&mut self, format: Option<TimeFormat>) -> Result<Timestamp, Rejection> {
        parse_time(self.text(), Some(format.unwrap_or(self.default_time)))
    }

    fn document(&mut self) -> Result<Value, Rejection> {
        Ok(Value::String(self.text().to_owned()))
    }

    fn fields(&mut self, _: &'static [Member], _: Each<'_>) -> Result<(), Rejection> {
        Err(Rejection::new("a structure cannot stand in a header"))
    }

    fn list(&mut self, at: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        let items = if self.comma_separated { split_header_list(self.text(), at) } else { self.texts.to_vec() };
        for item in &items {
            let texts = std::slice::from_ref(item);
            each(
                "",
                &mut TextSource { texts, checks: self.checks, comma_separated: false, default_time: self.default_time },
            )?;
        }
        Ok(())
    }

    fn map(&mut self, _: &'static Member, _: Each<'_>) -> Result<(), Rejection> {
        Err(Rejection::new("a map cannot stand in a header"))
    }

    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}

/// Splits `a, "b,c", d`. HTTP dates hold a comma themselves: those are split at every second one.
fn split_header_list(text: &str, at: &'static Member) -> Vec<String> {
    let is_date = matches!(at.shape.kind, Kind::List(element) if matches!(element.shape.kind, Kind::Timestamp) && element.time.is_none_or(|format| format == TimeFormat::HttpDate));
    let mut items = Vec::new();
    let (mut item, mut quoted, mut escaped, mut commas) = (String::new(), false, false, 0);
    for character in text.chars() {
        match character {
            _ if escaped => {
                item.push(character);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                commas += 1;
                if is_date && commas % 2 == 1 {
                    item.push(character);
                } else {
                    items.push(std::mem::take(&mut item).trim().to_owned());
                }
            }
            _ => item.push(character),
        }
    }
    if !item.trim().is_empty() || !items.is_empty() {
        items.push(item.trim().to_owned());
    }
    items
}
