#!/usr/bin/env bash
# Builds the image from the unmodified Dockerfile and tests the container as run_docker.sh runs it: user, health,
# prediction, read-only and without capabilities, stop, sizes; with models of other libraries mounted; its binary as a
# function in AWS's emulator; and two behind a proxy, replaced under load.
#
# Uses the Docker daemon that runs; as root it starts one where none does, and stops it afterwards. Where none can be
# started, or the Dockerfile's FROM images cannot be had, the test is skipped, and says so in its last lines.
#   --check              only says why it would be skipped, and ends with 1; ends with 0 where it would run
#   BASE_IMAGES          a program that makes the FROM images where no registry can be reached
#   CONTAINER_TEST       `required`: what would be skipped is a failure
#   DOCKER_BUILD_FLAGS   extra words for `docker build`, e.g. --network host
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Of bytes; what the project promises: 15 MB, 0.8 MB for Lambda's loop and 0.7 MB for spans.
MAX_BINARY=16500000 MAX_LAYERS=17000000
# Seconds: health is asked every 5 s; the drain ends at 15 s at the latest.
HEALTHY_WITHIN=30 STOPPED_WITHIN=20
# Seconds: a registry that answers does so at once; the largest image is 600 MB.
ANSWERS_WITHIN=20 PULLED_WITHIN=600
only_check=""
[ "${1:-}" != --check ] || only_check=1

