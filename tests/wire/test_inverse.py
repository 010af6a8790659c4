"""botocore's serialiser as the inverse oracle: whatever it sends for random parameters of real services, Kogumo reads back.

The same seed gives the same parameters; `KOGUMO_SEED` chooses another.
"""

import base64
import json
import os
import random
import re
import subprocess

import botocore.session
import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from clouds import ROOT
from vectors import same

SEED = int(os.environ.get("KOGUMO_SEED", "20200714"))
TIMES_EACH = 2
DEEPEST = 4
LETTERS = "abcXYZ019 _-.~/+=&%?#'\"<>\\é日本😹"
PLAIN = "abcXYZ019-."

# What the wire cannot tell apart: operation, member, why. Left out of the parameters.
INDISTINCT = {
    ("s3", "PutBucketNotification", "NotificationConfiguration"): "Event and Events are one element (a deprecated operation)",
    ("lambda", "SendDurableExecutionCallbackFailure", "Error"): "an absent payload is sent as {}",
    ("lambda", "StopDurableExecution", "Error"): "an absent payload is sent as {}",
}


def service_names():
    lines = (ROOT / "facts" / "services").read_text().splitlines()
    return [line.split()[-1] for line in lines if line and not line.startswith("#")]


class Maker:
    """Makes parameters that a service's model allows, and no empty collections: those leave nothing on the wire."""

    def __init__(self, rng):
        self.rng = rng

    def text(self, letters, least=1):
        return "".join(self.rng.choice(letters) for _ in range(self.rng.randint(least, 12)))

    def structure(self, shape, depth):
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = [self.rng.choice(members)]
        made = {}
        for name, member in members:
            wanted = name in shape.required_members or len(members) == 1 or self.rng.random() < 0.5
            if wanted and not member.serialization.get("eventstream"):
                value = self.value(member, depth)
                if value is not None:
                    made[name] = value
        return made

    def value(self, shape, depth=0):
        kind = shape.type_name
        plain = "location" in shape.serialization or getattr(shape, "is_document_type", False)
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                return {"a": [1, "b", None, True]}
            made = None if depth > DEEPEST else self.structure(shape, depth + 1)
            return made or None
        if kind == "list":
            items = [self.value(shape.member, depth + 1) for _ in range(self.rng.randint(1, 3))]
            if plain:
                items = [self.text(PLAIN) if isinstance(item, str) else item for item in items]
            return [item for item in items if item is not None] or None
        if kind == "map":
            entries = {self.text(PLAIN): self.value(shape.value, depth + 1) for _ in range(self.rng.randint(1, 3))}
            if plain:
                entries = {key.lower(): self.text(PLAIN) if isinstance(value, str) else value for key, value in entries.items()}
            return {key: value for key, value in entries.items() if value is not None} or None
        return self.scalar(shape, kind, plain)

    def scalar(self, shape, kind, plain):
        if kind == "string":
            if shape.enum:
                return self.rng.choice(shape.enum)
            if shape.name == "AccountId":
                return "123456789012"  # a part of the host's name
            return self.text(PLAIN if plain or shape.serialization.get("jsonvalue") else LETTERS)
        return {
            "boolean": lambda: self.rng.random() < 0.5,
            "integer": lambda: self.rng.randint(-(2**31), 2**31 - 1),
            "long": lambda: self.rng.randint(-(2**53), 2**53),
            "float": lambda: float(self.rng.randint(-1000, 1000)) / 8,
            "double": lambda: float(self.rng.randint(-100000, 100000)) / 64,
            "timestamp": lambda: self.rng.randint(0, 4_000_000_000),
            "blob": lambda: self.text(PLAIN),
            "character": lambda: "x",
        }[kind]()


def request_of(service, operation, protocol, params):
    """What botocore would send."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(params, operation)
    prepare_request_dict(serialized, endpoint_url="http://localhost")
    request = create_request_object(serialized).prepare()
    body = request.body if request.body is not None else b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else body
    text = base64.b64encode(body).decode() if protocol == "smithy-rpc-v2-cbor" else body.decode()
    headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()}
    return {"method": request.method, "uri": re.sub(r"^http://[^/]*", "", request.url), "headers": headers, "body": text}


def understood(service_name, case, answer):
    """What was read, without what the client adds of its own: Content-Length, and members that cannot be told apart."""
    read = dict(answer.get("params", {}))
    if "ContentLength" not in case["params"]:
        read.pop("ContentLength", None)
    return {key: value for key, value in read.items() if (service_name, case["id"], key) not in INDISTINCT}


@pytest.mark.parametrize("service_name", service_names())
def test_what_botocore_sends_is_read_back(harness, service_name):
    model = botocore.session.Session().get_component("data_loader").load_service_model(service_name, "service-2")
    service = ServiceModel(model, service_name)
    protocols = model["metadata"].get("protocols") or [model["metadata"]["protocol"]]
    for protocol in protocols:
        maker = Maker(random.Random(f"{SEED} {service_name} {protocol}"))
        cases = []
        for name in service.operation_names:
            operation = service.operation_model(name)
            for _ in range(TIMES_EACH if operation.input_shape else 0):
                params = maker.structure(operation.input_shape, 0)
                params = {key: value for key, value in params.items() if (service_name, name, key) not in INDISTINCT}
                given = model["operations"][name]
                cases.append({"id": name, "given": given, "params": params, "serialized": request_of(service, operation, protocol, params)})
        suite = {"metadata": {**model["metadata"], "protocol": protocol}, "shapes": model["shapes"], "cases": cases}
        printed = subprocess.run([harness, "decode"], input=json.dumps([suite]), text=True, capture_output=True, check=True).stdout
        answers = [json.loads(line) for line in printed.splitlines()]
        assert len(answers) == len(cases)
        wrong = [(case, answer) for case, answer in zip(cases, answers) if not same(understood(service_name, case, answer), case["params"])]
        told = [f"{case['id']}\n  sent {case['serialized']}\n  want {case['params']}\n  got  {answer}" for case, answer in wrong[:3]]
        assert not wrong, f"{service_name} over {protocol}: {len(wrong)} of {len(cases)} are misread\n" + "\n".join(told)
