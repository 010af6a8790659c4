//! Rust types that have a shape: they read themselves from a [`Source`] and write themselves to a [`Sink`].
//!
//! Both are trait objects, so that one body of code per type serves all protocols.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::body::Body;
use crate::checks::Shown;
use crate::schema::{Kind, Member, Operation, Shape, UNIT};
use crate::sink::Sink;
use crate::source::{Rejection, Source, read_structure};

/// A value with a shape.
pub trait Shaped: Send {
    /// Whether there is a value at all; absent members are not written.
    fn present(&self) -> bool {
        true
    }
    fn write(&self, at: &'static Member, to: &mut dyn Sink);
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection>;
    /// The value as a streamed body, if it is one.
    fn as_body(&mut self) -> Option<&mut Body> {
        None
    }
    /// The value as a structure, if it is one.
    fn as_structure(&self) -> Option<&dyn Structure> {
        None
    }
    /// The value as a text, if it is a scalar: what ARNs and condition keys are made of.
    fn as_text(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// Shows each element of a list, and each value of a map with its key.
    fn each(&self, _show: &mut dyn FnMut(Option<&str>, &dyn Shaped)) {}
}

/// An operation as a type: what it takes, what it gives, and its facts. `crates/model` has one for each built operation.
pub trait OperationType {
    type Input: Structure + Default;
    type Output: Structure;
    const FACTS: &'static Operation;
}

/// A structure or union of the model. Members are counted as in its layout.
pub trait Structure: Shaped + Any {
    fn shape(&self) -> &'static Shape;
    fn get(&self, index: usize) -> &dyn Shaped;
    /// For a union this also chooses the variant.
    fn get_mut(&mut self, index: usize) -> &mut dyn Shaped;
}

/// The `Shaped::write` of every structure.
pub fn write_structure(structure: &dyn Structure, at: &'static Member, to: &mut dyn Sink) {
    to.begin_structure(at);
    write_members(structure, to);
    to.end_structure(at);
}

/// Writes each member that is present.
pub fn write_members(structure: &dyn Structure, to: &mut dyn Sink) {
    for (index, member) in structure.shape().layout().in_xml_order() {
        let value = structure.get(index);
        if value.present() {
            value.write(member, to);
        }
    }
}

/// The `Debug` of every structure: redacted JSON, so that no secret of the model gets into a log.
pub fn debug_structure(structure: &dyn Structure, f: &mut fmt::Formatter) -> fmt::Result {
    let json = crate::protocol::redacted_json(structure);
    write!(f, "{} {}", structure.shape().name, String::from_utf8_lossy(&json))
}

/// The input or output of an operation that has none.
#[derive(Clone, Debug, Default)]
pub struct Unit;

impl Structure for Unit {
    fn shape(&self) -> &'static Shape {
        &UNIT
    }
    fn get(&self, _: usize) -> &dyn Shaped {
        &()
    }
    fn get_mut(&mut self, _: usize) -> &mut dyn Shaped {
        Box::leak(Box::new(()))
    }
}

impl Shaped for Unit {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        write_structure(self, at, to);
    }
    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        read_structure(self, from)
    }
    fn as_structure(&self) -> Option<&dyn Structure> {
        Some(self)
    }
}

/// What a member that does not exist would be. Leaking a box of it takes no memory.
impl Shaped for () {
    fn present(&self) -> bool {
        false
    }
    fn write(&self, _: &'static Member, _: &mut dyn Sink) {}
    fn read(&mut self, _: &'static Member, _: &mut dyn Source) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Shaped for bool {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.boolean(at, *self);
    }
    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = from.boolean()?;
        Ok(())
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(if *self { "true" } else { "false" }))
    }
}

impl Shaped for i64 {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.integer(at, *self);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        let value = from.integer()?;
        *self = value;
        from.checks().range(&at.shape.limits, value as f64, &|| Shown::of(&value.to_string(), at.shape.sensitive));
        Ok(())
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

impl Shaped for i32 {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.integer(at, i64::from(*self));
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        let mut wide = 0_i64;
        wide.read(at, from)?;
        *self = i32::try_from(wide).map_err(|_| Rejection::new(format!("{wide} is no 32-bit integer")))?;
        Ok(())
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

impl Shaped for f64 {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.float(at, *self);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        let value = from.float()?;
        *self = value;
        from.checks().range(&at.shape.limits, value, &|| Shown::of(&value.to_string(), at.shape.sensitive));
        Ok(())
    }
}

impl Shaped for String {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.string(at, self);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = from.string()?;
        from.checks().string(&at.shape.limits, self, at.shape.sensitive);
        Ok(())
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Shaped for Bytes {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.blob(at, self);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = from.blob()?;
        let length = i64::try_from(self.len()).unwrap_or(i64::MAX);
        from.checks().length(&at.shape.limits, length, &|| Shown::of("java.nio.HeapByteBuffer", at.shape.sensitive));
        Ok(())
    }
}

impl Shaped for Timestamp {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.timestamp(at, *self);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = from.timestamp(at.time)?;
        Ok(())
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.iso()))
    }
}

