//! The policy language of AWS: reads documents, refuses malformed ones, and decides who may do what.
//!
//! Pure: it knows no HTTP, no storage, no clock. Everything a decision needs is in the [`Request`] (who, what, on which
//! resource, under which circumstances) and in the [`Policies`] that apply. Source: IAM User Guide, "Policy evaluation
//! logic" and "IAM JSON policy element reference".

mod arn;
mod condition;
mod context;
mod date;
mod decide;
mod document;
mod explain;
mod grammar;
mod ip;
mod keys;
mod pattern;
mod principal;
mod problem;
mod renaming;

pub use arn::ArnPattern;
pub use condition::{Base, Condition, Quantifier};
pub use context::Context;
pub use decide::{Attached, Decision, Layer, Matched, Policies, Request, Verdict, decide, matched};
pub use document::{Document, Effect, Elements, Statement};
pub use explain::denial;
pub use grammar::Sort;
pub use keys::context_keys;
pub use pattern::Pattern;
pub use principal::{Named, Principal, PrincipalElement};
pub use problem::Problem;
pub use renaming::Renaming;
