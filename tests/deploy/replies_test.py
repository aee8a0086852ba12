#!/usr/bin/env python3
"""Answers to messages go to a queue: the build with the feature `aws`, with moto's server as SQS at both ends.

    replies_test.py

1. 1,000 messages, as in sqs_test.py: bad ones, late batches, an instance that is killed with a batch in its hands. Each
   good message has a reply that carries its id and as many answers as it has rows, each bad one is in the dead-letter
   queue and has none. Only what the killed instance had may be answered twice.
2. FIFO queues at both ends: each message is answered once, a group's replies are in the order of its messages.

The program is SMARTSERVE's.
"""

import collections
import json
import random

from sqs_test import CHUNK, Lambda, bodies, judge, make_queues, report, run, send

MESSAGES = 1_000


def variables(url):
    """What a function with this reply queue is given."""
    return {"SMARTSERVE_REPLY_QUEUE_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_SESSION_TOKEN": "x"}


def replies(client, url):
    """(source message's id, group, answer) of all that is in a queue, as it comes."""
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"],
                                             MessageAttributeNames=["All"]).get("Messages"):
        for m in messages:
            said = {name: value["StringValue"] for name, value in m["MessageAttributes"].items()}
            assert said.keys() == {"SourceMessageId", "Status", "Content-Type"}, said
            assert (said["Status"], said["Content-Type"]) == ("200", "application/json"), said
            yield said["SourceMessageId"], m["Attributes"].get("MessageGroupId"), json.loads(m["Body"])
        client.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])


def standard(client, model):
    out = client.create_queue(QueueName="answers")["QueueUrl"]
    poller = Lambda(client, model, kill_at=30, late_every=20, **variables(out))
    url, queue, dead = make_queues(client, "asked")
    made, sent = list(bodies(random.Random(1), MESSAGES)), {}
    for at in range(0, MESSAGES, CHUNK):
        chunk = made[at:at + CHUNK]
        sent |= dict(zip(send(client, url, [body for body, _ in chunk]), chunk))
        for _ in range(CHUNK // 10):
            poller.poll(url, queue, wait=0)
    run(client, poller, url, queue)
    good, poison = judge(client, poller, sent, dead)
    found = list(replies(client, out))
    times = collections.Counter(source for source, _, _ in found)
    assert times.keys() == poller.answered.keys(), "replies and good messages are not the same"
    twice = sum(times.values()) - len(times)
    assert poller.killed == 1 and poller.late and twice <= 10, f"{twice} were answered twice"
    for source, _, answer in found:
        rows = 2 if sent[source][0].startswith("[") or "\n{" in sent[source][0] else 1
        assert len(answer["prediction"]) == rows, (sent[source], answer)
    poller.instance.stop()
    return f"{good} of {MESSAGES} replied to, {poison} dead, {twice} twice behind a killed instance"


def fifo(client, model):
    out = client.create_queue(QueueName="answers.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    # In batches of one, as deploy/README.md asks: a bad message takes none of its group along.
    poller = Lambda(client, model, batch=1, kill_at=None, late_every=50, **variables(out))
    poller.killed = 1
    url, queue, dead = make_queues(client, "ordered-asked", fifo=True)
    made = list(bodies(random.Random(2), 200))
    groups = [f"g{i % 20}" for i in range(len(made))]
    ids = send(client, url, [body for body, _ in made], groups)
    run(client, poller, url, queue)
    good, poison = judge(client, poller, dict(zip(ids, made)), dead)
    order = collections.defaultdict(list)
    for source, group, _ in replies(client, out):
        assert groups[ids.index(source)] == group, "a reply is in another group than its message"
        order[group].append(ids.index(source))
    assert all(places == sorted(set(places)) for places in order.values()), "a group's order was not kept"
    assert sum(map(len, order.values())) == good, order
    poller.instance.stop()
    return f"FIFO: {good} replied to in order, {poison} dead"


if __name__ == "__main__":
    report("replies", standard, fifo)
