"""An open loop over HTTP/1.1: requests come when they are due, whatever the server does.

Latency is from the moment a request was due to the last byte of its answer: time that it waited for a connection
counts. A generator that is late itself says so, by its own delay.
"""

import collections
import random
import selectors
import socket
import time

# Connections of one process at most; requests that find none wait, and their time runs.
CONNECTIONS = 256


class Connection:
    """A kept-alive connection with at most one request on it."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        # Goes on while others are served; what becomes of it is seen when the request is sent.
        self.socket.connect_ex(address)
        self.unsent, self.got, self.request = b"", bytearray(), None

    def send(self, request, bytes_):
        self.request, self.unsent = request, memoryview(bytes_)
        self.got.clear()
        return self.push()

    def push(self):
        """Whether all of the request is sent."""
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass
        return not len(self.unsent)

    def pull(self):
        """(status, whether it closes) once the answer is whole, else None; an OSError when it ends before."""
        try:
            piece = self.socket.recv(1 << 18)
        except BlockingIOError:
            return None
        if not piece:
            raise ConnectionError("closed in the middle of an answer")
        self.got += piece
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.got[:end]).lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            whole = self.got.endswith(b"0\r\n\r\n") if b"\r\ntransfer-encoding: chunked" in head else True
        else:
            whole = len(self.got) >= end + 4 + int(head[at + 17:].split(b"\r\n", 1)[0])
        return (int(head[9:12]), b"\r\nconnection: close" in head) if whole else None


class Loop:
    """One process's share of a step: `rate` requests a second for `seconds`."""

    def __init__(self, address, prepared, rate, seconds, timeout, seed):
        self.address, self.prepared, self.timeout = address, prepared, timeout
        self.draw = random.Random(seed)
        self.names = [name for name, weight, _, _ in prepared for _ in range(weight)]
        self.by_name = {name: (right, requests) for name, _, right, requests in prepared}
        self.selector, self.idle, self.waiting = selectors.DefaultSelector(), [], collections.deque()
        self.open, self.busy = 0, {}
        self.results, self.delays, self.failures = [], [], collections.Counter()
        # A Poisson process, given how many there are.
        n = max(1, round(rate * seconds))
        self.dues = collections.deque(sorted(self.draw.uniform(0, seconds) for _ in range(n)))

    def run(self):
        """(name, latency in seconds, status; 0 for none) of each request, and the generator's own delays."""
        began = time.perf_counter()
        last = self.dues[-1] + self.timeout
        while self.dues or self.waiting or self.busy:
            now = time.perf_counter() - began
            if now > last:
                break
            while self.dues and self.dues[0] <= now:
                due = self.dues.popleft()
                self.delays.append(now - due)
                self.waiting.append((due, self.draw.choice(self.names)))
            self.start(began)
            until = self.dues[0] - (time.perf_counter() - began) if self.dues else 0.05
            for key, events in self.selector.select(max(0.0, min(until, 0.05))):
                self.move(key.data, events, began)
        for due, name in [c.request for c in self.busy.values()] + list(self.waiting):
            self.finish((due, name), 0, began, "no answer in time")
        return self.results, self.delays, self.failures

    def start(self, began):
        while self.waiting and (self.idle or self.open < CONNECTIONS):
            request = self.waiting.popleft()
            try:
                connection = self.idle.pop() if self.idle else self.connect()
            except OSError as error:
                self.finish(request, 0, began, f"no connection: {error.__class__.__name__}")
                continue
            right, requests = self.by_name[request[1]]
            self.busy[connection.socket.fileno()] = connection
            try:
                sent = connection.send(request, self.draw.choice(requests))
                self.watch(connection, sent)
            except OSError as error:
                self.drop(connection, began, error)

    def connect(self):
        connection = Connection(self.address)
        self.open += 1
        self.selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def watch(self, connection, sent):
        events = selectors.EVENT_READ if sent else selectors.EVENT_READ | selectors.EVENT_WRITE
        self.selector.modify(connection.socket, events, connection)

    def move(self, connection, events, began):
        if connection.request is None:
            # The server closes one that is idle.
            self.idle.remove(connection)
            self.close(connection)
            return
        try:
            if events & selectors.EVENT_WRITE and connection.push():
                self.watch(connection, True)
            answer = connection.pull() if events & selectors.EVENT_READ else None
        except OSError as error:
            self.drop(connection, began, error)
            return
        if answer:
            status, closes = answer
            self.finish(connection.request, status, began, None)
            connection.request = None
            del self.busy[connection.socket.fileno()]
            if closes:
                self.close(connection)
            else:
                self.idle.append(connection)

    def drop(self, connection, began, error):
        del self.busy[connection.socket.fileno()]
        self.finish(connection.request, 0, began, error.__class__.__name__)
        self.close(connection)

    def close(self, connection):
        self.selector.unregister(connection.socket)
        connection.socket.close()
        self.open -= 1

    def finish(self, request, status, began, why):
        due, name = request
        self.results.append((name, time.perf_counter() - began - due, status))
        if status != self.by_name[name][0]:
            self.failures[f"{name}: {why or status}"] += 1


def work(pipe, *words):
    """The body of a generator's process."""
    pipe.send(Loop(*words).run())
    pipe.close()
