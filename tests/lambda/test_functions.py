"""Functions as resources: made, changed, listed, published, deleted; and what Lambda refuses."""

import base64
import hashlib
import io
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

from lambda_calls import REGION, package



def refused(expected, call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == expected, caught.value
    return caught.value.response["Error"]["Message"]


def test_life_of_a_function(functions, name):
    code = package({"app.py": "def handler(e, c): return 1"})
    made = functions.make(name, {"app.py": "def handler(e, c): return 1"}, Description="first", Tags={"a": "b"})
    assert made["State"] == "Pending" and made["StateReasonCode"] == "Creating"
    assert made["FunctionArn"] == f"arn:aws:lambda:{REGION}:000000000000:function:{name}"
    assert made["CodeSize"] > 0 and len(base64.b64decode(made["CodeSha256"])) == 32
    client = functions.client
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    got = client.get_function(FunctionName=made["FunctionArn"])
    assert got["Configuration"]["State"] == "Active" and got["Configuration"]["LastUpdateStatus"] == "Successful"
    assert got["Tags"] == {"a": "b"} and got["Code"]["RepositoryType"] == "S3"
    fetched = urllib.request.urlopen(got["Code"]["Location"]).read()
    assert base64.b64encode(hashlib.sha256(fetched).digest()).decode() == made["CodeSha256"]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(got["Code"]["Location"][:-1] + "x")
    changed = client.update_function_configuration(FunctionName=name, MemorySize=256, Environment={"Variables": {"XX": "1"}}, Timeout=7)
    assert changed["LastUpdateStatus"] == "InProgress" and changed["RevisionId"] != made["RevisionId"]
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    got = client.get_function_configuration(FunctionName=name)
    assert (got["MemorySize"], got["Timeout"], got["Environment"]) == (256, 7, {"Variables": {"XX": "1"}})
    assert got["Description"] == "first"
    assert name in [f["FunctionName"] for page in client.get_paginator("list_functions").paginate() for f in page["Functions"]]
    client.delete_function(FunctionName=name)
    message = refused("ResourceNotFoundException", client.get_function, FunctionName=name)
    assert message == f"Function not found: {made['FunctionArn']}"
    refused("ResourceNotFoundException", client.delete_function, FunctionName=name)
    assert code


def test_code_changes_take_effect(functions, name):
    functions.make(name, "def handler(e, c): return 'old'")
    assert functions.value(name) == "old"
    new = package({"app.py": "def handler(e, c): return 'new'"})
    dry = functions.client.update_function_code(FunctionName=name, ZipFile=new, DryRun=True)
    assert functions.value(name) == "old"
    changed = functions.client.update_function_code(FunctionName=name, ZipFile=new)
    assert dry["CodeSha256"] == changed["CodeSha256"]
    assert functions.value(name) == "new"
    functions.client.update_function_configuration(FunctionName=name, Handler="app.missing")
    payload, answer = functions.call(name)
    assert payload["errorType"] == "Runtime.HandlerNotFound" and answer["FunctionError"] == "Unhandled"


def test_code_from_s3(functions, cloud, name):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="code.zip", Body=package({"app.py": "def handler(e, c): return 's3'"}))
    functions.made.append(name)
    settings = dict(FunctionName=name, Role=functions.role, Runtime="python3.13", Handler="app.handler")
    message = refused("InvalidParameterValueException", functions.client.create_function, **settings, Code={"S3Bucket": name, "S3Key": "gone"})
    assert message.startswith("Error occurred while GetObject. S3 Error Code: NoSuchKey.")
    functions.client.create_function(**settings, Code={"S3Bucket": name, "S3Key": "code.zip"})
    assert functions.value(name) == "s3"


def test_what_is_refused(functions, cloud, name):
    make = functions.make
    bad = "InvalidParameterValueException"
    functions.make(name, "")
    assert refused("ResourceConflictException", make, name=name, code="") == f"Function already exist: {name}"
    other = name + "-2"
    message = refused(bad, make, name=other, code="", Environment={"Variables": {"AWS_REGION": "x"}})
    assert "Reserved keys used in this request: AWS_REGION" in message
    refused(bad, make, name=other, code="", Environment={"Variables": {"LONG": "x" * 5000}})
    refused(bad, make, name=other, code="", Layers=[f"arn:aws:lambda:{REGION}:000000000000:layer:none:1"])
    refused("ValidationException", make, name=other, code="", Timeout=901)
    refused("InvalidParameterValueException", make, name=other, code="", runtime="cobol85")
    plain = functions.client.create_function
    settings = dict(FunctionName=other, Runtime="python3.12", Handler="app.handler", Code={"ZipFile": package({"a": "b"})})
    iam = cloud.client("iam")
    nobody = f"arn:aws:iam::000000000000:role/{name}"
    message = refused(bad, plain, Role=nobody, **settings)
    assert message == "The role defined for the function cannot be assumed by Lambda."
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}'
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    assert refused(bad, plain, Role=nobody, **settings) == message
    refused(bad, plain, Role=functions.role, **{**settings, "Code": {}})
    refused("PreconditionFailedException", functions.client.update_function_configuration, FunctionName=name, RevisionId="x", Timeout=1)


