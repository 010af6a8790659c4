"""Custom resources that call back as libraries do which were written for AWS's own URLs."""

import json
import subprocess

import pytest
from stacks import Stacks, outputs

# As the CDK's providers do: of the URL only the host and the path are looked at, so it is HTTPS at its own port.
NODE = """
const https = require('https');
exports.handler = (event) => new Promise((done, failed) => {
  const url = new URL(event.ResponseURL);
  const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'physical', StackId: event.StackId,
    RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId, Data: { Scheme: url.protocol } });
  const options = { hostname: url.hostname, path: url.pathname + url.search, method: 'PUT',
    headers: { 'content-type': '', 'content-length': Buffer.byteLength(body) } };
  const request = https.request(options, (answer) => { answer.resume(); done(answer.statusCode); });
  request.on('error', failed);
  request.end(body);
});
"""

PYTHON = """
import http.client, json, urllib.parse

def handler(event, context):
    url = urllib.parse.urlsplit(event["ResponseURL"])
    body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "physical", "StackId": event["StackId"],
        "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"], "Data": {"Scheme": url.scheme + ":"}})
    connection = http.client.HTTPSConnection(url.hostname)
    connection.request("PUT", url.path + "?" + url.query, body, {"content-type": ""})
    return connection.getresponse().status
"""


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def template(runtime, code):
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    function = {"Runtime": runtime, "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": code}, "Timeout": 20}
    return json.dumps({
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": "20"}},
        },
        "Outputs": {"Scheme": {"Value": {"Fn::GetAtt": ["Thing", "Scheme"]}}},
    })  # fmt: skip


@pytest.mark.parametrize("runtime, code", [("nodejs22.x", NODE), ("python3.12", PYTHON)], ids=["node", "python"])
def test_answers_over_https_at_its_own_port(stacks, name, runtime, code):
    lowest = int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read())
    if subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() != "0" and lowest > 443:
        pytest.skip("port 443 is for root on this machine")
    stack = stacks.create(name, template(runtime, code))
    assert outputs(stack) == {"Scheme": "https:"}
    stacks.delete(name)
