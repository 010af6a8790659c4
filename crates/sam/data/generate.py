#!/usr/bin/env python3
"""Writes the data files of this folder from the published package aws-sam-translator.

    python3 generate.py            # needs: pip install aws-sam-translator

policy_templates.txt    name, its parameters, its policy document; separated by tabs
managed_policies.txt    partitions (a: aws, c: aws-cn, g: aws-us-gov, e: aws-eusc), path and name
connectors.txt          source, destination, profile; or type, "", its outputs and inputs
"""
import json
import pathlib

import samtranslator

PACKAGE = pathlib.Path(samtranslator.__file__).parent
HERE = pathlib.Path(__file__).parent
HEADER = f"# From aws-sam-translator {samtranslator.__version__} (Apache-2.0) by generate.py. Do not edit.\n"
PARTITIONS = {"aws": "a", "aws-cn": "c", "aws-us-gov": "g", "aws-eusc": "e"}


def read(path):
    return json.loads((PACKAGE / path).read_text(encoding="utf-8"))


def write(name, lines):
    (HERE / name).write_text(HEADER + "".join(line + "\n" for line in sorted(lines)), encoding="utf-8")


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def main():
    templates = read("policy_templates_data/policy_templates.json")["Templates"]
    write("policy_templates.txt", [
        f"{name}\t{' '.join(template.get('Parameters', {}))}\t{compact(template['Definition'])}"
        for name, template in templates.items()
    ])

    where = {}
    for partition, policies in read("internal/data/aws_managed_policies.json").items():
        for name, arn in policies.items():
            path = arn.removeprefix(f"arn:{partition}:iam::aws:policy/")
            assert path.split("/")[-1] == name
            where.setdefault(path, []).append(PARTITIONS[partition])
    write("managed_policies.txt", [f"{''.join(letters)} {path}" for path, letters in where.items()])

    profiles = read("model/connector_profiles/profiles.json")
    write("connectors.txt", [
        f"{source}\t{destination}\t{compact(profile)}"
        for source, destinations in profiles["Permissions"].items()
        for destination, profile in destinations.items()
    ] + [f"{kind}\t\t{compact(facts)}" for kind, facts in profiles["CfnResourceProperties"].items()])


if __name__ == "__main__":
    main()