tmp=$(mktemp -d)
container="" daemon=""
finish() {
  [ -z "$container" ] || docker rm --force "$container" >/dev/null 2>&1
  if [ -n "$daemon" ]; then kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; fi
  rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

skip() {
  if [ -n "$only_check" ]; then echo "$1"; exit 1; fi
  [ "${CONTAINER_TEST:-}" != required ] || die "it is required here, but cannot run. $1"
  printf '%s\n' "" "******************************************************************************" \
    "***  SKIPPED: the container test. $1" \
    "***  The image of this version is NOT tested." \
    "******************************************************************************" \
    "container: 0 passed, 0 failed, 1 skipped"
  exit 0
}
passed=0 failed=0
die() { echo "container: $*" >&2; echo "container: $passed passed, $((failed + 1)) failed"; exit 1; }
check() { # WHAT COMMAND...
  local what=$1; shift
  if "$@"; then passed=$((passed + 1)); echo "ok: $what"; else failed=$((failed + 1)); echo "FAILED: $what" >&2; fi
}

# --- a daemon ---
start_daemon() { # STORAGE_DRIVER: true when a daemon of ours answers
  [ -n "$only_check" ] || echo "Starting dockerd ($1)"
  dockerd --storage-driver "$1" --pidfile "$tmp/dockerd.pid" > "$tmp/dockerd.log" 2>&1 &
  daemon=$!
  for _ in {1..60}; do
    docker info >/dev/null 2>&1 && return
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.5
  done
  [ -n "$only_check" ] || tail -n 3 "$tmp/dockerd.log" >&2
  kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null
  daemon=""
  return 1
}

command -v docker >/dev/null || skip "There is no docker (Debian: apt-get install docker.io iptables)."
if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || skip "No Docker daemon answers, and only root can start one."
  command -v dockerd >/dev/null || skip "No Docker daemon answers, and there is no dockerd (Debian: apt-get install docker.io iptables)."
  start_daemon overlay2 || start_daemon vfs || skip "dockerd does not start here."
fi

# --- the images that it is made from: here, made here, or from a registry that answers ---
if [ -z "${BASE_IMAGES:-}" ]; then
  mapfile -t images < <(awk '$1 == "FROM" { print $2 }' Dockerfile)
  for image in "${images[@]}"; do
    docker image inspect "$image" >/dev/null 2>&1 && continue
    timeout "$ANSWERS_WITHIN" docker manifest inspect "$image" >/dev/null 2>&1 \
      || skip "No registry answers for $image, and BASE_IMAGES names no program that makes it."
    [ -n "$only_check" ] || timeout "$PULLED_WITHIN" docker pull --quiet "$image" \
      || skip "$image did not come within $PULLED_WITHIN s."
  done
fi
[ -z "$only_check" ] || exit 0

# --- the image ---
# The default builder's messages are the reader's only view of minutes of work: they stay.
base=$(awk '$1 == "FROM" { name = $2 } END { print name }' Dockerfile)
if [ -n "${BASE_IMAGES:-}" ]; then "$BASE_IMAGES" || die "BASE_IMAGES=$BASE_IMAGES failed"; fi
started=$SECONDS
make --no-print-directory image || die "the image does not build"
echo "Built in $((SECONDS - started)) s"
image=smartserve:$(make --silent --no-print-directory version)

# --- sizes ---
size_of() { docker history --human=false --format '{{.Size}}' "$1" | awk '{ sum += $1 } END { print sum }'; }
at_most() { echo "   $1 of $2 bytes"; [ "$1" -gt 0 ] && [ "$1" -le "$2" ]; }
contents=$(docker create "$image") || die "docker create failed"
for file in /usr/local/bin/smartserve /models/boston.model; do
  docker cp "$contents:$file" "$tmp/" || die "the image lacks $file"
done
docker rm "$contents" >/dev/null
binary=$(stat -c %s "$tmp/smartserve") model=$(stat -c %s "$tmp/boston.model")
check "the binary is small" at_most "$binary" "$MAX_BINARY"
check "the layers above the base, less the model, are small" at_most $(($(size_of "$image") - $(size_of "$base") - model)) "$MAX_LAYERS"
check "the model fits a ConfigMap" at_most "$model" 700000
label() { [ "$(docker image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$image")" = "$2" ]; }
check "the version label is Cargo.toml's" label version "${image#*:}"

# --- run, as run_docker.sh does, on a port that the kernel picks ---
container=$(docker run --detach --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20 \
  --publish 127.0.0.1::8080 --publish 127.0.0.1::9090 "$image") || die "docker run failed"
state() { docker inspect --format "{{$1}}" "$container"; }
port=$(docker port "$container" 8080/tcp | head -n 1 | sed 's/.*://')
admin=$(docker port "$container" 9090/tcp | head -n 1 | sed 's/.*://')

# Until it is healthy: HEALTHCHECK runs the binary in the container.
for ((i = 0; i < HEALTHY_WITHIN * 2; i++)); do
  [ "$(state .State.Health.Status)" = starting ] || break
  sleep 0.5
done
is_healthy() { [ "$(state .State.Health.Status)" = healthy ] || { docker logs "$container"; return 1; }; }
check "it is healthy" is_healthy

# Of the process itself, on this machine; the image's USER where the daemon's processes are out of sight.
runs_as() {
  local pid; pid=$(state .State.Pid)
  if [ -r "/proc/$pid/status" ]; then
    grep -E '^(Uid|Gid|CapEff|NoNewPrivs)' "/proc/$pid/status" | tr -s '\t\n' '  '; echo
    [ "$(awk '/^Uid/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" = "65532 65532 65532 65532" ] \
      && grep -qE '^CapEff:\s+0+$' "/proc/$pid/status"
  else
    [ "$(state .Config.User)" = 65532:65532 ]
  fi
}
check "it runs as 65532, without capabilities" runs_as
predicts() { PORT=$port ./make_prediction.sh; }
check "it answers make_prediction.sh" predicts
answers() { curl --silent --show-error --fail --noproxy '*' --max-time 5 --output /dev/null "http://127.0.0.1:$1$2"; }
check "its admin port answers /readyz" answers "$admin" /readyz
check "its admin port answers /livez" answers "$admin" /livez
check "its admin port answers /metrics" answers "$admin" /metrics

# --- stop ---
started=$SECONDS
docker stop "$container" >/dev/null  # SIGTERM by STOPSIGNAL; SIGKILL, seen as exit 137, after --stop-timeout
took=$((SECONDS - started))
stopped() { echo "   exit $(state .State.ExitCode) after $took s"; [ "$(state .State.ExitCode)" = 0 ] && [ "$took" -le "$STOPPED_WITHIN" ]; }
check "it stops on SIGTERM with exit 0 within $STOPPED_WITHIN s" stopped
warns() { docker logs "$container" 2>&1 | grep "there is no /mnt/models and /opt/ml/model: the demo" >/dev/null; }  # not -q: it closes the pipe early
check "it said that the demo is served" warns
[ "$failed" = 0 ] || docker logs "$container" >&2

# --- where the cloud sets PORT, as Cloud Run and App Engine do; 9292 is none of the image's ---
with_port() {
  local named port ok=1
  named=$(docker run --detach --read-only --env PORT=9292 --publish 127.0.0.1::9292 "$image") || return 1
  port=$(docker port "$named" 9292/tcp | head -n 1 | sed 's/.*://')
  for ((i = 0; i < HEALTHY_WITHIN * 2; i++)); do
    if answers "$port" /readyz 2>/dev/null; then ok=0; break; fi
    sleep 0.5
  done
  docker exec "$named" /usr/local/bin/smartserve healthcheck || ok=1
  docker rm --force "$named" >/dev/null
  return $ok
}
check "it listens on PORT, and its health check asks there" with_port

# --- models that are mounted, as KServe and SageMaker mount them ---
mounted() {
  make --no-print-directory target/venv-mlserver/installed \
    && IMAGE=$image target/venv-mlserver/bin/python -B tests/clients/mounted_test.py
}
check "models that are mounted are answered in v1, v2 and /invocations, as 65532" mounted

# --- as a function, by the image's own binary in AWS's runtime interface emulator ---
as_function() {
  make --no-print-directory target/venv-deploy/installed \
    && SMARTSERVE=$tmp/smartserve target/venv-deploy/bin/python -B tests/deploy/lambda_test.py
}
if [ "$(uname -m)" = x86_64 ]; then
  check "its binary is a function of AWS Lambda, in AWS's emulator" as_function
else
  echo "*** SKIPPED: AWS's emulator. SAM's wheel has the one of x86_64 alone. ***"
fi

# --- two behind a proxy, replaced under load, within their limits ---
check "two are replaced under load without a failure, within the printed bound and half a processor" \
  "${PYTHON:-python3}" -B tests/rehearsal.py "$image"

echo "container: $passed passed, $failed failed"
[ "$failed" = 0 ]
