#!/usr/bin/env python3
"""A load test: an open loop that ramps up to the knee, and says whether a service level holds at a rate.

    main.py [--url http://127.0.0.1:8000] [--rate 200] [--p99 100] [--errors 0.1] …    (--help has all)

Requests are mixed: single records, columns, CSV, batches of 1,000 rows, and 12 % mistakes, whose 4xx is right. A step
is a rate for some seconds; the next is half as much again, until the level breaks, then three steps between close in on
the knee. Prints a table, writes a plot. Exit: 0 the level holds at --rate, 1 it does not, 2 usage, 3 the generator
itself was too slow to tell.
"""

import argparse
import json
import multiprocessing
import os
import socket
import sys
import urllib.error
import urllib.parse

from bodies import MIX, bodies, default_model, features, rows_of
from generator import work
from plot import plot

# A step that breaks tells of the generator where its own delay (99 % within) is this share of the level.
LATE = 0.5


def arguments(words):
    parser = argparse.ArgumentParser(prog="load-test", description="Ramp to the knee; judge a service level at a rate.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the server, by http [%(default)s]")
    parser.add_argument("--model", help="the model [the default one]")
    parser.add_argument("--rows", default="data/boston.csv", help="a CSV whose columns the model knows [%(default)s]")
    parser.add_argument("--token", default=os.environ.get("TOKEN"), help="a bearer token [TOKEN]")
    parser.add_argument("--rate", type=float, default=200, help="requests a second that must hold [%(default)s]")
    parser.add_argument("--p99", type=float, default=100, help="99 %% within, in milliseconds [%(default)s]")
    parser.add_argument("--errors", type=float, default=0.1, help="wrong answers at most, in %% [%(default)s]")
    parser.add_argument("--seconds", type=float, default=5, help="of a step [%(default)s]")
    parser.add_argument("--most", type=float, default=20_000, help="the highest rate of the ramp [%(default)s]")
    parser.add_argument("--processes", type=int, default=1, help="of the generator [%(default)s]")
    parser.add_argument("--timeout", type=float, default=10, help="seconds for an answer [%(default)s]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", help="an SVG file")
    parser.add_argument("--json", help="a file for the figures")
    found = parser.parse_args(words)
    url = urllib.parse.urlsplit(found.url)
    if url.scheme != "http" or not url.hostname or url.path not in ("", "/"):
        parser.error(f"--url must be as http://127.0.0.1:8000, not {found.url} (of TLS name what is behind the proxy)")
    for name in ("rate", "p99", "seconds", "most", "processes", "timeout"):
        if not getattr(found, name) > 0:
            parser.error(f"--{name} must be above 0")
    return found, (url.hostname, url.port or 80)


def prepare(options, address):
    """(name, weight, right status, whole requests in bytes) of each kind."""
    url = f"http://{address[0]}:{address[1]}"
    try:
        model = options.model or default_model(url, options.token)
        rows = rows_of(options.rows, features(url, model, options.token))
    except (OSError, urllib.error.URLError) as error:
        raise SystemExit(f"load-test: {url}: {error}; is the server there, and the token right?") from error
    made = bodies(rows, model)
    token = f"Authorization: Bearer {options.token}\r\n" if options.token else ""

    def request(path, kind, body):
        body = body.encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nContent-Type: {kind}\r\n{token}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    return [(name, weight, right, [request(*one) for one in made[name]]) for name, weight, right in MIX]


def step(options, address, prepared, rate):
    """The figures of one rate."""
    n, context = options.processes, multiprocessing.get_context("fork")
    started = []
    for i in range(n):
        ours, theirs = context.Pipe(duplex=False)
        words = (theirs, address, prepared, rate / n, options.seconds, options.timeout, f"{options.seed} {i} {rate}")
        process = context.Process(target=work, args=words)
        process.start()
        theirs.close()
        started.append((process, ours))
    results, delays, failures = [], [], {}
    for process, pipe in started:
        some, late, why = pipe.recv()
        process.join()
        results, delays = results + some, delays + late
        for text, count in why.items():
            failures[text] = failures.get(text, 0) + count
    took = sorted(latency for _, latency, _ in results)
    right = {name: status for name, _, status in MIX}
    wrong = sum(status != right[name] for name, _, status in results)
    return {"rate": rate, "requests": len(results),
            "p50_ms": 1000 * quantile(took, 0.5), "p99_ms": 1000 * quantile(took, 0.99),
            "wrong_percent": 100 * wrong / max(len(results), 1), "late_ms": 1000 * quantile(sorted(delays), 0.99),
            "refused": sum(status == 503 for _, _, status in results), "failures": failures}


def quantile(ordered, share):
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def judge(options, figures):
    """`holds`, `breaks`, or `generator`, which could not tell."""
    holds = figures["p99_ms"] <= options.p99 and figures["wrong_percent"] <= options.errors
    if not holds and figures["late_ms"] > LATE * options.p99:
        return "generator"
    return "holds" if holds else "breaks"


def ramp(options, address, prepared):
    """The steps in the order they were made: the wanted rate, a ramp from it up or down, then the knee."""
    steps = []

    def at(rate):
        figures = step(options, address, prepared, rate)
        figures["verdict"] = judge(options, figures)
        steps.append(figures)
        print("| {rate:,.0f} | {requests:,} | {p50_ms:.2f} | {p99_ms:.2f} | {wrong_percent:.2f} | {refused:,} | "
              "{late_ms:.2f} | {verdict} |".format(**figures), flush=True)
        return figures["verdict"]
    print("| requests/s | sent | p50, ms | p99, ms | wrong, % | 503 | generator late, ms | level |\n" + "|---" * 8 + "|")
    verdict, good, bad = at(options.rate), 0.0, None
    if verdict == "holds":
        good, rate = options.rate, 1.5 * options.rate
        while rate <= options.most and (now := at(rate)) == "holds":
            good, rate = rate, 1.5 * rate
        bad = rate if rate <= options.most and now == "breaks" else None
    elif verdict == "breaks":
        bad, rate = options.rate, options.rate / 2
        while rate >= 1 and at(rate) == "breaks":
            bad, rate = rate, rate / 2
        good = rate if rate >= 1 else 0.0
    for _ in range(3 if bad and good else 0):
        middle = (good + bad) / 2
        if at(middle) == "holds":
            good = middle
        else:
            bad = middle
    return verdict, good, bad, steps


def main(words):
    options, address = arguments(words)
    prepared = prepare(options, address)
    resolved = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][4][:2]
    verdict, good, bad, steps = ramp(options, resolved, prepared)
    level = f"99 % within {options.p99:g} ms, at most {options.errors:g} % wrong"
    if bad:
        print(f"\nThe knee is at {good:,.0f} requests/s: there the level holds ({level}), at {bad:,.0f} it does not.")
    elif good:
        print(f"\nThe level holds at {good:,.0f} requests/s ({level}); more was not asked, or the generator could not.")
    for text, count in sorted(steps[0]["failures"].items()):
        print(f"At {options.rate:,.0f} requests/s: {count} × {text}")
    if options.plot:
        with open(options.plot, "w", encoding="utf-8") as file:
            file.write(plot(steps, options.p99, good))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"verdict": verdict, "knee": good, "breaks_at": bad, "steps": steps}, file, indent=2)
    said = {"holds": "holds", "breaks": "does not hold", "generator": "cannot be told: the generator was late itself"}
    print(f"At {options.rate:,.0f} requests/s the level {said[verdict]}.")
    return {"holds": 0, "breaks": 1, "generator": 3}[verdict]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
