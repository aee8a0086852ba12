#!/usr/bin/env python3
"""Publishes files as a release of GitHub, for a tag that is there already.

    tests/github_release.py VERSION NOTES FILE...
    tests/github_release.py VERSION                  only asks whether the tag is there, and the token may read it

GITHUB_TOKEN may write contents of the repository GITHUB_REPOSITORY (owner/name). The release is a draft until every file
is there, so that a reader sees a whole one or none. GITHUB_API_URL is another server of the same API.
"""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

API = os.environ.get("GITHUB_API_URL", "https://api.github.com")


def ask(method, url, body=None, content_type="application/json"):
    """The answer's JSON; ends the program with GitHub's words when it refuses."""
    headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Content-Type": content_type,
               "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=300) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"release: {method} {url}: {error.code} {error.read(1000).decode(errors='replace')}")


def main(version, notes=None, *files):
    missing = [name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY") if not os.environ.get(name)]
    if missing:
        sys.exit(f"release: {' and '.join(missing)} not set")
    releases, tag = f"{API}/repos/{os.environ['GITHUB_REPOSITORY']}/releases", f"v{version}"
    # A release makes a tag that is not there, of whatever the default branch is at.
    ask("GET", f"{API}/repos/{os.environ['GITHUB_REPOSITORY']}/git/ref/tags/{tag}")
    if notes is None:
        return
    words = {"tag_name": tag, "name": version, "body": pathlib.Path(notes).read_text(), "draft": True}
    made = ask("POST", releases, json.dumps(words).encode())
    place = made["upload_url"].partition("{")[0]
    for path in map(pathlib.Path, files):
        name = urllib.parse.quote(path.name)
        ask("POST", f"{place}?name={name}", path.read_bytes(), "application/octet-stream")
    print(ask("PATCH", f"{releases}/{made['id']}", json.dumps({"draft": False}).encode())["html_url"])


if __name__ == "__main__":
    if len(sys.argv) < 2 or len(sys.argv) == 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
