//! Reading CBOR (RFC 8949): Smithy's RPC v2.

use bytes::Bytes;
use kogumo_base::Timestamp;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use serde_json::Value;

use crate::checks::Checks;
use crate::schema::{Member, TimeFormat};
use crate::source::{Each, Rejection, Source};

/// Deeper values are refused: the readers recurse.
const DEEPEST: usize = 128;

/// Reads one CBOR value with nothing behind it.
///
/// # Errors
/// Bytes that are not CBOR or do not fit the schema.
pub fn from_cbor(
    bytes: &[u8],
    checks: &mut Checks,
    read: &mut dyn FnMut(&mut dyn Source) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let mut decoder = Decoder::new(bytes);
    read(&mut CborSource { decoder: &mut decoder, checks, depth: 0 })?;
    if decoder.position() < bytes.len() { Err(Rejection::new("bytes follow the CBOR value")) } else { Ok(()) }
}

struct CborSource<'d, 'b, 'c> {
    decoder: &'d mut Decoder<'b>,
    checks: &'c mut Checks,
    depth: usize,
}

fn reject(error: Error) -> Rejection {
    Rejection::new(format!("the CBOR is malformed: {error}"))
}

impl CborSource<'_, '_, '_> {
    fn datatype(&self) -> Result<Type, Rejection> {
        self.decoder.datatype().map_err(reject)
    }

    fn is_null(&self) -> Result<bool, Rejection> {
        Ok(matches!(self.datatype()?, Type::Null | Type::Undefined))
    }

    /// Whether one more entry follows in a list or map of that length; eats the break of an indefinite one.
    fn more(&mut self, left: &mut Option<u64>) -> Result<bool, Rejection> {
        match left {
            Some(0) => Ok(false),
            Some(count) => {
                *count -= 1;
                Ok(true)
            }
            None if self.datatype()? == Type::Break => {
                self.decoder.skip().map_err(reject)?;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// Hands the next value over unless it is null, and skips what was not read of it.
    fn hand(&mut self, name: &str, each: Each<'_>) -> Result<(), Rejection> {
        if self.depth >= DEEPEST {
            return Err(Rejection::new("the CBOR is nested too deeply"));
        }
        if self.is_null()? {
            return self.decoder.skip().map_err(reject);
        }
        let before = self.decoder.position();
        each(name, &mut CborSource { decoder: self.decoder, checks: self.checks, depth: self.depth + 1 })?;
        if self.decoder.position() == before { self.decoder.skip().map_err(reject) } else { Ok(()) }
    }

    fn text(&mut self) -> Result<String, Rejection> {
        self.decoder.str_iter().map_err(reject)?.collect::<Result<String, Error>>().map_err(reject)
    }
}

impl Source for CborSource<'_, '_, '_> {
    fn boolean(&mut self) -> Result<bool, Rejection> {
        self.decoder.bool().map_err(reject)
    }

    fn integer(&mut self) -> Result<i64, Rejection> {
        self.decoder.i64().map_err(reject)
    }

    fn float(&mut self) -> Result<f64, Rejection> {
        match self.datatype()? {
            Type::F16 | Type::F32 | Type::F64 => self.decoder.f64().map_err(reject),
            _ => self.decoder.i64().map(|value| value as f64).map_err(reject),
        }
    }

    fn string(&mut self) -> Result<String, Rejection> {
        self.text()
    }

    fn blob(&mut self) -> Result<Bytes, Rejection> {
        let mut whole = Vec::new();
        for part in self.decoder.bytes_iter().map_err(reject)? {
            whole.extend_from_slice(part.map_err(reject)?);
        }
        Ok(Bytes::from(whole))
    }

    /// Tag 1: seconds since 1970.
    fn timestamp(&mut self, _: Option<TimeFormat>) -> Result<Timestamp, Rejection> {
        if self.datatype()? == Type::Tag {
            self.decoder.tag().map_err(reject)?;
        }
        Ok(Timestamp((self.float()? * 1000.0).round() as i64))
    }

    fn document(&mut self) -> Result<Value, Rejection> {
        Err(Rejection::new("documents do not travel in CBOR"))
    }

    fn fields(&mut self, _: &'static [Member], each: Each<'_>) -> Result<(), Rejection> {
        let mut left = self.decoder.map().map_err(reject)?;
        while self.more(&mut left)? {
            let name = self.text()?;
            self.hand(&name, each)?;
        }
        Ok(())
    }

    fn list(&mut self, _: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        let mut left = self.decoder.array().map_err(reject)?;
        while self.more(&mut left)? {
            self.hand("", each)?;
        }
        Ok(())
    }

    fn map(&mut self, _: &'static Member, each: Each<'_>) -> Result<(), Rejection> {
        self.fields(&[], each)
    }

    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}
