# The image of Plimsoll: one static program, and nothing else. For amd64 and arm64.
#
#   docker build -t plimsoll .                                     builds the program too
#   docker build -t plimsoll --target prebuilt --build-arg PREBUILT=path/to/plimsoll .
#                                                                  takes one that is built, and static
#
# The same source gives the same image: `docker buildx build --build-arg SOURCE_DATE_EPOCH=0 --output
# type=image,rewrite-timestamp=true`, or `buildah build --timestamp 0`.
ARG RUST=docker.io/library/rust:1.95-bookworm

FROM scratch AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Plimsoll" \
      org.opencontainers.image.description="A Kubernetes admission webhook for clusters that run crowds of short-lived pods" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/plimsoll/plimsoll" \
      org.opencontainers.image.documentation="https://github.com/plimsoll/plimsoll/tree/main/docs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
EXPOSE 8443 8080
# A number, so that `runAsNonRoot` can be checked without an /etc/passwd.
USER 65532:65532
ENTRYPOINT ["/plimsoll"]
CMD ["--help"]

# Stands before `build`, so that builders that build every stage up to the target leave that out.
FROM base AS prebuilt
ARG PREBUILT=plimsoll
COPY --chmod=0555 ${PREBUILT} /plimsoll

# Runs on the builder's own architecture and compiles for the other: an emulated compiler would take an hour.
FROM --platform=$BUILDPLATFORM ${RUST} AS build
ARG TARGETARCH
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY . .
# Static, so that the image needs no libc. The paths of the builder do not get into the program.
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) cpu=x86_64; gcc=x86-64-linux-gnu ;; \
      arm64) cpu=aarch64; gcc=aarch64-linux-gnu ;; \
      *) echo "no image is made for $TARGETARCH; amd64 and arm64 are" >&2; exit 2 ;; \
    esac; \
    if [ "$(dpkg --print-architecture)" != "$TARGETARCH" ]; then \
      apt-get update -qq; \
      apt-get install -y -qq --no-install-recommends "gcc-$gcc" "libc6-dev-$TARGETARCH-cross"; \
      export "CARGO_TARGET_$(echo "$cpu" | tr a-z A-Z)_UNKNOWN_LINUX_GNU_LINKER=$cpu-linux-gnu-gcc"; \
    fi; \
    rustup target add "$cpu-unknown-linux-gnu"; \
    export RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"; \
    cargo build --release --locked --target "$cpu-unknown-linux-gnu" --bin plimsoll; \
    install -m 0555 "target/$cpu-unknown-linux-gnu/release/plimsoll" /plimsoll

FROM base
COPY --from=build /plimsoll /plimsoll
