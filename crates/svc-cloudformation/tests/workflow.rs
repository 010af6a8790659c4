//! Stacks from creation to deletion, over resources that fail at each place in turn.

mod common;

use common::{call, cloud, cloud_over, events, fake, settled};
use kogumo_store::Store;
use kogumo_testkit::root;
use serde_json::{Value, json};

/// D needs B and C, which need A.
fn diamond(value: &str) -> String {
    let parameter = |id: &str, value: &str| {
        format!("  {id}: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: {value}}}}}\n")
    };
    format!(
        "Resources:\n{}{}{}{}Outputs:\n  Out: {{Value: !GetAtt D.Value, Export: {{Name: out}}}}\n",
        parameter("A", value),
        parameter("B", "!Sub 'b-${A}'"),
        parameter("C", "!GetAtt A.Value"),
        parameter("D", "!Join ['+', [!Ref B, !Ref C]]"),
    )
}

#[tokio::test]
async fn create_and_delete() {
    let (_cloud, client) = cloud();
    call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
    let stack = settled(&client, "s").await;
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["Outputs"][0]["ExportName"], "out");
    let log = fake().lock().log.clone();
    assert_eq!((log[0].as_str(), log[3].as_str()), ("create A", "create D"));
    let history = events(&client, "s").await;
    assert_eq!(&history[..2], ["s CREATE_IN_PROGRESS User Initiated", "A CREATE_IN_PROGRESS"]);
    assert_eq!(history[2..4], ["A CREATE_IN_PROGRESS Resource creation Initiated", "A CREATE_COMPLETE"]);
    assert_eq!(history.last().expect("an event"), "s CREATE_COMPLETE");

    let exists = call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await;
    assert_eq!(exists, Err("Stack [s] already exists".into()));
    let same = call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await;
    assert_eq!(same, Err("No updates are to be performed.".into()));

    let id = stack["StackId"].as_str().expect("an id").to_owned();
    call(&client, "DeleteStack", json!({"StackName": "s"})).await.expect("accepted");
    assert_eq!(settled(&client, &id).await["StackStatus"], "DELETE_COMPLETE");
    assert!(fake().lock().existing.is_empty());
    let log = fake().lock().log.clone();
    assert_eq!((log[4].as_str(), log[7].as_str()), ("delete D", "delete A"));
    let gone = call(&client, "DescribeStacks", json!({"StackName": "s"})).await;
    assert_eq!(gone, Err("Stack with id s does not exist".into()));
}

#[tokio::test]
async fn a_create_that_fails_anywhere_leaves_nothing() {
    for failing in ["A", "B", "C", "D"] {
        let (_cloud, client) = cloud();
        *fake().lock() = common::State { failing: [format!("create {failing}")].into(), ..Default::default() };
        call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
        let stack = settled(&client, "s").await;
        assert_eq!(stack["StackStatus"], "ROLLBACK_COMPLETE", "{failing}");
        assert!(fake().lock().existing.is_empty(), "{failing}");
        let history = events(&client, "s").await;
        let reason = format!(
            "s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [{failing}]. Rollback requested by user."
        );
        assert!(history.contains(&reason), "{history:?}");
        assert!(history.contains(&format!("{failing} CREATE_FAILED {failing} was told to fail")), "{history:?}");
        let refused = call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": diamond("y")}))
            .await
            .expect_err("refused");
        assert!(refused.ends_with("is in ROLLBACK_COMPLETE state and can not be updated."), "{refused}");
    }
}

#[tokio::test]
async fn an_update_that_fails_anywhere_restores_what_was() {
    for failing in ["update A", "update C", "create E"] {
        let (_cloud, client) = cloud();
        *fake().lock() = common::State::default();
        call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
        settled(&client, "s").await;
        let before = fake().lock().existing.clone();
        fake().lock().failing = [failing.to_owned()].into();
        let extra = "  E: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !GetAtt D.Value}}\nOutputs:";
        let changed = diamond("y").replace("Outputs:", extra);
        call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": changed})).await.expect("accepted");
        let stack = settled(&client, "s").await;
        assert_eq!(stack["StackStatus"], "UPDATE_ROLLBACK_COMPLETE", "{failing}: {:?}", events(&client, "s").await);
        assert_eq!(fake().lock().existing, before, "{failing}");
        let template = call(&client, "GetTemplate", json!({"StackName": "s"})).await.expect("a template");
        assert_eq!(template["TemplateBody"], diamond("x").as_str());
    }
}

