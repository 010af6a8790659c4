"""Condition keys that only a service knows: of its resources, and of what its requests mean."""

import io
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.config import Config
from people import ACCOUNT, REGION, Person, allow, document, refused, role, session, table

EC2 = {"Service": "ec2.amazonaws.com"}
UNAUTHORIZED = "UnauthorizedOperation"


@pytest.fixture
def bucket(cloud, name):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_tags_of_ec2(cloud, name):
    ec2 = cloud.client("ec2")
    mine, theirs = (ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    ec2.create_tags(Resources=[mine], Tags=[{"Key": "Owner", "Value": name}])
    try:
        for key in ("ec2:ResourceTag/Owner", "aws:ResourceTag/Owner"):
            person = Person(cloud, f"{name}-{key[:3]}", allow("ec2:*", Condition={"StringEquals": {key: name}}))
            own = person.client("ec2")
            own.modify_vpc_attribute(VpcId=mine, EnableDnsHostnames={"Value": True})
            refused(own.modify_vpc_attribute, VpcId=theirs, EnableDnsHostnames={"Value": True}, code=UNAUTHORIZED)
        group = ec2.create_security_group(GroupName=name, Description="tests", VpcId=mine)["GroupId"]
        within = {"ArnEquals": {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{mine}"}}
        person.may(allow("ec2:*SecurityGroupIngress", Condition=within))
        port = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        own.authorize_security_group_ingress(GroupId=group, IpPermissions=port)
        person.may(allow("ec2:Describe*", Condition={"StringEquals": {"ec2:Region": REGION}}))
        own.describe_vpcs()
        refused(person.client("ec2", region="eu-west-1").describe_vpcs, code=UNAUTHORIZED)
        ec2.delete_security_group(GroupId=group)
    finally:
        for vpc in (mine, theirs):
            ec2.delete_vpc(VpcId=vpc)


def test_tags_that_come_with_what_is_made(cloud, name):
    tagging = {"StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/cost": "1"}}
    person = Person(cloud, name, allow("ec2:CreateVpc"), allow("ec2:CreateTags", "arn:aws:ec2:*:*:vpc/*", Condition=tagging))
    ec2 = person.client("ec2")

    def tagged(value):
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "cost", "Value": value}]}]
        return {"CidrBlock": "10.0.0.0/16", "TagSpecifications": tags}

    refused(ec2.create_vpc, **tagged("2"), code=UNAUTHORIZED, says="ec2:CreateTags")
    made = ec2.create_vpc(**tagged("1"))["Vpc"]["VpcId"]
    # Tagging alone is not what the policy lets happen.
    refused(ec2.create_tags, Resources=[made], Tags=[{"Key": "cost", "Value": "1"}], code=UNAUTHORIZED)
    cloud.client("ec2").delete_vpc(VpcId=made)


def test_sizes_of_volumes(cloud, name):
    small = {
        "NumericLessThanEquals": {"ec2:VolumeSize": "10"},
        "StringEquals": {"ec2:VolumeType": "gp3"},
        "Bool": {"ec2:Encrypted": "false"},
    }
    ec2 = Person(cloud, name, allow("ec2:CreateVolume", Condition=small)).client("ec2")
    wanted = {"AvailabilityZone": f"{REGION}a", "VolumeType": "gp3"}
    refused(ec2.create_volume, Size=11, **wanted, code=UNAUTHORIZED)
    refused(ec2.create_volume, Size=1, Encrypted=True, **wanted, code=UNAUTHORIZED)
    made = ec2.create_volume(Size=1, **wanted)["VolumeId"]
    cloud.client("ec2").delete_volume(VolumeId=made)