def raw_package(entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for entry, mode, contents in entries:
            info = zipfile.ZipInfo(entry)
            info.external_attr, info.create_system = mode << 16, 3
            archive.writestr(info, contents)
    return packed.getvalue()


@pytest.mark.parametrize(
    "code",
    [
        b"this is no zip file",
        raw_package([]),
        raw_package([("../climbs", 0o100644, "x")]),
        raw_package([("/absolute", 0o100644, "x")]),
        raw_package([("a/../../climbs", 0o100644, "x")]),
        raw_package([("link", 0o120777, "/etc/passwd")]),
        raw_package([("link", 0o120777, "../../..")]),
        package({"a": "x" * 100_000})[:-30],
    ],
)
def test_unsafe_packages(functions, name, code):
    refused(
        "InvalidParameterValueException",
        functions.client.create_function,
        FunctionName=name,
        Role=functions.role,
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": code},
    )
    refused("ResourceNotFoundException", functions.client.get_function, FunctionName=name)


def test_a_bomb(functions, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"zeros-{number}", b"\0" * 100_000_000)
    arguments = dict(FunctionName=name, Role=functions.role, Runtime="python3.12", Handler="app.handler")
    message = refused("InvalidParameterValueException", functions.client.create_function, Code={"ZipFile": packed.getvalue()}, **arguments)
    assert message == "Unzipped size must be smaller than 262144000 bytes"


def test_links_inside_a_package(functions, name):
    code = raw_package([("real.py", 0o100644, "def handler(e, c): return 'linked'"), ("app.py", 0o120777, "real.py")])
    functions.made.append(name)
    functions.client.create_function(FunctionName=name, Role=functions.role, Runtime="python3.12", Handler="app.handler", Code={"ZipFile": code})
    assert functions.value(name) == "linked"


def test_versions_and_aliases(functions, name):
    client = functions.client
    functions.make(name, "def handler(e, c): return [c.function_version, c.invoked_function_arn.split(':')[7:]]")
    first = client.publish_version(FunctionName=name, Description="one")
    assert first["Version"] == "1" and first["FunctionArn"].endswith(":1") and first["Description"] == "one"
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"VERSION": "2"}})
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    listed = client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in listed] == ["$LATEST", "1", "2"]
    assert functions.value(name, Qualifier="1") == ["1", ["1"]]
    assert functions.value(f"{name}:2") == ["2", ["2"]]
    alias = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert alias["AliasArn"].endswith(f"{name}:live")
    payload, answer = functions.call(name, Qualifier="live")
    assert payload == ["1", ["live"]] and answer["ExecutedVersion"] == "1"
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    seen = {functions.value(name, Qualifier="live")[0] for _ in range(40)}
    assert seen == {"1", "2"}
    refused("ResourceConflictException", client.create_alias, FunctionName=name, Name="live", FunctionVersion="1")
    assert client.get_alias(FunctionName=name, Name="live")["AliasArn"] == alias["AliasArn"]
    refused("ResourceConflictException", client.delete_function, FunctionName=name, Qualifier="1")
    refused("ResourceNotFoundException", client.invoke, FunctionName=name, Qualifier="none")
    refused("ResourceNotFoundException", client.invoke, FunctionName=name, Qualifier="9")
    refused("InvalidParameterValueException", client.invoke, FunctionName=f"{name}:1", Qualifier="2")
    assert [a["Name"] for a in client.list_aliases(FunctionName=name)["Aliases"]] == ["live"]
    client.delete_alias(FunctionName=name, Name="live")
    client.delete_function(FunctionName=name, Qualifier="1")
    refused("ResourceNotFoundException", client.invoke, FunctionName=name, Qualifier="1")
    refused("ResourceNotFoundException", client.get_alias, FunctionName=name, Name="live")


