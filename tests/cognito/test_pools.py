"""Pools and what belongs to them: settings, clients, domains, resource servers, groups, providers."""

import pytest
from botocore.exceptions import ClientError
from cognito_calls import attributes, message


def test_settings_of_a_pool(cloud, pools, name):
    pool = pools(UserPoolTags={"team": "a"}, AutoVerifiedAttributes=["email"], AliasAttributes=["email"])
    api = pool.api
    described = api.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert described["Name"] == name and described["Id"].startswith("ap-northeast-1_")
    assert described["Arn"] == f"arn:aws:cognito-idp:ap-northeast-1:000000000000:userpool/{pool.id}"
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert described["MfaConfiguration"] == "OFF" and described["AutoVerifiedAttributes"] == ["email"]
    schema = {one["Name"]: one for one in described["SchemaAttributes"]}
    assert schema["sub"]["Required"] and not schema["sub"]["Mutable"]
    api.update_user_pool(UserPoolId=pool.id, DeletionProtection="ACTIVE")
    described = api.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert described["AliasAttributes"] == ["email"] and "AutoVerifiedAttributes" not in described
    assert pool.id in [one["Id"] for page in api.get_paginator("list_user_pools").paginate(MaxResults=60) for one in page["UserPools"]]
    with pytest.raises(ClientError) as refused:
        api.delete_user_pool(UserPoolId=pool.id)
    assert "deletion protection" in message(refused)
    api.update_user_pool(UserPoolId=pool.id, DeletionProtection="INACTIVE")
    api.delete_user_pool(UserPoolId=pool.id)
    with pytest.raises(pool.errors.ResourceNotFoundException) as gone:
        api.describe_user_pool(UserPoolId=pool.id)
    assert message(gone) == f"User pool {pool.id} does not exist."
    with pytest.raises(pool.errors.ResourceNotFoundException):
        pool.sign_in("anybody")


def test_tags_and_custom_attributes(pool):
    api, arn = pool.api, pool.arn()
    api.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    api.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert api.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}
    number = {"Name": "age", "AttributeDataType": "Number", "Mutable": True, "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}}
    api.add_custom_attributes(UserPoolId=pool.id, CustomAttributes=[number])
    pool.user("jane", **{"custom:age": "5"})
    for wrong in ("10", "x"):
        with pytest.raises(pool.errors.InvalidParameterException) as refused:
            pool.user("john", **{"custom:age": wrong})
        assert message(refused).startswith("Attributes did not conform to the schema: custom:age")
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.user("john", **{"custom:unknown": "1"})
    assert message(refused) == "Attributes did not conform to the schema: Type for attribute {custom:unknown} could not be determined"


@pytest.mark.parametrize("settings", [
    {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}},
    {"AcrConfiguration": {"Level1": {"AcrValue": "urn:low"}}},
])
def test_what_is_not_built_is_refused(cloud, name, settings):
    with pytest.raises(ClientError) as refused:
        cloud.client("cognito-idp").create_user_pool(PoolName=name, **settings)
    assert refused.value.response["Error"]["Code"] == "NotImplementedException"


