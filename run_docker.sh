#!/usr/bin/env bash
# Builds the image, lists it, and serves the demo model from a container on 127.0.0.1:8000 until Ctrl-C.
#
#   ./run_docker.sh                port 8000
#   PORT=9000 ./run_docker.sh      another port of this machine
#
# Ctrl-C, or `docker stop smartserve`, lets requests in flight finish first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v docker >/dev/null || { echo "run_docker: docker is needed: https://docs.docker.com/engine/install/" >&2; exit 1; }
docker info >/dev/null 2>&1 || { echo "run_docker: the Docker daemon does not answer; start it, then try 'docker info'" >&2; exit 1; }

version=$(make --silent --no-print-directory version)
make --no-print-directory image
docker image ls smartserve

# Nothing to write to, no capability, no way to gain one. 20 s to stop: the server's own drain ends at 15 s at the
# latest. No --init: the server is its own process 1 and handles signals; exec hands it ours.
exec docker run --rm --name smartserve --read-only --cap-drop ALL --security-opt no-new-privileges \
  --stop-timeout 20 --publish "127.0.0.1:${PORT:-8000}:8080" "smartserve:$version"
