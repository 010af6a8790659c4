"""What was acknowledged is there after `kill -9`, with its bytes; what was not leaves no files behind."""

import hashlib
import pathlib
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

ROUNDS = 6
SIZES = [1, 1000, 20_000, 300_000, 6_000_000]


def body(number):
    seed = hashlib.sha256(str(number).encode()).digest()
    size = SIZES[number % len(SIZES)]
    return (seed * (size // len(seed) + 1))[:size]


@pytest.mark.timeout(180)
def test_acknowledged_objects_survive(own_cloud, tmp_path, name):
    data = tmp_path / "data"
    acknowledged, removed = {}, set()

    def write(s3, worker, start):
        number = start
        try:
            while True:
                key = f"{worker}/{number}"
                etag = s3.put_object(Bucket=name, Key=key, Body=body(number))["ETag"]
                acknowledged[key] = (number, etag)
                if number % 3 == 0:
                    removed.add(key)
                    s3.delete_object(Bucket=name, Key=key)
                number += 1
        except (BotoCoreError, ClientError):
            pass

    for turn in range(ROUNDS):
        cloud = own_cloud("--data", str(data)).wait_until_ready()
        s3 = cloud.client("s3", region="us-east-1")
        if turn == 0:
            s3.create_bucket(Bucket=name)
        workers = [threading.Thread(target=write, args=(s3, worker, turn * 10_000)) for worker in range(3)]
        for worker in workers:
            worker.start()
        time.sleep(0.4 + 0.13 * turn)
        cloud.kill()
        for worker in workers:
            worker.join()
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    s3 = cloud.client("s3", region="us-east-1")
    kept = {key: number for key, (number, _) in acknowledged.items() if key not in removed}
    assert len(kept) > ROUNDS
    for key, number in kept.items():
        assert s3.get_object(Bucket=name, Key=key)["Body"].read() == body(number), key
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
    large = sum(found["Size"] > 16 * 1024 for page in pages for found in page.get("Contents", []))

    def files():
        return [path for path in pathlib.Path(data, "objects").rglob("*") if path.is_file()]

    end = time.monotonic() + 20
    while len(files()) != large and time.monotonic() < end:
        time.sleep(0.1)
    assert len(files()) == large, "files that no object refers to"
