#!/usr/bin/env bash
# Builds the release program for arm64 on another machine, and lets an emulator run it through tests/golden.py. Nothing is
# timed. The pipeline's image of arm64 is built and tested on a machine of its own; this is for where there is none.
# The compiler's target is rustup's, or, where rustup has none to give, Debian's (rustc-web), with Debian's linker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=aarch64-unknown-linux-gnu
fail() { echo "arm64: $*" >&2; exit 1; }
install() { # PACKAGES...
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || fail "install these first (Debian): $*"
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

missing=()
command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu)
[ -e /usr/aarch64-linux-gnu/include/stdio.h ] || missing+=(libc6-dev-arm64-cross)
command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
[ ${#missing[@]} = 0 ] || install "${missing[@]}"

has_target() { [ -d "$("$1" --print sysroot)/lib/rustlib/$target/lib" ]; }
compiler=rustc
if ! has_target rustc && ! rustup target add "$target" 2>/dev/null; then
  compiler=/usr/bin/rustc
  if ! [ -x $compiler ] || ! has_target $compiler; then
    { [ "$(id -u)" = 0 ] && command -v dpkg >/dev/null; } || fail "rustup has no target $target here"
    dpkg --add-architecture arm64
    install rustc-web libstd-rust-web-dev:arm64
  fi
fi
lowest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$("$compiler" --version | awk '{ print $2 }')
printf '%s\n%s\n' "$lowest" "$found" | sort --check=quiet --version-sort \
  || fail "$compiler is $found, and Cargo.toml asks for $lowest"

echo "Building for $target with $compiler $found"
RUSTC=$compiler CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
  cargo build --release --locked --target $target --target-dir target/arm64
# The loader comes from the folder of -L, but would take the C library from this machine's own folder for arm64, where
# there is one: of another version, it lets no thread start.
libraries=/usr/aarch64-linux-gnu
"${PYTHON:-python3}" -B tests/golden.py qemu-aarch64 -E LD_LIBRARY_PATH=$libraries/lib -L $libraries \
  target/arm64/$target/release/smartserve
