#!/usr/bin/env bash
# Older versions of other libraries fit models, and smartserve answers as they do: one virtual environment for each file
# of .ci/import-versions. A version that cannot be installed here is told at the end, with the reason, and fails the run.
#   tests/import_versions.sh [VERSION...]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# A part of the models of each library, which follows from the seed.
share=${SHARE:-1/5} seed=${SEED:-1}
versions=("$@")
if [ ${#versions[@]} -eq 0 ]; then
  for file in .ci/import-versions/*.in; do versions+=("$(basename "$file" .in)"); done
fi

passed=() failed=()
mkdir -p target
for version in "${versions[@]}"; do
  printf '\n--- %s\n' "$version"
  log=target/import-version-$version.log
  if ! "${MAKE:-make}" --no-print-directory "target/venv-import-$version/installed" > "$log" 2>&1; then
    reason=$(grep -iE 'error|no matching|could not' "$log" | grep -v '^make' | head -1)
    failed+=("$version is NOT INSTALLED, and not tested: ${reason:-see $log}")
    continue
  fi
  if "target/venv-import-$version/bin/python" -B tests/clients/import_test.py \
    --library "${version%-*}" --all --share "$share" --seed "$seed"; then
    passed+=("$version")
  else
    failed+=("$version answers otherwise, see above")
  fi
done

printf '\nAnswers as they should be: %s\n' "${passed[*]:-none}"
for what in "${failed[@]}"; do printf '*** %s\n' "$what" >&2; done
[ ${#failed[@]} -eq 0 ]
