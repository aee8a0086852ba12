#!/usr/bin/env bash
# Tests the shell scripts without Docker or a cluster: stand-ins for docker, kubectl, kind, minikube and k3d on PATH
# note how they are called. Manifests are rendered by the real kubectl (`kubectl kustomize` needs no cluster).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

real_kubectl=$(command -v kubectl) || { echo "scripts: kubectl is needed; run: make test-scripts" >&2; exit 1; }
version=$(make --silent --no-print-directory version)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
CALLS=$tmp/calls RENDERED=$tmp/rendered STARTED=$tmp/started

# --- the stand-ins, and a PATH with them and the plain tools alone, so that nothing real is called ---
mkdir "$tmp/fakes" "$tmp/tools"
for tool in awk bash cat curl dirname echo env git grep head id make mkdir mktemp rm sed sh sleep tee timeout touch tr; do
  ln -s "$(type -P "$tool")" "$tmp/tools/$tool"
done

cat > "$tmp/fakes/kubectl" <<'FAKE'
#!/usr/bin/env bash
echo "kubectl $*" >> "$CALLS"
case "$*" in
  "config current-context") [ -n "${CONTEXT:-}" ] && echo "$CONTEXT" ;;
  "config view "*) echo "${PROVIDER:-}" ;;
  "apply -k "*) "$REAL_KUBECTL" kustomize "${!#}" > "$RENDERED" ;;
  "get --raw "*) [ -z "${NO_METRICS:-}" ] ;;
  "rollout status "*) [ -z "${ROLLOUT_FAILS:-}" ] ;;
  "get events "*) echo "the events" ;;
  "logs "*) echo "the logs" ;;
  "port-forward "*)
    [ -z "${FORWARD_FAILS:-}" ] || exit 1
    trap 'echo "port-forward stopped" >> "$CALLS"; exit 0' TERM
    touch "$STARTED"
    for _ in {1..300}; do sleep 0.1; done ;;
esac
FAKE
cat > "$tmp/fakes/docker" <<'FAKE'
#!/usr/bin/env bash
echo "docker $*" >> "$CALLS"
case "$*" in
  info) [ -z "${NO_DAEMON:-}" ] ;;
  "manifest inspect "*) [ -z "${NO_REGISTRY:-}" ] ;;
  "image inspect "*) [ -z "${NO_IMAGE:-}" ] && echo "sha256:1dea" ;;
  "push "*) [ -z "${PUSH_FAILS:-}" ] && echo "$2: digest: sha256:feed size: 1" ;;
  "run "*)
    trap 'echo "container stopped" >> "$CALLS"; exit 0' TERM
    touch "$STARTED"
    for _ in {1..300}; do sleep 0.1; done ;;
esac
FAKE
for name in kind minikube k3d; do
  # shellcheck disable=SC2016  # for the stand-in to expand
  printf '#!/usr/bin/env bash\necho "%s $*" >> "$CALLS"\n' "$name" > "$tmp/fakes/$name"