def test_an_instance_gets_no_role_that_the_launcher_may_not_pass(cloud, name):
    arn = role(cloud, name, EC2)
    iam = cloud.client("iam")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    person = Person(cloud, name, allow("ec2:*"))
    launch = person.client("ec2").run_instances
    # Nothing is launched of an image that is not there; who is asked for the role hears of the role first.
    wanted = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    wanted["IamInstanceProfile"] = {"Name": name}
    refused(launch, **wanted, code=UNAUTHORIZED, says=f"iam:PassRole on resource: {arn}")
    for service, answer in (("lambda.amazonaws.com", UNAUTHORIZED), ("ec2.amazonaws.com", "InvalidAMIID.NotFound")):
        person.may(allow("ec2:*"), allow("iam:PassRole", arn, Condition={"StringEquals": {"iam:PassedToService": service}}))
        refused(launch, **wanted, code=answer)


def test_a_role_is_passed_for_one_resource(cloud, name):
    arn = role(cloud, name, {"Service": "lambda.amazonaws.com"})
    mine = {"ArnLike": {"iam:AssociatedResourceArn": f"arn:aws:lambda:*:*:function:{name}"}}
    person = Person(cloud, name, allow("lambda:*"), allow("iam:PassRole", arn, Condition=mine))
    functions = person.client("lambda")
    code = {"Runtime": "python3.11", "Handler": "i.h", "Code": {"ZipFile": archive()}}
    functions.create_function(FunctionName=name, Role=arn, **code)
    refused(functions.create_function, FunctionName=f"{name}-2", Role=arn, **code, says="iam:PassRole")
    person.may(allow("lambda:*"))
    refused(functions.update_function_configuration, FunctionName=name, Role=arn, says="iam:PassRole")
    functions.update_function_configuration(FunctionName=name, Description="the same role")


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("i.py", "def h(event, context): return 1")
    return packed.getvalue()


