//! nftables, as far as this room needs it: expressions, rules, sets and chains as plain data, what changes from one ruleset
//! to the next (`diff`), and how that is said to the kernel in one transaction (`encode`).
//!
//! It is our own, since the crates for it either call the program `nft`, which need not be installed, link a C library, or
//! have a licence that does not fit.

mod attribute;
mod diff;
mod encode;
mod expr;
mod ruleset;

pub(crate) use attribute::{Attributes, all, find};
pub(crate) use diff::{Change, diff};
pub(crate) use encode::{TABLE, transaction};
pub(crate) use expr::{Compare, Expr, Meta, Verdict, address, match_cidr, match_name, match_traffic};
pub(crate) use ruleset::{ChainType, Hook, HookType, Kind, Rule, Ruleset, Rulesets, Set, device};
