//! The operations of STS that are built.

use kogumo_door::{Op, read, task, write};
use kogumo_model::sts::{AssumeRole, GetAccessKeyInfo, GetCallerIdentity, GetFederationToken, GetSessionToken};

use crate::identity::{get_access_key_info, get_caller_identity};
use crate::session::{assume_role, get_federation_token, get_session_token};

pub fn ops() -> Vec<Op> {
    vec![
        task::<AssumeRole, _>(assume_role),
        task::<GetAccessKeyInfo, _>(get_access_key_info),
        read::<GetCallerIdentity>(get_caller_identity),
        write::<GetFederationToken>(get_federation_token),
        write::<GetSessionToken>(get_session_token),
    ]
}
