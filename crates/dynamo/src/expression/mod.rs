//! The expression languages: conditions and filters, projections, key conditions, updates.
//!
//! Each is read in the same steps: tokens, a raw tree (`*_syntax`), AWS's checks in AWS's order, and a resolved tree that
//! knows no placeholders and can be asked or applied without failing on its form.
//!
//! Source: "Using expressions in DynamoDB" in the developer guide.

mod apply;
mod condition;
mod condition_syntax;
mod evaluate;
mod key_condition;
mod path;
mod placeholders;
mod projection;
mod raw;
mod reserved;
mod token;
mod update;
mod update_syntax;

pub use condition::{Comparator, Condition, Operand};
pub use key_condition::{KeyCondition, KeyQuery, KeyTest};
pub use path::{Path, Step};
pub use placeholders::Placeholders;
pub use projection::Projection;
pub use update::{Action, SetOperand, SetValue, Update};