def test_clients(pool):
    api = pool.api
    made = pool.add_client(ClientName="two", GenerateSecret=True, AccessTokenValidity=10, TokenValidityUnits={"AccessToken": "minutes"})
    assert len(made["ClientSecret"]) > 40 and made["RefreshTokenValidity"] == 30
    api.update_user_pool_client(UserPoolId=pool.id, ClientId=made["ClientId"], ClientName="three", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    described = api.describe_user_pool_client(UserPoolId=pool.id, ClientId=made["ClientId"])["UserPoolClient"]
    assert described["ClientName"] == "three" and described["ClientSecret"] == made["ClientSecret"]
    assert "AccessTokenValidity" not in described
    listed = api.list_user_pool_clients(UserPoolId=pool.id, MaxResults=10)["UserPoolClients"]
    assert sorted(one["ClientName"] for one in listed) == ["app", "three"]
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.add_client(ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.add_client(AccessTokenValidity=2, TokenValidityUnits={"AccessToken": "minutes"})
    with pytest.raises(pool.errors.ScopeDoesNotExistException):
        pool.add_client(AllowedOAuthScopes=["api/read"])
    api.delete_user_pool_client(UserPoolId=pool.id, ClientId=made["ClientId"])
    with pytest.raises(pool.errors.ResourceNotFoundException):
        api.describe_user_pool_client(UserPoolId=pool.id, ClientId=made["ClientId"])


def test_domains_and_resource_servers(pool, name):
    api = pool.api
    domain = name.replace("cognito", "c")
    api.create_user_pool_domain(Domain=domain, UserPoolId=pool.id)
    description = api.describe_user_pool_domain(Domain=domain)["DomainDescription"]
    assert description["UserPoolId"] == pool.id and description["Status"] == "ACTIVE"
    api.update_user_pool_domain(Domain=domain, UserPoolId=pool.id, ManagedLoginVersion=1)
    assert api.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Domain"] == domain
    with pytest.raises(pool.errors.InvalidParameterException):
        api.delete_user_pool(UserPoolId=pool.id)
    api.delete_user_pool_domain(Domain=domain, UserPoolId=pool.id)
    assert api.describe_user_pool_domain(Domain=domain)["DomainDescription"] == {}

    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    server = api.create_resource_server(UserPoolId=pool.id, Identifier="api", Name="API", Scopes=scopes)["ResourceServer"]
    assert server["Scopes"] == scopes
    api.update_resource_server(UserPoolId=pool.id, Identifier="api", Name="API 2", Scopes=scopes)
    assert api.describe_resource_server(UserPoolId=pool.id, Identifier="api")["ResourceServer"]["Name"] == "API 2"
    assert len(api.list_resource_servers(UserPoolId=pool.id, MaxResults=10)["ResourceServers"]) == 1
    assert pool.add_client(AllowedOAuthScopes=["api/read"])["AllowedOAuthScopes"] == ["api/read"]
    api.delete_resource_server(UserPoolId=pool.id, Identifier="api")
    assert api.list_resource_servers(UserPoolId=pool.id, MaxResults=10)["ResourceServers"] == []


def test_groups(pool):
    api = pool.api
    for group, precedence in (("admins", 1), ("users", 5)):
        role = f"arn:aws:iam::000000000000:role/{group}"
        api.create_group(UserPoolId=pool.id, GroupName=group, Precedence=precedence, RoleArn=role)
    with pytest.raises(pool.errors.GroupExistsException) as refused:
        api.create_group(UserPoolId=pool.id, GroupName="users")
    assert message(refused) == "A group with the name users already exists."
    api.update_group(UserPoolId=pool.id, GroupName="users", Description="all")
    assert api.get_group(UserPoolId=pool.id, GroupName="users")["Group"]["Description"] == "all"
    assert [one["GroupName"] for one in api.list_groups(UserPoolId=pool.id)["Groups"]] == ["admins", "users"]
    pool.user("jane")
    for group in ("users", "admins"):
        api.admin_add_user_to_group(UserPoolId=pool.id, Username="jane", GroupName=group)
    assert len(api.admin_list_groups_for_user(UserPoolId=pool.id, Username="jane")["Groups"]) == 2
    assert [one["Username"] for one in api.list_users_in_group(UserPoolId=pool.id, GroupName="admins")["Users"]] == ["jane"]
    claims = pool.verified(pool.tokens("jane")["IdToken"])
    assert claims["cognito:groups"] == ["admins", "users"]
    assert claims["cognito:preferred_role"] == "arn:aws:iam::000000000000:role/admins" and len(claims["cognito:roles"]) == 2
    api.admin_remove_user_from_group(UserPoolId=pool.id, Username="jane", GroupName="admins")
    api.delete_group(UserPoolId=pool.id, GroupName="users")
    assert "cognito:groups" not in pool.verified(pool.tokens("jane")["AccessToken"])
    with pytest.raises(pool.errors.ResourceNotFoundException) as missing:
        api.get_group(UserPoolId=pool.id, GroupName="users")
    assert message(missing) == "Group not found."


def test_identity_providers(pool):
    api = pool.api
    details = {"client_id": "x", "client_secret": "y", "oidc_issuer": "https://login.example", "authorize_scopes": "openid",
               "attributes_request_method": "GET"}
    api.create_identity_provider(UserPoolId=pool.id, ProviderName="Example", ProviderType="OIDC", ProviderDetails=details,
                                 AttributeMapping={"email": "email"}, IdpIdentifiers=["example.com"])
    api.update_identity_provider(UserPoolId=pool.id, ProviderName="Example", AttributeMapping={"name": "name"})
    described = api.describe_identity_provider(UserPoolId=pool.id, ProviderName="Example")["IdentityProvider"]
    assert described["AttributeMapping"] == {"name": "name", "username": "sub"}
    found = api.get_identity_provider_by_identifier(UserPoolId=pool.id, IdpIdentifier="example.com")["IdentityProvider"]
    assert found["ProviderName"] == "Example"
    assert [one["ProviderName"] for one in api.list_identity_providers(UserPoolId=pool.id)["Providers"]] == ["Example"]
    pool.user("jane")
    source = {"ProviderName": "Example", "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": "42"}
    api.admin_link_provider_for_user(UserPoolId=pool.id, SourceUser=source,
                                     DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "jane"})
    assert '"userId":"42"' in attributes(api.admin_get_user(UserPoolId=pool.id, Username="jane")["UserAttributes"])["identities"]
    api.admin_disable_provider_for_user(UserPoolId=pool.id, User=source)
    assert "identities" not in attributes(api.admin_get_user(UserPoolId=pool.id, Username="jane")["UserAttributes"])
    api.delete_identity_provider(UserPoolId=pool.id, ProviderName="Example")
    with pytest.raises(pool.errors.ResourceNotFoundException):
        api.describe_identity_provider(UserPoolId=pool.id, ProviderName="Example")
