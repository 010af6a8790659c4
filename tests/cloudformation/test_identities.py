"""Stacks of identities: providers, devices, service-linked roles, passwords, identity pools and who gets which role."""

import json

import pytest
from stacks import Stacks

TEMPLATE = """
Parameters:
  Client: {Type: String, Default: one}
Resources:
  Provider:
    Type: AWS::IAM::OIDCProvider
    Properties:
      Url: !Sub https://${AWS::StackName}.example.com
      ClientIdList: [!Ref Client]
      ThumbprintList: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
      Tags: [{Key: a, Value: "1"}]
  Device:
    Type: AWS::IAM::VirtualMFADevice
    Properties: {VirtualMfaDeviceName: !Ref AWS::StackName, Users: []}
  Linked:
    Type: AWS::IAM::ServiceLinkedRole
    Properties: {AWSServiceName: autoscaling.amazonaws.com, CustomSuffix: !Ref AWS::StackName}
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: !Ref AWS::StackName
      LoginProfile: {Password: Passw0rd!, PasswordResetRequired: true}
  Pool:
    Type: AWS::Cognito::IdentityPool
    Properties:
      IdentityPoolName: !Ref AWS::StackName
      AllowUnauthenticatedIdentities: true
      OpenIdConnectProviderARNs: [!Ref Provider]
      IdentityPoolTags: [{Key: team, Value: blue}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: cognito-identity.amazonaws.com}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": !Ref Pool}}
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Pool
      Roles: {unauthenticated: !GetAtt Role.Arn, authenticated: !GetAtt Role.Arn}
      RoleMappings:
        Example:
          IdentityProvider: !Sub ${AWS::StackName}.example.com
          Type: Rules
          AmbiguousRoleResolution: Deny
          RulesConfiguration: {Rules: [{Claim: team, MatchType: Equals, Value: blue, RoleARN: !GetAtt Role.Arn}]}
  Tags:
    Type: AWS::Cognito::IdentityPoolPrincipalTag
    Properties:
      IdentityPoolId: !Ref Pool
      IdentityProviderName: !Sub ${AWS::StackName}.example.com
      PrincipalTags: {team: team}
Outputs:
  Pool: {Value: !Ref Pool}
  Provider: {Value: !GetAtt Provider.Arn}
  Linked: {Value: !Ref Linked}
"""


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def test_identities_of_a_stack(cloud, stacks, name):
    iam, cognito = cloud.client("iam"), cloud.client("cognito-identity")
    stack = stacks.create(name, TEMPLATE)
    made = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert made["Linked"] == f"AWSServiceRoleForAutoScaling_{name}"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["Provider"])["ClientIDList"] == ["one"]
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is True
    assert iam.get_mfa_device(SerialNumber=f"arn:aws:iam::000000000000:mfa/{name}")["SerialNumber"]
    assert cognito.describe_identity_pool(IdentityPoolId=made["Pool"])["IdentityPoolTags"] == {"team": "blue"}
    mapping = cognito.get_identity_pool_roles(IdentityPoolId=made["Pool"])["RoleMappings"][f"{name}.example.com"]
    assert mapping["RulesConfiguration"]["Rules"][0]["Value"] == "blue"
    identity = cognito.get_id(IdentityPoolId=made["Pool"])["IdentityId"]
    assert cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]["AccessKeyId"].startswith("ASIA")

    stacks.update(name, TEMPLATE.replace("PasswordResetRequired: true", "PasswordResetRequired: false"), Parameters=[{"ParameterKey": "Client", "ParameterValue": "two"}])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["Provider"])["ClientIDList"] == ["two"]
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is False
    stacks.delete(name)
    assert made["Provider"] not in json.dumps(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])
    assert made["Pool"] not in json.dumps(cognito.list_identity_pools(MaxResults=60)["IdentityPools"])
