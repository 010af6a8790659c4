"""Users, groups and boundaries: one permission is one permission, whoever gives it."""

import json

from clouds import program
from people import ACCOUNT, Person, allow, deny, document, refused, table


def test_exactly_one_permission_and_nothing_else(cloud, name):
    one, other = table(cloud, f"{name}-1"), f"{name}-2"
    table(cloud, other)
    person = Person(cloud, name, allow("dynamodb:PutItem", one))
    dynamodb = person.client("dynamodb")
    dynamodb.put_item(TableName=f"{name}-1", Item={"id": {"S": "a"}})
    said = refused(dynamodb.get_item, code="AccessDeniedException", TableName=f"{name}-1", Key={"id": {"S": "a"}})
    assert said == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: dynamodb:GetItem on resource: {one} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )
    refused(dynamodb.put_item, TableName=other, Item={"id": {"S": "a"}})
    refused(dynamodb.list_tables)
    refused(person.client("s3").list_buckets, code="AccessDenied")
    refused(person.client("iam").list_users, code="AccessDenied")
    refused(person.client("lambda").list_functions, code="AccessDeniedException")
    refused(person.client("cloudformation").list_stacks, code="AccessDenied")
    assert person.client("sts").get_caller_identity()["Arn"] == person.arn
    # What is refused changes nothing.
    refused(dynamodb.delete_table, TableName=other)
    assert other in cloud.client("dynamodb").list_tables()["TableNames"]


def test_many_items_are_decided_by_their_tables(cloud, name):
    one, other = table(cloud, f"{name}-1"), table(cloud, f"{name}-2")
    person = Person(cloud, name, allow(["dynamodb:PutItem", "dynamodb:BatchWriteItem"], one), allow("dynamodb:ConditionCheckItem", other))
    dynamodb = person.client("dynamodb")
    put = {"PutRequest": {"Item": {"id": {"S": "a"}}}}
    dynamodb.batch_write_item(RequestItems={f"{name}-1": [put]})
    refused(dynamodb.batch_write_item, RequestItems={f"{name}-1": [put], f"{name}-2": [put]}, says=f"on resource: {other}")
    check = {"ConditionCheck": {"TableName": f"{name}-2", "Key": {"id": {"S": "b"}}, "ConditionExpression": "attribute_not_exists(id)"}}
    item = {"Put": {"TableName": f"{name}-1", "Item": {"id": {"S": "b"}}}}
    dynamodb.transact_write_items(TransactItems=[item, check])
    delete = {"Delete": {"TableName": f"{name}-1", "Key": {"id": {"S": "b"}}}}
    refused(dynamodb.transact_write_items, TransactItems=[delete], says="dynamodb:DeleteItem")


