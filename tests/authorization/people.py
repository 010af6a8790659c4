"""Words that the tests of authorization are written in: people with policies, and what they are refused."""

import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
REGION = "ap-northeast-1"
LAMBDA = {"Service": "lambda.amazonaws.com"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal, **more):
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


class Person:
    """A user with keys of its own."""

    def __init__(self, cloud, name, *statements, **settings):
        self.cloud, self.name = cloud, name
        self.iam = cloud.client("iam")
        self.arn = self.iam.create_user(UserName=name, **settings)["User"]["Arn"]
        self.may(*statements)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.key = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    def may(self, *statements):
        """Replaces the person's own policy."""
        if statements:
            self.iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=document(*statements))

    def client(self, service, **more):
        return self.cloud.client(service, **self.key, **more)


def role(cloud, name, principal, *statements, **settings):
    """A role's ARN."""
    iam = cloud.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal), **settings)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return arn


def session(cloud, answer):
    """Makes clients with the credentials that STS answered."""
    keys = answer["Credentials"]

    def client(service, **more):
        return cloud.client(service, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"], **more)

    return client


def refused(call, *, code=None, says="", **arguments):
    """The message of a call that must be refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in ([code] if code else ["AccessDenied", "AccessDeniedException", "403"]), error
    assert says in error.get("Message", ""), error
    return error.get("Message", "")


def table(cloud, name, **more):
    """An empty table with the key `id`; its ARN."""
    made = cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    cloud.client("dynamodb").get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    return made["TableDescription"]["TableArn"]
