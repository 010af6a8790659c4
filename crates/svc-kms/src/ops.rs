//! The operations of KMS that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::kms::{
    CreateAlias, CreateKey, Decrypt, DeleteAlias, DescribeKey, DisableKey, EnableKey, Encrypt, GenerateDataKey,
    GenerateDataKeyWithoutPlaintext, GenerateRandom, GetKeyPolicy, ListAliases, ListKeyPolicies, ListKeys,
    ListResourceTags, PutKeyPolicy, ReEncrypt, TagResource, UntagResource, UpdateAlias, UpdateKeyDescription,
};
use kogumo_wire::{Fault, Structure};

use crate::alias::{create_alias, delete_alias, list_aliases, update_alias};
use crate::data_key::{generate_data_key, generate_data_key_without_plaintext};
use crate::encrypt::{decrypt, encrypt, re_encrypt};
use crate::key::{create_key, describe_key, disable_key, enable_key, list_keys, update_key_description};
use crate::policy::{get_key_policy, list_key_policies, put_key_policy};
use crate::random::generate_random;
use crate::tags::{list_resource_tags, tag_resource, untag_resource};
use crate::{faults, request};

pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateAlias>(create_alias),
        task::<CreateKey, _>(create_key),
        read::<Decrypt>(decrypt).rehearsed_by(rehearsal),
        write::<DeleteAlias>(delete_alias),
        read::<DescribeKey>(describe_key),
        write::<DisableKey>(disable_key),
        write::<EnableKey>(enable_key),
        read::<Encrypt>(encrypt).rehearsed_by(rehearsal),
        read::<GenerateDataKey>(generate_data_key).rehearsed_by(rehearsal),
        read::<GenerateDataKeyWithoutPlaintext>(generate_data_key_without_plaintext).rehearsed_by(rehearsal),
        read::<GenerateRandom>(generate_random),
        read::<GetKeyPolicy>(get_key_policy),
        read::<ListAliases>(list_aliases),
        read::<ListKeyPolicies>(list_key_policies),
        read::<ListKeys>(list_keys),
        read::<ListResourceTags>(list_resource_tags),
        write::<PutKeyPolicy>(put_key_policy),
        read::<ReEncrypt>(re_encrypt).rehearsed_by(rehearsal),
        write::<TagResource>(tag_resource),
        write::<UntagResource>(untag_resource),
        write::<UpdateAlias>(update_alias),
        write::<UpdateKeyDescription>(update_key_description),
    ]
}

/// `DryRun`.
fn rehearsal(input: &dyn Structure) -> Option<Fault> {
    (request::text(input, "DryRun").as_deref() == Some("true")).then(faults::dry_run)
}
