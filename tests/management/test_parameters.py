"""The Parameter Store, by boto3 and the CLI."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ssm(cloud):
    return cloud.client("ssm")


def code(error):
    return error.value.response["Error"]["Code"]


def message(error):
    return error.value.response["Error"]["Message"]


def test_versions_are_read_by_number_label_and_arn(ssm, name):
    first = ssm.put_parameter(Name=name, Value="1", Type="String", Description="kept")
    assert (first["Version"], first["Tier"]) == (1, "Standard")
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists) as error:
        ssm.put_parameter(Name=name, Value="2", Type="String")
    assert message(error) == (
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    )
    assert ssm.put_parameter(Name=name, Value="2", Overwrite=True)["Version"] == 2
    labelled = ssm.label_parameter_version(Name=name, ParameterVersion=1, Labels=["live", "1st", "aws-x"])
    assert labelled["ParameterVersion"] == 1 and sorted(labelled["InvalidLabels"]) == ["1st", "aws-x"]

    newest = ssm.get_parameter(Name=name)["Parameter"]
    assert (newest["Value"], newest["Version"], newest["Type"], newest["DataType"]) == ("2", 2, "String", "text")
    assert ssm.get_parameter(Name=f"{name}:1")["Parameter"]["Value"] == "1"
    by_label = ssm.get_parameter(Name=f"{name}:live")["Parameter"]
    assert (by_label["Name"], by_label["Value"], by_label["Selector"]) == (name, "1", ":live")
    assert ssm.get_parameter(Name=newest["ARN"])["Parameter"]["Value"] == "2"

    ssm.label_parameter_version(Name=name, Labels=["live"])
    assert ssm.get_parameter(Name=f"{name}:live")["Parameter"]["Value"] == "2"
    with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
        ssm.get_parameter(Name=f"{name}:3")
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [(one["Version"], one["Value"], one["Labels"]) for one in history] == [(1, "1", []), (2, "2", ["live"])]
    assert history[1]["Description"] == "kept"
    assert ssm.unlabel_parameter_version(Name=name, ParameterVersion=2, Labels=["live", "x"])["RemovedLabels"] == ["live"]

    ssm.delete_parameter(Name=name)
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=name)


def test_secrets_are_encrypted_until_they_are_asked_for(cloud, ssm, name):
    ssm.put_parameter(Name=name, Value="himitsu", Type="SecureString")
    closed = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    assert "himitsu" not in closed and len(closed) > 20
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "himitsu"
    assert ssm.get_parameters(Names=[name, "/none"], WithDecryption=True)["InvalidParameters"] == ["/none"]
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "KeyId", "Values": ["alias/aws/ssm"]}])["Parameters"]
    assert name in [one["Name"] for one in found]
    other = cloud.client("ssm", key="111111111111")
    with pytest.raises(other.exceptions.ParameterNotFound):
        other.get_parameter(Name=name)


def test_hierarchies_are_read_by_path_page_by_page(ssm, name):
    for leaf in range(12):
        ssm.put_parameter(Name=f"/{name}/a/{leaf:02}", Value=str(leaf), Type="String")
    ssm.put_parameter(Name=f"/{name}/top", Value="t", Type="StringList")
    assert [one["Name"] for one in ssm.get_parameters_by_path(Path=f"/{name}")["Parameters"]] == [f"/{name}/top"]
    page = ssm.get_parameters_by_path(Path=f"/{name}/", Recursive=True)
    assert len(page["Parameters"]) == 10
    rest = ssm.get_parameters_by_path(Path=f"/{name}/", Recursive=True, NextToken=page["NextToken"])
    assert len(rest["Parameters"]) == 3 and "NextToken" not in rest
    lists = ssm.get_parameters_by_path(
        Path=f"/{name}", Recursive=True, ParameterFilters=[{"Key": "Type", "Values": ["StringList"]}]
    )
    assert [one["Value"] for one in lists["Parameters"]] == ["t"]
    deep = {"Key": "Path", "Option": "Recursive", "Values": [f"/{name}"]}
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=[deep], PaginationConfig={"PageSize": 5})
    assert sum(len(page["Parameters"]) for page in pages) == 13
    begins = {"Key": "Name", "Option": "BeginsWith", "Values": [f"/{name}/a/1"]}
    assert len(ssm.describe_parameters(ParameterFilters=[begins])["Parameters"]) == 2
    with pytest.raises(ssm.exceptions.InvalidFilterOption):
        ssm.describe_parameters(ParameterFilters=[{**deep, "Option": "Equals"}])
    with pytest.raises(ssm.exceptions.InvalidFilterKey):
        ssm.get_parameters_by_path(Path="/", ParameterFilters=[deep])
    deleted = ssm.delete_parameters(Names=[f"/{name}/top", f"/{name}/none"])
    assert deleted["DeletedParameters"] == [f"/{name}/top"] and deleted["InvalidParameters"] == [f"/{name}/none"]


@pytest.mark.parametrize(
    "change, expected, words",
    [
        ({"Name": "ssm-x"}, "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
        ({"Name": "/aws/x"}, "AccessDeniedException", "No access to reserved parameter name: /aws/x."),
        ({"Name": "a/b"}, "ValidationException", "Parameter name must be a fully qualified name."),
        ({"Name": "/a" * 16}, "HierarchyLevelLimitExceededException", "15 levels"),
        ({"Type": "Text"}, "ValidationException", "Value 'Text' at 'type' failed to satisfy constraint"),
        ({"Value": "x" * 4097}, "ValidationException", "maximum parameter value of 4096 characters"),
        ({"Value": "x", "AllowedPattern": "^[0-9]+$"}, "ParameterPatternMismatchException", "allowedPattern: ^[0-9]+$"),
        ({"Overwrite": True, "Tags": [{"Key": "k", "Value": "v"}]}, "ValidationException", "tags and overwrite can't be used"),
        ({"Value": "{{ssm:x}}"}, "ValidationException", "can't nest another parameter"),
        ({"Type": None}, "ValidationException", "A parameter type is required"),
        ({"KeyId": "alias/mine", "Type": "SecureString"}, "InvalidKeyId", "is not found"),
    ],
)
def test_what_is_no_parameter_is_refused(ssm, name, change, expected, words):
    request = {"Name": name, "Value": "1", "Type": "String", **change}
    with pytest.raises(ClientError) as error:
        ssm.put_parameter(**{key: value for key, value in request.items() if value is not None})
    assert code(error) == expected
    assert words in message(error)


def test_large_values_need_the_advanced_tier(ssm, name):
    put = ssm.put_parameter(Name=name, Value="x" * 5000, Type="String", Tier="Intelligent-Tiering")
    assert put["Tier"] == "Advanced"
    with pytest.raises(ClientError, match="can't downgrade"):
        ssm.put_parameter(Name=name, Value="x", Overwrite=True, Tier="Standard")
    assert ssm.put_parameter(Name=name, Value="x", Overwrite=True)["Tier"] == "Advanced"


def test_a_hundred_versions_are_kept_and_a_label_holds_the_oldest(ssm, name):
    for value in range(101):
        ssm.put_parameter(Name=name, Value=str(value), Type="String", Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=name)
    numbers = [one["Version"] for page in pages for one in page["Parameters"]]
    assert numbers == list(range(2, 102))
    ssm.label_parameter_version(Name=name, ParameterVersion=2, Labels=["old"])
    with pytest.raises(ssm.exceptions.ParameterMaxVersionLimitExceeded, match="Version 2, the oldest version"):
        ssm.put_parameter(Name=name, Value="x", Overwrite=True)


def test_tags_follow_the_parameter(ssm, name):
    ssm.put_parameter(Name=name, Value="1", Type="String", Tags=[{"Key": "Env", "Value": "dev"}])
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=[{"Key": "Team", "Value": "a"}])
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "tag:Team", "Values": ["a"]}, {"Key": "Name", "Values": [name]}])
    assert [one["Name"] for one in found["Parameters"]] == [name]
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=["Env"])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"] == [{"Key": "Team", "Value": "a"}]
    with pytest.raises(ssm.exceptions.InvalidResourceId):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="none")


def test_an_expiration_policy_acts_by_the_clouds_clock(own_cloud, name):
    cloud = own_cloud().wait_until_ready()
    ssm = cloud.client("ssm")
    when = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    policy = [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": when}}]
    with pytest.raises(ClientError, match="advanced-parameter tier"):
        ssm.put_parameter(Name=name, Value="1", Type="String", Policies=json.dumps(policy))
    ssm.put_parameter(Name=name, Value="1", Type="String", Tier="Advanced", Policies=json.dumps(policy))
    assert ssm.describe_parameters()["Parameters"][0]["Policies"][0]["PolicyType"] == "Expiration"
    cloud.advance("9d")
    ssm.get_parameter(Name=name)
    cloud.advance("2d")
    from clouds import eventually

    def gone():
        return not ssm.get_parameters(Names=[name])["Parameters"]

    eventually(gone)


def test_the_cli_reads_what_boto3_wrote(cloud, ssm, name):
    ssm.put_parameter(Name=f"/{name}", Value="日本語", Type="String")
    shown = cloud.aws("ssm", "get-parameter", "--name", f"/{name}", "--query", "Parameter.Value")
    assert shown == "日本語"
