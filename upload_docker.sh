#!/usr/bin/env bash
# Tags the built image for your registry, pushes it, and prints the digest to deploy by.
#
#   DOCKER_REPOSITORY=docker.io/you/smartserve ./upload_docker.sh
#
# Pushes the tags VERSION (from Cargo.toml, or $VERSION) and `latest`. Build first (`make image`) and `docker login`.
# With FLAVOR=aws what `make image-aws` built, as VERSION-aws and `latest-aws`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() { echo "upload_docker: $*" >&2; exit 1; }

# A registry and a path, as Docker names them.
is_repository() {
  local part='[a-z0-9]+([._-]+[a-z0-9]+)*'
  [[ $1 =~ ^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?$part(/$part)*$ ]]
}

# Checked before make, the shell or docker see them.
repository=${DOCKER_REPOSITORY:-}
[ -n "$repository" ] || fail "DOCKER_REPOSITORY is not set; run: DOCKER_REPOSITORY=docker.io/YOU/smartserve $0"
case ${repository##*/} in
  *[:@]*) fail "DOCKER_REPOSITORY is a name without a tag or digest, not '$repository'" ;;
esac
is_repository "$repository" || fail "DOCKER_REPOSITORY must be as docker.io/you/smartserve, not '$repository'"
[[ ${VERSION-0} =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] \
  || fail "VERSION must be an image's tag, as 1.2.3, not '$VERSION'"
[[ ${FLAVOR:-aws} = aws ]] || fail "FLAVOR must be aws or not be set, not '$FLAVOR'"
command -v docker >/dev/null || fail "docker is needed: https://docs.docker.com/engine/install/"

suffix=${FLAVOR:+-$FLAVOR}
version=$(make --silent --no-print-directory version)$suffix
docker image inspect "smartserve:$version" >/dev/null 2>&1 || fail "there is no image smartserve:$version; run: make image$suffix"

# The digest is the registry's own name for what was pushed: tags can move, it cannot.
digest=""
for tag in "$version" "latest$suffix"; do
  docker tag "smartserve:$version" "$repository:$tag"
  log=$(docker push "$repository:$tag" | tee -a /dev/stderr) || fail "cannot push $repository:$tag; are you logged in? run: docker login"
  digest=$(sed -n 's/.*digest: \(sha256:[0-9a-f]*\).*/\1/p' <<<"$log")
done
[ -n "$digest" ] || fail "pushed, but docker printed no digest"
echo "$repository@$digest"
