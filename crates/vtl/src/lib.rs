//! Apache Velocity's template language as API Gateway (and AppSync) use it for mapping templates.
//!
//! ```text
//! text ─ Template::parse ─► Template ─ render(heap, variables) ─► text
//! ```
//!
//! Pure: no clock, no files, no network. Every rendering has a budget ([`Limits`]), so that no
//! template and no input can hang it or eat the memory. Follows Velocity 1.7, which AWS documents
//! by reference: everything but `null` and `false` is true, unlike kinds compare by their text.
//! What a service adds (`$input`, `$util`) is an [`Object`]; see [`api_gateway`].

pub mod api_gateway;
mod ast;
mod error;
mod eval;
pub mod json_path;
mod methods;
mod parse;
mod show;
mod value;

pub use error::Error;
pub use value::{BlockId, Heap, Limits, ListId, MapId, Object, Value};

use std::collections::HashMap;

/// The variables of a rendering, by name without `$`.
pub type Variables = HashMap<String, Value>;

/// A parsed template; rendered as often as wanted.
#[derive(Debug, Default)]
pub struct Template {
    body: ast::Block,
    /// Bodies of `#define`, `#macro` and double-quoted strings.
    blocks: Vec<ast::Block>,
    macros: Vec<ast::Macro>,
}

/// How a reference without a value prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// As nothing: API Gateway.
    Empty,
    /// As it is written: Velocity itself, AppSync.
    AsWritten,
}

impl Template {
    /// Parses a template of at most 300 KB (AWS's quota).
    pub fn parse(source: &str) -> Result<Template, Error> {
        parse::parse(source)
    }

    /// Renders with these variables; what `#set` changed is in them afterwards.
    pub fn render(&self, heap: &mut Heap, variables: &mut Variables, missing: Missing) -> Result<String, Error> {
        eval::Renderer::new(self, heap, variables, missing).run()
    }

    fn keep(&mut self, block: ast::Block) -> usize {
        self.blocks.push(block);
        self.blocks.len() - 1
    }
}
