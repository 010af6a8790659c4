//! The protocols as one face: a request becomes an input, an output or fault becomes a response.

mod decode;
mod encode;
mod faults;
mod messages;
mod raw;

pub use messages::{json_text, model_json, redacted_json};
