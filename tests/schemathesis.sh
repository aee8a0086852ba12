#!/usr/bin/env bash
# Asks a running server everything that its own OpenAPI document says may be asked, and what it says may not: schemathesis
# with all checks against three models (numbers; classes; categories and gaps), then again with tokens on. First the
# documents themselves are validated. EXAMPLES: cases an operation; from 50 on it is the long form, which asks every
# limit with a token too, and models that overflow at the largest numbers that may be sent. BINARY: the program to test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples=${EXAMPLES:-1000}
is_long=''
[ "$examples" -lt 50 ] || is_long=1
binary=${BINARY:-target/debug/smartserve}
out=target/schemathesis
address='' server=''
rm -rf "$out" && mkdir -p "$out"
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

train() { # NAME CSV TARGET [FLAG]...
  "$binary" train --data "$2" --target "$3" --name "$1" "${@:4}" -o "$out/$1.model" > /dev/null
}

# Categories that are words, and that are numbers; cells that are missing.
houses() {
  echo 'rooms,tax,colour,floor,price'
  for i in $(seq 0 59); do
    local colours=(blue green red) tax=$((200 + 10 * i))
    [ $((i % 10)) -ne 3 ] || tax=''
    echo "$((3 + i % 6)).5,$tax,${colours[i / 7 % 3]},$((i % 3)),$((10 + 5 * (i % 6))).25"
  done
}

models=(--model "$out/boston.model" --model "$out/iris.model" --model "$out/houses.model")
start() { # [FLAG]...
  : > "$out/log" # or the address would be that of the server before
  "$binary" serve --bind 127.0.0.1:0 --log-format human --max-rows 64 "$@" > "$out/log" 2>&1 &
  server=$!
  address=''
  for _ in {1..100}; do
    address=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$out/log" | head -n 1)
    [ -z "$address" ] || return 0
    sleep 0.1
  done
  cat "$out/log" >&2
  return 1
}

# Alive to the end, and nothing was ever our fault.
stop() {
  curl -sf "$address/livez" > /dev/null || { echo "schemathesis: the server does not answer any more" >&2; exit 1; }
  if curl -sf "$address/metrics" | grep -E 'http_requests_total\{.*status="5'; then
    echo "schemathesis: the server failed; see $out/log" >&2
    exit 1
  fi
  kill -INT "$server" && wait "$server"
  server=''
}

ask() { # NAME EXAMPLES [FLAG]...
  local report=$out/$1.txt
  echo "schemathesis: $1, $2 cases an operation"
  schemathesis --config-file tests/schemathesis/schemathesis.toml run "$address/openapi.json" --checks all \
    --max-examples "$2" --generation-database none "${@:3}" > "$report" 2>&1 ||
    { cut -c 1-600 "$report" | head -n 400 >&2; exit 1; }
  sed -n '/= SUMMARY =/,$p' "$report"
}

train boston data/boston.csv MEDV --features CHAS,RM,TAX,PTRATIO,B,LSTAT --sensitive B --algorithm extra-trees --trees 10
train iris data/iris.csv species --algorithm logistic
houses > "$out/houses.csv"
train houses "$out/houses.csv" price --algorithm ridge --categorical floor

"$binary" openapi > "$out/none.json"
"$binary" openapi --model "$out/boston.model" --model "$out/iris.model" --model flat="$out/houses.model" > "$out/all.json"
python3 -m openapi_spec_validator "$out/none.json" "$out/all.json"

start "${models[@]}"
# Every path by a rule: schemathesis leaves out the document's own unless told.
ask open "$examples" --include-path-regex '^/'
stop
echo a-token > "$out/tokens"
start "${models[@]}" --token-file "$out/tokens"
bearer='Authorization: Bearer a-token'
phases=examples,fuzzing
[ -z "$is_long" ] || phases=examples,coverage,fuzzing
ask tokens $((examples / 10 > 10 ? examples / 10 : 10)) --phases $phases --header "$bearer" \
  --exclude-path-regex '^/v2/repository/'
# Last, because it takes models away.
ask repository "$examples" --header "$bearer" --include-path-regex '^/v2/repository/'
stop
[ -n "$is_long" ] || exit 0

# Cubes of the largest numbers that may be sent: a kernel overflows, which is a 422 and never a 500. So a body that the
# document accepts may be refused here.
awk 'NR % 8 == 1' data/boston.csv > "$out/few-houses.csv"
awk 'NR % 5 == 1' data/iris.csv > "$out/few-flowers.csv"
train cubes "$out/few-houses.csv" MEDV --features RM,PTRATIO,LSTAT --algorithm svr --kernel poly --no-scale
train cubed-classes "$out/few-flowers.csv" species --algorithm svc --kernel poly --no-scale
start --model "$out/cubes.model" --model "$out/cubed-classes.model"
ask overflow $((examples / 4)) --exclude-checks positive_data_acceptance --include-path-regex 'predict$|invocations|infer$'
stop
