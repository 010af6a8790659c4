"""Words that the tests of Lambda are written in: packages, and functions that can be called."""

import base64
import io
import json
import time
import zipfile


REGION = "ap-northeast-1"


def package(files):
    """A zip file of these files: text, or (mode, text)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in files.items():
            info = zipfile.ZipInfo(name)
            mode, text = contents if isinstance(contents, tuple) else (0o644, contents)
            info.external_attr = (0o100000 | mode) << 16
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return packed.getvalue()


class Functions:
    """Makes, calls and removes functions of one cloud."""

    def __init__(self, cloud, role):
        self.cloud, self.role, self.made = cloud, role, []
        self.client = cloud.client("lambda")
        self.logs = cloud.client("logs")

    def make(self, name, code, handler="app.handler", runtime="python3.12", **settings):
        files = code if isinstance(code, dict) else {"app.py": code}
        self.made.append(name)
        return self.client.create_function(
            FunctionName=name, Role=self.role, Runtime=runtime, Handler=handler, Code={"ZipFile": package(files)}, **{"Timeout": 20, **settings}
        )

    def call(self, name, event=None, **more):
        """The payload and the whole answer, with the log's tail as text."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail", **more)
        answer["Tail"] = base64.b64decode(answer["LogResult"]).decode()
        return json.loads(answer["Payload"].read() or "null"), answer

    def value(self, name, event=None, **more):
        """The payload of a call that has to succeed."""
        payload, answer = self.call(name, event, **more)
        assert "FunctionError" not in answer, (payload, answer["Tail"])
        return payload

    def messages(self, name):
        """What the function's log group holds."""
        try:
            found = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found]

    def remove_all(self):
        for name in self.made:
            try:
                self.client.delete_function(FunctionName=name)
            except self.client.exceptions.ResourceNotFoundException:
                pass


def functions_of(cloud):
    iam = cloud.client("iam")
    try:
        role = cloud.role("lambda-tests", "logs:*", "dynamodb:*", "lambda:*", "s3:*", "sns:*", "sqs:*", "ssm:*", "sts:*", "translate:*")
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="lambda-tests")["Role"]["Arn"]
    return Functions(cloud, role)


def eventually(check, seconds=60):
    """Waits until `check` answers something true, and answers it."""
    end = time.monotonic() + seconds
    while not (answer := check()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
    return answer
