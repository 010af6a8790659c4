//! The operations of STS that are built.

use kogumo_door::{Op, read, task};
use kogumo_model::sts::*;

use crate::assume_role::assume_role;
use crate::authorization_message::decode_authorization_message;
use crate::federation::{get_federation_token, get_session_token};
use crate::identity::{get_access_key_info, get_caller_identity};
use crate::saml::assume_role_with_saml;
use crate::web_identity::assume_role_with_web_identity;
use crate::web_identity_token::get_web_identity_token;

pub fn ops() -> Vec<Op> {
    vec![
        task::<AssumeRole, _>(assume_role),
        task::<AssumeRoleWithSAML, _>(assume_role_with_saml),
        task::<AssumeRoleWithWebIdentity, _>(assume_role_with_web_identity),
        read::<DecodeAuthorizationMessage>(decode_authorization_message),
        task::<GetAccessKeyInfo, _>(get_access_key_info),
        read::<GetCallerIdentity>(get_caller_identity),
        task::<GetFederationToken, _>(get_federation_token),
        task::<GetSessionToken, _>(get_session_token),
        task::<GetWebIdentityToken, _>(get_web_identity_token),
    ]
}
