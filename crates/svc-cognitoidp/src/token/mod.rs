//! Tokens: what they say, how they are issued, and how an access token is believed.

pub mod access;
pub mod claims;
pub mod grant;
pub mod issue;
pub mod machine;
