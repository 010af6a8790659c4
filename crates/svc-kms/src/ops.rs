//! The operations of KMS that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::kms::{
    CancelKeyDeletion, CreateAlias, CreateGrant, CreateKey, Decrypt, DeleteAlias, DeleteImportedKeyMaterial,
    DescribeKey, DisableKey, DisableKeyRotation, EnableKey, EnableKeyRotation, Encrypt, GenerateDataKey,
    GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, GenerateMac,
    GenerateRandom, GetKeyPolicy, GetKeyRotationStatus, GetParametersForImport, GetPublicKey, ImportKeyMaterial,
    ListAliases, ListGrants, ListKeyPolicies, ListKeyRotations, ListKeys, ListResourceTags, ListRetirableGrants,
    PutKeyPolicy, ReEncrypt, ReplicateKey, RetireGrant, RevokeGrant, RotateKeyOnDemand, ScheduleKeyDeletion, Sign,
    TagResource, UntagResource, UpdateAlias, UpdateKeyDescription, UpdatePrimaryRegion, Verify, VerifyMac,
};
use kogumo_wire::{Fault, Structure};

use crate::alias::{create_alias, delete_alias, list_aliases, update_alias};
use crate::data_key::{generate_data_key, generate_data_key_without_plaintext};
use crate::encrypt::{decrypt, encrypt, re_encrypt};
use crate::grant::{create_grant, list_grants, list_retirable_grants, retire_grant, revoke_grant};
use crate::key::{
    cancel_key_deletion, create_key, delete_imported_key_material, describe_key, disable_key, disable_key_rotation,
    enable_key, enable_key_rotation, get_key_rotation_status, get_parameters_for_import, import_key_material,
    list_key_rotations, list_keys, replicate_key, rotate_key_on_demand, schedule_key_deletion, update_key_description,
    update_primary_region,
};
use crate::key_pair::{generate_data_key_pair, generate_data_key_pair_without_plaintext};
use crate::mac::{generate_mac, verify_mac};
use crate::policy::{get_key_policy, list_key_policies, put_key_policy};
use crate::random::generate_random;
use crate::sign::{get_public_key, sign, verify};
use crate::tags::{list_resource_tags, tag_resource, untag_resource};
use crate::{faults, request};

pub fn ops() -> Vec<Op> {
    vec![
        write::<CancelKeyDeletion>(cancel_key_deletion),
        write::<CreateAlias>(create_alias),
        write::<CreateGrant>(create_grant).rehearsed_by(rehearsal),
        task::<CreateKey, _>(create_key),
        read::<Decrypt>(decrypt).rehearsed_by(rehearsal),
        write::<DeleteAlias>(delete_alias),
        write::<DeleteImportedKeyMaterial>(delete_imported_key_material),
        read::<DescribeKey>(describe_key),
        write::<DisableKey>(disable_key),
        write::<DisableKeyRotation>(disable_key_rotation),
        write::<EnableKey>(enable_key),
        write::<EnableKeyRotation>(enable_key_rotation),
        read::<Encrypt>(encrypt).rehearsed_by(rehearsal),
        read::<GenerateDataKey>(generate_data_key).rehearsed_by(rehearsal),
        task::<GenerateDataKeyPair, _>(generate_data_key_pair),
        task::<GenerateDataKeyPairWithoutPlaintext, _>(generate_data_key_pair_without_plaintext),
        read::<GenerateDataKeyWithoutPlaintext>(generate_data_key_without_plaintext).rehearsed_by(rehearsal),
        read::<GenerateMac>(generate_mac).rehearsed_by(rehearsal),
        read::<GenerateRandom>(generate_random),
        read::<GetKeyPolicy>(get_key_policy),
        read::<GetKeyRotationStatus>(get_key_rotation_status),
        task::<GetParametersForImport, _>(get_parameters_for_import),
        read::<GetPublicKey>(get_public_key),
        write::<ImportKeyMaterial>(import_key_material),
        read::<ListAliases>(list_aliases),
        read::<ListGrants>(list_grants),
        read::<ListKeyPolicies>(list_key_policies),
        read::<ListKeyRotations>(list_key_rotations),
        read::<ListKeys>(list_keys),
        read::<ListResourceTags>(list_resource_tags),
        read::<ListRetirableGrants>(list_retirable_grants),
        write::<PutKeyPolicy>(put_key_policy),
        read::<ReEncrypt>(re_encrypt).rehearsed_by(rehearsal),
        write::<ReplicateKey>(replicate_key),
        write::<RetireGrant>(retire_grant).rehearsed_by(rehearsal),
        write::<RevokeGrant>(revoke_grant).rehearsed_by(rehearsal),
        write::<RotateKeyOnDemand>(rotate_key_on_demand),
        write::<ScheduleKeyDeletion>(schedule_key_deletion),
        read::<Sign>(sign).rehearsed_by(rehearsal),
        write::<TagResource>(tag_resource),
        write::<UntagResource>(untag_resource),
        write::<UpdateAlias>(update_alias),
        write::<UpdateKeyDescription>(update_key_description),
        write::<UpdatePrimaryRegion>(update_primary_region),
        read::<Verify>(verify).rehearsed_by(rehearsal),
        read::<VerifyMac>(verify_mac).rehearsed_by(rehearsal),
    ]
}

/// `DryRun`.
fn rehearsal(input: &dyn Structure) -> Option<Fault> {
    (request::text(input, "DryRun").as_deref() == Some("true")).then(faults::dry_run)
}
