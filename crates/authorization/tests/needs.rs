//! What calls need, by the facts: names, ARNs, lists, options, roles that are passed.

use kogumo_authorization::{Need, account_of, keys, needs};
use kogumo_model::{dynamodb, kms, lambda, s3, ssm};
use kogumo_wire::{Checks, OperationType, Service, Structure, from_model_json};
use serde_json::{Value, json};

fn input<O: OperationType>(value: Value) -> O::Input {
    let mut input = O::Input::default();
    from_model_json(&value, &mut input, &mut Checks::default()).expect("an input");
    input
}

fn of<O: OperationType>(service: &Service, value: Value) -> Vec<String> {
    let input = input::<O>(value);
    let found = needs(service, O::FACTS, &input as &dyn Structure, "eu-west-1", "111122223333");
    found.into_iter().map(|Need { action, resource, .. }| format!("{action} {resource}")).collect()
}

#[test]
fn names_become_arns() {
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";
    let get = json!({"TableName": "t", "Key": {"id": {"S": "1"}}});
    assert_eq!(of::<dynamodb::GetItem>(&dynamodb::SERVICE, get), [format!("dynamodb:GetItem {table}")]);
    let arn = "arn:aws:dynamodb:us-east-1:444455556666:table/theirs";
    let get = json!({"TableName": arn, "Key": {"id": {"S": "1"}}});
    assert_eq!(of::<dynamodb::GetItem>(&dynamodb::SERVICE, get), [format!("dynamodb:GetItem {arn}")]);
    let query = json!({"TableName": "t", "IndexName": "i"});
    assert_eq!(of::<dynamodb::Query>(&dynamodb::SERVICE, query), [format!("dynamodb:Query {table}/index/i")]);
    assert_eq!(of::<dynamodb::ListTables>(&dynamodb::SERVICE, json!({})), ["dynamodb:ListTables *"]);
}

#[test]
fn what_works_on_many_needs_each() {
    let batch = json!({"RequestItems": {"a": {"Keys": []}, "b": {"Keys": []}}});
    assert_eq!(
        of::<dynamodb::BatchGetItem>(&dynamodb::SERVICE, batch),
        [
            "dynamodb:BatchGetItem arn:aws:dynamodb:eu-west-1:111122223333:table/a",
            "dynamodb:BatchGetItem arn:aws:dynamodb:eu-west-1:111122223333:table/b",
        ]
    );
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": "a", "Item": {"id": {"S": "1"}}}},
        {"ConditionCheck": {"TableName": "b", "Key": {"id": {"S": "1"}}, "ConditionExpression": "x"}},
    ]});
    assert_eq!(
        of::<dynamodb::TransactWriteItems>(&dynamodb::SERVICE, transaction),
        [
            "dynamodb:PutItem arn:aws:dynamodb:eu-west-1:111122223333:table/a",
            "dynamodb:ConditionCheckItem arn:aws:dynamodb:eu-west-1:111122223333:table/b",
        ]
    );
    let names = json!({"Names": ["/a/b", "c"]});
    assert_eq!(
        of::<ssm::GetParameters>(&ssm::SERVICE, names),
        [
            "ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/a/b",
            "ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/c",
        ]
    );
}

#[test]
fn actions_depend_on_what_is_asked_for() {
    let object = |value| of::<s3::GetObject>(&s3::SERVICE, value);
    assert_eq!(object(json!({"Bucket": "b", "Key": "k"})), ["s3:GetObject arn:aws:s3:::b/k"]);
    let version = json!({"Bucket": "b", "Key": "k", "VersionId": "v"});
    assert_eq!(object(version), ["s3:GetObjectVersion arn:aws:s3:::b/k"]);
    let copy = json!({"Bucket": "b", "Key": "k", "CopySource": "/a/x%20y?versionId=1"});
    assert_eq!(
        of::<s3::CopyObject>(&s3::SERVICE, copy),
        ["s3:GetObject arn:aws:s3:::a/x y", "s3:PutObject arn:aws:s3:::b/k"]
    );
    let list = input::<s3::ListObjectsV2>(json!({"Bucket": "b", "Prefix": "p/", "MaxKeys": 5}));
    let filled = keys(&s3::SERVICE, s3::ListObjectsV2::FACTS, &list);
    assert_eq!(filled, [("s3:max-keys", vec!["5".to_owned()]), ("s3:prefix", vec!["p/".to_owned()])]);
}

#[test]
fn roles_are_passed() {
    let role = "arn:aws:iam::111122223333:role/r";
    let create = json!({"FunctionName": "f", "Role": role, "Code": {}});
    let input = input::<lambda::CreateFunction>(create);
    let found = needs(&lambda::SERVICE, lambda::CreateFunction::FACTS, &input, "eu-west-1", "111122223333");
    let last = found.last().expect("a need");
    assert_eq!((last.action.as_ref(), last.resource.as_str()), ("iam:PassRole", role));
    assert_eq!(last.passed_to, Some("lambda.amazonaws.com"));
    assert_eq!(
        of::<lambda::Invoke>(&lambda::SERVICE, json!({"FunctionName": "f", "Qualifier": "prod"})),
        ["lambda:InvokeFunction arn:aws:lambda:eu-west-1:111122223333:function:f:prod"]
    );
}

#[test]
fn keys_are_meant_by_their_names_and_aliases() {
    let of_kms = |needs: Vec<String>| needs.join("; ");
    let key = "arn:aws:kms:eu-west-1:111122223333";
    let create = of::<kms::CreateKey>(&kms::SERVICE, json!({}));
    assert_eq!(of_kms(create), "kms:CreateKey *");
    let create = of::<kms::CreateKey>(&kms::SERVICE, json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]}));
    assert_eq!(of_kms(create), "kms:CreateKey *; kms:TagResource *");
    let alias = of::<kms::CreateAlias>(&kms::SERVICE, json!({"AliasName": "alias/a", "TargetKeyId": "1"}));
    assert_eq!(of_kms(alias), format!("kms:CreateAlias {key}:key/1; kms:CreateAlias {key}:alias/a"));
    let both = json!({"SourceKeyId": "1", "DestinationKeyId": "2", "CiphertextBlob": "eA=="});
    let both = of::<kms::ReEncrypt>(&kms::SERVICE, both);
    assert_eq!(of_kms(both), format!("kms:ReEncryptFrom {key}:key/1; kms:ReEncryptTo {key}:key/2"));
}

#[test]
fn the_account_of_a_resource() {
    assert_eq!(account_of("arn:aws:sqs:us-east-1:111122223333:q:1"), "111122223333");
    assert_eq!(account_of("arn:aws:iam::111122223333"), "111122223333");
    for none in ["*", "", "arn:aws:s3:::b", "arn:aws:s3:::b:c", "arn:aws:s3::aws:b", "::::"] {
        assert_eq!(account_of(none), "", "{none}");
    }
}
