//! The fields that S3 puts into its errors about signatures, for people to find out what they did wrong.

use kogumo_wire::schema::{Kind, Layout, Member, Shape};
use kogumo_wire::{Rejection, Shaped, Sink, Source, Structure, read_structure, write_structure};

static TEXT: Shape = Shape::new("String", Kind::String);

const fn text(name: &'static str) -> Member {
    Member::new(name, &TEXT)
}

static MEMBERS: [Member; 11] = [
    text("AWSAccessKeyId"),
    text("StringToSign"),
    text("SignatureProvided"),
    text("StringToSignBytes"),
    text("CanonicalRequest"),
    text("CanonicalRequestBytes"),
    text("HeadersNotSigned"),
    text("RequestTime"),
    text("Expires"),
    text("ServerTime"),
    text("MaxAllowedSkewMilliseconds"),
];
static LAYOUT: Layout = Layout::new(&MEMBERS);
static SHAPE: Shape = Shape::new("SignatureDetails", Kind::Structure(&LAYOUT));

/// Fields of an error; those that are not set are not written.
#[derive(Debug, Default)]
pub struct Details {
    values: [Option<String>; MEMBERS.len()],
}

impl Details {
    /// The same with a field set. A name that S3 does not have is left out.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(index) = MEMBERS.iter().position(|member| member.name == name) {
            self.values[index] = Some(value.into());
        }
        self
    }
}

impl Structure for Details {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }
    fn get(&self, index: usize) -> &dyn Shaped {
        &self.values[index]
    }
    fn get_mut(&mut self, index: usize) -> &mut dyn Shaped {
        &mut self.values[index]
    }
}

impl Shaped for Details {
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
