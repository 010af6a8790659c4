"""FIFO queues: groups in order, deduplication, attempts."""

from sqs_calls import bodies, counts, receive, refused


def send(sqs, url, body, group="g", **more):
    return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)


def delete(sqs, url, message):
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_groups_keep_their_order(sqs, make_queue):
    url = make_queue("a.fifo", ContentBasedDeduplication="true")
    numbers = [send(sqs, url, f"{group}{number}", group)["SequenceNumber"] for number in range(3) for group in "xy"]
    assert numbers == sorted(numbers, key=int) and len(numbers[0]) == 20
    (first,) = receive(sqs, url, 1, AttributeNames=["All"])
    assert first["Body"] == "x0" and first["Attributes"]["MessageGroupId"] == "x" and first["Attributes"]["SequenceNumber"] == numbers[0]
    # The rest of x waits for x0; y does not.
    assert bodies(receive(sqs, url)) == ["y0", "y1", "y2"]
    assert receive(sqs, url) == [] and counts(sqs, url) == (2, 4, 0)
    delete(sqs, url, first)
    second, third = receive(sqs, url)
    assert bodies([second, third]) == ["x1", "x2"]
    # Given back out of order, it still comes in order.
    for message in (third, second):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(receive(sqs, url)) == ["x1", "x2"]


def test_what_was_sent_is_not_sent_again(own):
    cloud, sqs = own
    url = sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    first = send(sqs, url, "a", MessageDeduplicationId="1")
    again = send(sqs, url, "b", MessageDeduplicationId="1")
    assert (first["MessageId"], first["SequenceNumber"]) == (again["MessageId"], again["SequenceNumber"])
    (message,) = receive(sqs, url)
    delete(sqs, url, message)
    send(sqs, url, "c", MessageDeduplicationId="1")
    assert receive(sqs, url) == [] and message["Body"] == "a"
    cloud.advance("301s")
    send(sqs, url, "d", MessageDeduplicationId="1")
    assert bodies(receive(sqs, url)) == ["d"]
    refused("InvalidParameterValue", send, sqs=sqs, url=url, body="x")
    refused("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="2")
    refused("InvalidParameterValue", send, sqs=sqs, url=url, body="x", MessageDeduplicationId="3", DelaySeconds=1)
    # By group, where the queue says so.
    high = {"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url = sqs.create_queue(QueueName="b.fifo", Attributes=high)["QueueUrl"]
    for group in ("x", "y", "x"):
        send(sqs, url, group, group, MessageDeduplicationId="1")
    assert sorted(bodies(receive(sqs, url))) == ["x", "y"]


def test_an_attempt_can_be_made_again(sqs, make_queue):
    url = make_queue("a.fifo", ContentBasedDeduplication="true")
    send(sqs, url, "a")
    send(sqs, url, "b")
    first = receive(sqs, url, ReceiveRequestAttemptId="1")
    again = receive(sqs, url, ReceiveRequestAttemptId="1")
    assert bodies(first) == ["a", "b"]
    assert [message["ReceiptHandle"] for message in first] == [message["ReceiptHandle"] for message in again]
    assert receive(sqs, url, ReceiveRequestAttemptId="2") == []
    delete(sqs, url, first[0])
    assert receive(sqs, url, ReceiveRequestAttemptId="1") == []


def test_receipts_run_out(own):
    cloud, sqs = own
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":2}}'
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "RedrivePolicy": policy, "VisibilityTimeout": "60"}
    url = sqs.create_queue(QueueName="a.fifo", Attributes=attributes)["QueueUrl"]
    send(sqs, url, "a")
    send(sqs, url, "b")
    (message,) = receive(sqs, url, 1)
    cloud.advance("61s")
    message_text = refused("InvalidParameterValue", delete, sqs=sqs, url=url, message=message)
    assert message_text.endswith("The receipt handle has expired.")
    assert bodies(receive(sqs, url, 1)) == ["a"]
    cloud.advance("61s")
    # The first has been received too often; the next one takes its place.
    assert bodies(receive(sqs, url, 1)) == ["b"]
    assert bodies(receive(sqs, dead)) == ["a"]


def test_a_delay_of_the_queue(own):
    cloud, sqs = own
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "DelaySeconds": "60"}
    url = sqs.create_queue(QueueName="a.fifo", Attributes=attributes)["QueueUrl"]
    send(sqs, url, "a")
    assert receive(sqs, url) == [] and counts(sqs, url) == (0, 0, 1)
    cloud.advance("61s")
    assert counts(sqs, url) == (1, 0, 0) and bodies(receive(sqs, url)) == ["a"]