def test_what_a_call_names_is_what_it_needs(cloud, name):
    """Resources that calls name by ARNs and names of their own: providers, devices, groups of instances, queues."""
    iam, ec2, sqs = cloud.client("iam"), cloud.client("ec2"), cloud.client("sqs")
    own, other = (iam.create_open_id_connect_provider(Url=f"https://{name}.example.com/{one}", ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"] for one in "ab")
    queues = [sqs.get_queue_attributes(QueueUrl=sqs.create_queue(QueueName=f"{name}-{one}")["QueueUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] for one in "ab"]
    person = Person(
        cloud, name,
        allow(["iam:GetOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider"], own),
        allow(["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"], "arn:aws:iam::*:mfa/${aws:username}"),
        allow("iam:ListPoliciesGrantingServiceAccess", "arn:aws:iam::*:user/${aws:username}"),
        allow(["ec2:CreatePlacementGroup", "ec2:DeletePlacementGroup"], f"arn:aws:ec2:*:*:placement-group/{name}"),
        allow("sqs:ListMessageMoveTasks", queues[0]),
    )
    theirs = {service: person.client(service) for service in ("iam", "ec2", "sqs")}
    theirs["iam"].get_open_id_connect_provider(OpenIDConnectProviderArn=own)
    refused(theirs["iam"].get_open_id_connect_provider, OpenIDConnectProviderArn=other, says=f"on resource: {other}")
    theirs["iam"].delete_open_id_connect_provider(OpenIDConnectProviderArn=own)
    device = theirs["iam"].create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    refused(theirs["iam"].create_virtual_mfa_device, VirtualMFADeviceName=f"{name}-2")
    theirs["iam"].delete_virtual_mfa_device(SerialNumber=device)
    theirs["iam"].list_policies_granting_service_access(Arn=person.arn, ServiceNamespaces=["ec2"])
    refused(theirs["iam"].list_policies_granting_service_access, Arn=f"{person.arn}2", ServiceNamespaces=["ec2"])
    theirs["ec2"].create_placement_group(GroupName=name, Strategy="spread")
    refused(theirs["ec2"].create_placement_group, code="UnauthorizedOperation", GroupName=f"{name}-2", Strategy="spread")
    theirs["ec2"].delete_placement_group(GroupName=name)
    theirs["sqs"].list_message_move_tasks(SourceArn=queues[0])
    refused(theirs["sqs"].list_message_move_tasks, SourceArn=queues[1])


def test_groups_give_and_a_denial_outweighs(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, name)
    s3 = person.client("s3")
    refused(s3.list_buckets)
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="reading", PolicyDocument=document(allow(["s3:List*", "s3:Get*"])))
    iam.add_user_to_group(GroupName=name, UserName=name)
    s3.list_buckets()
    person.may(deny("s3:ListAllMyBuckets"))
    refused(s3.list_buckets, says="with an explicit deny in an identity-based policy")
    person.may(allow("s3:ListAllMyBuckets"))
    s3.list_buckets()
    iam.remove_user_from_group(GroupName=name, UserName=name)
    person.may(allow("sqs:*"))
    refused(s3.list_buckets)


def test_managed_policies_count_in_their_default_version(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, name)
    s3 = person.client("s3")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document(allow("s3:ListAllMyBuckets")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    s3.list_buckets()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("sqs:*")), SetAsDefault=True)
    refused(s3.list_buckets)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    s3.list_buckets()
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
    refused(s3.list_buckets)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    s3.list_buckets()
    refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}, says="s3:CreateBucket")


def test_a_boundary_limits_what_policies_give(cloud, name):
    iam = cloud.client("iam")
    boundary = iam.create_policy(PolicyName=f"{name}-limit", PolicyDocument=document(allow(["s3:*", "iam:Get*"])))["Policy"]["Arn"]
    person = Person(cloud, name, allow(["s3:ListAllMyBuckets", "iam:ListUsers"]), PermissionsBoundary=boundary)
    person.client("s3").list_buckets()
    refused(person.client("iam").list_users, says="because no permissions boundary allows the iam:ListUsers action")
    refused(person.client("iam").get_user, UserName=name, says="because no identity-based policy allows the iam:GetUser action")
    iam.delete_user_permissions_boundary(UserName=name)
    person.client("iam").list_users()


def test_not_action_not_resource_and_wildcards(cloud, name):
    for letter in "ab":
        table(cloud, f"{name}-{letter}")
    person = Person(
        cloud,
        name,
        {"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "dynamodb:Delete*", "NotResource": f"arn:aws:dynamodb:*:*:table/{name}-?"},
        deny("DYNAMODB:deleteTABLE", f"arn:aws:dynamodb:*:{ACCOUNT}:table/*-b"),
    )
    dynamodb = person.client("dynamodb")
    dynamodb.list_tables()
    refused(person.client("s3").list_buckets)
    refused(person.client("iam").list_users)
    dynamodb.delete_table(TableName=f"{name}-a")
    refused(dynamodb.delete_table, TableName=f"{name}-b")
    refused(dynamodb.delete_table, TableName="somebody-elses")


def test_people_find_themselves_by_their_names(cloud, name):
    own = f"arn:aws:iam::{ACCOUNT}:user/people/${{aws:username}}"
    person = Person(cloud, name, allow(["iam:GetUser", "iam:*AccessKey*"], own), Path="/people/")
    iam = person.client("iam")
    assert iam.get_user()["User"]["UserName"] == name
    assert iam.get_user(UserName=name)["User"]["Arn"] == person.arn
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1
    Person(cloud, f"{name}-2", Path="/people/")
    refused(iam.get_user, UserName=f"{name}-2")
    refused(iam.create_access_key, UserName=f"{name}-2", says=f"user/people/{name}-2")


def test_the_command_line_says_why(cloud, name):
    person = Person(cloud, name, allow("s3:ListAllMyBuckets"))
    keys = {"AWS_ACCESS_KEY_ID": person.key["key"], "AWS_SECRET_ACCESS_KEY": person.key["secret"]}
    assert "Buckets" in cloud.aws("s3api", "list-buckets", **keys)
    done = cloud.run(program("aws"), "dynamodb", "list-tables", check=False, **keys)
    assert done.returncode != 0 and "not authorized to perform: dynamodb:ListTables" in done.stderr


def test_the_trail_keeps_what_decided(cloud, name):
    person = Person(cloud, name, deny("ssm:PutParameter", Sid="Never"))
    refused(person.client("ssm").put_parameter, Name=name, Value="x", Type="String")
    found = cloud.client("cloudtrail").lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": name}])["Events"]
    event = next(json.loads(one["CloudTrailEvent"]) for one in found if one["EventName"] == "PutParameter")
    assert event["errorCode"] in ("AccessDenied", "AccessDeniedException")
    assert "with an explicit deny" in event["errorMessage"]
    assert event["additionalEventData"]["authorizationDecision"] == "explicitDeny by statement 0 (Never) of identity-based policy own"


def test_malformed_documents_change_nothing(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, name, allow("s3:ListAllMyBuckets"))
    for text in ("{", "[]", document({"Effect": "Allow", "Action": "s3", "Resource": "*"}), document(allow("s3:*", "bucket"))):
        refused(iam.put_user_policy, code="MalformedPolicyDocument", UserName=name, PolicyName="own", PolicyDocument=text)
    person.client("s3").list_buckets()


def test_ec2_seals_why_and_sts_opens_it(cloud, name):
    person = Person(cloud, name, allow("ec2:DescribeVpcs"))
    ec2 = person.client("ec2")
    ec2.describe_vpcs()
    said = refused(ec2.create_vpc, code="UnauthorizedOperation", CidrBlock="10.9.0.0/16", says="You are not authorized to perform this operation.")
    assert f"User: {person.arn} is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:" in said
    sealed = said.split("Encoded authorization failure message: ")[1]
    refused(person.client("sts").decode_authorization_message, EncodedMessage=sealed, says="sts:DecodeAuthorizationMessage")
    sts = cloud.client("sts")
    opened = json.loads(sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])
    assert (opened["allowed"], opened["explicitDeny"], opened["context"]["action"]) == (False, False, "ec2:CreateVpc")
    assert opened["context"]["principal"]["arn"] == person.arn
    forged = sealed[:-2] + ("00" if sealed[-2:] != "00" else "11")
    refused(sts.decode_authorization_message, code="InvalidAuthorizationMessageException", EncodedMessage=forged)
    neighbour = cloud.client("sts", key="111122223333")
    refused(neighbour.decode_authorization_message, code="InvalidAuthorizationMessageException", EncodedMessage=sealed)
    # Trying it is refused, too.
    refused(ec2.create_vpc, code="UnauthorizedOperation", CidrBlock="10.9.0.0/16", DryRun=True)
