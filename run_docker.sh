#!/usr/bin/env bash
# Builds the image, lists it, and serves the demo model from a container on 127.0.0.1:8000 until Ctrl-C.
#
#   ./run_docker.sh                port 8000
#   PORT=9000 ./run_docker.sh      another port of this machine
#
# VERSION (default: Cargo.toml's) is the image's tag.
# Ctrl-C, or `docker stop smartserve`, lets requests in flight finish first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() { echo "run_docker: $*" >&2; exit 1; }

# Checked before make, the shell or docker see them.
port=${PORT:-8000}
[[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "PORT must be a number from 1 to 65535, not '$port'"
[[ ${VERSION-0} =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] \
  || fail "VERSION must be an image's tag, as 1.2.3, not '$VERSION'"
command -v docker >/dev/null || fail "docker is needed: https://docs.docker.com/engine/install/"
docker info >/dev/null 2>&1 || fail "the Docker daemon does not answer; start it, then try 'docker info'"

version=$(make --silent --no-print-directory version)
make --no-print-directory image
docker image ls smartserve

# Nothing to write to, no capability, no way to gain one. 20 s to stop: the server's own drain ends at 15 s at the
# latest. No --init: the server is its own process 1 and handles signals; exec hands it ours.
exec docker run --rm --name smartserve --read-only --cap-drop ALL --security-opt no-new-privileges \
  --stop-timeout 20 --publish "127.0.0.1:$port:8080" "smartserve:$version"
