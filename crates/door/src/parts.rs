//! What services keep beside the store: worker pools, object folders. Each part is found by its type.

use std::any::{Any, TypeId};
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Parts {
    /// They are few: looking at each is quicker than a hash.
    parts: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

impl Parts {
    pub(crate) fn insert(&mut self, part: Arc<dyn Any + Send + Sync>) {
        self.parts.push(((*part).type_id(), part));
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let (_, part) = self.parts.iter().find(|(found, _)| *found == TypeId::of::<T>())?;
        Arc::clone(part).downcast().ok()
    }
}
