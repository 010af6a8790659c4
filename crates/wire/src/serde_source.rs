//! Reading from anything that serde can deserialise: JSON text, and JSON values in memory.
//!
//! serde's derives are not used: the schema drives the deserialiser.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::checks::Checks;
use crate::schema::{Member, TimeFormat};
use crate::shaped::Structure;
use crate::source::{Each, Rejection, Source, read_structure};

/// One value that a deserialiser stands before.
struct SerdeSource<'c, D> {
    from: Option<D>,
    checks: &'c mut Checks,
    names: Names,
}

/// What the keys of objects are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Wire,
    /// The members' names in the model, whatever they are called on the wire.
    Model,
}

/// Hands a deserialiser's value to `read` as a source.
///
/// # Errors
/// What `read` rejects, and bytes that are not of the format.
pub fn from_deserializer<'de, D: Deserializer<'de>>(
    from: D,
    checks: &mut Checks,
    read: &mut dyn FnMut(&mut dyn Source) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    read(&mut SerdeSource { from: Some(from), checks, names: Names::Wire })
}

/// Reads a structure from a JSON value whose keys are the model's member names, as SDKs in Python have them.
///
/// # Errors
/// A value that does not fit the schema.
pub fn from_model_json(value: &Value, into: &mut dyn Structure, checks: &mut Checks) -> Result<(), Rejection> {
    read_structure(into, &mut SerdeSource { from: Some(value), checks, names: Names::Model })
}

/// Reads JSON text.
///
/// # Errors
/// Text that is not JSON, is followed by more, or does not fit the schema.
pub fn from_json(
    text: &[u8],
    checks: &mut Checks,
    read: &mut dyn FnMut(&mut dyn Source) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let mut json = serde_json::Deserializer::from_slice(text);
    from_deserializer(&mut json, checks, read)?;
    json.end().map_err(reject)
}

fn reject(error: impl fmt::Display) -> Rejection {
    Rejection::new(error.to_string())
}

/// Carries a rejection through serde's own error type.
fn carry<E: Error>(rejection: Rejection) -> E {
    E::custom(rejection.0)
}

impl<'de, D: Deserializer<'de>> SerdeSource<'_, D> {
    fn take(&mut self) -> Result<D, Rejection> {
        self.from.take().ok_or_else(|| Rejection::new("a value was read twice"))
    }
}

impl<'de, D: Deserializer<'de>> Source for SerdeSource<'_, D> {
    fn boolean(&mut self) -> Result<bool, Rejection> {
        bool::deserialize(self.take()?).map_err(reject)
    }

    fn integer(&mut self) -> Result<i64, Rejection> {
        match self.take()?.deserialize_any(Scalar).map_err(reject)? {
            Found::Integer(value) => Ok(value),
            Found::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => Ok(value as i64),
            found => Err(found.unlike("an integer")),
        }
    }

    fn float(&mut self) -> Result<f64, Rejection> {
        match self.take()?.deserialize_any(Scalar).map_err(reject)? {
            Found::Integer(value) => Ok(value as f64),
            Found::Float(value) => Ok(value),
            Found::Text(text) if matches!(&*text, "NaN" | "Infinity" | "-Infinity") => {
                Ok(text.parse().unwrap_or(f64::NAN))
            }
            found => Err(found.unlike("a number")),
        }
    }

    fn string(&mut self) -> Result<String, Rejection> {
        String::deserialize(self.take()?).map_err(reject)
    }

    fn blob(&mut self) -> Result<Bytes, Rejection> {
        match self.take()?.deserialize_any(Scalar).map_err(reject)? {
            Found::Text(text) => {
                STANDARD.decode(text.trim_end()).map(Bytes::from).map_err(|_| Rejection::new("a blob is not base64"))
            }
            Found::Bytes(bytes) => Ok(Bytes::from(bytes)),
            found => Err(found.unlike("a blob")),
        }
    }

    fn timestamp(&mut self, format: Option<TimeFormat>) -> Result<Timestamp, Rejection> {
        let found = self.take()?.deserialize_any(Scalar).map_err(reject)?;
        let moment = match &found {
            Found::Integer(seconds) => Some(Timestamp::from_seconds(*seconds)),
            Found::Float(seconds) => Some(Timestamp((seconds * 1000.0).round() as i64)),
            Found::Text(text) if format == Some(TimeFormat::HttpDate) => Timestamp::parse_http_date(text),
            Found::Text(text) => Timestamp::parse_iso(text).or_else(|| Timestamp::parse_http_date(text)),
            Found::Boolean | Found::Bytes(_) => None,
        };
        moment.ok_or_else(|| found.unlike("a timestamp"))
    }

    fn document(&mut self) -> Result<Value, Rejection> {
        Value::deserialize(self.take()?).map_err(reject)
    }

    fn json(&mut self) -> Result<Bytes, Rejection> {
        let text = Box::<RawValue>::deserialize(self.take()?).map_err(reject)?;
        Ok(Bytes::from(text.get().to_owned()))
    }

    fn fields(&mut self, members: &'static [Member], each: Each<'_>) -> Result<(), Rejection> {
        let members = if self.names == Names::Model { members } else { &[] };
        let visitor = Entries { checks: self.checks, names: self.names, members, each };
        self.from
            .take()
            .ok_or_else(|| Rejection::new("a value was read twice"))?
            .deserialize_map(visitor)
            .map_err(reject)
    }

    fn list(&mut self, _: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        let visitor = Items { checks: self.checks, names: self.names, each };
        self.from
            .take()
            .ok_or_else(|| Rejection::new("a value was read twice"))?
            .deserialize_seq(visitor)
            .map_err(reject)
    }

    fn map(&mut self, _: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        self.fields(&[], each)
    }

    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}