#[tokio::test]
async fn an_update_changes_replaces_and_cleans_up() {
    let (_cloud, client) = cloud();
    let body = |name: &str, value: &str, rest: &str| {
        format!(
            "Resources:\n  A: {{Type: 'AWS::SSM::Parameter', Properties: {{Name: {name}, Type: String, Value: {value}}}}}\n{rest}"
        )
    };
    let kept = "  K: {Type: 'AWS::SSM::Parameter', DeletionPolicy: Retain, Properties: {Type: String, Value: k}}\n";
    call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": body("a", "1", kept)}))
        .await
        .expect("accepted");
    settled(&client, "s").await;
    call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": body("b", "1", "")}))
        .await
        .expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_COMPLETE");
    let existing: Vec<String> = fake().lock().existing.keys().cloned().collect();
    assert_eq!(existing.len(), 2, "{existing:?}");
    assert!(existing.contains(&"A-3".to_owned()), "the replacement");
    let history = events(&client, "s").await;
    for line in [
        "A UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
        "s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "K DELETE_SKIPPED",
        "A DELETE_COMPLETE",
    ] {
        assert!(history.contains(&line.to_owned()), "{line}: {history:#?}");
    }
    assert_eq!(history.last().expect("an event"), "s UPDATE_COMPLETE");
}

#[tokio::test]
async fn an_export_in_use_stays() {
    let (_cloud, client) = cloud();
    call(&client, "CreateStack", json!({"StackName": "one", "TemplateBody": diamond("x")})).await.expect("accepted");
    settled(&client, "one").await;
    let user = "Resources: {U: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !ImportValue out}}}";
    call(&client, "CreateStack", json!({"StackName": "two", "TemplateBody": user})).await.expect("accepted");
    assert_eq!(settled(&client, "two").await["StackStatus"], "CREATE_COMPLETE");
    let refused = call(&client, "DeleteStack", json!({"StackName": "one"})).await;
    assert_eq!(refused, Err("Cannot delete export out as it is in use by two.".into()));
    let imports = call(&client, "ListImports", json!({"ExportName": "out"})).await.expect("imports");
    assert_eq!(imports["Imports"], json!(["two"]));
    call(&client, "DeleteStack", json!({"StackName": "two"})).await.expect("accepted");
    while call(&client, "DescribeStacks", json!({"StackName": "two"})).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    call(&client, "DeleteStack", json!({"StackName": "one"})).await.expect("accepted");
}

