"""What would be decided, asked beforehand: IAM's simulator, and `kogumo iam explain`."""

from people import ACCOUNT, LAMBDA, Person, allow, deny, document, refused, role


def decisions(answer):
    return {(one["EvalActionName"], one["EvalResourceName"]): one["EvalDecision"] for one in answer["EvaluationResults"]}


def test_policies_of_a_person(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, name, allow("s3:*"), deny("s3:DeleteObject", "arn:aws:s3:::kept/*", Sid="Kept"))
    answer = iam.simulate_principal_policy(
        PolicySourceArn=person.arn, ActionNames=["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage"], ResourceArns=["arn:aws:s3:::kept/a"]
    )
    kept = "arn:aws:s3:::kept/a"
    assert decisions(answer) == {
        ("s3:GetObject", kept): "allowed",
        ("s3:DeleteObject", kept): "explicitDeny",
        ("sqs:SendMessage", kept): "implicitDeny",
    }
    matched = answer["EvaluationResults"][1]["MatchedStatements"]
    assert [one["SourcePolicyId"] for one in matched] == ["own", "own"] and matched[0]["SourcePolicyType"] == "user"
    assert matched[0]["StartPosition"]["Line"] == 1 and matched[0]["EndPosition"]["Column"] > matched[0]["StartPosition"]["Column"]
    boundary = iam.create_policy(PolicyName=name, PolicyDocument=document(allow("s3:Get*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=boundary)
    answer = iam.simulate_principal_policy(PolicySourceArn=person.arn, ActionNames=["s3:GetObject", "s3:PutObject"])
    assert [one["EvalDecision"] for one in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]
    allowed = [one["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] for one in answer["EvaluationResults"]]
    assert allowed == [True, False]
    refused(iam.simulate_principal_policy, code="NoSuchEntity", PolicySourceArn=person.arn + "-none", ActionNames=["s3:GetObject"])


def test_policies_that_nobody_has_yet(cloud):
    iam = cloud.client("iam")
    home = allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[document(home)])["ContextKeyNames"]
    assert keys == ["aws:SecureTransport", "aws:username"]
    ask = dict(PolicyInputList=[document(home)], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::home/me/a"])
    answer = iam.simulate_custom_policy(**ask)["EvaluationResults"][0]
    assert (answer["EvalDecision"], answer["MissingContextValues"]) == ("implicitDeny", keys)
    context = [
        {"ContextKeyName": "aws:username", "ContextKeyValues": ["me"], "ContextKeyType": "string"},
        {"ContextKeyName": "aws:securetransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"},
    ]
    answer = iam.simulate_custom_policy(**ask, ContextEntries=context)["EvaluationResults"][0]
    assert (answer["EvalDecision"], answer["MissingContextValues"]) == ("allowed", [])
    assert answer["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"
    refused(iam.simulate_custom_policy, code="InvalidInput", **{**ask, "PolicyInputList": ["{"]})


def test_what_if_a_policy_were_gone(cloud, name):
    """PolicyExclusionList: by type, by ARN with wildcards, by an inline policy's name and holder."""
    iam = cloud.client("iam")
    person = Person(cloud, name, allow("s3:GetObject"))
    group, managed = f"{name}-g", iam.create_policy(PolicyName=f"{name}-m", PolicyDocument=document(allow("sqs:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=managed)
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="own", PolicyDocument=document(allow("sns:*")))
    iam.add_user_to_group(GroupName=group, UserName=name)
    actions = ["s3:GetObject", "sqs:SendMessage", "sns:Publish"]

    def allowed(*excluded):
        answer = iam.simulate_principal_policy(PolicySourceArn=person.arn, ActionNames=actions, PolicyExclusionList=list(excluded))
        return [one["EvalActionName"] for one in answer["EvaluationResults"] if one["EvalDecision"] == "allowed"]

    inline = lambda kind, holder: {"InlinePolicyIdentifier": {"PolicyName": "own", "AttachmentType": kind, "AttachmentName": holder}}
    assert allowed() == actions
    assert allowed({"PolicyType": "inline"}) == ["sqs:SendMessage"]
    assert allowed({"PolicyArn": managed[:-2] + "?m"}) == allowed({"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/{name}*"}) == ["s3:GetObject", "sns:Publish"]
    assert allowed(inline("user", name[:-3] + "*")) == ["sqs:SendMessage", "sns:Publish"]
    assert allowed(inline("group", group), {"PolicyType": "user-managed"}) == ["s3:GetObject"]
    boundary = iam.create_policy(PolicyName=f"{name}-b", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=boundary)
    assert allowed() == ["s3:GetObject"] and allowed({"PolicyType": "permission-boundary"}) == actions
    refused(lambda: allowed({"PolicyArn": "arn:aws:s3:::some-bucket"}), code="InvalidInput")
    refused(lambda: allowed({"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/*a*"}), code="InvalidInput")


def test_levels_of_an_organization(cloud):
    """Each level's service control policies must allow; a deny on any of them decides."""
    iam = cloud.client("iam")
    level = lambda *statements: {"ServiceControlPolicyInputList": [document(*statements)]}

    def decided(*levels):
        answer = iam.simulate_custom_policy(
            PolicyInputList=[document(allow("s3:*"))], ActionNames=["s3:GetObject"], OrderedOrganizationPolicyInputList=list(levels))
        one = answer["EvaluationResults"][0]
        return one["EvalDecision"], one["OrganizationsDecisionDetail"]["AllowedByOrganizations"]

    assert decided(level(allow("*")), level(allow("s3:*"))) == ("allowed", True)
    assert decided(level(allow("*")), level(allow("sqs:*"))) == ("implicitDeny", False)
    assert decided(level(allow("*"), deny("s3:Get*")), level(allow("*"))) == ("explicitDeny", False)


def test_when_services_were_last_used(cloud, name):
    """Out of the audit trail: what somebody may use, and tried; refused tries count."""
    iam = cloud.client("iam")
    person = Person(cloud, name, allow(["sqs:*", "ssm:GetParameter"]), allow("s3:List*"))
    person.client("sqs").list_queues()
    refused(person.client("ssm", region="eu-west-1").get_parameters, Names=["x"], code="AccessDeniedException")

    def report(arn, **more):
        job = iam.generate_service_last_accessed_details(Arn=arn, **more)["JobId"]
        told = iam.get_service_last_accessed_details(JobId=job)
        assert told["JobStatus"] == "COMPLETED"
        return job, {one["ServiceNamespace"]: one for one in told["ServicesLastAccessed"]}

    job, services = report(person.arn, Granularity="ACTION_LEVEL")
    assert set(services) == {"s3", "sqs", "ssm"}
    assert services["sqs"]["LastAuthenticatedEntity"] == person.arn and services["sqs"]["TotalAuthenticatedEntities"] == 1
    assert [one["ActionName"] for one in services["sqs"]["TrackedActionsLastAccessed"]] == ["ListQueues"]
    assert services["ssm"]["LastAuthenticatedRegion"] == "eu-west-1"
    assert "LastAuthenticated" not in services["s3"] and services["s3"]["TotalAuthenticatedEntities"] == 0
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="sqs")["EntityDetailsList"]
    assert [(one["EntityInfo"]["Arn"], one["EntityInfo"]["Type"]) for one in entities] == [(person.arn, "USER")] and entities[0]["LastAuthenticated"]
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document(allow("sqs:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    assert report(policy)[1]["sqs"]["LastAuthenticatedEntity"] == person.arn
    granting = iam.list_policies_granting_service_access(Arn=person.arn, ServiceNamespaces=["sqs", "sns"])["PoliciesGrantingServiceAccess"]
    assert [(one["ServiceNamespace"], [policy["PolicyName"] for policy in one["Policies"]]) for one in granting] == [("sqs", ["own", name]), ("sns", [])]
    refused(iam.get_service_last_accessed_details, JobId="0" * 36, code="NoSuchEntity")
    refused(iam.generate_service_last_accessed_details, Arn=person.arn + "-none", code="NoSuchEntity")


def test_keys_of_a_persons_policies(cloud, name):
    person = Person(cloud, name, allow("s3:*", Condition={"StringLike": {"s3:prefix": "${aws:userid}/*"}}))
    answer = cloud.client("iam").get_context_keys_for_principal_policy(PolicySourceArn=person.arn)
    assert answer["ContextKeyNames"] == ["aws:userid", "s3:prefix"]


def test_a_terminal_is_told_in_words(cloud, name):
    arn = role(cloud, name, LAMBDA, allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/notes", Sid="Writing"), deny("s3:*"))
    notes = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/notes"

    def explain(*words):
        return cloud.kogumo("iam", "explain", *words, LANG="C").stdout

    said = explain(arn, "dynamodb:PutItem", notes)
    assert said.startswith("Allowed:") and 'statement 1 ("Writing") of the identity-based policy "own"' in said
    assert explain(arn, "dynamodb:Scan", notes).startswith("Not allowed.")
    assert explain(arn, "s3:GetObject", "arn:aws:s3:::b/k").startswith("Denied: statement 2")
    said = explain(arn, "dynamodb:PutItem", notes, "--language", "ja")
    assert said.startswith("許可されます。") and "1番目のステートメント（Sid: Writing）" in said
    wrong = cloud.kogumo("iam", "explain", arn, "nothing:Here", check=False)
    assert wrong.returncode == 1 and "No service has the action" in wrong.stderr