/// The fields of an object.
struct Entries<'c, 'e> {
    checks: &'c mut Checks,
    names: Names,
    /// Whose model names are to be told by their wire names; empty where keys are wire names already.
    members: &'static [Member],
    each: Each<'e>,
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            map.next_value_seed(Element {
                name: self.members.iter().find(|member| member.name == key.0).map_or(&key.0, |member| member.wire),
                names: self.names,
                checks: &mut *self.checks,
                each: &mut *self.each,
            })?;
        }
        Ok(())
    }
}

/// A key, borrowed where the format allows.
struct Key<'de>(std::borrow::Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(key.into()))
            }
            fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(key.to_owned().into()))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}

/// The items of an array.
struct Items<'c, 'e> {
    checks: &'c mut Checks,
    names: Names,
    each: Each<'e>,
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items
            .next_element_seed(Element {
                name: "",
                names: self.names,
                checks: &mut *self.checks,
                each: &mut *self.each,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// One field or item; a null is left out.
struct Element<'n, 'c, 'e> {
    name: &'n str,
    checks: &'c mut Checks,
    names: Names,
    each: Each<'e>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let mut source = SerdeSource { from: Some(from), checks: self.checks, names: self.names };
        (self.each)(self.name, &mut source).map_err(carry)?;
        match source.from {
            Some(unread) => IgnoredAny::deserialize(unread).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A scalar as the format has it.
enum Found {
    Boolean,
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Found {
    fn unlike(&self, wanted: &str) -> Rejection {
        let found = match self {
            Found::Boolean => "a boolean",
            Found::Integer(_) | Found::Float(_) => "a number",
            Found::Text(_) => "a string",
            Found::Bytes(_) => "bytes",
        };
        Rejection::new(format!("{found} stands where {wanted} is expected"))
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a scalar")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Boolean)
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Found, E> {
        Ok(Found::Integer(value))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Found, E> {
        Ok(i64::try_from(value).map_or(Found::Float(value as f64), Found::Integer))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Found, E> {
        Ok(Found::Float(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Found, E> {
        Ok(Found::Text(value.to_owned()))
    }
    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Found, E> {
        Ok(Found::Bytes(value.to_owned()))
    }
    fn visit_byte_buf<E: Error>(self, value: Vec<u8>) -> Result<Found, E> {
        Ok(Found::Bytes(value))
    }
}
