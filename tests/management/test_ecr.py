"""ECR's repositories with boto3."""

import json

import pytest
from botocore.exceptions import ClientError

POLICY = json.dumps({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]})
LIFECYCLE = json.dumps({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]})


def test_repositories(cloud, name):
    ecr = cloud.client("ecr")
    made = ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE", tags=[{"Key": "a", "Value": "1"}])["repository"]
    assert made["repositoryUri"] == f"000000000000.dkr.ecr.ap-northeast-1.amazonaws.com/{name}"
    with pytest.raises(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=name)
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    assert found["imageTagMutability"] == "MUTABLE" and found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert name in [one["repositoryName"] for page in ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1}) for one in page["repositories"]]
    assert ecr.list_images(repositoryName=name)["imageIds"] == []

    with pytest.raises(ecr.exceptions.RepositoryPolicyNotFoundException):
        ecr.get_repository_policy(repositoryName=name)
    ecr.set_repository_policy(repositoryName=name, policyText=POLICY)
    assert ecr.get_repository_policy(repositoryName=name)["policyText"] == POLICY
    ecr.delete_repository_policy(repositoryName=name)
    with pytest.raises(ecr.exceptions.InvalidParameterException):
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText="{}" + " " * 100)
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=LIFECYCLE)
    assert ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"] == LIFECYCLE
    ecr.delete_lifecycle_policy(repositoryName=name)

    ecr.tag_resource(resourceArn=found["repositoryArn"], tags=[{"Key": "b", "Value": "2"}])
    ecr.untag_resource(resourceArn=found["repositoryArn"], tagKeys=["a"])
    assert ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"] == [{"Key": "b", "Value": "2"}]
    ecr.delete_repository(repositoryName=name)
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_repositories(repositoryNames=[name])


def test_what_is_not_built_names_itself(cloud):
    for service, call in (("ecr", "describe_registry"), ("kinesis", "list_streams"), ("iam", "list_organizations_features"), ("ec2", "describe_vpn_connections")):
        with pytest.raises(ClientError) as caught:
            getattr(cloud.client(service), call)()
        error = caught.value.response
        assert "NotImplemented" in error["Error"]["Code"] and error["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert call.split("_")[0].capitalize() in error["Error"]["Message"], error
