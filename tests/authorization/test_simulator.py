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
