#!/usr/bin/env python3
"""Writes managed_policies.txt of this folder: the managed policies that AWS publishes, as the package moto carries them.

    python3 generate.py            # needs: pip install moto

One policy a line, separated by tabs: path and name, default version, created, updated, its document.
"""
import importlib.metadata
import importlib.util
import json
import pathlib

HERE = pathlib.Path(__file__).parent


def documents():
    """The package's data without the package: it needs nothing of what moto needs."""
    source = pathlib.Path(importlib.util.find_spec("moto").submodule_search_locations[0], "iam/aws_managed_policies.py")
    text = source.read_text(encoding="utf-8")
    return json.loads(text[text.index('"""') + 3:text.rindex('"""')])


def main():
    lines = [f"# AWS's managed policies, by generate.py from the data in moto {importlib.metadata.version('moto')} (Apache-2.0). Do not edit."]
    for name, policy in sorted(documents().items()):
        path = policy["Path"].strip("/")
        fields = [f"{path}/{name}" if path else name, policy["DefaultVersionId"], policy["CreateDate"], policy["UpdateDate"]]
        lines.append("\t".join([*fields, json.dumps(policy["Document"], separators=(",", ":"))]))
    (HERE / "managed_policies.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
