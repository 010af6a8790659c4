//! Policy documents that have been read: a text is parsed once, however often it is asked. Memory only.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kogumo_policy::Document;

/// So many documents are remembered; then all are forgotten.
const MOST: usize = 8192;

/// Documents by their text. What cannot be read is remembered, too.
#[derive(Default)]
pub struct Documents(RwLock<HashMap<Box<str>, Option<Arc<Document>>>>);

impl Documents {
    /// The document of that text; `None` if it is none.
    pub fn get(&self, text: &str) -> Option<Arc<Document>> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let document = Document::parse(text).ok().map(Arc::new);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(text.into(), document.clone());
        document
    }
}
