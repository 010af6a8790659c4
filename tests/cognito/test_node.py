"""Clients in JavaScript: amazon-cognito-identity-js and aws-amplify."""
from cognito_calls import PASSWORD

def test_amazon_cognito_identity_js(cloud, node, pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    to = f"js-{pool.id[-9:]}@example.com".lower()
    told = node(cloud, "identity.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD, to)
    assert told == {"refused": "NotAuthorizedException", "username": "jane", "email": to, "refreshed": True}


def test_aws_amplify(cloud, node, pool):
    pool.user("jane", email="jane@example.com")
    told = node(cloud, "amplify.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD)
    assert told == {"refused": "NotAuthorizedException", "step": "DONE", "username": "jane", "email": "jane@example.com", "token": "access"}
