#!/usr/bin/env bash
# Posts one house of the Boston data to the running server and prints its reply.
#
#   ./make_prediction.sh              the server on port 8000 of this machine
#   PORT=8080 ./make_prediction.sh    another port
#
# Exit: 0 when the answer is 200, else 1.
set -euo pipefail

fail() { echo "make_prediction: $*" >&2; exit 1; }

port=${PORT:-8000}
[[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "PORT must be a number from 1 to 65535, not '$port'"
url=http://127.0.0.1:$port/predict
row='{"CHAS":{"0":0},"RM":{"0":6.575},"TAX":{"0":296.0},"PTRATIO":{"0":15.3},"B":{"0":396.9},"LSTAT":{"0":4.98}}'

command -v curl >/dev/null || fail "curl is needed (Debian: apt-get install curl)"

# The status comes after the body, on a line of its own. No proxy: the server is on this machine.
reply=$(curl --silent --show-error --noproxy '*' --max-time 15 --write-out '\n%{http_code}' \
  --header 'Content-Type: application/json' --data "$row" "$url") \
  || fail "no answer from $url; start a server with 'make run', ./run_docker.sh or ./run_kubernetes.sh"
status=${reply##*$'\n'}
body=${reply%$'\n'*}
printf '%s\n' "${body%$'\n'}"
[ "$status" = 200 ] || fail "$url answered $status"
