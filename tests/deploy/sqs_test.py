#!/usr/bin/env python3
"""A queue of SQS that is scored by a function, with moto's server as SQS and this program as Lambda's poller.

    sqs_test.py [MESSAGES]

10,000 messages: 1 % can never be answered, 1 % of the batches have no time left, and one instance is killed while it
has a batch. The poller does what Lambda's does: it receives up to 10, invokes, deletes what was not named as a failure,
and leaves the rest to come back. At the end every good message has been answered and deleted, every bad one lies in the
dead-letter queue with its body, and nothing is in neither. Then a FIFO queue, whose groups keep their order.
"""

import contextlib
import functools
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import boto3
from moto.server import ThreadedMotoServer
from moto.sqs import models

from events import bridged, notification
from runtime_api import Instance

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))
MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
# Seconds until a message that failed comes back; five tries, as in deploy/aws/template.yaml.
VISIBILITY, TRIES = 2, 5
# Messages that are sent at one time: for each that it gives moto looks through all that are there.
CHUNK = 50


def bodies(draw, n):
    """(body, whether it can be answered) of n messages, 1 % of which cannot."""
    def row():
        return {"amount": round(draw.gauss(0, 1), 4), "shop": draw.choice("ab")}
    good = [lambda: json.dumps(row()), lambda: json.dumps([row(), row()]), lambda: "amount,shop\n1.5,a\n",
            lambda: json.dumps(row()) + "\n" + json.dumps(row()), lambda: notification(json.dumps(row())),
            lambda: json.dumps(bridged(row()))]
    poison = ["{", "no rows", '{"amount": "x", "shop": "a"}', '{"amont": 1, "shop": "a"}', "[]"]
    for i in range(n):
        yield (poison[i // 100 % len(poison)], False) if i % 100 == 50 else (good[i % len(good)](), True)


class Lambda:
    """The poller and the instance that it has: killed with its batch `kill_at`, and late with each `late_every`th."""

    def __init__(self, client, model, batch=10, kill_at=300, late_every=100, **variables):
        self.client, self.model, self.batch, self.variables = client, model, batch, variables
        self.kill_at, self.late_every = kill_at, late_every
        self.instance = self.fresh()
        # Of every message: how often an invocation answered it; those that were returned.
        self.answered, self.batches, self.killed, self.late = {}, 0, 0, 0

    def fresh(self):
        return Instance([BINARY, "serve"], SMARTSERVE_MODEL=self.model, **self.variables).start()

    def invoke(self, messages, queue, seconds):
        """The ids of those that failed; all of them where the invocation did."""
        event = {"Records": [{
            "messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"],
            "attributes": m["Attributes"], "messageAttributes": {}, "md5OfBody": m["MD5OfBody"],
            "eventSource": "aws:sqs", "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{queue}",
            "awsRegion": "eu-west-1"} for m in messages]}
        everything = {m["MessageId"] for m in messages}
        event = json.dumps(event).encode()
        if self.batches == self.kill_at and not self.killed:
            # The instance dies with the batch in its hands.
            self.instance.put(event)
            assert self.instance.is_taken(30), "the instance takes no batch"
            self.instance.stop()
            self.instance, self.killed = self.fresh(), 1
            return everything
        found = self.instance.invoke(event, seconds)
        assert found is not None, f"it ended: {self.instance.log()[-3000:]}"
        kind, body, _ = found
        if kind != "response":
            return everything
        failures = [failure["itemIdentifier"] for failure in json.loads(body)["batchItemFailures"]]
        assert len(set(failures)) == len(failures) and everything >= set(failures), f"named: {failures}"
        return set(failures)

    def poll(self, url, queue, wait=1):
        """One batch, for which it waits up to `wait` seconds; how many messages it had."""
        found = self.client.receive_message(QueueUrl=url, MaxNumberOfMessages=self.batch, AttributeNames=["All"],
                                            WaitTimeSeconds=wait)
        messages = found.get("Messages", [])
        if not messages:
            return 0
        self.batches += 1
        is_late = self.batches % self.late_every == 0
        self.late += is_late
        failed = self.invoke(messages, queue, 0.0 if is_late else 30.0)
        done = [m for m in messages if m["MessageId"] not in failed]
        for m in done:
            self.answered.setdefault(m["MessageId"], []).append(m["Body"])
        if done:
            deleted = self.client.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(done)])
            assert not deleted.get("Failed"), deleted
        return len(messages)

    def left(self, url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)


def make_queues(client, name, fifo=False):
    """(URL, name) of a queue and of the dead-letter queue behind it."""
    ending, extra = (".fifo", {"FifoQueue": "true", "ContentBasedDeduplication": "false"}) if fifo else ("", {})
    dead = client.create_queue(QueueName=f"{name}-dead{ending}", Attributes=extra)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": TRIES})
    url = client.create_queue(QueueName=f"{name}{ending}", Attributes=extra | {
        "VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": redrive})["QueueUrl"]
    return url, f"{name}{ending}", dead


