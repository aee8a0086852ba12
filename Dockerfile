# The image: one static binary and the demo model on distroless (no shell, no libc, not root).
# `make image` builds it, `./run_docker.sh` builds and runs it. Works with BuildKit and with the classic builder.

FROM rust:1-bookworm AS build
WORKDIR /build

# +crt-static makes a binary that needs no libc. It takes an explicit --target, or cargo would also link
# procedural macros so, which the compiler loads as shared libraries. The host's own triple: amd64 and arm64 alike.
# Relocations are packed, and, where the linker is lld (amd64), equal functions folded: the file has a limit (tests/container.sh).
ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=all" \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs"
RUN rustc -vV > /rustc-version && sed -n 's/^host: //p' /rustc-version > /target-triple

# `aws`: the variant that sends answers to messages to a queue (docs/lambda.md). It compiles ring's C and assembly, too.
ARG FEATURES=""

# The dependencies alone, on empty sources: this layer is made again only when the manifest or the lock changes.
# Benches and tests are struck from the manifest because their files stay outside. The stub's own objects go, lest
# cargo compare file times and take them for the real ones.
COPY Cargo.toml Cargo.lock ./
RUN awk '/^\[/ { skip = /^\[\[(bench|test|example)\]\]/ } !skip' Cargo.toml > stub && mv stub Cargo.toml \
 && mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked --features "$FEATURES" --target "$(cat /target-triple)" \
 && cargo clean --release --locked --target "$(cat /target-triple)" --package smartserve \
 && rm -r src

COPY src ./src
RUN cargo build --release --locked --features "$FEATURES" --target "$(cat /target-triple)" \
 && cp "target/$(cat /target-triple)/release/smartserve" /smartserve

# The demo model; its data, columns and hyperparameters are the Makefile's `train`. Readable by any user: the
# server is not the one who writes it.
COPY Makefile ./
COPY data ./data
RUN make train FLAVOR="$FEATURES" TARGET="$(cat /target-triple)" MODEL=/boston.model \
 && chmod 0644 /boston.model

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /smartserve /usr/local/bin/smartserve
COPY --from=build /boston.model /models/boston.model

# Environment rather than arguments, so that `-e SMARTSERVE_…` overrides them, HEALTHCHECK finds the same port,
# and `docker run IMAGE inspect /models/boston.model` works. A container's loopback is nobody's: listen on all.
# Where no flag or variable names a model, what KServe mounts is served, else what SageMaker does, else the demo, with a
# warning: a place that exists and holds no model, or two, ends the start instead.
ENV SMARTSERVE_BIND=0.0.0.0:8080 \
    SMARTSERVE_ADMIN_BIND=0.0.0.0:9090 \
    SMARTSERVE_MODEL_FALLBACK=/mnt/models:/opt/ml/model:/models/boston.model
# 8080 predictions, 9090 probes and metrics.
EXPOSE 8080 9090
# By number: Kubernetes' runAsNonRoot cannot judge a name.
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/smartserve", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/smartserve"]
CMD ["serve"]

# Last: a new revision costs no layer above.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="smartserve" \
      org.opencontainers.image.description="A model server for tables: train from a CSV, serve over HTTP, know what your model sees" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/static-debian12:nonroot" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
