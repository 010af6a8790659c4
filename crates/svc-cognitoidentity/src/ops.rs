//! The operations of Cognito identity pools that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::cognitoidentity::*;

use crate::{access, developer, identity, pool, principal_tags, role, tags};

pub fn ops() -> Vec<Op> {
    vec![
        write::<CreateIdentityPool>(pool::create_identity_pool),
        write::<UpdateIdentityPool>(pool::update_identity_pool),
        read::<DescribeIdentityPool>(pool::describe_identity_pool),
        read::<ListIdentityPools>(pool::list_identity_pools),
        write::<DeleteIdentityPool>(pool::delete_identity_pool),
        write::<SetIdentityPoolRoles>(role::set_identity_pool_roles),
        read::<GetIdentityPoolRoles>(role::get_identity_pool_roles),
        write::<SetPrincipalTagAttributeMap>(principal_tags::set_principal_tag_attribute_map),
        read::<GetPrincipalTagAttributeMap>(principal_tags::get_principal_tag_attribute_map),
        task::<GetId, _>(access::get_id),
        task::<GetOpenIdToken, _>(access::get_open_id_token),
        task::<GetCredentialsForIdentity, _>(access::get_credentials_for_identity),
        task::<UnlinkIdentity, _>(access::unlink_identity),
        task::<GetOpenIdTokenForDeveloperIdentity, _>(developer::get_open_id_token_for_developer_identity),
        read::<LookupDeveloperIdentity>(developer::lookup_developer_identity),
        write::<MergeDeveloperIdentities>(developer::merge_developer_identities),
        write::<UnlinkDeveloperIdentity>(developer::unlink_developer_identity),
        read::<DescribeIdentity>(identity::describe_identity),
        read::<ListIdentities>(identity::list_identities),
        write::<DeleteIdentities>(identity::delete_identities),
        write::<TagResource>(tags::tag_resource),
        write::<UntagResource>(tags::untag_resource),
        read::<ListTagsForResource>(tags::list_tags_for_resource),
    ]
}
