"""The Cognito article: a Lambda function that signs a user in by SRP with warrant's AWSSRP, which computes what nobody wants to."""

import subprocess
import sys

import pytest
from cognito_calls import PASSWORD, Pool
from lambda_calls import functions_of

# The article's program. The ids and the user stand where it says "ユーザプールID", "クライアントID", "ID" and "PW".
PROGRAM = """\
from warrant.aws_srp import AWSSRP

u = AWSSRP(pool_id='{pool}', client_id='{client}', username='{user}', password='{password}')
res = u.authenticate_user()
id_token = res['AuthenticationResult']['IdToken']
"""


@pytest.fixture(scope="session")
def warrant(tmp_path_factory):
    """The files of the library without its `__init__.py`, as the article has it, and six, which they need."""
    folder = tmp_path_factory.mktemp("warrant")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "warrant==0.6.1", "six"], check=True)
    files = {f"warrant/{path.name}": path.read_text() for path in (folder / "warrant").glob("*.py") if path.name != "__init__.py"}
    assert "warrant/aws_srp.py" in files
    return {**files, "six.py": (folder / "six.py").read_text()}


@pytest.fixture
def run(cloud, warrant, name):
    """Runs the program in a function and answers what it leaves in `id_token`, or the error that it ends in."""
    functions = functions_of(cloud)

    def call(pool, user, password):
        program = PROGRAM.format(pool=pool.id, client=pool.client_id, user=user, password=password)
        body = "".join(f"    {line}\n" for line in program.splitlines())
        files = {**warrant, "app.py": f"def handler(event, context):\n{body}    return id_token\n"}
        function = f"{name}-{len(functions.made)}"
        functions.make(function, files)
        return functions.call(function)

    yield call
    functions.remove_all()


def test_the_articles_program(cloud, name, run):
    pool = Pool(cloud, name)
    pool.user("taro", email="taro@example.com", email_verified="true")
    token, answer = run(pool, "taro", PASSWORD)
    assert "FunctionError" not in answer, (token, answer["Tail"])
    claims = pool.verified(token, audience=pool.client_id)
    assert claims["cognito:username"] == "taro" and claims["email"] == "taro@example.com" and claims["token_use"] == "id"
    refused, answer = run(pool, "taro", "Wr0ng-password")
    assert answer["FunctionError"] == "Unhandled"
    assert refused["errorType"] == "NotAuthorizedException" and "Incorrect username or password." in refused["errorMessage"]


def test_what_the_article_would_rather_use(cloud, name):
    """「AdminInitiateAuthのADMIN_USER_PASSWORD_AUTHを使って良いならそっち推奨」"""
    pool = Pool(cloud, name)
    pool.user("taro")
    parameters = {"USERNAME": "taro", "PASSWORD": PASSWORD}
    begin = lambda **wrong: pool.api.admin_initiate_auth(
        UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={**parameters, **wrong})
    assert pool.verified(begin()["AuthenticationResult"]["IdToken"], audience=pool.client_id)["cognito:username"] == "taro"
    with pytest.raises(pool.errors.NotAuthorizedException):
        begin(PASSWORD="Wr0ng-password")
