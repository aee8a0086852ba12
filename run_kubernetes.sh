#!/usr/bin/env bash
# Deploys k8s/base to the current Kubernetes context, waits for the rollout and forwards 127.0.0.1:8000 to the service
# until Ctrl-C (the deployment stays; remove it with: kubectl delete -k k8s/base).
#
#   ./run_kubernetes.sh                                               a kind, minikube or k3d cluster: the local image
#   DOCKER_REPOSITORY=docker.io/you/smartserve ./run_kubernetes.sh    any cluster: the image pushed by upload_docker.sh
#   PORT=9000 ./run_kubernetes.sh                                     another local port
#
# VERSION (default: Cargo.toml's) picks the tag. Exit: 0 when stopped, 1 when anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() { echo "run_kubernetes: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is needed: $2"; }
# A registry and a path, as Docker names them.
is_repository() {
  local part='[a-z0-9]+([._-]+[a-z0-9]+)*'
  [[ $1 =~ ^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?$part(/$part)*$ ]]
}

# Checked before make, the shell, kubectl or YAML see them.
port=${PORT:-8000}
[[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || fail "PORT must be a number from 1 to 65535, not '$port'"
[[ ${VERSION-0} =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] \
  || fail "VERSION must be an image's tag, as 1.2.3, not '$VERSION'"
[ -z "${DOCKER_REPOSITORY:-}" ] || is_repository "$DOCKER_REPOSITORY" \
  || fail "DOCKER_REPOSITORY must be as docker.io/you/smartserve, not '$DOCKER_REPOSITORY'"
# Now, not after minutes of deploying. Whoever listens on a taken port would get the requests of make_prediction.sh.
! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null \
  || fail "port $port of this machine is taken; stop what listens there, or choose another: PORT=9000 $0"

need kubectl https://kubernetes.io/docs/tasks/tools/
context=$(kubectl config current-context 2>/dev/null) \
  || fail "kubectl has no current context; run: kubectl config use-context NAME, or make a cluster: kind create cluster"
version=$(make --silent --no-print-directory version)
patches=""

# --- which image ---
if [ -n "${DOCKER_REPOSITORY:-}" ]; then
  name=$DOCKER_REPOSITORY
else
  name=smartserve
  # minikube calls its contexts what it likes, and notes itself in the kubeconfig.
  provider=$(kubectl config view --minify \
    --output 'jsonpath={.clusters[0].cluster.extensions[*].extension.provider}' 2>/dev/null || true)
  case $context in
    kind-*) load=(kind load docker-image "$name:$version" --name "${context#kind-}") ;;
    k3d-*) load=(k3d image import "$name:$version" --cluster "${context#k3d-}") ;;
    *)
      case "$context $provider" in
        "minikube "* | *" minikube.sigs.k8s.io") load=(minikube --profile "$context" image load "$name:$version") ;;
        *) fail "context '$context' is not kind, minikube or k3d, so it cannot be handed a local image; run:
  export DOCKER_REPOSITORY=docker.io/YOU/smartserve && ./upload_docker.sh && ./run_kubernetes.sh" ;;
      esac ;;
  esac
  need docker https://docs.docker.com/engine/install/
  need "${load[0]}" "context '$context' is one of its clusters"
  docker info >/dev/null 2>&1 || fail "the Docker daemon does not answer; start it, then try 'docker info'"
  id=$(docker image inspect --format '{{.Id}}' "$name:$version" 2>/dev/null) \
    || fail "there is no image $name:$version; run: make image"
  echo "Loading $name:$version into $context"
  "${load[@]}"
  # An image built again under the same tag changes no manifest; this note does, so that the pods are replaced.
  patches="patches:
  - target: {kind: Deployment, name: smartserve}
    patch: |-
      - {op: add, path: /spec/template/metadata/annotations/smartserve~1image-id, value: '$id'}"
fi

# --- render: an overlay of its own beside the base, so that no file of yours changes ---
overlay=$(mktemp -d k8s/.run.XXXXXX)
trap 'rm -rf "$overlay"' EXIT
cat > "$overlay/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../base]
images: [{name: smartserve, newName: "$name", newTag: "$version"}]
$patches
YAML

# --- deploy ---
echo "Deploying $name:$version to $context"
kubectl apply -k "$overlay"
kubectl get --raw /apis/metrics.k8s.io/v1beta1 >/dev/null 2>&1 \
  || echo "run_kubernetes: warning: no metrics-server here, so the autoscaler stays at 2 pods; see https://github.com/kubernetes-sigs/metrics-server" >&2
if ! kubectl rollout status deployment/smartserve --timeout 180s; then
  {
    echo "--- events"
    kubectl get events --sort-by .metadata.creationTimestamp || true
    echo "--- pods"
    kubectl get pods --selector app.kubernetes.io/name=smartserve --output wide || true
    echo "--- logs"
    kubectl logs --selector app.kubernetes.io/name=smartserve --all-containers --prefix --tail 50 || true
  } >&2
  fail "the rollout failed; events and logs are above"
fi

# --- forward ---
echo "Forwarding 127.0.0.1:$port; try ./make_prediction.sh, stop with Ctrl-C"
# By number: of `localhost`, kubectl takes what it gets of IPv4 and IPv6, and says nothing of the other.
kubectl port-forward --address 127.0.0.1 service/smartserve "$port:80" &
forward=$!
# shellcheck disable=SC2329  # the trap calls it
stop() {
  trap '' INT TERM
  kill "$forward" 2>/dev/null || true
  wait "$forward" 2>/dev/null || true
  echo "Stopped forwarding; the deployment stays (remove it: kubectl delete -k k8s/base)"
  exit 0
}
trap stop INT TERM
wait "$forward" || true
fail "the port-forward ended by itself; is port $port free?"
