//! CloudFormation's template language: reading, checking, evaluating, ordering, comparing. Pure: no I/O, no clock.
//!
//! The way of a template: [`read`] (text → tree), the transforms ([`transform`], [`language_extensions`], SAM's),
//! [`Template::parse`] (tree → checked sections), [`bind`] (parameter values), [`conditions`], [`rule::check`],
//! [`Graph`] (order) and, for each resource when its turn comes, [`evaluate`].

mod check;
mod condition;
pub mod diff;
mod dynamic_reference;
mod environment;
mod evaluate;
mod graph;
mod json;
pub mod language_extensions;
mod list;
mod lookup;
mod parameter;
pub mod params;
mod problem;
mod read;
mod render;
pub mod rule;
mod scalar;
mod sub;
mod tag;
mod template;
mod text;
pub mod transform;
mod yaml;

pub use dynamic_reference::{DynamicReference, dynamic_references, replace_dynamic_references};
pub use environment::{Environment, Need, Physical};
pub use evaluate::{Stop, conditions, evaluate};
pub use graph::{Graph, Known, references};
pub use parameter::{Parameter, bind};
pub use problem::Problem;
pub use read::{Document, MAX_BYTES, MAX_DEPTH, Oddity, Remark, read};
pub use template::{Output, Resource, Template};
