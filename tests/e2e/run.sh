#!/usr/bin/env bash
# k8s/overlays/local on the current context: ready, predict, a rollout and a killed pod under load without a wrong
# answer, the autoscaler up and down, a model changed by its ConfigMap, teardown. Needs kubectl, a context, and on its
# nodes the image smartserve:VERSION, or IMAGE, which they can pull; the load's image is python:3.13-alpine.
#   KEEP=1   leaves the namespace `smartserve` as it is at the end
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fail() { echo "e2e: $*" >&2; kubectl -n smartserve get pods,hpa -o wide >&2 || true; exit 1; }
say() { printf '\n=== %s\n' "$*"; }
context=$(kubectl config current-context) || { echo "e2e: kubectl has no current context" >&2; exit 1; }
! kubectl get namespace smartserve >/dev/null 2>&1 \
  || { echo "e2e: the context $context has a namespace smartserve already; delete it first" >&2; exit 1; }
image=${IMAGE:-smartserve:$(make --silent --no-print-directory version)}
overlay=$(mktemp -d k8s/overlays/.lint.e2e.XXXXXX)
forward=""
finish() {
  [ -z "$forward" ] || kill "$forward" 2>/dev/null || true
  rm -rf "$overlay"
  [ -n "${KEEP:-}" ] || kubectl delete namespace smartserve --ignore-not-found --timeout 120s
}
trap finish EXIT
ns() { kubectl --namespace smartserve "$@"; }
render() { # COMPONENT...: the overlay, with the image
  { echo "resources: [../local]"; echo "components: [$*]"; } > "$overlay/kustomization.yaml"
  # By text, because an image by digest and one by tag are different fields of kustomize.
  kubectl kustomize "$overlay" | sed "s|image: smartserve:.*|image: $image|"
}
apply() { render "$@" | kubectl apply -f -; ns rollout status deployment/smartserve --timeout 180s; }
open_port() { # forwards a free port of this machine; its number in $port
  [ -z "$forward" ] || { kill "$forward" 2>/dev/null; wait "$forward" 2>/dev/null || true; }
  : > "$overlay/forward"
  ns port-forward --address 127.0.0.1 service/smartserve :80 > "$overlay/forward" &
  forward=$!
  port=""
  for _ in {1..100}; do
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$overlay/forward" | head -n 1)
    [ -z "$port" ] || return 0
    sleep 0.1
  done
  fail "port-forward does not begin"
}
start_load() { # WORDS: the Job, once its pod runs
  ns delete job load --ignore-not-found --wait
  sed "s|value: --seconds 60|value: $1|" tests/e2e/load.yaml | ns apply -f -
  ns wait --for jsonpath='{.status.ready}'=1 job/load --timeout 180s
}
end_load() { # waits for it; its table, then its verdict
  for _ in {1..120}; do
    case $(ns get job load -o 'jsonpath={.status.succeeded}/{.status.failed}') in
      1/*) ns logs job/load; return 0 ;;
      */1) ns logs job/load >&2; fail "the load had wrong or late answers" ;;
    esac
    sleep 5
  done
  fail "the load does not end"
}
replicas() { ns get deployment smartserve -o 'jsonpath={.status.readyReplicas}'; }

say "apply, ready"
apply
ns create configmap load --from-file=benches/load
ns create configmap rows --from-file=data/boston.csv

say "predict"
open_port
PORT=$port ./make_prediction.sh | grep -F '"prediction":[26.18123428571428]' || fail "another prediction"

say "a rollout under load"
start_load "--rate 50 --most 50 --errors 0 --p99 5000 --seconds 60"
ns rollout restart deployment/smartserve
ns rollout status deployment/smartserve --timeout 180s
end_load

say "a pod killed under load"
start_load "--rate 50 --most 50 --errors 0 --p99 5000 --seconds 40"
ns delete "$(ns get pods --selector app.kubernetes.io/name=smartserve -o name | head -n 1)"
ns rollout status deployment/smartserve --timeout 180s
end_load

say "the autoscaler up and down"
if kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes >/dev/null 2>&1; then
  # What it answers does not matter here: the load is more than the fewest pods have asked for.
  start_load "--rate 3000 --most 3000 --errors 100 --p99 100000 --seconds 150"
  for _ in {1..60}; do [ "$(replicas)" -le 2 ] || break; sleep 3; done
  [ "$(replicas)" -gt 2 ] || fail "still $(replicas) pods after 180 s of load"
  echo "up: $(replicas) pods"
  ns delete job load --wait
  for _ in {1..80}; do [ "$(replicas)" -gt 2 ] || break; sleep 3; done
  [ "$(replicas)" = 2 ] || fail "still $(replicas) pods 240 s after the load"
  echo "down: 2 pods"
else
  printf '%s\n' "" "*** SKIPPED: the autoscaler. No metrics API answers here (metrics-server). ***" ""
fi

say "a model changed by its ConfigMap"
models=(tests/fixtures/artifacts/*.model)
[ ${#models[@]} -ge 2 ] || fail "tests/fixtures/artifacts has fewer than two models"
model() { ns create configmap smartserve-model --from-file=own.model="$1" --dry-run=client -o yaml; }
model "${models[0]}" | ns create -f -
# A file of another schema is taken here, as two fixtures have.
apply ../../components/model-configmap
ns set env deployment/smartserve SMARTSERVE_ALLOW_SCHEMA_CHANGE=true
ns rollout status deployment/smartserve --timeout 180s
open_port
served() { curl --silent --max-time 5 "http://127.0.0.1:$port/models"; }
before=$(served)
model "${models[1]}" | ns replace -f -
for _ in {1..60}; do [ "$(served)" = "$before" ] || break; sleep 3; done
after=$(served)
[ -n "$after" ] && [ "$after" != "$before" ] || fail "180 s later the same model: $before"
echo "$before, then $after"

say "all of it passed on $context"