#[tokio::test]
async fn change_sets_as_deploy_uses_them() {
    let (_cloud, client) = cloud();
    let create = |kind: &str, name: &str, body: &str| json!({"StackName": "s", "ChangeSetName": name, "ChangeSetType": kind, "TemplateBody": body});
    let made = call(&client, "CreateChangeSet", create("CREATE", "c1", &diamond("x"))).await.expect("a change set");
    let id = made["Id"].as_str().expect("an id").to_owned();
    assert_eq!(
        call(&client, "DescribeStacks", json!({"StackName": "s"})).await.expect("a stack")["Stacks"][0]["StackStatus"],
        "REVIEW_IN_PROGRESS"
    );
    let seen = call(&client, "DescribeChangeSet", json!({"ChangeSetName": id})).await.expect("seen");
    assert_eq!((&seen["Status"], &seen["ExecutionStatus"]), (&json!("CREATE_COMPLETE"), &json!("AVAILABLE")));
    assert_eq!(seen["Changes"].as_array().map(Vec::len), Some(4));
    call(&client, "ExecuteChangeSet", json!({"ChangeSetName": id})).await.expect("accepted");
    let stack = settled(&client, "s").await;
    assert_eq!((&stack["StackStatus"], &stack["ChangeSetId"]), (&json!("CREATE_COMPLETE"), &json!(id)));

    call(&client, "CreateChangeSet", create("UPDATE", "c2", &diamond("x"))).await.expect("a change set");
    let seen =
        call(&client, "DescribeChangeSet", json!({"ChangeSetName": "c2", "StackName": "s"})).await.expect("seen");
    assert_eq!(seen["Status"], "FAILED");
    assert_eq!(
        seen["StatusReason"],
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
    let refused =
        call(&client, "ExecuteChangeSet", json!({"ChangeSetName": "c2", "StackName": "s"})).await.expect_err("refused");
    assert!(refused.ends_with("cannot be executed in its current status of [FAILED]"), "{refused}");

    call(&client, "CreateChangeSet", create("UPDATE", "c3", &diamond("y"))).await.expect("a change set");
    call(&client, "ExecuteChangeSet", json!({"ChangeSetName": "c3", "StackName": "s"})).await.expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_COMPLETE");
    let seen =
        call(&client, "DescribeChangeSet", json!({"ChangeSetName": "c3", "StackName": "s"})).await.expect("seen");
    assert_eq!(seen["ExecutionStatus"], "EXECUTE_COMPLETE");
}

/// The server goes down while resources are being made; the next one goes on.
#[test]
fn a_workflow_survives_the_server() {
    let store = Store::ephemeral().expect("a store");
    let first = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    fake().lock().hanging = true;
    first.block_on(async {
        let cloud = cloud_over(store.clone());
        let client = root(&cloud);
        call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    });
    drop(first);
    fake().lock().hanging = false;
    let second = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    second.block_on(async {
        let cloud = cloud_over(store.clone());
        kogumo_svc_cloudformation::workflow::resume(&cloud).expect("resumed");
        let client = root(&cloud);
        assert_eq!(settled(&client, "s").await["StackStatus"], "CREATE_COMPLETE");
        assert_eq!(fake().lock().existing.len(), 4);
    });
}

#[tokio::test]
async fn parameters_tags_and_refusals() {
    let (_cloud, client) = cloud();
    let body = "Parameters: {P: {Type: String}, Q: {Type: String, NoEcho: true, Default: q}}\nResources: {A: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref P}}}";
    let missing = call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": body})).await;
    assert_eq!(missing, Err("Parameters: [P] must have values".into()));
    let input = json!({"StackName": "s", "TemplateBody": body, "Parameters": [{"ParameterKey": "P", "ParameterValue": "v"}],
        "Tags": [{"Key": "team", "Value": "x"}]});
    call(&client, "CreateStack", input).await.expect("accepted");
    let stack = settled(&client, "s").await;
    assert_eq!(stack["Parameters"][1]["ParameterValue"], "****");
    let made = fake().lock().existing.values().next().cloned().expect("a resource");
    assert_eq!(made, json!({"Type": "String", "Value": "v", "Tags": {"team": "x"}}));
    let update = json!({"StackName": "s", "UsePreviousTemplate": true, "Parameters": [{"ParameterKey": "P", "UsePreviousValue": true}]});
    assert_eq!(call(&client, "UpdateStack", update).await, Err("No updates are to be performed.".into()));
    for (body, want) in [
        (
            "Resources: {A: {Type: 'AWS::Foo::Bar'}}",
            "Template format error: Unrecognized resource types: [AWS::Foo::Bar]",
        ),
        (
            "Resources: {A: {Type: 'AWS::S3::Bucket'}}\nOutputs: {O: {Value: !GetAtt A.Nope}}",
            "Template error: resource A does not support attribute type Nope in Fn::GetAtt",
        ),
        (
            "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}}",
            "Requires capabilities : [CAPABILITY_IAM]",
        ),
        ("nonsense", "Template format error: unsupported structure."),
    ] {
        let refused = call(&client, "CreateStack", json!({"StackName": "t", "TemplateBody": body})).await;
        assert_eq!(refused, Err(want.into()), "{body}");
    }
    call(&client, "UpdateTerminationProtection", json!({"StackName": "s", "EnableTerminationProtection": true}))
        .await
        .expect("set");
    let refused = call(&client, "DeleteStack", json!({"StackName": "s"})).await;
    assert_eq!(refused, Err("Stack [s] cannot be deleted while TerminationProtection is enabled".into()));
    let none: Result<Value, String> = call(&client, "DeleteStack", json!({"StackName": "nobody"})).await;
    assert!(none.is_ok());
}

#[tokio::test]
async fn what_exists_is_imported_and_left_alone_by_a_rollback() {
    let (_cloud, client) = cloud();
    fake().lock().existing.insert("mine".into(), json!({"was": "here"}));
    let body = "Resources:\n  A: {Type: 'AWS::SSM::Parameter', Properties: {Name: mine, Type: String, Value: x}}\n  B: {Type: 'AWS::SSM::Parameter', DependsOn: A, Properties: {Type: String, Value: y}}\n";
    let input = |name: &str| json!({"StackName": name, "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": body, "ImportExistingResources": true});
    for (stack, failing, status) in [("one", "create B", "ROLLBACK_COMPLETE"), ("two", "", "CREATE_COMPLETE")] {
        fake().lock().failing = [failing.to_owned()].into();
        call(&client, "CreateChangeSet", input(stack)).await.expect("a change set");
        let seen =
            call(&client, "DescribeChangeSet", json!({"ChangeSetName": "c", "StackName": stack})).await.expect("seen");
        assert_eq!(seen["Changes"][0]["ResourceChange"]["Action"], "Import");
        assert_eq!(seen["Changes"][1]["ResourceChange"]["Action"], "Add");
        call(&client, "ExecuteChangeSet", json!({"ChangeSetName": "c", "StackName": stack})).await.expect("accepted");
        assert_eq!(settled(&client, stack).await["StackStatus"], status);
        assert!(fake().lock().existing.contains_key("mine"));
    }
}

#[tokio::test]
async fn a_delete_overtakes_a_create() {
    let (_cloud, client) = cloud();
    fake().lock().hanging = true;
    call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
    let found = call(&client, "DescribeStacks", json!({"StackName": "s"})).await.expect("a stack");
    let id = found["Stacks"][0]["StackId"].as_str().expect("an id").to_owned();
    call(&client, "DeleteStack", json!({"StackName": "s"})).await.expect("accepted");
    fake().lock().hanging = false;
    assert_eq!(settled(&client, &id).await["StackStatus"], "DELETE_COMPLETE");
    assert!(fake().lock().existing.is_empty());
    assert!(!fake().lock().log.contains(&"create D".to_owned()));
}

#[tokio::test]
async fn an_update_can_be_cancelled() {
    let (_cloud, client) = cloud();
    call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": diamond("x")})).await.expect("accepted");
    settled(&client, "s").await;
    let before = fake().lock().existing.clone();
    fake().lock().hanging = true;
    call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": diamond("y")})).await.expect("accepted");
    call(&client, "CancelUpdateStack", json!({"StackName": "s"})).await.expect("accepted");
    fake().lock().hanging = false;
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fake().lock().existing, before);
}