impl Shaped for Value {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        to.document(at, self);
    }
    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = from.document()?;
        Ok(())
    }
}

impl<T: Shaped + Default> Shaped for Option<T> {
    fn present(&self) -> bool {
        self.is_some()
    }
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        if let Some(value) = self {
            value.write(at, to);
        }
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        self.insert(T::default()).read(at, from)
    }
    fn as_structure(&self) -> Option<&dyn Structure> {
        self.as_ref().and_then(Shaped::as_structure)
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        self.as_ref().and_then(Shaped::as_text)
    }
    fn each(&self, show: &mut dyn FnMut(Option<&str>, &dyn Shaped)) {
        if let Some(value) = self {
            value.each(show);
        }
    }
}

impl<T: Shaped> Shaped for Box<T> {
    fn present(&self) -> bool {
        (**self).present()
    }
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        (**self).write(at, to);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        (**self).read(at, from)
    }
    fn as_structure(&self) -> Option<&dyn Structure> {
        (**self).as_structure()
    }
    fn as_text(&self) -> Option<Cow<'_, str>> {
        (**self).as_text()
    }
    fn each(&self, show: &mut dyn FnMut(Option<&str>, &dyn Shaped)) {
        (**self).each(show);
    }
}

impl<T: Shaped + Default> Shaped for Vec<T> {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        let Kind::List(element) = at.shape.kind else {
            return;
        };
        to.begin_list(at, self.len());
        for item in self {
            item.write(element, to);
        }
        to.end_list(at);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        let Kind::List(element) = at.shape.kind else {
            return Err(Rejection::new("not a list"));
        };
        from.list(at, &mut |_, source| {
            let mut item = T::default();
            source.checks().enter_item(self.len());
            let read = item.read(element, source);
            source.checks().leave();
            self.push(item);
            read
        })?;
        let length = i64::try_from(self.len()).unwrap_or(i64::MAX);
        from.checks().length(&at.shape.limits, length, &|| Shown::of("[]", at.shape.sensitive));
        Ok(())
    }
    fn each(&self, show: &mut dyn FnMut(Option<&str>, &dyn Shaped)) {
        self.iter().for_each(|item| show(None, item));
    }
}

impl<T: Shaped + Default> Shaped for BTreeMap<String, T> {
    fn write(&self, at: &'static Member, to: &mut dyn Sink) {
        let Kind::Map(_, element) = at.shape.kind else {
            return;
        };
        to.begin_map(at, self.len());
        for (key, value) in self {
            to.key(at, key);
            value.write(element, to);
        }
        to.end_map(at);
    }
    fn read(&mut self, at: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        let Kind::Map(key_member, element) = at.shape.kind else {
            return Err(Rejection::new("not a map"));
        };
        from.map(at, &mut |key, source| {
            source.checks().string(&key_member.shape.limits, key, false);
            let mut value = T::default();
            source.checks().enter_value(key);
            let read = value.read(element, source);
            source.checks().leave();
            self.insert(key.to_owned(), value);
            read
        })?;
        let length = i64::try_from(self.len()).unwrap_or(i64::MAX);
        from.checks().length(&at.shape.limits, length, &|| Shown::of("{}", at.shape.sensitive));
        Ok(())
    }
    fn each(&self, show: &mut dyn FnMut(Option<&str>, &dyn Shaped)) {
        self.iter().for_each(|(key, value)| show(Some(key), value));
    }
}

impl Shaped for Body {
    fn present(&self) -> bool {
        !matches!(self, Body::Empty)
    }
    /// A streamed body is the payload itself; the protocols take it by `as_body`.
    fn write(&self, _: &'static Member, _: &mut dyn Sink) {}
    fn read(&mut self, _: &'static Member, from: &mut dyn Source) -> Result<(), Rejection> {
        *self = Body::Bytes(from.blob()?);
        Ok(())
    }
    fn as_body(&mut self) -> Option<&mut Body> {
        Some(self)
    }
}
