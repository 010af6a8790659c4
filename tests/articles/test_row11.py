"""The SAM article: a translating web API in steps, with `aws cloudformation package` and `deploy`, and with the SAM CLI."""

import json
import os
import pathlib
import shutil
import urllib.error
import urllib.parse
import urllib.request

import pytest
from clouds import ROOT, eventually

HERE = pathlib.Path(__file__).parent / "row11"
FUNCTION = "translate-function-2"
SAM = ROOT / ".venv" / "sam" / "bin" / "sam"


@pytest.fixture
def project(tmp_path):
    """A folder laid out as the article has it; answers a function that moves it to the article's next step."""
    code = tmp_path / "translate-function"
    code.mkdir()

    def step(template, source):
        shutil.copy(HERE / f"template-{template}.yaml", tmp_path / "template.yaml")
        shutil.copy(HERE / f"source-{source}.py", code / "translate-function.py")
        return tmp_path

    return step


def deploy(cloud, folder, stack, bucket):
    """The article's two commands."""
    cloud.aws("cloudformation", "package", "--template-file", "template.yaml", "--s3-bucket", bucket,
              "--output-template-file", "packaged-template.yaml", cwd=folder)
    cloud.aws("cloudformation", "deploy", "--template-file", "./packaged-template.yaml", "--stack-name", stack,
              "--capabilities", "CAPABILITY_IAM", cwd=folder)


def ask(cloud, stack, text):
    """GET /dev/translate as a browser would; the API is found in the stack's resources."""
    resources = cloud.aws("cloudformation", "describe-stack-resources", "--stack-name", stack)["StackResources"]
    api = next(one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::ApiGateway::RestApi")
    query = urllib.parse.urlencode({"input_text": text})
    ways = [
        (f"{cloud.url}/restapis/{api}/dev/_user_request_/translate?{query}", {}),
        (f"{cloud.url}/_aws/execute-api/{api}/dev/translate?{query}", {}),
        (f"{cloud.url}/dev/translate?{query}", {"Host": f"{api}.execute-api.ap-northeast-1.amazonaws.com"}),
        (f"{cloud.url}/dev/translate?{query}", {"Host": f"{api}.execute-api.localhost:{cloud.port}"}),
    ]
    answers = []
    for url, headers in ways:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as response:
            answers.append(json.load(response))
    assert all(answer == answers[0] for answer in answers), answers
    return answers[0]


def invoke(cloud, tmp_path, payload="{}"):
    out = tmp_path / "answer.json"
    told = cloud.aws("lambda", "invoke", "--function-name", FUNCTION, "--payload", payload, out)
    assert told.get("FunctionError") is None, out.read_text()
    return json.loads(out.read_text())


def nothing_is_left(cloud):
    assert FUNCTION not in [one["FunctionName"] for one in cloud.client("lambda").list_functions()["Functions"]]
    assert "translate-history-2" not in cloud.client("dynamodb").list_tables()["TableNames"]
    assert "translate-api-2" not in [one["name"] for one in cloud.client("apigateway").get_rest_apis()["items"]]
    assert not [one for one in cloud.client("iam").list_roles()["Roles"] if "TranslateLambda" in one["RoleName"]]


def test_the_articles_steps(own_cloud, project, tmp_path):
    cloud = own_cloud().wait_until_ready()
    stack, bucket = "hands-on-serverless-2", "20200714handsonserverless"
    cloud.aws("s3", "mb", f"s3://{bucket}")

    deploy(cloud, project(1, 1), stack, bucket)
    assert json.loads(invoke(cloud, tmp_path)["body"]) == "Hello Hands on world!"

    # "template.yamlを編集(Policies: - TranslateFullAccessを追加)"
    folder = project(1, 2)
    template = folder / "template.yaml"
    template.write_text(template.read_text() + "      Policies:\n        - TranslateFullAccess\n")
    deploy(cloud, folder, stack, bucket)
    assert json.loads(invoke(cloud, tmp_path)["body"]) == {"output_text": "Hello"}

    deploy(cloud, project(2, 3), stack, bucket)
    assert ask(cloud, stack, "こんにちは") == {"output_text": "Hello"}

    deploy(cloud, project(3, 4), stack, bucket)
    assert ask(cloud, stack, "こんにちは") == {"output_text": "Hello"}
    history = cloud.aws("dynamodb", "scan", "--table-name", "translate-history-2")["Items"]
    assert {"input": {"S": "こんにちは"}, "output": {"S": "Hello"}}.items() <= history[0].items()
    assert history[0]["timestamp"]["S"].isdigit()

    logs = eventually(lambda: cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"])
    assert any("REPORT RequestId" in event["message"] for event in logs)

    cloud.aws("cloudformation", "delete-stack", "--stack-name", stack)
    cloud.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", stack)
    nothing_is_left(cloud)


@pytest.mark.parametrize("template, source", [(1, 1), (2, 3), (3, 4)])
def test_with_the_sam_cli(own_cloud, project, tmp_path, template, source):
    cloud = own_cloud().wait_until_ready()
    folder = project(template, source)
    # `sam build` itself refuses python3.7 by now; `sam deploy` packages the sources themselves.
    cloud.run(SAM, "deploy", "--template-file", "template.yaml", "--stack-name", "hands-on", "--resolve-s3",
              "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", cwd=folder)
    if template == 1:
        assert json.loads(invoke(cloud, tmp_path)["body"]) == "Hello Hands on world!"
    else:
        assert ask(cloud, "hands-on", "こんにちは") == {"output_text": "Hello"}
    cloud.run(SAM, "delete", "--stack-name", "hands-on", "--no-prompts", "--region", "ap-northeast-1", cwd=folder)
    nothing_is_left(cloud)


def test_sam_build(own_cloud, project):
    """`sam build` wants an interpreter of the runtime's version on this machine: the one that the SAM CLI runs on."""
    cloud = own_cloud().wait_until_ready()
    folder = project(3, 4)
    template = folder / "template.yaml"
    runtime = "python" + cloud.run(SAM.parent / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").stdout.strip()
    template.write_text(template.read_text().replace("python3.7", runtime))
    (folder / "translate-function" / "requirements.txt").write_text("")
    path = f"{SAM.parent}:{os.environ['PATH']}"
    cloud.run(SAM, "build", cwd=folder, PATH=path)
    assert (folder / ".aws-sam" / "build" / "TranslateLambda" / "translate-function.py").exists()
    cloud.run(SAM, "deploy", "--stack-name", "built", "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
              "--no-confirm-changeset", cwd=folder, PATH=path)
    assert ask(cloud, "built", "こんにちは") == {"output_text": "Hello"}
    cloud.run(SAM, "delete", "--stack-name", "built", "--no-prompts", "--region", "ap-northeast-1", cwd=folder, PATH=path)
    nothing_is_left(cloud)
