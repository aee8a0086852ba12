#!/usr/bin/env python3
"""tests/release.sh in a folder of its own, with stand-ins for docker and make, and for GitHub a server that notes all.

A release has each architecture's binary, notes, manifest and checksums that hold; its images are one tag of both; it is
signed with a key and says so without; what is missing is said before anything is pushed.
"""

import gzip
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIGEST = "sha256:" + "ab" * 32
DOCKER = f"""#!/usr/bin/env bash
echo "docker $*" >> "$CALLS"
case "$*" in
  load) cat > /dev/null ;;
  "push "*"$FAILS") exit 1 ;;
  "login "*) [ "$(cat)" = word ] ;;
  "manifest push "*) echo "{DIGEST}" ;;
  "run "*sign-blob*) touch target/release-files/SHA256SUMS.sig ;;
esac
"""
MAKE = """#!/usr/bin/env bash
echo "make $*" >> "$CALLS"
mkdir -p target/manifests && echo "$*" > target/manifests/release.yaml
"""


class GitHub(http.server.BaseHTTPRequestHandler):
    """One release, by the paths of GitHub's API."""

    def answer(self, status, document):
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        base = f"http://127.0.0.1:{self.server.server_port}"
        self.server.noted.append((self.command, self.path, body, self.headers["Authorization"]))
        if self.command == "GET" and self.server.has_tag:
            self.answer(200, {"ref": "refs/tags/v"})
        elif self.command == "POST" and self.path == "/repos/me/it/releases":
            self.answer(201, {"id": 7, "upload_url": f"{base}/uploads/7/assets{{?name,label}}"})
        elif self.command == "POST" and self.path.startswith("/uploads/7/assets?name="):
            self.answer(201, {})
        elif self.command == "PATCH" and self.path == "/repos/me/it/releases/7":
            self.answer(200, {"html_url": "https://example.com/release"})
        else:
            self.answer(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = handle_one

    def log_message(self, *_):
        pass


class Place:
    """A folder with what a release is made of."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "tests").mkdir()
        for name in ("release.sh", "github_release.py"):
            shutil.copy(ROOT / "tests" / name, self.folder / "tests")
        self.write("Cargo.toml", '[package]\nversion = "1.2.3"\n')
        self.write("CHANGELOG.md", "## Unreleased\n\n## 1.2.3 - 2026-01-01\n\n- It is.\n\n## 1.2.2\n\n- It was.\n")
        for arch in ("x86_64", "aarch64"):
            self.write(f"target/dist/{arch}/smartserve", f"program of {arch}")
            self.write(f"target/dist/{arch}/boston.model", "model")
            (self.folder / f"target/dist-aws/{arch}").mkdir(parents=True)
            for dist in ("dist", "dist-aws"):
                (self.folder / f"target/{dist}/{arch}/image.tar.gz").write_bytes(gzip.compress(b"image"))
        self.write("target/wheels/smartserve-1.2.3-py3-none-any.whl", "wheel")
        self.write("target/sbom/smartserve.cdx.json", "{}")
        for name, text in (("docker", DOCKER), ("make", MAKE)):
            self.write(f"fakes/{name}", text)
            (self.folder / "fakes" / name).chmod(0o755)
        self.write("calls", "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, word, **variables):
        env = {"PATH": f"{self.folder / 'fakes'}:{os.environ['PATH']}", "HOME": str(self.folder),
               "CALLS": str(self.folder / "calls"), "CIRCLE_TAG": "v1.2.3", "FAILS": "nothing"} | variables
        return subprocess.run([self.folder / "tests/release.sh", word], env=env, capture_output=True, text=True)

    def calls(self):
        return (self.folder / "calls").read_text()


def refused(place, text, word="publish", **variables):
    ran = place.run(word, **variables)
    assert ran.returncode == 1 and text in ran.stderr, (text, ran)
    assert "docker" not in place.calls(), f"{text}: pushed before it was said"


def main():
    github = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    github.noted, github.has_tag = [], True
    threading.Thread(target=github.serve_forever, daemon=True).start()
    repository = "registry.example.com/me/it"
    whole = {"DOCKER_REPOSITORY": repository, "GITHUB_TOKEN": "token", "CIRCLE_PROJECT_USERNAME": "me",
             "CIRCLE_PROJECT_REPONAME": "it", "GITHUB_API_URL": f"http://127.0.0.1:{github.server_port}"}
    with tempfile.TemporaryDirectory() as name:
        place = Place(name)
        refused(place, "the tag is v9", "check", CIRCLE_TAG="v9")
        for missing in ("DOCKER_REPOSITORY", "GITHUB_TOKEN"):
            refused(place, f"{missing} is not set", **(whole | {missing: ""}))
        refused(place, "GITHUB_REPOSITORY is not set", **(whole | {"CIRCLE_PROJECT_USERNAME": ""}))
        shutil.move(place.folder / "target/wheels", place.folder / "wheels")
        refused(place, "no wheel of 1.2.3", **whole)
        shutil.move(place.folder / "wheels", place.folder / "target/wheels")

        ran = place.run("publish", **whole, DOCKER_USERNAME="me", DOCKER_PASSWORD="word", COSIGN_PRIVATE_KEY="key")
        assert ran.returncode == 0 and ran.stdout.endswith("https://example.com/release\n"), ran
        calls = place.calls()
        both, aws = (" ".join(f"{repository}:1.2.3{variant}-{arch}" for arch in ("aarch64", "x86_64"))
                     for variant in ("", "-aws"))
        for call in ("login --username me --password-stdin registry.example.com", "sign --yes --recursive",
                     f"manifest create {repository}:1.2.3 {both}", f"manifest create {repository}:latest {both}",
                     f"manifest create {repository}:1.2.3-aws {aws}", f"manifest create {repository}:latest-aws {aws}"):
            assert call in calls, (call, calls)
        image = f"{repository}@{DIGEST}"
        assert f"make manifests IMAGE={image}" in calls and f"COSIGN_PRIVATE_KEY {image}" in calls, calls
        assert "word" not in calls.replace("--password-stdin", ""), "the password is on a command line"
        # The tag is asked for before anything is pushed, and once more before the release is made.
        first, last = github.noted[2], github.noted[-1]
        made = json.loads(first[2])
        assert (made["tag_name"], made["draft"], made["body"].strip()) == ("v1.2.3", True, "- It is."), made
        assert last[0] == "PATCH" and json.loads(last[2]) == {"draft": False}, last
        assert {authorization for *_, authorization in github.noted} == {"Bearer token"}
        files = {path.partition("=")[2]: body for method, path, body, _ in github.noted[3:-1]}
        assert files.keys() == {
            "smartserve-1.2.3-linux-x86_64", "smartserve-1.2.3-linux-aarch64", "smartserve-1.2.3-py3-none-any.whl",
            "smartserve-1.2.3.yaml", "boston.model", "smartserve.cdx.json", "notes.md", "SHA256SUMS", "SHA256SUMS.sig",
        }, files.keys()
        for line in files["SHA256SUMS"].decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(files[name]).hexdigest() == digest, name
        assert len(files["SHA256SUMS"].splitlines()) == len(files) - 2

        github.noted.clear()
        for variant in ("-x86_64", "-aws-aarch64"):
            ran = place.run("publish", **whole, FAILS=variant)
            asked = [method for method, *_ in github.noted]
            assert ran.returncode == 1 and set(asked) == {"GET"}, ("an image that was not pushed", variant, ran, asked)
        assert "NOT SIGNED" in place.run("publish", **whole).stdout
        github.has_tag = False
        place.write("calls", "")
        refused(place, "/git/ref/tags/v1.2.3: 404", **whole)
    print("release: what is published is whole, and what is missing is said first")


if __name__ == "__main__":
    main()