def test_layers(functions, name):
    client = functions.client
    one = client.publish_layer_version(
        LayerName=name, Content={"ZipFile": package({"python/shared.py": "value = 1", "python/first.py": ""})}, CompatibleRuntimes=["python3.12"]
    )
    two = client.publish_layer_version(LayerName=name + "-b", Content={"ZipFile": package({"python/shared.py": "value = 2", "bin/tool": (0o755, "#!/bin/sh\necho tool\n")})})
    assert one["Version"] == 1 and one["LayerVersionArn"].endswith(f"layer:{name}:1")
    code = "import shared, first, subprocess\ndef handler(e, c): return [shared.value, subprocess.check_output(['tool'], text=True)]"
    functions.make(name, code, Layers=[one["LayerVersionArn"], two["LayerVersionArn"]])
    assert functions.value(name) == [2, "tool\n"]
    assert [layer["Arn"] for layer in client.get_function_configuration(FunctionName=name)["Layers"]] == [one["LayerVersionArn"], two["LayerVersionArn"]]
    assert client.publish_layer_version(LayerName=name, Content={"ZipFile": package({"x": ""})})["Version"] == 2
    assert [v["Version"] for v in client.list_layer_versions(LayerName=name)["LayerVersions"]] == [2, 1]
    assert client.get_layer_version_by_arn(Arn=one["LayerVersionArn"])["Version"] == 1
    client.add_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="*")
    assert '"Sid":"s"' in client.get_layer_version_policy(LayerName=name, VersionNumber=1)["Policy"]
    client.remove_layer_version_permission(LayerName=name, VersionNumber=1, StatementId="s")
    refused("ResourceNotFoundException", client.get_layer_version_policy, LayerName=name, VersionNumber=1)
    newest = {layer["LayerName"]: layer["LatestMatchingVersion"]["Version"] for layer in client.list_layers()["Layers"]}
    assert newest[name] == 2 and newest[name + "-b"] == 1
    assert client.list_layer_versions(LayerName=name, CompatibleRuntime="python3.12")["LayerVersions"][0]["Version"] == 1
    fetched = urllib.request.urlopen(client.get_layer_version(LayerName=name, VersionNumber=1)["Content"]["Location"]).read()
    assert base64.b64encode(hashlib.sha256(fetched).digest()).decode() == one["Content"]["CodeSha256"]
    client.delete_layer_version(LayerName=name, VersionNumber=1)
    refused("ResourceNotFoundException", client.get_layer_version, LayerName=name, VersionNumber=1)
    assert functions.value(name) == [2, "tool\n"]


def test_policies(functions, name):
    client = functions.client
    functions.make(name, "")
    refused("ResourceNotFoundException", client.get_policy, FunctionName=name)
    permission = dict(FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", SourceArn="arn:aws:execute-api:ap-northeast-1:000000000000:abc/*")
    statement = client.add_permission(**permission)["Statement"]
    assert '"Principal":{"Service":"apigateway.amazonaws.com"}' in statement and '"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:ap-northeast-1:000000000000:abc/*"}' in statement
    refused("ResourceConflictException", client.add_permission, **permission)
    assert statement in client.get_policy(FunctionName=name)["Policy"]
    client.remove_permission(FunctionName=name, StatementId="api")
    refused("ResourceNotFoundException", client.remove_permission, FunctionName=name, StatementId="api")


def test_tags_concurrency_and_settings(functions, name):
    client = functions.client
    arn = functions.make(name, "", Tags={"a": "1"})["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"b": "2"})
    client.untag_resource(Resource=arn, TagKeys=["a"])
    assert client.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 5
    assert client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] <= 995
    client.delete_function_concurrency(FunctionName=name)
    assert "Concurrency" not in client.get_function(FunctionName=name)
    refused("InvalidParameterValueException", client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=901)
    assert client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == ""
    assert client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
    assert client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"] == []


def test_what_is_not_built_says_so(functions, name):
    client = functions.client
    vpc = {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": ["sg-12345678"]}
    assert "VpcConfig" in refused("NotImplementedException", functions.make, name=name, code="", VpcConfig=vpc)
    assert "java21" in refused("NotImplementedException", functions.make, name=name, code="", runtime="java21")
    functions.make(name, "")
    source = "arn:aws:kinesis:ap-northeast-1:000000000000:stream/s"
    message = refused("NotImplementedException", client.create_event_source_mapping, FunctionName=name, EventSourceArn=source)
    assert "CreateEventSourceMapping for arn:aws:kinesis" in message
