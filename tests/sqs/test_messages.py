"""Messages of standard queues: sums, visibility, delays, long polling, retention, batches, dead letters."""

import hashlib
import threading
import time

from sqs_calls import arn, bodies, counts, receive, refused


def test_a_message_goes_round(sqs, make_queue):
    url = make_queue()
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="本文",
        MessageAttributes={"a": {"DataType": "String", "StringValue": "x"}, "b.c": {"DataType": "Binary", "BinaryValue": b"\0\1"}},
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}},
    )
    assert sent["MD5OfMessageBody"] == hashlib.md5("本文".encode()).hexdigest() and "SequenceNumber" not in sent
    # botocore compares the sums itself.
    (message,) = receive(sqs, url, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"] and message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["MessageAttributes"]["b.c"]["BinaryValue"] == b"\0\1"
    system = message["Attributes"]
    assert system["ApproximateReceiveCount"] == "1" and system["SenderId"] and "AWSTraceHeader" in system
    assert abs(int(system["SentTimestamp"]) / 1000 - time.time()) < 60
    assert counts(sqs, url) == (0, 1, 0)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = receive(sqs, url, MessageSystemAttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=["b.*"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"} and list(again["MessageAttributes"]) == ["b.c"]
    assert again["ReceiptHandle"] != message["ReceiptHandle"]
    # An earlier receipt deletes nothing.
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(sqs, url) == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert counts(sqs, url) == (0, 0, 0)


def test_what_is_wrong_is_said(sqs, make_queue):
    url = make_queue("q", MaximumMessageSize=1024)
    other = make_queue("r")
    for code, parameters in [
        ("InvalidMessageContents", {"MessageBody": "a\x0b"}),
        ("InvalidParameterValue", {"MessageBody": "x" * 1025}),
        ("InvalidParameterValue", {"MessageBody": "x", "DelaySeconds": 901}),
        ("InvalidParameterValue", {"MessageBody": "x", "MessageDeduplicationId": "d"}),
        ("InvalidParameterValue", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Date", "StringValue": "x"}}}),
        ("InvalidParameterValue", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}}),
        ("InvalidParameterValue", {"MessageBody": "x", "MessageAttributes": {"AWS.a": {"DataType": "String", "StringValue": "x"}}}),
        ("MissingParameter", {"MessageBody": ""}),
    ]:
        refused(code, sqs.send_message, QueueUrl=url, **parameters)
    for parameters in ({"MaxNumberOfMessages": 11}, {"WaitTimeSeconds": 21}, {"VisibilityTimeout": 43201}, {"ReceiveRequestAttemptId": "a"}):
        refused("InvalidParameterValue", sqs.receive_message, QueueUrl=url, **parameters)
    assert refused("InvalidAddress", sqs.receive_message, QueueUrl="q") == "The address q is not valid for this endpoint."
    sqs.send_message(QueueUrl=other, MessageBody="x")
    handle = receive(sqs, other)[0]["ReceiptHandle"]
    for wrong in ("x", "AQEB", handle):
        refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle=wrong)
    assert counts(sqs, url) == (0, 0, 0)


def test_batches(sqs, make_queue):
    url = make_queue()
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(9)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "wrong", "MessageBody": "x", "DelaySeconds": -1}])
    assert [entry["Id"] for entry in answer["Successful"]] == [str(number) for number in range(9)]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [("wrong", "InvalidParameterValue", True)]
    messages = receive(sqs, url)
    assert bodies(messages) == [str(number) for number in range(9)]
    handles = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": 0} for entry in handles[:2]])
    assert len(changed["Successful"]) == 2 and counts(sqs, url) == (2, 7, 0)
    gone = sqs.delete_message_batch(QueueUrl=url, Entries=[*handles[2:], {"Id": "wrong", "ReceiptHandle": "x"}])
    assert len(gone["Successful"]) == 7 and gone["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert counts(sqs, url) == (2, 0, 0)
    refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(11)])
    refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=url, Entries=entries[:1] * 2)
    refused("AWS.SimpleQueueService.EmptyBatchRequest", sqs.delete_message_batch, QueueUrl=url, Entries=[])
    large = [{"Id": str(number), "MessageBody": "x" * 600_000} for number in range(2)]
    refused("AWS.SimpleQueueService.BatchRequestTooLong", sqs.send_message_batch, QueueUrl=url, Entries=large)


def test_time_is_the_clouds(own):
    cloud, sqs = own
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600", "MessageRetentionPeriod": "3600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="now")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=300)
    (now,) = receive(sqs, url)
    assert counts(sqs, url) == (0, 1, 1)
    cloud.advance("301s")
    assert counts(sqs, url) == (1, 1, 0) and bodies(receive(sqs, url)) == ["later"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=now["ReceiptHandle"], VisibilityTimeout=600)
    cloud.advance("500s")
    assert receive(sqs, url) == []
    cloud.advance("101s")
    refused("AWS.SimpleQueueService.MessageNotInflight", sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=now["ReceiptHandle"], VisibilityTimeout=9)
    assert sorted(bodies(receive(sqs, url))) == ["later", "now"]
    cloud.advance("1h")
    assert receive(sqs, url) == []
    deadline = time.monotonic() + 10
    while counts(sqs, url) != (0, 0, 0):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def waiting(sqs, url, seconds):
    """Waits for a message in a thread; the result has the bodies and how long it took."""
    result = {}

    def wait():
        began = time.monotonic()
        result["bodies"] = bodies(receive(sqs, url, WaitTimeSeconds=seconds))
        result["took"] = time.monotonic() - began

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, result