done
chmod +x "$tmp"/fakes/*

# --- the harness ---
passed=0 failed=0
subject="" status=0 out=""

# A port that nobody listens on: what listens on 8000 of the machine that runs this is not the test's business.
free=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
is_taken() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# run SUBJECT [VARIABLE=value]... COMMAND: its output in $out, its exit in $status, the stand-ins' calls in $CALLS.
# An empty environment: CONTEXT, PORT and the like come from the test alone, not from whoever runs it.
# A caller may have SIGINT ignored, as background jobs have; what is tested must not inherit that.
clean=(env --default-signal=INT -i "PATH=$tmp/fakes:$tmp/tools" "HOME=$tmp" "CALLS=$CALLS" "RENDERED=$RENDERED" "STARTED=$STARTED"
  "REAL_KUBECTL=$real_kubectl" "PORT=$free")
run() {
  subject=$1; shift
  rm -f "$CALLS" "$RENDERED" "$STARTED"; touch "$CALLS" "$RENDERED"
  out=$("${clean[@]}" "$@" 2>&1) && status=0 || status=$?
}
# run_until_started SIGNAL SUBJECT …: the same, but the signal is sent when the last step runs.
run_until_started() {
  local signal=$1 pid; subject=$2; shift 2
  rm -f "$CALLS" "$RENDERED" "$STARTED"; touch "$CALLS" "$RENDERED"
  set -m  # else a background job would ignore SIGINT
  "${clean[@]}" "$@" > "$tmp/out" 2>&1 &
  pid=$!
  set +m
  for _ in {1..150}; do [ -e "$STARTED" ] || ! kill -0 "$pid" 2>/dev/null && break; sleep 0.1; done
  kill -s "$signal" "$pid" 2>/dev/null
  wait "$pid" && status=0 || status=$?
  out=$(cat "$tmp/out")
}
verdict() { # HOLDS(0/1) WHAT
  if [ "$1" = 0 ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    printf 'FAILED: %s: %s\n  exit %s, output:\n%s\n  calls:\n%s\n' "$subject" "$2" "$status" "$out" "$(cat "$CALLS")" >&2
  fi
}
exits() { [ "$status" = "$1" ]; verdict $? "exits $1"; }
says() { [[ $out == *"$1"* ]]; verdict $? "says: $1"; }
says_last() { [[ ${out##*$'\n'} == *"$1"* ]]; verdict $? "says in its last line: $1"; }
silent_on() { [[ $out != *"$1"* ]]; verdict $? "does not say: $1"; }
calls() { grep -qF -- "$1" "$CALLS"; verdict $? "calls: $1"; }
never_calls() { ! grep -qF -- "$1" "$CALLS"; verdict $? "never calls: $1"; }
is() { [ "$2" = "$3" ]; verdict $? "$1: is '$2', not '$3'"; }
renders() { grep -qF -- "$1" "$RENDERED"; verdict $? "renders: $1"; }
tree() { git status --porcelain --ignored 2>/dev/null; git diff HEAD 2>/dev/null; }
before=$(tree)

# --- run_kubernetes.sh ---
run "no current context" CONTEXT='' ./run_kubernetes.sh
exits 1; says "kind create cluster"; never_calls "apply"

run "a foreign context without DOCKER_REPOSITORY" CONTEXT=prod ./run_kubernetes.sh
exits 1; says "context 'prod'"; says "export DOCKER_REPOSITORY=docker.io/YOU/smartserve && ./upload_docker.sh"
never_calls "apply"; never_calls "docker"

run_until_started TERM "a foreign context with DOCKER_REPOSITORY" \
  CONTEXT=prod DOCKER_REPOSITORY=localhost:5000/you/smartserve "PORT=$free" ./run_kubernetes.sh
exits 0; renders "image: localhost:5000/you/smartserve:$version"; never_calls "docker"; silent_on warning
calls "kubectl rollout status deployment/smartserve"; calls "kubectl port-forward --address 127.0.0.1 service/smartserve $free:80"
calls "port-forward stopped"; says "Stopped forwarding"

run_until_started INT "SIGINT, VERSION and PORT" \
  CONTEXT=prod DOCKER_REPOSITORY=you/smartserve VERSION=9.9 ./run_kubernetes.sh
exits 0; renders "image: you/smartserve:9.9"; calls "$free:80"; calls "port-forward stopped"

if ! is_taken 8000; then
  run_until_started INT "no PORT" CONTEXT=prod DOCKER_REPOSITORY=you/smartserve PORT= ./run_kubernetes.sh
  exits 0; calls "service/smartserve 8000:80"
fi

python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", 0)); open(sys.argv[1], "w").write(str(s.getsockname()[1])); time.sleep(60)' "$tmp/taken" &
listens=$!
for _ in {1..100}; do [ -s "$tmp/taken" ] && break; sleep 0.1; done
taken=$(cat "$tmp/taken")
run "a port that is taken" CONTEXT=kind-dev "PORT=$taken" ./run_kubernetes.sh
exits 1; says "port $taken of this machine is taken"; says "PORT=9000"; never_calls "docker"; never_calls "apply"
kill "$listens"; wait "$listens" 2>/dev/null

# As a machine with a second disk has it: `target` leads elsewhere.
mkdir -p "$tmp/copy" "$tmp/elsewhere/far/away"
cp -r k8s Makefile Cargo.toml run_kubernetes.sh "$tmp/copy/" && ln -s "$tmp/elsewhere/far/away" "$tmp/copy/target"
run_until_started INT "target is a link" CONTEXT=kind-dev "$tmp/copy/run_kubernetes.sh"
exits 0; renders "image: smartserve:$version"
is "leaves nothing behind" "$(ls -A "$tmp/copy/k8s")$(ls -A "$tmp/elsewhere/far/away")" "$(ls -A k8s)"

run_until_started INT "kind" CONTEXT=kind-dev ./run_kubernetes.sh
exits 0; calls "kind load docker-image smartserve:$version --name dev"
renders "image: smartserve:$version"; renders "imagePullPolicy: IfNotPresent"; renders "smartserve/image-id: sha256:1dea"

run_until_started INT "k3d" CONTEXT=k3d-dev ./run_kubernetes.sh
exits 0; calls "k3d image import smartserve:$version --cluster dev"

run_until_started INT "minikube" CONTEXT=minikube ./run_kubernetes.sh
exits 0; calls "minikube --profile minikube image load smartserve:$version"

run_until_started INT "minikube under another name" \
  CONTEXT=lab PROVIDER=minikube.sigs.k8s.io ./run_kubernetes.sh
exits 0; calls "minikube --profile lab image load smartserve:$version"

run "no local image" CONTEXT=kind-dev NO_IMAGE=1 ./run_kubernetes.sh
exits 1; says "run: make image"; never_calls "kind load"; never_calls "apply"

run "no Docker daemon" CONTEXT=kind-dev NO_DAEMON=1 NO_IMAGE=1 ./run_kubernetes.sh
exits 1; says "the Docker daemon does not answer"; silent_on "make image"; never_calls "apply"

mv "$tmp/fakes/k3d" "$tmp/k3d"
run "the cluster's tool is not installed" CONTEXT=k3d-dev ./run_kubernetes.sh
exits 1; says "k3d is needed"; never_calls "apply"
mv "$tmp/k3d" "$tmp/fakes/k3d"

run "the rollout fails" CONTEXT=kind-dev ROLLOUT_FAILS=1 ./run_kubernetes.sh
exits 1; says "the events"; says "the logs"; says "the rollout failed"; never_calls "port-forward"

run_until_started INT "no metrics-server" CONTEXT=kind-dev NO_METRICS=1 ./run_kubernetes.sh
exits 0; says "warning: no metrics-server"; calls "port-forward"

run "the port-forward ends by itself" CONTEXT=kind-dev FORWARD_FAILS=1 ./run_kubernetes.sh
exits 1; says "is port $free free?"

mv "$tmp/fakes/kubectl" "$tmp/kubectl"
run "no kubectl" ./run_kubernetes.sh
exits 1; says "kubectl is needed"
mv "$tmp/kubectl" "$tmp/fakes/kubectl"

subject="all of run_kubernetes.sh"
is "leaves the working tree as it was" "$(tree)" "$before"

# --- run_docker.sh ---
run_until_started TERM "run_docker.sh, from make -C" MAKEFLAGS=w DOCKER_BUILD_FLAGS='--network host' ./run_docker.sh
exits 0; calls "docker build --network host --tag smartserve:$version --tag smartserve:latest"
calls "docker image ls smartserve"; calls "--read-only --cap-drop ALL --security-opt no-new-privileges"
calls "--stop-timeout 20"; calls "--publish 127.0.0.1:$free:8080 smartserve:$version"; calls "container stopped"

run "run_docker.sh without a daemon" NO_DAEMON=1 ./run_docker.sh
exits 1; says "daemon does not answer"; never_calls "docker build"

mv "$tmp/fakes/docker" "$tmp/docker"
run "run_docker.sh without docker" ./run_docker.sh
exits 1; says "docker is needed"
mv "$tmp/docker" "$tmp/fakes/docker"

# --- upload_docker.sh ---
run "upload without DOCKER_REPOSITORY" ./upload_docker.sh
exits 1; says "DOCKER_REPOSITORY is not set; run:"; never_calls "docker"

run "upload to a name with a tag" DOCKER_REPOSITORY=localhost:5000/you/smartserve:v1 ./upload_docker.sh
exits 1; says "without a tag"; never_calls "docker push"

run "upload without an image" DOCKER_REPOSITORY=you/smartserve NO_IMAGE=1 ./upload_docker.sh
exits 1; says "run: make image"; never_calls "docker push"

run "upload refused by the registry" DOCKER_REPOSITORY=you/smartserve PUSH_FAILS=1 ./upload_docker.sh
exits 1; says "run: docker login"

run "upload" DOCKER_REPOSITORY=localhost:5000/you/smartserve ./upload_docker.sh
exits 0; calls "docker tag smartserve:$version localhost:5000/you/smartserve:$version"
calls "docker push localhost:5000/you/smartserve:$version"; calls "docker push localhost:5000/you/smartserve:latest"
is "prints the digest last" "${out##*$'\n'}" "localhost:5000/you/smartserve@sha256:feed"

run "upload of the variant" FLAVOR=aws DOCKER_REPOSITORY=you/smartserve ./upload_docker.sh
exits 0; calls "docker tag smartserve:$version-aws you/smartserve:$version-aws"; calls "docker push you/smartserve:latest-aws"
run "upload of no variant" FLAVOR=gcp DOCKER_REPOSITORY=you/smartserve ./upload_docker.sh
exits 1; says "FLAVOR must be aws"; never_calls "docker push"

# --- what is no tag, no port, no repository reaches nothing ---
# shellcheck disable=SC2016  # what the values hold is not to be expanded, by nobody
{
  for value in '' '1 2' '-1' '1;touch pwned' '$(touch pwned)' '$(shell touch pwned)' "1'; touch pwned; '" $'1\ntouch pwned' '1", x: "'; do
    for script in run_kubernetes run_docker upload_docker; do
      run "$script.sh with VERSION=$value" CONTEXT=kind-dev DOCKER_REPOSITORY=you/smartserve "VERSION=$value" "./$script.sh"
      exits 1; says "VERSION must be"; is "calls nothing" "$(cat "$CALLS")" ""
    done
    run "make image with VERSION=$value" "VERSION=$value" make image
    exits 2; says "VERSION must be"; is "calls nothing" "$(cat "$CALLS")" ""
  done
  for value in 0 65536 08000 8000x '80 00' -1 '8000:80' '@example.org/' '$(touch pwned)' 'a[$(touch pwned)]' $'80\n00'; do
    for script in run_kubernetes run_docker make_prediction; do
      run "$script.sh with PORT=$value" CONTEXT=kind-dev "PORT=$value" "./$script.sh"
      exits 1; says "PORT must be a number from 1 to 65535"; is "calls nothing" "$(cat "$CALLS")" ""
    done
  done
  for value in --help -x/y You/Smart https://you/smart you/ /you 'you/smart serve' 'you/smart", newTag: "1' '$(touch pwned)' $'you/a\nb' you//a; do
    for script in run_kubernetes upload_docker; do
      run "$script.sh with DOCKER_REPOSITORY=$value" CONTEXT=prod "DOCKER_REPOSITORY=$value" "./$script.sh"
      exits 1; says "DOCKER_REPOSITORY "; is "calls nothing" "$(cat "$CALLS")" ""
    done
  done
}
for value in a docker.io/you/smartserve localhost:5000/you/smart_serve gcr.io/project-1/team/smart.serve 127.0.0.1:5000/a__b; do
  run "upload_docker.sh with DOCKER_REPOSITORY=$value" "DOCKER_REPOSITORY=$value" ./upload_docker.sh
  exits 0; calls "docker push $value:$version"
done
subject="hostile values"
is "make no file" "$(find . -name pwned -not -path './target/*')" ""

# --- the container test, and make test around it, where it cannot run ---
run "the container test without a registry" NO_IMAGE=1 NO_REGISTRY=1 tests/container.sh
exits 0; says "SKIPPED: the container test. No registry answers for rust:1-bookworm"; never_calls "docker build"
run "the container test without a daemon" NO_DAEMON=1 tests/container.sh
exits 0; says "SKIPPED: the container test. No Docker daemon answers"
run "the same where it is required" NO_IMAGE=1 NO_REGISTRY=1 CONTAINER_TEST=required tests/container.sh
exits 1; says "it is required here, but cannot run. No registry answers"; silent_on SKIPPED
run "its check without a registry" NO_IMAGE=1 NO_REGISTRY=1 tests/container.sh --check
exits 1; is "says why, alone" "$out" "No registry answers for rust:1-bookworm, and BASE_IMAGES names no program that makes it."
run "its check with a program that makes the images" NO_IMAGE=1 NO_REGISTRY=1 BASE_IMAGES=true tests/container.sh --check
exits 0; is "says nothing" "$out" ""
run "make test without a registry" NO_IMAGE=1 NO_REGISTRY=1 tests/parts.sh version test-container
exits 0; says "*** WILL BE SKIPPED: the container test. No registry answers"
says_last "passed in "; says_last "*** SKIPPED: the container test."
run "make test, of what it leaves" LATER=test-container tests/parts.sh version
exits 0; says "*** LEFT TO make test-long, which takes longer: test-container"
says_last "*** Left to make test-long: test-container."
run "make test, with a target beside" BESIDE=test-container NO_IMAGE=1 NO_REGISTRY=1 tests/parts.sh version
exits 0; says "Parts: version test-container"; says "*** WILL BE SKIPPED: the container test."
says "--- test-container took"; says_last "All of version test-container passed in "
run "make test, with a target beside that fails" BESIDE=no-such-target tests/parts.sh version
exits 1; says "--- no-such-target FAILED after"; silent_on "passed in"
run "make test where the container test is required" NO_IMAGE=1 NO_REGISTRY=1 CONTAINER_TEST=required \
  tests/parts.sh version test-container
exits 1; says "required here"; never_calls "docker build"; silent_on "--- version"

# --- make_prediction.sh ---
# A server for two requests: 200 to the first, 422 to the second; it keeps what it was sent.
python3 - "$tmp" <<'PYTHON' &
import http.server, pathlib, sys
tmp, answers = pathlib.Path(sys.argv[1]), iter([(200, b'{"prediction":[25.0]}'), (422, b'{"title":"no"}')])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        (tmp / "sent").write_text(f"{self.path} {self.headers['Content-Type']} {body}")
        status, answer = next(answers)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.timeout = 10
(tmp / "port.new").write_text(str(server.server_port))
(tmp / "port.new").rename(tmp / "port")
server.handle_request()
server.handle_request()
PYTHON
server=$!
for _ in {1..100}; do [ -e "$tmp/port" ] && break; sleep 0.1; done
port=$(cat "$tmp/port")

run "make_prediction.sh, 200" PORT="$port" ./make_prediction.sh
exits 0; is "prints the reply alone" "$out" '{"prediction":[25.0]}'
is "sends the row as the original service's callers do" "$(cat "$tmp/sent")" \
  '/predict application/json {"CHAS":{"0":0},"RM":{"0":6.575},"TAX":{"0":296.0},"PTRATIO":{"0":15.3},"B":{"0":396.9},"LSTAT":{"0":4.98}}'

run "make_prediction.sh, 422" PORT="$port" ./make_prediction.sh
exits 1; says '{"title":"no"}'; says "answered 422"
wait "$server"

run "make_prediction.sh, nothing listens" PORT="$port" ./make_prediction.sh
exits 1; says "make run"

echo "scripts: $passed passed, $failed failed"
[ "$failed" = 0 ]
