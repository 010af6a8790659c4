"""Conditions: of the request, of tags, of the time."""

from people import Person, allow, deny, refused, table


def test_prefixes_of_a_bucket(cloud, name):
    root = cloud.client("s3")
    root.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    root.put_object(Bucket=name, Key=f"home/{name}/a", Body=b"own")
    root.put_object(Bucket=name, Key="home/other/a", Body=b"theirs")
    bucket = f"arn:aws:s3:::{name}"
    person = Person(
        cloud,
        name,
        allow("s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": ["home/${aws:username}/*"]}}),
        allow("s3:*Object", bucket + "/home/${aws:username}/*"),
    )
    s3 = person.client("s3")
    assert s3.list_objects_v2(Bucket=name, Prefix=f"home/{name}/")["KeyCount"] == 1
    refused(s3.list_objects_v2, Bucket=name, Prefix="home/other/")
    refused(s3.list_objects_v2, Bucket=name)
    assert s3.get_object(Bucket=name, Key=f"home/{name}/a")["Body"].read() == b"own"
    refused(s3.get_object, Bucket=name, Key="home/other/a", says="s3:GetObject")
    refused(s3.put_object, Bucket=name, Key="home/other/b", Body=b"x")
    # What is missing is not told to those who may not list.
    refused(s3.get_object, Bucket=name, Key=f"home/{name}/none", says="s3:ListBucket")
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": f"home/{name}/a"}, {"Key": "home/other/a"}]})
    assert [one["Key"] for one in answer["Deleted"]] == [f"home/{name}/a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("home/other/a", "AccessDenied")]
    assert root.get_object(Bucket=name, Key="home/other/a")["Body"].read() == b"theirs"


def test_versions_have_actions_of_their_own(cloud, name):
    root = cloud.client("s3")
    root.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    root.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = root.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
    s3 = Person(cloud, name, allow(["s3:GetObject", "s3:DeleteObject"], f"arn:aws:s3:::{name}/*")).client("s3")
    s3.get_object(Bucket=name, Key="k")
    refused(s3.get_object, Bucket=name, Key="k", VersionId=version, says="s3:GetObjectVersion")
    refused(s3.delete_object, Bucket=name, Key="k", VersionId=version, says="s3:DeleteObjectVersion")
    s3.delete_object(Bucket=name, Key="k")


def test_tags_of_requests_and_resources(cloud, name):
    blue = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    person = Person(
        cloud,
        name,
        allow("dynamodb:DescribeTable", Condition=blue),
        allow(
            "dynamodb:CreateTable",
            Condition={"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        ),
        allow("dynamodb:TagResource"),
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    table(cloud, f"{name}-blue", Tags=[{"Key": "team", "Value": "blue"}])
    table(cloud, f"{name}-red", Tags=[{"Key": "team", "Value": "red"}])
    dynamodb = person.client("dynamodb")
    dynamodb.describe_table(TableName=f"{name}-blue")
    refused(dynamodb.describe_table, TableName=f"{name}-red")
    schema = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    refused(dynamodb.create_table, TableName=f"{name}-new", **schema)
    tags = [{"Key": "team", "Value": "blue"}]
    refused(dynamodb.create_table, TableName=f"{name}-new", Tags=tags + [{"Key": "cost", "Value": "1"}], **schema)
    dynamodb.create_table(TableName=f"{name}-new", Tags=tags, **schema)


def test_addresses_and_regions(cloud, name):
    person = Person(
        cloud,
        name,
        allow("s3:ListAllMyBuckets", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}),
        allow("dynamodb:ListTables", Condition={"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}),
        allow("ssm:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        # Nobody listens on the loopback interface: what comes over it is as good as encrypted.
        deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    )
    person.client("s3").list_buckets()
    refused(person.client("dynamodb").list_tables)
    refused(person.client("ssm").describe_parameters)
    person.client("ssm", region="eu-west-1").describe_parameters()


def test_time_is_the_clouds(own_cloud):
    cloud = own_cloud().wait_until_ready()
    person = Person(cloud, "until", allow("s3:ListAllMyBuckets", Condition={"NumericLessThan": {"aws:EpochTime": "4000000000"}}))
    person.client("s3").list_buckets()
    cloud.advance("30000d")
    refused(person.client("s3").list_buckets)


def test_a_missing_second_factor_is_denied(cloud, name):
    person = Person(cloud, name, allow("s3:*"), deny("s3:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    refused(person.client("s3").list_buckets, says="explicit deny")


def test_which_policy_may_be_attached(cloud, name):
    only = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    person = Person(cloud, name, allow("iam:AttachUserPolicy", Condition=only))
    Person(cloud, f"{name}-2")
    iam = person.client("iam")
    iam.attach_user_policy(UserName=f"{name}-2", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    refused(iam.attach_user_policy, UserName=f"{name}-2", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def test_items_under_ones_own_key(cloud, name):
    arn = table(cloud, name)
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    person = Person(cloud, name, allow(["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"], arn, Condition=own))
    dynamodb = person.client("dynamodb")
    dynamodb.put_item(TableName=name, Item={"id": {"S": name}})
    refused(dynamodb.put_item, TableName=name, Item={"id": {"S": "other"}})
    assert dynamodb.get_item(TableName=name, Key={"id": {"S": name}})["Item"]
    refused(dynamodb.get_item, TableName=name, Key={"id": {"S": "other"}})
    query = dict(TableName=name, KeyConditionExpression="#k = :v", ExpressionAttributeNames={"#k": "id"})
    assert dynamodb.query(**query, ExpressionAttributeValues={":v": {"S": name}})["Count"] == 1
    refused(dynamodb.query, **query, ExpressionAttributeValues={":v": {"S": "other"}})