def test_who_waits_is_woken(own):
    cloud, sqs = own
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "43200"})["QueueUrl"]
    thread, result = waiting(sqs, url, 20)
    time.sleep(0.3)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    thread.join(5)
    assert result["bodies"] == ["a"] and result["took"] < 5
    # A delay that ends, by itself and by the clock.
    sqs.send_message(QueueUrl=url, MessageBody="b", DelaySeconds=1)
    thread, result = waiting(sqs, url, 20)
    thread.join(10)
    assert result["bodies"] == ["b"] and result["took"] < 8
    sqs.send_message(QueueUrl=url, MessageBody="c", DelaySeconds=900)
    thread, result = waiting(sqs, url, 20)
    time.sleep(0.2)
    cloud.advance("15m")
    thread.join(5)
    assert result["bodies"] == ["c"]
    # The wait itself is the clock's, too; and it ends by itself.
    thread, result = waiting(sqs, url, 20)
    time.sleep(0.2)
    cloud.advance("20s")
    thread.join(5)
    assert result["bodies"] == [] and result["took"] < 5
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=1) == [] and 0.9 < time.monotonic() - began < 5


def test_each_message_has_one_receiver(sqs, make_queue):
    url = make_queue()
    for start in range(0, 100, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])
    seen, lock = [], threading.Lock()

    def drain():
        while messages := receive(sqs, url):
            with lock:
                seen.extend(bodies(messages))
            sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, seen)) == list(range(100)) and counts(sqs, url) == (0, 0, 0)


def redrive(sqs, dead, most):
    return f'{{"deadLetterTargetArn":"{arn(sqs, dead)}","maxReceiveCount":{most}}}'


def test_dead_letters(sqs, make_queue):
    dead = make_queue("dead")
    url = make_queue("live", RedrivePolicy=redrive(sqs, dead, 2), VisibilityTimeout=0)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes={"a": {"DataType": "String", "StringValue": "x"}})
    assert bodies(receive(sqs, url)) == bodies(receive(sqs, url)) == ["poison"]
    assert receive(sqs, url) == []
    (letter,) = receive(sqs, dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"] and "a" in letter["MessageAttributes"]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, url)
    fifo = make_queue("dead.fifo")
    for wrong in (redrive(sqs, fifo, 2), redrive(sqs, dead, 0), redrive(sqs, dead, 2).replace("dead", "none"), "{", "{}"):
        refused("InvalidParameterValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": wrong})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'})
    refused("InvalidParameterValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": redrive(sqs, dead, 3)})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "queueUrls" not in sqs.list_dead_letter_source_queues(QueueUrl=dead) or not sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]


def test_dead_letters_go_back(own):
    cloud, sqs = own
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    source = arn(sqs, dead)
    refused("InvalidParameterValue", sqs.start_message_move_task, SourceArn=source)
    policy = {"RedrivePolicy": redrive(sqs, dead, 1), "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName="live", Attributes=policy)["QueueUrl"]
    for number in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    while counts(sqs, dead)[0] < 20:
        receive(sqs, url)
    handle = sqs.start_message_move_task(SourceArn=source)["TaskHandle"]
    deadline = time.monotonic() + 10
    while sqs.list_message_move_tasks(SourceArn=source)["Results"][0]["Status"] != "COMPLETED":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert task["ApproximateNumberOfMessagesMoved"] == 20 and "TaskHandle" not in task
    assert counts(sqs, dead) == (0, 0, 0) and counts(sqs, url) == (20, 0, 0)
    refused("AWS.SimpleQueueService.UnsupportedOperation", sqs.cancel_message_move_task, TaskHandle=handle)
    # A slow one to another queue: it can be stopped.
    while counts(sqs, dead)[0] < 20:
        receive(sqs, url)
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    handle = sqs.start_message_move_task(SourceArn=source, DestinationArn=arn(sqs, other), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    refused("AWS.SimpleQueueService.UnsupportedOperation", sqs.start_message_move_task, SourceArn=source)
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    assert moved < 20 and counts(sqs, dead)[0] + counts(sqs, other)[0] == 20
    refused("ResourceNotFoundException", sqs.cancel_message_move_task, TaskHandle="none")
    refused("ResourceNotFoundException", sqs.list_message_move_tasks, SourceArn=source + "none")


def test_acknowledged_messages_survive(own_cloud, tmp_path):
    """kill -9: what was sent is there, what was deleted is not, and receipts still hold."""
    cloud = own_cloud("--data", tmp_path / "data").wait_until_ready()
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for number in range(30):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    messages = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    cloud.kill()
    cloud = own_cloud("--data", tmp_path / "data").wait_until_ready()
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    assert counts(sqs, url) == (20, 9, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[1]["ReceiptHandle"])
    assert counts(sqs, url) == (20, 8, 0)
    assert len(receive(sqs, url)) == 10
