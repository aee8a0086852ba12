#!/usr/bin/env bash
# Runs targets of the Makefile one after the other, each with its time; stops at the first that fails. Says at the start
# what will be skipped on this machine and why, and in the last line what was.
#   tests/parts.sh TARGET...
#   LATER    targets that another command runs: make test-long
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

skipped=()
has() { [[ " $parts " == *" $1 "* ]]; }
parts="$*"

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

for part in "$@"; do
  began=$SECONDS
  printf '\n--- %s\n' "$part"
  "${MAKE:-make}" --no-print-directory "$part" || { printf -- '--- %s FAILED after %s s\n' "$part" $((SECONDS - began)) >&2; exit 1; }
  printf -- '--- %s took %s s\n' "$part" $((SECONDS - began))
done

printf '\nAll of %s passed in %s s.' "$parts" "$SECONDS"
for what in "${skipped[@]}"; do printf ' *** SKIPPED: %s' "$what"; done
[ -z "${LATER:-}" ] || printf ' *** Left to make test-long: %s.' "$LATER"
echo
