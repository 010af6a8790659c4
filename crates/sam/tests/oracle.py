#!/usr/bin/env python3
"""Runs the oracle, the package aws-sam-translator, over the corpus.

    python3 oracle.py            # rewrite expected/ from corpus/
    python3 oracle.py --check    # complain if expected/ is not what the oracle says

Needs: pip install aws-sam-translator pyyaml

A template of the corpus is YAML. Its first line may be a comment with options:
    #! {"region": "cn-north-1", "parameters": {"Stage": "dev"}}
Of each template, expected/ has the JSON that a caller of the transform passes (short forms written
out), and what the oracle makes of it: a template, or the mistakes in it.
"""
import json
import os
import pathlib
import sys
from unittest import mock

import boto3
import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

HERE = pathlib.Path(__file__).parent
NOW = 1_700_000_000


class Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation."""


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)
# Dates stay text, as in JSON.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path):
    source = path.read_text(encoding="utf-8")
    first = source.split("\n", 1)[0]
    options = json.loads(first[2:]) if first.startswith("#!") else {}
    template = json.loads(json.dumps(yaml.load(source, Loader)))
    return {
        "region": options.get("region", "us-east-1"),
        "parameters": options.get("parameters", {}),
        "template": template,
    }


def transform(case):
    template = json.loads(json.dumps(case["template"]))
    parameters = dict(case["parameters"])
    session = boto3.session.Session(region_name=case["region"])
    try:
        with mock.patch("time.time", lambda: NOW):
            to_py27_compatible_template(template, parameters)
            translator = Translator(None, Parser(), boto_session=session)
            output = translator.translate(template, parameters, get_managed_policy_map=dict)
        return {"output": undo_mark_unicode_str_in_template(output)}
    except InvalidDocumentException as error:
        return {"errors": [cause.message for cause in error.causes]}


def expected(path):
    case = read(path)
    return json.dumps({**case, **transform(case)}, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def main():
    check = "--check" in sys.argv
    stale = []
    wanted = set()
    for path in sorted((HERE / "corpus").glob("*.yaml")):
        target = HERE / "expected" / (path.stem + ".json")
        wanted.add(target)
        try:
            text = expected(path)
        except Exception as error:
            stale.append(f"{path.name}: the oracle itself fails: {type(error).__name__}: {error}")
            continue
        if not check:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or json.loads(target.read_text(encoding="utf-8")) != json.loads(text):
            stale.append(f"{path.name}: expected/{target.name} is stale")
    stale += [f"{path.name}: no template" for path in sorted((HERE / "expected").glob("*.json")) if path not in wanted]
    print("\n".join(stale) or f"{len(wanted)} templates")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The oracle makes lists of sets; their order has to be the same every time.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
