#!/usr/bin/env bash
# run.sh [BINARY MODEL] -- WORDS…   the load test with these words; before that, where BINARY is given, a server of
# MODEL on a free port of this machine, which ends with it. `make load-test` calls it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
server=()
while [ "$1" != -- ]; do server+=("$1"); shift; done
shift
url=()
if [ ${#server[@]} -gt 0 ]; then
  log=$(mktemp)
  "${server[0]}" serve --model "${server[1]}" --bind 127.0.0.1:0 --log-format json > "$log" 2>&1 &
  pid=$!
  trap 'kill "$pid" 2>/dev/null || true; rm -f "$log"' EXIT
  address=""
  for _ in {1..100}; do
    address=$(sed -n 's/.*"message":"listening on \(http:[^"]*\)".*/\1/p' "$log" | head -n 1)
    [ -z "$address" ] || break
    kill -0 "$pid" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.1
  done
  [ -n "$address" ] || { echo "load-test: the server did not begin to listen within 10 s" >&2; exit 1; }
  url=(--url "$address")
fi
python3 -B "$here/main.py" "${url[@]}" "$@"
