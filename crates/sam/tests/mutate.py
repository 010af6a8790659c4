#!/usr/bin/env python3
"""Looks for differences that the corpus does not show: changes its templates at random, and asks
the oracle and the transform about each.

    cargo build -p kogumo-sam --example transform
    python3 mutate.py path/to/examples/transform [how many] [seed]

Templates at which the oracle itself fails are left out. A difference found belongs into the
corpus, as small as it can be made.
"""
import json
import random
import subprocess
import sys

from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor

from oracle import HERE, NOW, transform

# The oracle validates its own data again and again, which takes most of its time.
PolicyTemplatesProcessor._is_valid_templates_dict = staticmethod(lambda *_: True)

VALUES = [None, True, False, 0, 5, 1.5, "", "text", "a-b", [], ["x"], [{"a": "b"}], {}, {"a": "b"}, {"a": "b", "c": 1},
          {"Ref": "P"}, {"Ref": "AWS::NoValue"}, {"Fn::GetAtt": ["X", "Arn"]}, {"Fn::Sub": "${P}-x"},
          {"Fn::If": ["C", "a", "b"]}, {"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]}, {"Fn::ImportValue": "i"}]


def places(value, path=()):
    """Every container in a value with a key in it."""
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    else:
        return
    for key, member in members:
        yield value, key
        yield from places(member, (*path, key))


def change(template, others, random):
    all_places = [place for place in places(template.get("Resources", {}))]
    if not all_places:
        return
    container, key = random.choice(all_places)
    kind = random.randrange(6)
    if kind == 0:
        del container[key]
    elif kind in (1, 2):
        container[key] = json.loads(json.dumps(random.choice(VALUES)))
    elif kind == 3 and isinstance(container, dict):
        other = random.choice(others)
        pieces = [(c, k) for c, k in places(other) if isinstance(c, dict)]
        piece, name = random.choice(pieces)
        container[name] = json.loads(json.dumps(piece[name]))
    elif kind == 4 and isinstance(container, dict):
        container[f"{key}X"] = container.pop(key)
    else:
        other = random.choice(others)
        same = [c[k] for c, k in places(other) if k == key]
        if same:
            container[key] = json.loads(json.dumps(random.choice(same)))


def cases(count, seed):
    rng = random.Random(seed)
    inputs = [json.loads(path.read_text()) for path in sorted((HERE / "expected").glob("*.json"))]
    inputs = [case for case in inputs if "Resources" in case["template"]]
    others = [case["template"]["Resources"] for case in inputs]
    others = [other for other in others if isinstance(other, dict) and any(isinstance(v, dict) for v in other.values())]
    for number in range(count):
        origin = rng.choice(inputs)
        case = json.loads(json.dumps({key: origin[key] for key in ("region", "parameters", "template")}))
        case["template"].setdefault("Conditions", {"C": {"Fn::Equals": ["a", "b"]}})
        case["template"].setdefault("Parameters", {"P": {"Type": "String", "Default": "p"}})
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            change(case["template"], others, rng)
        case["now"] = NOW
        yield case


def normalized(value):
    if isinstance(value, dict):
        out = {}
        for key, member in value.items():
            member = normalized(member)
            if key in ("DependsOn", "Fn::Or") and isinstance(member, list):
                member = sorted(member, key=lambda item: json.dumps(item, sort_keys=True))
            out[key] = member
        return out
    return [normalized(item) for item in value] if isinstance(value, list) else value


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    asked, wanted = [], []
    crashes = 0
    for case in cases(count, seed):
        try:
            result = transform(case)
        except Exception:
            crashes += 1
            continue
        asked.append(case)
        wanted.append(result)
    lines = "".join(json.dumps(case) + "\n" for case in asked)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    different = 0
    for case, want, line in zip(asked, wanted, run.stdout.splitlines()):
        got = json.loads(line)
        if normalized(got) != normalized(want):
            different += 1
            print(json.dumps({"case": case, "want": want, "got": got}))
    print(f"{len(asked)} templates, {different} differences, {crashes} left out", file=sys.stderr)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
