//! SAML 2.0 as AWS believes it: metadata of identity providers, and signed responses to sign-ins.
//!
//! Only what SAML's own profile of XML signatures allows is believed: one signature within the element that it signs, one
//! reference to that element by its id, exclusive canonicalization, RSA with SHA-2. What is read is what was signed: the
//! canonical bytes that the digest was made of are parsed anew, so that nothing beside them, no comment and no second
//! element of the same id, can be taken for them. Pure: time and keys are handed in.
//! Source: SAML 2.0 Core (section 5.4), Metadata, Profiles; XML Signature; Exclusive XML Canonicalization.

mod metadata;
mod response;
mod signature;
mod xml;

pub use metadata::Metadata;
pub use response::{Assertion, Refused};
