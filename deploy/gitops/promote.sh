#!/usr/bin/env bash
# The gate in front of a new model: verify, replay, load test, in this order; the first that fails ends it.
#
#   promote.sh NEW OLD ROWS
#
# NEW and OLD are models, ROWS a CSV of recent rows with the models' columns. TOLERANCE: the greatest difference of a
# prediction that passes (of a probability, for classifiers); without it any does. LOAD: more words for the load test
# (--rate, --p99, --seconds; `python3 benches/load/main.py --help`). SMARTSERVE: the program.
# Exit: 0 all pass; 1 golden rows, answers or the service level differ; 3 the load could not be made; 65 or 66 a file.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
[ $# = 3 ] || { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
new=$1 old=$2 rows=$3
smartserve=${SMARTSERVE:-smartserve}
tolerance=()
[ -z "${TOLERANCE:-}" ] || tolerance=(--tolerance "$TOLERANCE")
read -r -a load <<<"${LOAD:-}"

echo "=== verify"
"$smartserve" verify "$new"
echo "=== replay"
"$smartserve" replay --model "$new" --against "$old" --input "$rows" "${tolerance[@]}"
echo "=== load test"
"$here/../../benches/load/run.sh" "$smartserve" "$new" -- --rows "$rows" "${load[@]}"
echo "=== $new may take the place of $old"