def send(client, url, texts, groups=None):
    """The ids of the messages, in order."""
    ids = []
    for at in range(0, len(texts), 10):
        entries = [{"Id": str(i), "MessageBody": text} for i, text in enumerate(texts[at:at + 10])]
        if groups:
            for i, entry in enumerate(entries):
                entry |= {"MessageGroupId": groups[at + i], "MessageDeduplicationId": str(at + i)}
        sent = client.send_message_batch(QueueUrl=url, Entries=entries)
        assert not sent.get("Failed"), sent
        ids += [one["MessageId"] for one in sorted(sent["Successful"], key=lambda one: int(one["Id"]))]
    return ids


def drained(client, url):
    """{id: body} of all that is in a queue."""
    found = {}
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found |= {m["MessageId"]: m["Body"] for m in messages}
        client.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
    return found


def run(client, poller, url, queue, until=120):
    """Polls until nothing is left."""
    until = time.monotonic() + until
    while poller.poll(url, queue) or poller.left(url):
        assert time.monotonic() < until, f"{poller.left(url)} messages are left"


def judge(client, poller, sent, dead):
    """Each message is answered or dead, by what it is."""
    good, poison = ({i: body for i, (body, fine) in sent.items() if fine is which} for which in (True, False))
    lost = good.keys() - poller.answered.keys()
    assert not lost, f"{len(lost)} good messages were not answered, e.g. {good[next(iter(lost))]}"
    wrong = poller.answered.keys() - good.keys()
    assert not wrong, f"{len(wrong)} messages were answered that cannot be"
    twice = [i for i, bodies in poller.answered.items() if len(bodies) > 1]
    assert not twice, f"{len(twice)} messages were answered and came again"
    buried = drained(client, dead)
    assert buried == poison, f"the dead-letter queue has {len(buried)} messages, {len(poison)} can never be answered"
    return len(good), len(poison)


def standard(client, model):
    poller, draw = Lambda(client, model), random.Random(1)
    url, queue, dead = make_queues(client, "rows")
    made, sent = list(bodies(draw, MESSAGES)), {}
    for at in range(0, MESSAGES, CHUNK):
        chunk = made[at:at + CHUNK]
        sent |= dict(zip(send(client, url, [body for body, _ in chunk]), chunk))
        # The poller is a little behind whoever sends.
        for _ in range(CHUNK // 10):
            poller.poll(url, queue, wait=0)
    run(client, poller, url, queue)
    good, poison = judge(client, poller, sent, dead)
    assert poller.killed == 1 or MESSAGES < 4_000, "no instance was killed"
    assert poller.late or MESSAGES < 2_000, "no batch was late"
    lines = [json.loads(line) for line in poller.instance.log().splitlines() if '"_aws"' in line]
    # Of the instance that lived on.
    counted = [sum(line.get(name, 0) for line in lines) for name in ("MessagesAnswered", "MessagesPoison")]
    assert 0 < counted[0] <= good and counted[1] >= poison, counted
    poller.instance.stop()
    return f"{good} answered, {poison} dead, {poller.late} late batches, {poller.killed} killed instance"


def fifo(client, model):
    """20 groups, some with a bad message in the middle: the order in a group is kept.

    In batches of one: each try of a bad message would be a try of those behind it in its batch, too.
    """
    poller, draw = Lambda(client, model, batch=1), random.Random(2)
    poller.killed = 1
    url, queue, dead = make_queues(client, "ordered", fifo=True)
    made = [(body, fine) for body, fine in bodies(draw, 200)]
    groups = [f"g{i % 20}" for i in range(len(made))]
    ids = send(client, url, [body for body, _ in made], groups)
    sent = dict(zip(ids, made))
    run(client, poller, url, queue)
    good, poison = judge(client, poller, sent, dead)
    order = {}
    for message_id in poller.answered:
        order.setdefault(groups[ids.index(message_id)], []).append(ids.index(message_id))
    assert all(places == sorted(places) for places in order.values()), "a group's order was not kept"
    poller.instance.stop()
    return f"FIFO: {good} answered in order, {poison} dead"


def hasten():
    """Moto counts a queue's messages for each message that it takes or gives, by a clock of 6 µs: a faster clock."""
    models.unix_time = lambda *_: time.time()
    models.unix_time_millis = lambda *_: time.time() * 1000
    models.camelcase_to_underscores = functools.cache(models.camelcase_to_underscores)
    models.SQSBackend.is_message_valid_based_on_retention_period = lambda *_: True


def train(folder):
    """The path of a model of the rows that messages have."""
    draw = random.Random(3)
    rows = [(draw.gauss(0, 1), draw.choice("ab")) for _ in range(200)]
    lines = ["amount,shop,y", *(f"{x},{s},{2 * x + (s == 'a')}" for x, s in rows), ""]
    (folder / "rows.csv").write_text("\n".join(lines))
    words = ["train", "--data", folder / "rows.csv", "--target", "y", "--algorithm", "ridge", "--folds", "0", "-o",
             folder / "rows.model"]
    subprocess.run([BINARY, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(folder / "rows.model")


@contextlib.contextmanager
def moto():
    """A client of moto's SQS."""
    hasten()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client("sqs", region_name="eu-west-1", endpoint_url=f"http://{host}:{port}",
                       aws_access_key_id="x", aws_secret_access_key="x")
    server.stop()


def report(what, *tests):
    """Runs tests with a client and a model, and prints what each says."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, moto() as client:
        model = train(pathlib.Path(name))
        told = [test(client, model) for test in tests]
    print(f"{what}: {'; '.join(told)} ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    report("sqs", standard, fifo)
