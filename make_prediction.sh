#!/usr/bin/env bash
# Posts one house of the Boston data to the running server and prints its reply.
#
#   ./make_prediction.sh              the server on port 8000 of this machine
#   PORT=8080 ./make_prediction.sh    another port
#
# Exit: 0 when the answer is 200, else 1.
set -euo pipefail

url=http://127.0.0.1:${PORT:-8000}/predict
row='{"CHAS":{"0":0},"RM":{"0":6.575},"TAX":{"0":296.0},"PTRATIO":{"0":15.3},"B":{"0":396.9},"LSTAT":{"0":4.98}}'

command -v curl >/dev/null || { echo "make_prediction: curl is needed (Debian: apt-get install curl)" >&2; exit 1; }

# The status comes after the body, on a line of its own. No proxy: the server is on this machine.
if ! reply=$(curl --silent --show-error --noproxy '*' --max-time 15 --write-out '\n%{http_code}' \
  --header 'Content-Type: application/json' --data "$row" "$url"); then
  echo "make_prediction: no answer from $url; start a server with 'make run', ./run_docker.sh or ./run_kubernetes.sh" >&2
  exit 1
fi
status=${reply##*$'\n'}
printf '%s\n' "${reply%$'\n'*}"
if [ "$status" != 200 ]; then
  echo "make_prediction: $url answered $status" >&2
  exit 1
fi
