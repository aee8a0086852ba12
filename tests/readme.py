#!/usr/bin/env python3
"""Walks README.md from top to bottom: runs each command of its `console` blocks, in order, and compares each reply.

    readme.py

A command stands after `$ `; what stands below it, to the next command or the end of the block, is what it must print
(`…` is any text). One without a reply must end with 0. Servers stay until the end, as in a second terminal. Two things
are not as a reader has them, so that the walk disturbs nobody: ports are free ones, and PROFILE=dev (the default here;
PROFILE=release builds as the reader does) takes cargo's debug build. What needs Docker or a cluster is left out here,
and said: tests/container.sh and tests/scripts.sh test it. On two cores the bound of memory that the first server prints
must be the one that the documents name.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
PORTS = ("8000", "8001", "8002")
# Seconds: the first build, the slowest of the rest.
START_WITHIN, RUN_WITHIN = 1200, 300


def steps(text):
    """(line, command, reply) of every command, in order."""
    for block in BLOCK.finditer(text):
        line, step = text.count("\n", 0, block.start(1)) + 1, None
        for at, row in enumerate(block[1].splitlines(), line):
            if row.startswith("$ "):
                if step:
                    yield step
                step = (at, row[2:], "")
            elif step is None:
                raise SystemExit(f"README.md, line {at}: a reply without a command")
            else:
                step = (step[0], step[1], step[2] + row + "\n")
        yield step


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def matches(expected, printed):
    """True when they are equal but for `…`, and for line ends at the end."""
    parts = [re.escape(part) for part in expected.rstrip("\n").split("…")]
    return re.fullmatch(".*".join(parts), printed.rstrip("\n"), re.S) is not None


def other_bounds(printed):
    """Documents that name another memory bound of the demo model on two cores than the server has printed."""
    bound = re.compile(r"`memory stays below (\d+) MiB: …`|::defaults_stay_below_136_mib` \| (\d+) MiB \|")
    for path in (README, ROOT / "docs" / "flags.md", ROOT / "PROMISES.md"):
        named = {"".join(found) for found in bound.findall(path.read_text())}
        if named != {printed}:
            yield f"{path.name} names {named or 'no bound'}, {printed} MiB is printed"


class Walk:
    """The reader: a shell that remembers what was exported, and servers in other terminals."""

    def __init__(self):
        self.ports = {port: free_port() for port in PORTS}
        self.profile = os.environ.setdefault("PROFILE", "dev")
        self.environment = {**os.environ, "PORT": self.ports["8000"]}
        self.servers, self.bounds = [], []

    def here(self, command):
        """The command with this walk's ports, and where cargo puts this profile's build."""
        for port, free in self.ports.items():
            command = re.sub(rf"(?<=:){port}\b", free, command)
        return command.replace("target/release", "target/debug") if self.profile == "dev" else command

    def serve(self, command):
        """Starts a server as in another terminal; returns when it listens."""
        # A port that is typed with --bind is not replaced by PORT.
        server = subprocess.Popen(["bash", "-c", command], cwd=ROOT, env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.servers.append(server)
        timer = threading.Timer(START_WITHIN, server.kill)
        timer.start()
        said = []
        for line in server.stdout:
            said.append(line)
            # Said once it listens.
            if bound := re.search(r"memory stays below (\d+) MiB", line):
                self.bounds.append(bound[1])
                threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
                timer.cancel()
                return 0, ""
        timer.cancel()
        return server.wait() or 1, "".join(said)

    def run(self, command):
        """Exit and output of a command."""
        if command.startswith("export "):
            # Kept for the commands after it, as a shell does.
            name = command.split()[1].split("=")[0]
            command += f'\nprintf %s "${name}"'
            done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=self.environment, text=True, capture_output=True)
            self.environment[name] = done.stdout
            return done.returncode, done.stderr
        # Without curl's meter, which is on the reader's terminal, and not through a proxy.
        environment = {**self.environment, "NO_PROXY": "*"}
        command = re.sub(r"\bcurl ", "curl --silent --show-error ", command)
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=environment, text=True,
                              capture_output=True, timeout=RUN_WITHIN)
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def stop(self):
        for server in self.servers:
            # Its own session: make, and the server that it runs.
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def main():
    if not shutil.which("curl"):
        sys.exit("readme: curl is needed: apt-get install curl")
    walk, walked, wrong, left_out = Walk(), 0, 0, []
    try:
        for line, command, reply in steps(README.read_text()):
            if re.search(r"\b(docker|kubectl|make image)\b|\./(run|upload)_\w+\.sh", command):
                left_out.append(f"line {line}: {command}")
                continue
            is_server = command.startswith("make run") or " serve " in command
            status, printed = walk.serve(walk.here(command)) if is_server else walk.run(walk.here(command))
            walked += 1
            # A question without a shown reply has none of an error.
            is_right = matches(reply, printed) if reply else '"errors":' not in printed
            if status or not is_right:
                wrong += 1
                print(f"README.md, line {line}: {command}\nexit {status}; expected\n{reply}but it prints\n{printed}")
    finally:
        walk.stop()
    if os.cpu_count() == 2:
        for difference in other_bounds(walk.bounds[0] if walk.bounds else "none"):
            wrong += 1
            print(difference)
    for what in left_out:
        print(f"left out, for want of a container: {what}")
    print(f"readme: {walked} commands walked, {wrong} failed")
    return bool(wrong or not walked)


if __name__ == "__main__":
    sys.exit(main())
