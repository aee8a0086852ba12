#!/usr/bin/env bash
# The files of a release, and its publication. `make release-check`, `make release-files` and `make release` call it.
#   release.sh check    the tag that is checked out (CIRCLE_TAG) is Cargo.toml's version, and CHANGELOG.md has its notes
#   release.sh files    target/release-files: binaries, model, wheel, SBOM and notes of before, with checksums
#   release.sh publish  pushes the images of target/dist as one of several architectures, those of target/dist-aws
#     likewise, and publishes the files.
#     DOCKER_REPOSITORY   where to; DOCKER_USERNAME and DOCKER_PASSWORD log in there, else `docker login` has done so
#     GITHUB_TOKEN        writes releases of GITHUB_REPOSITORY, which is CircleCI's project unless it is set
#     COSIGN_PRIVATE_KEY  signs image and checksums, with COSIGN_PASSWORD; without it nothing is signed
set -euo pipefail
# Without it bash goes on after an error within $(...).
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { echo "release: $*" >&2; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
notes() { # the section of this version in CHANGELOG.md
  awk -v head="## $version" 'index($0, "## ") == 1 { on = ($0 == head || index($0, head " ") == 1); next } on' CHANGELOG.md
}
out=target/release-files
COSIGN=ghcr.io/sigstore/cosign/cosign:v2.4.1

check() {
  [ "${CIRCLE_TAG:-v$version}" = "v$version" ] || fail "the tag is $CIRCLE_TAG, Cargo.toml's version $version"
  [ -n "$(notes | tr -d '[:space:]')" ] || fail "CHANGELOG.md has no section '## $version': rename \"Unreleased\""
}
files() {
  check
  rm -rf "$out" && mkdir -p "$out"
  local file arch
  for file in target/dist/x86_64/boston.model target/sbom/smartserve.cdx.json; do
    [ -f "$file" ] || fail "there is no $file: run make dist, make wheel and make sbom first"
    cp "$file" "$out/"
  done
  for file in target/dist/*/smartserve; do
    arch=$(basename "$(dirname "$file")")
    cp "$file" "$out/smartserve-$version-linux-$arch"
  done
  cp target/wheels/smartserve-"$version"-*.whl "$out/" 2>/dev/null || fail "there is no wheel of $version: run make wheel"
  notes > "$out/notes.md"
  (cd "$out" && sha256sum -- * > SHA256SUMS)
  cat "$out/SHA256SUMS"
}
push_images() { # [-VARIANT]: one tag of all architectures; prints it by digest in its last line
  local variant=${1:-} arch file made=() tag digest=""
  for file in target/dist"$variant"/*/image.tar.gz; do
    [ -f "$file" ] || fail "there is no target/dist$variant/ARCHITECTURE/image.tar.gz: run make image-save first"
    arch=$(basename "$(dirname "$file")")
    gzip -dc "$file" | docker load >&2
    docker tag "smartserve:$version$variant" "$DOCKER_REPOSITORY:$version$variant-$arch"
    docker push "$DOCKER_REPOSITORY:$version$variant-$arch" >&2
    made+=("$DOCKER_REPOSITORY:$version$variant-$arch")
  done
  for tag in "$version$variant" "latest$variant"; do
    docker manifest create "$DOCKER_REPOSITORY:$tag" "${made[@]}" >&2
    digest=$(docker manifest push --purge "$DOCKER_REPOSITORY:$tag" | grep -oxE 'sha256:[0-9a-f]{64}' | tail -n 1) \
      || fail "cannot push $DOCKER_REPOSITORY:$tag, or docker printed no digest"
  done
  echo "$DOCKER_REPOSITORY@$digest"
}
cosign() {
  docker run --rm --user "$(id -u):$(id -g)" --env COSIGN_PRIVATE_KEY --env COSIGN_PASSWORD --env HOME=/tmp \
    --env DOCKER_CONFIG=/docker --volume "${DOCKER_CONFIG:-$HOME/.docker}:/docker:ro" --volume "$PWD/$out:/files" \
    "$COSIGN" "$@"
}
publish() {
  [ -n "${DOCKER_REPOSITORY:-}" ] || fail "DOCKER_REPOSITORY is not set, as docker.io/you/smartserve"
  [ -n "${GITHUB_TOKEN:-}" ] || fail "GITHUB_TOKEN is not set"
  export GITHUB_REPOSITORY=${GITHUB_REPOSITORY:-${CIRCLE_PROJECT_USERNAME:-}/${CIRCLE_PROJECT_REPONAME:-}}
  [[ $GITHUB_REPOSITORY == ?*/?* ]] || fail "GITHUB_REPOSITORY is not set, as you/smartserve"
  files
  # Before anything is pushed, which cannot be taken back.
  "${PYTHON:-python3}" -B tests/github_release.py "$version"
  if [ -n "${DOCKER_PASSWORD:-}" ]; then
    docker login --username "$DOCKER_USERNAME" --password-stdin "${DOCKER_REPOSITORY%%/*}" <<<"$DOCKER_PASSWORD"
  fi
  local image aws
  image=$(push_images | tail -n 1)
  aws=$(push_images -aws | tail -n 1)
  make manifests IMAGE="$image"
  cp target/manifests/release.yaml "$out/smartserve-$version.yaml"
  (cd "$out" && rm SHA256SUMS && sha256sum -- * > SHA256SUMS)
  if [ -n "${COSIGN_PRIVATE_KEY:-}" ]; then
    cosign sign --yes --recursive --key env://COSIGN_PRIVATE_KEY "$image" "$aws"
    cosign sign-blob --yes --key env://COSIGN_PRIVATE_KEY --output-signature /files/SHA256SUMS.sig /files/SHA256SUMS
  else
    echo "*** NOT SIGNED: there is no COSIGN_PRIVATE_KEY here. ***"
  fi
  "${PYTHON:-python3}" -B tests/github_release.py "$version" "$out/notes.md" "$out"/*
}
case ${1:-} in
  check | files | publish) "$1" ;;
  *) fail "check, files or publish" ;;
esac
