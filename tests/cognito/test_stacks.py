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


def test_settings_that_are_resources(cloud, name):
    """Looks, documents, log delivery and threat protection: set, changed, and set back by a stack."""
    of_pool = {"UserPoolId": {"Ref": "Pool"}}
    of_client = {**of_pool, "ClientId": {"Ref": "Client"}}
    resources = {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTier": "PLUS", "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": of_pool},
        "Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {**of_pool, "Domain": name, "ManagedLoginVersion": 2}},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}},
        "Logs": {"Type": "AWS::Cognito::LogDeliveryConfiguration", "Properties": {**of_pool, "LogConfigurations": [
            {"LogLevel": "INFO", "EventSource": "userAuthEvents", "CloudWatchLogsConfiguration": {"LogGroupArn": {
                "Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}"}}}]}},
        "Style": {"Type": "AWS::Cognito::ManagedLoginBranding", "Properties": {**of_client, "Settings": {"categories": {"global": {"colorSchemeMode": "DARK"}}}}},
        "Terms": {"Type": "AWS::Cognito::Terms", "Properties": {
            **of_client, "TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": {"cognito:default": "https://example.com/1"}}},
        "Risk": {"Type": "AWS::Cognito::UserPoolRiskConfigurationAttachment", "Properties": {
            **of_pool, "ClientId": "ALL", "RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}}},
        "Look": {"Type": "AWS::Cognito::UserPoolUICustomizationAttachment", "DependsOn": "Domain", "Properties": {
            **of_client, "CSS": ".label-customizable {font-weight: 400;}"}},
    }
    outputs = {"Pool": {"Value": {"Ref": "Pool"}}, "Client": {"Value": {"Ref": "Client"}},
               "Style": {"Value": {"Fn::GetAtt": ["Style", "ManagedLoginBrandingId"]}}, "Terms": {"Value": {"Fn::GetAtt": ["Terms", "TermsId"]}}}
    stacks, idp = cloud.client("cloudformation"), cloud.client("cognito-idp")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs}))
    made = settled(cloud, name, "CREATE_COMPLETE")
    pool, one = made["Pool"], {"UserPoolId": made["Pool"]}
    style = lambda: idp.describe_managed_login_branding(**one, ManagedLoginBrandingId=made["Style"])["ManagedLoginBranding"]
    assert style()["Settings"] == {"categories": {"global": {"colorSchemeMode": "DARK"}}}
    assert idp.get_log_delivery_configuration(**one)["LogDeliveryConfiguration"]["LogConfigurations"][0]["EventSource"] == "userAuthEvents"
    blocked = lambda: idp.describe_risk_configuration(**one)["RiskConfiguration"]["RiskExceptionConfiguration"].get("BlockedIPRangeList")
    assert blocked() == ["192.0.2.0/24"]
    look = lambda: idp.get_ui_customization(**one, ClientId=made["Client"])["UICustomization"].get("CSS")
    assert "400" in look()
    resources["Style"]["Properties"]["Settings"]["categories"]["global"]["colorSchemeMode"] = "LIGHT"
    resources["Terms"]["Properties"]["Links"] = {"cognito:default": "https://example.com/2"}
    del resources["Risk"], resources["Look"], resources["Logs"]
    stacks.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs}))
    assert settled(cloud, name, "UPDATE_COMPLETE")["Style"] == made["Style"]
    assert style()["Settings"]["categories"]["global"]["colorSchemeMode"] == "LIGHT"
    assert idp.describe_terms(**one, TermsId=made["Terms"])["Terms"]["Links"] == {"cognito:default": "https://example.com/2"}
    assert blocked() is None and look() is None
    assert idp.get_log_delivery_configuration(**one)["LogDeliveryConfiguration"]["LogConfigurations"] == []
    stacks.delete_stack(StackName=name)
    eventually(lambda: pool not in [one["Id"] for one in idp.list_user_pools(MaxResults=60)["UserPools"]])


def test_what_a_pool_is_made_with_stays(cloud, name):
    stacks = cloud.client("cloudformation")
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    template = lambda **more: json.dumps({"Resources": {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {
        "UsernameAttributes": ["email"], "Schema": schema, **more}}}, "Outputs": {"Pool": {"Value": {"Ref": "Pool"}}}})
    stacks.create_stack(StackName=name, TemplateBody=template())
    pool = settled(cloud, name, "CREATE_COMPLETE")["Pool"]
    refusals = {
        "Updates are not allowed for property - UsernameAttributes.": template(UsernameAttributes=["phone_number"]),
        "Existing schema attributes cannot be modified or deleted.": template(Schema=[{**schema[0], "Mutable": False}]),
    }
    for words, changed in refusals.items():
        stacks.update_stack(StackName=name, TemplateBody=changed)
        eventually(lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE")
        reasons = [event.get("ResourceStatusReason", "") for event in stacks.describe_stack_events(StackName=name)["StackEvents"]]
        assert any(words in reason for reason in reasons), reasons
    more = [*schema, {"Name": "level", "AttributeDataType": "Number", "Mutable": True}]
    stacks.update_stack(StackName=name, TemplateBody=template(Schema=more))
    assert settled(cloud, name, "UPDATE_COMPLETE")["Pool"] == pool
    names = [one["Name"] for one in cloud.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]["SchemaAttributes"]]
    assert {"custom:team", "custom:level"} <= set(names)
    stacks.delete_stack(StackName=name)
