"""The list of a template's parameters: its own, and those it passes to nested stacks."""

import json
import pathlib

import pytest

TEMPLATE = pathlib.Path(__file__).parent / "row15-test.yml"
OWN = ["hogePrefix", "BucketUrl", "AZName001", "AZName002", "VPCName"]
PASSED = ["hogePrefix", "BucketUrl", "VPCName"]


def groups(text):
    """Headings and the names that stand below them."""
    found, at = {}, None
    for line in text.splitlines():
        path = next((word for word in line.split() if word.startswith("/") and word.split("/")[1] in ("Parameters", "Resources")), None)
        if path:
            at = found.setdefault(path.strip(":-#` "), [])
        elif at is not None and line.strip():
            at.append(line.split()[0].strip("|` ") or line.split()[1])
    return found


def test_the_articles_two_groups(cloud):
    listed = groups(cloud.kogumo("template", "params", TEMPLATE).stdout)
    assert set(listed) == {"/Parameters", "/Resources/VPC/Properties/Parameters"}
    assert [name for name in listed["/Parameters"] if name in OWN] == OWN
    assert [name for name in listed["/Resources/VPC/Properties/Parameters"] if name in PASSED] == PASSED


def test_json_and_markdown(cloud):
    as_json = json.loads(cloud.kogumo("template", "params", "--format", "json", TEMPLATE).stdout)
    assert "hogePrefix" in json.dumps(as_json) and "/Resources/VPC/Properties/Parameters" in json.dumps(as_json)
    assert "|" in cloud.kogumo("template", "params", "--format", "markdown", TEMPLATE).stdout


@pytest.mark.parametrize("tag", ["!Ref x", "!GetAtt a.b", "!Sub 'x'", "!Cidr [1,2,3]", "!ToJsonString {a: 1}", "!Unheard of", "!Some::Thing [1]"])
def test_no_tag_makes_it_fail(cloud, tmp_path, tag):
    template = tmp_path / "t.yaml"
    template.write_text(f"Parameters:\n  P: {{Type: String}}\nResources:\n  R:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Value: {tag}\n")
    assert "P" in groups(cloud.kogumo("template", "params", template).stdout)["/Parameters"]


def test_get_template_summary_agrees(cloud):
    body = TEMPLATE.read_text().replace("${VPCTemplate}", "vpc.yml")
    summary = cloud.client("cloudformation").get_template_summary(TemplateBody=body)
    assert sorted(one["ParameterKey"] for one in summary["Parameters"]) == sorted(OWN)
    assert {one["ParameterKey"]: one.get("DefaultValue") for one in summary["Parameters"]}["VPCName"] == "vhoge01"
