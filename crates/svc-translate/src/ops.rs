//! The operations of Translate that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::translate::{
    DeleteTerminology, GetTerminology, ImportTerminology, ListLanguages, ListTagsForResource, ListTerminologies,
    TagResource, TranslateText, UntagResource,
};

use crate::languages::list_languages;
use crate::tags::{list_tags_for_resource, tag_resource, untag_resource};
use crate::terminology::{delete_terminology, get_terminology, import_terminology, list_terminologies};
use crate::text::translate_text;

pub fn ops() -> Vec<Op> {
    vec![
        write::<DeleteTerminology>(delete_terminology),
        read::<GetTerminology>(get_terminology),
        write::<ImportTerminology>(import_terminology),
        read::<ListLanguages>(list_languages),
        read::<ListTagsForResource>(list_tags_for_resource),
        read::<ListTerminologies>(list_terminologies),
        write::<TagResource>(tag_resource),
        task::<TranslateText, _>(translate_text),
        write::<UntagResource>(untag_resource),
    ]
}
