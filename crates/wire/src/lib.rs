//! The wire: bytes to typed values and back, for AWS's protocols. It knows schemas, and no service.
//!
//! `schema` is what the facts say; `Shaped` types read themselves from a `Source` and write themselves to a `Sink`;
//! `Protocol` ties both to HTTP messages. One body of code per type serves all protocols.

mod body;
mod cbor;
mod cbor_source;
mod checks;
pub mod event_stream;
mod fault;
mod json;
mod json_text;
mod protocol;
mod request;
mod rest;
mod routes;
pub mod schema;
mod serde_source;
mod shaped;
mod sink;
mod source;
mod text;
mod tree;
mod uri;
mod xml;

pub use body::{Body, ByteStream, Uncollected};
pub use cbor_source::from_cbor;
pub use checks::{Checks, Limits, Pattern};
pub use fault::{Common, Fault, FaultKind};
pub use json::quote;
pub use json_text::Json;
pub use protocol::{json_text, model_json, redacted_json};
pub use request::{Request, decode, parse_query};
pub use routes::Routes;
pub use schema::{ErrorFact, Operation, Protocol, Service};
pub use serde_source::{from_deserializer, from_json, from_model_json};
pub use shaped::{OperationType, Shaped, Structure, Unit, debug_structure, write_structure};
pub use sink::Sink;
pub use source::{Each, Rejection, Source, read_structure};
pub use uri::Labels;
pub use xml::escape;

// What generated code names; `crates/model` needs no other dependency.
pub use bytes::Bytes;
pub use kogumo_base::Timestamp;
pub use serde_json::Value as Document;
