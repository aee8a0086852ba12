#!/usr/bin/env bash
# Fuzzes every target of tests/fuzz, one more at a time than there are processors (http mostly waits for the kernel).
#   tests/fuzz.sh seconds N        N seconds each
#   tests/fuzz.sh runs N           N executions in all, shared out by what they cost
# Each starts from tests/corpus, the request fixtures, the parts of sound artifacts, and what earlier runs have found
# (target/fuzz/corpus). Prints how often each ran; ends with 1 at the first crash, hang or breach of a bound, and leaves
# the input in target/fuzz/found. TARGETS="csv v2" chooses some.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:?seconds or runs} amount=${2:?how many}
read -ra targets <<< "${TARGETS:-predict csv v2 arrow files artifact import-json import-ubjson import-text \
  import-pickle import-skops directory router http}"
work=$PWD/target/fuzz
# Of 100 executions, how many are a target's: the cheap ones have most.
declare -A share=([predict]=28 [csv]=27 [v2]=26 [arrow]=8 [files]=1 [artifact]=2 [import-json]=1 [import-ubjson]=1
  [import-text]=1 [import-pickle]=1 [import-skops]=1 [directory]=1 [router]=1 [http]=1)
# Bytes of an input at most, where 4,096 are too few for a small model as its library writes it.
declare -A longest=([import-json]=8192 [import-ubjson]=8192 [import-text]=8192 [import-pickle]=16384
  [import-skops]=65536)

command -v c++ >/dev/null || { echo "a C++ compiler is needed for libFuzzer: apt-get install g++" >&2; exit 1; }
mkdir -p "$work/found" "$work/log"
# The project's own versions; only what the project does not have is chosen anew. Built anew, too, when the wrapper has
# changed, which cargo does not look at.
cmp -s Cargo.lock "$work/Cargo.lock" || cp Cargo.lock tests/fuzz/Cargo.lock
cmp -s tests/fuzz/rustc.sh "$work/rustc.sh" || rm -rf "$work/release"
RUSTC_WRAPPER=$PWD/tests/fuzz/rustc.sh cargo build --release --manifest-path tests/fuzz/Cargo.toml --target-dir "$work"
cp Cargo.lock tests/fuzz/rustc.sh "$work"

export MODELS=$work/seeds/models
FIXTURES=tests/fixtures/http SEEDS=$work/seeds "$work/release/artifact" 2>/dev/null

fuzz() { # TARGET
  local target=$1 limit=()
  mkdir -p "$work/corpus/$target" "tests/corpus/$target" "$work/seeds/$target"
  case $mode in
    seconds) limit=("-max_total_time=$amount") ;;
    runs) limit=("-runs=$((amount * share[$target] / 100))") ;;
    *) echo "seconds or runs, not $mode" >&2; return 2 ;;
  esac
  # Inputs are small: a parser's corners are. 20 s of a loaded machine is a hang; a second of its own time is what
  # each input may take, and the targets look to that and to memory themselves.
  if RUST_BACKTRACE=0 "$work/release/$target" "$work/corpus/$target" "tests/corpus/$target" "$work/seeds/$target" \
    "${limit[@]}" -max_len="${longest[$target]:-4096}" -timeout=20 -rss_limit_mb=1024 \
    -artifact_prefix="$work/found/$target-" -print_final_stats=1 > "$work/log/$target" 2>&1
  then awk -v name="$target" '/^Done/ { runs = $2; s = $5 } / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
    END { printf "%-13s %12d executions in %5d s, %7d a second; %d counters reached\n", name, runs, s, runs / (s ? s : 1), cov }' \
    "$work/log/$target"
  else
    printf '%s: FOUND\n' "$target"; grep -E 'panicked|ERROR|Test unit|memory' -A2 "$work/log/$target" | head -n 20; return 1
  fi
}

status=0
running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "${JOBS:-$(($(nproc) + 1))}" ]; then wait -n || status=1; running=$((running - 1)); fi
  fuzz "$target" & running=$((running + 1))
done
while [ "$running" -gt 0 ]; do wait -n || status=1; running=$((running - 1)); done
awk '/^Done/ { runs += $2 } END { printf "%.0f executions in all\n", runs }' "${targets[@]/#/$work/log/}"
exit "$status"