#[tokio::test]
async fn what_follows_a_failure_is_the_callers_choice() {
    for (choice, status, left) in [("DO_NOTHING", "CREATE_FAILED", 3), ("DELETE", "DELETE_COMPLETE", 0)] {
        let (_cloud, client) = cloud();
        *fake().lock() = common::State { failing: ["create D".to_owned()].into(), ..Default::default() };
        let input = json!({"StackName": "s", "TemplateBody": diamond("x"), "OnFailure": choice});
        let made = call(&client, "CreateStack", input).await.expect("accepted");
        let id = made["StackId"].as_str().expect("an id");
        assert_eq!(settled(&client, id).await["StackStatus"], status);
        assert_eq!(fake().lock().existing.len(), left);
    }
}

#[tokio::test]
async fn a_stack_policy_protects() {
    let (_cloud, client) = cloud();
    let policy = r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/A"}]}"#;
    let input = json!({"StackName": "s", "TemplateBody": diamond("x"), "StackPolicyBody": policy});
    call(&client, "CreateStack", input).await.expect("accepted");
    settled(&client, "s").await;
    call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": diamond("y")})).await.expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    let history = events(&client, "s").await;
    assert!(
        history.iter().any(|line| line.starts_with("A UPDATE_FAILED Action denied by stack policy: Statement [#2]"))
    );
    let during = r#"{"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}"#;
    let input = json!({"StackName": "s", "TemplateBody": diamond("y"), "StackPolicyDuringUpdateBody": during});
    call(&client, "UpdateStack", input).await.expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_COMPLETE");
}

#[tokio::test]
async fn a_custom_resource_that_becomes_another_is_cleaned_up() {
    let body = |value: &str, more: &str| {
        format!("Resources:\n  C: {{Type: 'Custom::Thing', Properties: {{ServiceToken: t, V: {value}}}}}\n{more}")
    };
    let (_cloud, client) = cloud();
    call(&client, "CreateStack", json!({"StackName": "s", "TemplateBody": body("1", "")})).await.expect("accepted");
    settled(&client, "s").await;
    let bad = "  B: {Type: 'AWS::SSM::Parameter', DependsOn: C, Properties: {Type: String, Value: y}}\n";
    fake().lock().failing = ["create B".to_owned()].into();
    call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": body("2", bad)})).await.expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fake().lock().existing.keys().collect::<Vec<_>>(), ["C-1"]);
    call(&client, "UpdateStack", json!({"StackName": "s", "TemplateBody": body("2", "")})).await.expect("accepted");
    assert_eq!(settled(&client, "s").await["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(fake().lock().existing.keys().collect::<Vec<_>>(), ["C-1+"]);
}
