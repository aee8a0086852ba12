#!/bin/sh
# Stands before the compiler (RUSTC_WRAPPER) and asks it for LLVM's coverage counters in the crates that read what
# clients and files send. libFuzzer looks at every counter after every input: counters everywhere cost more time than
# the inputs do.
set -eu
compiler=$1
shift
previous=
name=
for word in "$@"; do
  if [ "$previous" = --crate-name ]; then name=$word; fi
  previous=$word
done
case $name in
smartserve | hyper | httparse | serde_json | postcard)
  set -- "$@" -Cpasses=sancov-module -Ccodegen-units=16 \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
  ;;
esac
exec "$compiler" "$@"
