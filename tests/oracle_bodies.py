"""Random bodies for POST /predict: every dialect, right and wrong, as `oracle.py` sends them."""

import csv
import io
import json
import random

COLOURS, ZONES = ["blue", "green", "red"], ["1", "2", "3"]
FEATURES = ["RM", "TAX", "colour", "zone"]
IMPUTED = {"TAX", "colour"}


def training():
    """Houses whose tax and colour are missing now and then."""
    rows = ["RM,TAX,colour,zone,MEDV"]
    for i in range(90):
        tax, colour, zone = 200 + 10 * i, COLOURS[i // 7 % 3], ZONES[i // 5 % 3]
        price = 3.7 * (i % 7) + tax / 130 + 2.1 * COLOURS.index(colour) + 0.9 * int(zone) + i % 3
        shown = ("" if i % 10 == 3 else tax, "" if i % 11 == 4 else colour)
        rows.append(f"{3.5 + i % 7},{shown[0]},{shown[1]},{zone},{price}")
    return "\n".join(rows) + "\n"


class Raw(str):
    """JSON text that stands in a body as it is."""


def dumps(value):
    """JSON, where objects are lists of pairs (tuples of two within a tuple), so that a key may come twice."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, tuple):
        space = random.choice(["", "", " ", "\n\t"])
        return "{" + ",".join(f"{space}{json.dumps(str(k))}:{space}{dumps(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return json.dumps(value)


def number():
    return random.choice([
        lambda: random.randint(-5, 700),
        lambda: random.uniform(-10, 700),
        lambda: random.uniform(-1, 1) * 10.0 ** random.randint(-320, 149),
        lambda: Raw(f"{random.randint(0, 10**25)}"),
        lambda: Raw(f"{random.randint(0, 999)}.{random.randint(0, 10**22)}e{random.randint(-30, 30):+d}"),
        lambda: Raw(random.choice(["-0", "0.0", "1E2", "9007199254740993", "2.2250738585072011e-308", "1e-999"])),
    ])()


def strange():
    return random.choice([
        None, True, False, "6.5", "", "x", "NA", "gren", Raw("NaN"), Raw("-Infinity"), Raw("1e999"), Raw("01"), Raw("1."),
        Raw("2e200"), [1], (("a", 1),), 1, 2.0, Raw("3e0"), "nan", " 1", Raw("'x'"),
    ])


def cell(feature, oddity):
    if random.random() < oddity:
        return strange()
    if feature in IMPUTED and random.random() < 0.1:
        return None
    return {"colour": lambda: random.choice(COLOURS), "zone": lambda: random.choice(ZONES)}.get(feature, number)()


def table():
    """Column names and rows, some of them wrong."""
    names, oddity = FEATURES[:], random.choice([0, 0, 0, 0.02, 0.1])
    if random.random() < 0.4:
        random.shuffle(names)
    if random.random() < 0.04:
        names.remove(random.choice(names))
    if random.random() < 0.04:
        names.insert(random.randrange(4), random.choice(["id", "Rm", "", "index"]))
    return names, [[cell(name, oddity) for name in names] for _ in range(random.choice([0, 1, 1, 1, 2, 3, 5]) or 1)]


def bump(pairs):
    """Pairs with one missing, twice, or elsewhere, now and then."""
    pairs = list(pairs)
    if pairs and random.random() < 0.03:
        pairs.pop(random.randrange(len(pairs)))
    if pairs and random.random() < 0.03:
        pairs.append(random.choice(pairs))
    if random.random() < 0.1:
        random.shuffle(pairs)
    return tuple(pairs)


def columns(names, rows, write):
    return bump((name, write([row[i] for row in rows])) for i, name in enumerate(names))


def labelled(values):
    first = random.choice([0, 0, 0, 5])
    return bump((str(first + i), value) for i, value in enumerate(values))


def lists(values):
    return values[:-1] if random.random() < 0.02 else values


def json_body():
    names, rows = table()
    records = [bump(zip(names, row)) for row in rows]
    ordered = [[dict(zip(names, row)).get(name) for name in FEATURES] for row in rows]
    if random.random() < 0.05:
        ordered[0] = ordered[0][:3]
    split = bump([("columns", names), ("index", list(range(len(rows)))), ("data", [lists(row) for row in rows])])
    mixed = lambda values: random.choice([values, values[0], labelled(values)])
    body = random.choice([
        lambda: columns(names, rows, labelled), lambda: columns(names, rows, lists),
        lambda: columns(names, rows, labelled), lambda: columns(names, rows, lists),
        lambda: records[0], lambda: records, lambda: split, lambda: (("dataframe_split", split),),
        lambda: (("dataframe_records", records),), lambda: (("instances", records),),
        lambda: (("instances", ordered),), lambda: (("inputs", ordered),),
        lambda: (("inputs", columns(names, rows, lists)),), lambda: columns(names, rows, mixed), strange, lambda: [],
    ])()
    return "application/json", scribble(dumps(body))


def scribble(text):
    """One character more, less or other, now and then."""
    if text and random.random() < 0.05:
        at = random.randrange(len(text))
        text = text[:at] + random.choice(["", random.choice('{}[]",:0e-x \n')]) + text[at + random.randint(0, 1):]
    return text


def csv_body():
    names, rows = table()
    out = io.StringIO()
    quoting = random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, lineterminator=random.choice(["\n", "\r\n"]), quoting=quoting)
    writer.writerow(names)
    for row in rows:
        plain = ["" if v is None else v if isinstance(v, str) else repr(v) for v in row]
        writer.writerow(plain[:-1] if random.random() < 0.02 else plain)
    return "text/csv", out.getvalue()


def ndjson_body():
    names, rows = table()
    as_list = random.choice([lambda: False, lambda: True, lambda: random.random() < 0.5])
    end = random.choice(["\n", "\n", "\r\n", "\n\n"])
    lines = []
    for row in rows:
        found = dict(zip(names, row))
        lines.append(dumps([found.get(name) for name in FEATURES] if as_list() else bump(zip(names, row))))
    # A line ends where the body's line does.
    text = end.join(line.replace("\n", " ") for line in lines) + random.choice(["", end])
    return "application/x-ndjson", scribble(text)


def body():
    """A content type and a body."""
    return random.choices([json_body, csv_body, ndjson_body], [4, 1, 1])[0]()
