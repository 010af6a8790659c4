//! What services keep beside the store: worker pools, object folders. Each part is found by its type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Parts {
    by_type: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl Parts {
    pub(crate) fn insert(&mut self, part: Arc<dyn Any + Send + Sync>) {
        self.by_type.insert((*part).type_id(), part);
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let part = self.by_type.get(&TypeId::of::<T>())?;
        Arc::clone(part).downcast().ok()
    }
}
