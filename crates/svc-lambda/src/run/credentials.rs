//! The credentials of a function's role, which STS gives through the door.

use std::sync::Arc;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Caller, Client, Cloud, Principal};
use kogumo_model::sts::{AssumeRole, AssumeRoleRequest};
use kogumo_wire::Fault;

/// Keys of a session of a role, and who that session is.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub access_key: String,
    pub secret_key: String,
    pub token: String,
    pub expires: Timestamp,
    /// For calls that Lambda makes on the function's behalf, such as writing its log.
    pub caller: Caller,
}

/// Assumes `role` for the function.
///
/// # Errors
/// STS's, if the role can't be assumed.
pub async fn assume(cloud: &Arc<Cloud>, scope: &Scope, role: &str, function: &str) -> Result<Credentials, Fault> {
    let client = Client::new(Arc::clone(cloud), Caller::service("lambda.amazonaws.com", scope.clone()));
    let input = AssumeRoleRequest {
        role_arn: role.to_owned(),
        role_session_name: function.to_owned(),
        ..AssumeRoleRequest::default()
    };
    let assumed = client.call::<AssumeRole>(input).await?;
    let missing = || kogumo_base::Trouble::new("STS answered without credentials");
    let keys = assumed.credentials.ok_or_else(missing)?;
    let arn = Arn::parse(role).unwrap_or_else(|| Arn::new("iam", "", &scope.account, role));
    let principal = Principal::AssumedRole {
        account: arn.account.clone(),
        role: arn.resource.rsplit('/').next().unwrap_or_default().to_owned(),
        session: function.to_owned(),
        id: assumed.assumed_role_user.map(|user| user.assumed_role_id).unwrap_or_default(),
    };
    let service = Caller::service("lambda.amazonaws.com", scope.clone());
    let invoked_by = Some("lambda.amazonaws.com".to_owned());
    let caller = Caller { principal: principal.into(), invoked_by, access_key: keys.access_key_id.clone(), ..service };
    Ok(Credentials {
        access_key: keys.access_key_id,
        secret_key: keys.secret_access_key,
        token: keys.session_token,
        expires: keys.expiration,
        caller,
    })
}
