#!/usr/bin/env bash
# The files of a release, and its publication. `make release-check`, `make release-files` and `make release` call it.
#   release.sh check    the tag that is checked out (CIRCLE_TAG) is Cargo.toml's version, and CHANGELOG.md has its notes
#   release.sh files    target/release-files: binary, model, wheel, SBOM and notes of before, with checksums
#   release.sh publish  pushes the image and the files; needs DOCKER_REPOSITORY, docker's login, gh with GITHUB_TOKEN
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { echo "release: $*" >&2; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
notes() { # the section of this version in CHANGELOG.md
  awk -v head="## $version" 'index($0, "## ") == 1 { on = ($0 == head || index($0, head " ") == 1); next } on' CHANGELOG.md
}
out=target/release-files

check() {
  [ "${CIRCLE_TAG:-v$version}" = "v$version" ] || fail "the tag is $CIRCLE_TAG, Cargo.toml's version $version"
  [ -n "$(notes | tr -d '[:space:]')" ] || fail "CHANGELOG.md has no section '## $version': rename \"Unreleased\""
}
files() {
  check
  rm -rf "$out" && mkdir -p "$out"
  for file in target/dist/smartserve target/dist/boston.model target/sbom/smartserve.cdx.json; do
    [ -f "$file" ] || fail "there is no $file: run make dist, make wheel and make sbom first"
    cp "$file" "$out/"
  done
  cp target/wheels/smartserve-"$version"-*.whl "$out/" 2>/dev/null || fail "there is no wheel of $version: run make wheel"
  mv "$out/smartserve" "$out/smartserve-$version-linux-$(uname -m)"
  notes > "$out/notes.md"
  (cd "$out" && sha256sum -- * > SHA256SUMS)
  cat "$out/SHA256SUMS"
}
publish() {
  command -v gh >/dev/null || fail "gh is needed: https://cli.github.com"
  files
  image=$(./upload_docker.sh | tail -n 1)
  make manifests IMAGE="$image"
  cp target/manifests/release.yaml "$out/smartserve-$version.yaml"
  (cd "$out" && rm SHA256SUMS && sha256sum -- * > SHA256SUMS)
  if [ -n "${COSIGN_PRIVATE_KEY:-}" ]; then
    cosign sign --yes --key env://COSIGN_PRIVATE_KEY "$image"
    cosign sign-blob --yes --key env://COSIGN_PRIVATE_KEY --output-signature "$out/SHA256SUMS.sig" "$out/SHA256SUMS"
  else
    echo "*** NOT SIGNED: there is no COSIGN_PRIVATE_KEY here. ***"
  fi
  gh release create "v$version" --verify-tag --title "$version" --notes-file "$out/notes.md" "$out"/*
}
case ${1:-} in
  check | files | publish) "$1" ;;
  *) fail "check, files or publish" ;;
esac
