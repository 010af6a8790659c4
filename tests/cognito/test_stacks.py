"""Pools out of templates."""

import json

from cognito_calls import PASSWORD, attributes
from clouds import eventually

TEMPLATE = {
    "Resources": {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {
            "AutoVerifiedAttributes": ["email"], "UsernameAttributes": ["email"], "MfaConfiguration": "OPTIONAL",
            "EnabledMfas": ["SOFTWARE_TOKEN_MFA"], "Schema": [{"Name": "team", "AttributeDataType": "String", "Mutable": True}],
            "WebAuthnRelyingPartyID": "login.example.com", "WebAuthnUserVerification": "required",
            "Policies": {"PasswordPolicy": {"MinimumLength": 10}, "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "GenerateSecret": False, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}},
        "Group": {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {"UserPoolId": {"Ref": "Pool"}, "GroupName": "admins", "Precedence": 1}},
        "User": {"Type": "AWS::Cognito::UserPoolUser", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "Username": "jane@example.com", "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": "jane@example.com"}, {"Name": "custom:team", "Value": "blue"}]}},
        "Member": {"Type": "AWS::Cognito::UserPoolUserToGroupAttachment", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "GroupName": {"Ref": "Group"}, "Username": {"Ref": "User"}}},
        "Server": {"Type": "AWS::Cognito::UserPoolResourceServer", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "Identifier": "api", "Name": "API", "Scopes": [{"ScopeName": "read", "ScopeDescription": "Read"}]}},
        "Provider": {"Type": "AWS::Cognito::UserPoolIdentityProvider", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "ProviderName": "Example", "ProviderType": "OIDC",
            "ProviderDetails": {"client_id": "x", "client_secret": "y", "oidc_issuer": "https://login.example", "authorize_scopes": "openid",
                                "attributes_request_method": "GET"}}},
    },
    "Outputs": {
        "Pool": {"Value": {"Ref": "Pool"}}, "Client": {"Value": {"Ref": "Client"}}, "Arn": {"Value": {"Fn::GetAtt": ["Pool", "Arn"]}},
        "Url": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}},
    },
}


def settled(cloud, name, wanted):
    api = cloud.client("cloudformation")

    def look():
        stack = api.describe_stacks(StackName=name)["Stacks"][0]
        assert "ROLLBACK" not in stack["StackStatus"] and "FAILED" not in stack["StackStatus"], [
            event.get("ResourceStatusReason") for event in api.describe_stack_events(StackName=name)["StackEvents"]]
        return stack if stack["StackStatus"] == wanted else None

    return {one["OutputKey"]: one["OutputValue"] for one in eventually(look)["Outputs"]}


def test_a_stack(cloud, name):
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Domain"] = {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"UserPoolId": {"Ref": "Pool"}, "Domain": name}}
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/0b5b8a3e-0000-4000-8000-000000000000"
    template["Resources"]["OwnDomain"] = {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {
        "UserPoolId": {"Ref": "Pool"}, "Domain": f"{name}.example.com", "CustomDomainConfig": {"CertificateArn": certificate}}}
    template["Outputs"]["Distribution"] = {"Value": {"Fn::GetAtt": ["OwnDomain", "CloudFrontDistribution"]}}
    stacks, idp = cloud.client("cloudformation"), cloud.client("cognito-idp")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    outputs = settled(cloud, name, "CREATE_COMPLETE")
    pool, client = outputs["Pool"], outputs["Client"]
    assert outputs["Arn"].endswith(f":userpool/{pool}") and outputs["Url"] == f"https://cognito-idp.ap-northeast-1.amazonaws.com/{pool}"
    assert attributes(idp.admin_get_user(UserPoolId=pool, Username="jane@example.com")["UserAttributes"])["custom:team"] == "blue"
    assert [one["GroupName"] for one in idp.admin_list_groups_for_user(UserPoolId=pool, Username="jane@example.com")["Groups"]] == ["admins"]
    assert idp.get_user_pool_mfa_config(UserPoolId=pool)["SoftwareTokenMfaConfiguration"]["Enabled"]
    assert idp.describe_user_pool_domain(Domain=name)["DomainDescription"]["UserPoolId"] == pool
    assert idp.describe_user_pool_domain(Domain=f"{name}.example.com")["DomainDescription"]["CloudFrontDistribution"] == outputs["Distribution"]
    password = PASSWORD + "-long"
    idp.admin_set_user_password(UserPoolId=pool, Username="jane@example.com", Password=password, Permanent=True)
    sign_in = lambda: idp.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH",
                                        AuthParameters={"USERNAME": "jane@example.com", "PASSWORD": password})
    assert sign_in()["AuthenticationResult"]["ExpiresIn"] == 3600
    token = sign_in()["AuthenticationResult"]["AccessToken"]
    passkey = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    assert passkey["rp"]["id"] == "login.example.com" and passkey["authenticatorSelection"]["userVerification"] == "required"
    template["Resources"]["Client"]["Properties"].update(AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"})
    template["Resources"]["Group"]["Properties"]["Description"] = "All who may"
    stacks.update_stack(StackName=name, TemplateBody=json.dumps(template))
    assert settled(cloud, name, "UPDATE_COMPLETE")["Client"] == client
    assert sign_in()["AuthenticationResult"]["ExpiresIn"] == 300
    assert idp.get_group(UserPoolId=pool, GroupName="admins")["Group"]["Description"] == "All who may"
    stacks.delete_stack(StackName=name)
    eventually(lambda: pool not in [one["Id"] for one in idp.list_user_pools(MaxResults=60)["UserPools"]])
