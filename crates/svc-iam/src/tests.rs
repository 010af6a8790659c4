//! IAM through the door.

use kogumo_door::Client;
use kogumo_model::iam::*;
use kogumo_wire::Fault;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

fn client() -> Client {
    let cloud = kogumo_testkit::cloud(vec![crate::service()]).expect("a cloud");
    kogumo_testkit::root(&cloud)
}

async fn role(client: &Client, name: &str) -> Result<CreateRoleResponse, Fault> {
    let assume_role_policy_document = TRUST.to_owned();
    client
        .call::<CreateRole>(CreateRoleRequest {
            role_name: name.into(),
            assume_role_policy_document,
            ..Default::default()
        })
        .await
}

#[tokio::test]
async fn a_role_is_made_once_and_found_again() {
    let client = client();
    let made = role(&client, "R").await.expect("a role").role;
    assert_eq!(made.arn, "arn:aws:iam::000000000000:role/R");
    assert!(made.role_id.starts_with("AROA"));
    let again = role(&client, "r").await.expect_err("names differ by more than case");
    assert!(again.is(&ENTITY_ALREADY_EXISTS_EXCEPTION), "{again}");
    let found = client.call::<GetRole>(GetRoleRequest { role_name: "R".into() }).await.expect("the role");
    assert_eq!(found.role.max_session_duration, Some(3600));
}

#[tokio::test]
async fn what_holds_policies_is_not_deleted() {
    let client = client();
    role(&client, "R").await.expect("a role");
    let arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess".to_owned();
    let attach = AttachRolePolicyRequest { role_name: "R".into(), policy_arn: arn.clone() };
    client.call::<AttachRolePolicy>(attach).await.expect("attached");
    let refused = client.call::<DeleteRole>(DeleteRoleRequest { role_name: "R".into() }).await.err().expect("refused");
    assert_eq!(refused.message, "Cannot delete entity, must detach all policies first.");
    client
        .call::<DetachRolePolicy>(DetachRolePolicyRequest { role_name: "R".into(), policy_arn: arn })
        .await
        .expect("detached");
    client.call::<DeleteRole>(DeleteRoleRequest { role_name: "R".into() }).await.expect("deleted");
}

#[tokio::test]
async fn unknown_policies_cannot_be_attached() {
    let client = client();
    role(&client, "R").await.expect("a role");
    let attach =
        AttachRolePolicyRequest { role_name: "R".into(), policy_arn: "arn:aws:iam::aws:policy/NoSuchThing".into() };
    let refused = client.call::<AttachRolePolicy>(attach).await.err().expect("refused");
    assert!(refused.is(&NO_SUCH_ENTITY_EXCEPTION), "{refused}");
}

#[tokio::test]
async fn a_policy_has_five_versions_at_most() {
    let client = client();
    let request = CreatePolicyRequest { policy_name: "P".into(), policy_document: POLICY.into(), ..Default::default() };
    let arn = client.call::<CreatePolicy>(request).await.expect("a policy").policy.and_then(|p| p.arn).expect("an ARN");
    let more =
        || CreatePolicyVersionRequest { policy_arn: arn.clone(), policy_document: POLICY.into(), set_as_default: None };
    for _ in 0..4 {
        client.call::<CreatePolicyVersion>(more()).await.expect("a version");
    }
    let refused = client.call::<CreatePolicyVersion>(more()).await.err().expect("refused");
    assert!(refused.is(&LIMIT_EXCEEDED_EXCEPTION), "{refused}");
}

#[tokio::test]
async fn keys_stand_for_their_users() {
    let cloud = kogumo_testkit::cloud(vec![crate::service()]).expect("a cloud");
    let client = kogumo_testkit::root(&cloud);
    client
        .call::<CreateUser>(CreateUserRequest { user_name: "alice".into(), ..Default::default() })
        .await
        .expect("a user");
    let request = CreateAccessKeyRequest { user_name: Some("alice".into()) };
    let key = client.call::<CreateAccessKey>(request).await.expect("a key").access_key;
    let credential = cloud.credential(&key.access_key_id).expect("the store").expect("known");
    assert_eq!(credential.principal.arn(), "arn:aws:iam::000000000000:user/alice");
    let off = UpdateAccessKeyRequest {
        user_name: Some("alice".into()),
        access_key_id: key.access_key_id.clone(),
        status: "Inactive".into(),
    };
    client.call::<UpdateAccessKey>(off).await.expect("switched off");
    assert!(!cloud.credential(&key.access_key_id).expect("the store").expect("known").active);
    let refused =
        client.call::<DeleteUser>(DeleteUserRequest { user_name: "alice".into() }).await.err().expect("refused");
    assert_eq!(refused.message, "Cannot delete entity, must delete access keys first.");
}

#[tokio::test]
async fn all_violations_are_told_at_once() {
    let client = client();
    let input = serde_json::json!({ "RoleName": "bad name", "AssumeRolePolicyDocument": "" });
    let refused = client.call_json("iam", "CreateRole", &input).await.expect_err("refused");
    assert!(refused.message.starts_with("3 validation errors detected: "), "{refused}");
}