def test_leading_keys_of_batches_transactions_and_indexes(cloud, name):
    root = cloud.client("dynamodb")
    root.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": word, "AttributeType": "S"} for word in ("id", "owner")],
        GlobalSecondaryIndexes=[
            {"IndexName": "owners", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    own_keys = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    dynamodb = Person(cloud, name, allow("dynamodb:*", Condition=own_keys)).client("dynamodb")
    mine, theirs = {"id": {"S": name}}, {"id": {"S": "other"}}
    dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": mine}}]})
    refused(dynamodb.batch_write_item, RequestItems={name: [{"PutRequest": {"Item": mine}}, {"DeleteRequest": {"Key": theirs}}]})
    dynamodb.batch_get_item(RequestItems={name: {"Keys": [mine]}})
    refused(dynamodb.batch_get_item, RequestItems={name: {"Keys": [mine, theirs]}})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": mine}}])
    refused(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": name, "Item": theirs}}])
    refused(dynamodb.transact_get_items, TransactItems=[{"Get": {"TableName": name, "Key": theirs}}])
    legacy = {"id": {"AttributeValueList": [theirs["id"]], "ComparisonOperator": "EQ"}}
    refused(dynamodb.query, TableName=name, KeyConditions=legacy)
    by_owner = {"TableName": name, "IndexName": "owners", "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"}}
    dynamodb.query(**by_owner, ExpressionAttributeValues={":o": {"S": name}})
    refused(dynamodb.query, **by_owner, ExpressionAttributeValues={":o": {"S": "other"}})


def test_attributes_that_only_a_condition_reads(cloud, name):
    table(cloud, name)
    public = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "shown"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    dynamodb = Person(cloud, name, allow("dynamodb:*", Condition=public)).client("dynamodb")
    one = {"TableName": name, "Key": {"id": {"S": "a"}}}
    dynamodb.get_item(**one, ProjectionExpression="id, shown")
    refused(dynamodb.get_item, **one)
    change = {"UpdateExpression": "SET shown = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}
    dynamodb.update_item(**one, **change)
    refused(dynamodb.update_item, **one, **change, ConditionExpression="secret = :v")


def test_boundaries_and_tags_of_iam(cloud, name):
    iam = cloud.client("iam")
    boundary = iam.create_policy(PolicyName=name, PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.create_user(UserName=f"{name}-bound", PermissionsBoundary=boundary, Tags=[{"Key": "team", "Value": "blue"}])
    bound = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    person = Person(cloud, name, allow("iam:PutUserPolicy", Condition=bound))
    policy = {"PolicyName": "given", "PolicyDocument": document(allow("s3:*"))}
    person.client("iam").put_user_policy(UserName=f"{name}-bound", **policy)
    refused(person.client("iam").put_user_policy, UserName=name, **policy)
    person.may(allow("iam:*", Condition={"StringEquals": {"iam:ResourceTag/team": "blue"}}))
    person.client("iam").list_user_policies(UserName=f"{name}-bound")
    refused(person.client("iam").list_user_policies, UserName=name)
    refused(person.client("iam").delete_policy, PolicyArn=boundary)
    iam.tag_policy(PolicyArn=boundary, Tags=[{"Key": "team", "Value": "blue"}])
    person.client("iam").get_policy(PolicyArn=boundary)


def test_what_a_new_key_will_be(cloud, name):
    plain = {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}, "Bool": {"kms:MultiRegion": "false"}}
    kms = Person(cloud, name, allow("kms:CreateKey", Condition=plain)).client("kms")
    kms.create_key()
    refused(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    refused(kms.create_key, MultiRegion=True)


def test_prefixes_that_are_empty(cloud, name, bucket):
    s3 = Person(cloud, name, allow("s3:ListBucket", Condition={"StringEquals": {"s3:prefix": ["", "home/"]}})).client("s3")
    s3.list_objects_v2(Bucket=bucket, Prefix="")
    refused(s3.list_objects_v2, Bucket=bucket, Prefix="other/")


def test_tags_that_objects_get(cloud, name, bucket):
    only = {"StringEquals": {"s3:RequestObjectTag/class": "open"}, "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["class"]}}
    s3 = Person(cloud, name, allow(["s3:PutObject", "s3:PutObjectTagging"], Condition=only)).client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"", Tagging="class=open")
    refused(s3.put_object, Bucket=bucket, Key="a", Body=b"", Tagging="class=open&more=1")
    refused(s3.put_object, Bucket=bucket, Key="a", Body=b"")
    tagging = {"TagSet": [{"Key": "class", "Value": "closed"}]}
    refused(s3.put_object_tagging, Bucket=bucket, Key="a", Tagging=tagging)


def test_how_a_request_is_signed(cloud, name, bucket):
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")
    person = Person(cloud, name)
    path = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    s3 = person.client("s3", config=path)
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
    person.may(allow("s3:GetObject", Condition={"StringEquals": {"s3:authType": "REST-HEADER"}}))
    s3.get_object(Bucket=bucket, Key="a")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)
    fresh = {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}, "NumericLessThan": {"s3:signatureAge": "600000"}}
    person.may(allow("s3:GetObject", Condition=fresh))
    assert urllib.request.urlopen(url).read() == b"x"
    refused(s3.get_object, Bucket=bucket, Key="a")


def test_all_but_some(cloud, name, bucket):
    """NotPrincipal: the account's own people are not meant with the account; of a session role and session are named."""
    root = cloud.client("s3")
    root.put_object(Bucket=bucket, Key="a", Body=b"x")
    chosen, other = (Person(cloud, f"{name}-{word}", allow("s3:*")) for word in ("chosen", "other"))
    arn = role(cloud, name, {"AWS": ACCOUNT}, allow("s3:*"))
    taken = session(cloud, cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="work"))("s3")

    def spare(*principals):
        everything = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        named = {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", *principals]}
        root.put_bucket_policy(Bucket=bucket, Policy=document({**everything, "NotPrincipal": named}))

    wanted = {"Bucket": bucket, "Key": "a"}
    spare(chosen.arn)
    chosen.client("s3").get_object(**wanted)
    refused(other.client("s3").get_object, **wanted, says="explicit deny in a resource-based policy")
    refused(taken.get_object, **wanted)
    spare(arn)
    refused(taken.get_object, **wanted)
    spare(arn, f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/work")
    taken.get_object(**wanted)
    root.delete_bucket_policy(Bucket=bucket)
