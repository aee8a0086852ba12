#!/usr/bin/env bash
# Runs targets of the Makefile one after the other, each with its time; stops at the first that fails. Says at the start
# what will be skipped on this machine and why, and in the last line what was.
#   tests/parts.sh TARGET...
#   BESIDE   targets that run meanwhile, one after the other, in a second lane; their output comes when they have ended
#   LATER    targets that another command runs: make test-long
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

skipped=()
has() { [[ " $parts " == *" $1 "* ]]; }
parts="$* ${BESIDE:-}"
parts=${parts% }

if has test-container && ! reason=$(tests/container.sh --check); then
  if [ "${CONTAINER_TEST:-}" = required ]; then
    echo "the container test is required here, but cannot run. $reason" >&2
    exit 1
  fi
  skipped+=("the container test. $reason")
fi
if has test-drift && ! command -v promtool >/dev/null; then
  skipped+=("drift by Prometheus. There is no prometheus (Debian: prometheus).")
fi
if has test-deploy && ! command -v terraform >/dev/null; then
  skipped+=("terraform fmt of deploy/terraform. There is no terraform.")
fi
if has test-monitoring && ! command -v promtool >/dev/null; then
  skipped+=("monitoring. There is no prometheus (Debian: prometheus).")
fi
if has test-clients-live && ! command -v node >/dev/null; then
  skipped+=("the JavaScript snippet of docs/clients.md. There is no node.")
fi
if has test-clients-live; then
  skipped+=("the snippets of docs/clients.md with MLflow and MLServer. They take a gigabyte: make clients.")
fi

echo "Parts: $parts"
for what in "${skipped[@]}"; do echo "*** WILL BE SKIPPED: $what"; done
[ -z "${LATER:-}" ] || echo "*** LEFT TO make test-long, which takes longer: $LATER"

run() { # TARGET...
  local part began
  for part in "$@"; do
    began=$SECONDS
    printf '\n--- %s\n' "$part"
    "${MAKE:-make}" --no-print-directory "$part" || { printf -- '--- %s FAILED after %s s\n' "$part" $((SECONDS - began)) >&2; return 1; }
    printf -- '--- %s took %s s\n' "$part" $((SECONDS - began))
  done
}

lane="" log=""
if [ -n "${BESIDE:-}" ]; then
  log=$(mktemp)
  read -ra besides <<< "$BESIDE"
  # A process group of its own, so that whatever it runs ends with it.
  set -m
  run "${besides[@]}" > "$log" 2>&1 < /dev/null &
  lane=$!
  set +m
  trap 'rm -f "$log"' EXIT
  trap 'kill -TERM -- -"$lane" 2>/dev/null; exit 130' INT
  trap 'kill -TERM -- -"$lane" 2>/dev/null; exit 143' TERM
fi
# What is wrong there ends this, too, before the next target.
has_failed() { [ -n "$lane" ] && ! kill -0 "$lane" 2>/dev/null && ! wait "$lane"; }

for part in "$@"; do
  if has_failed; then cat "$log"; exit 1; fi
  if ! run "$part"; then
    [ -z "$lane" ] || { kill -TERM -- -"$lane" 2>/dev/null; cat "$log"; }
    exit 1
  fi
done
if [ -n "$lane" ]; then
  wait "$lane" || { cat "$log"; exit 1; }
  cat "$log"
fi

printf '\nAll of %s passed in %s s.' "$parts" "$SECONDS"
for what in "${skipped[@]}"; do printf ' *** SKIPPED: %s' "$what"; done
[ -z "${LATER:-}" ] || printf ' *** Left to make test-long: %s.' "$LATER"
echo
