# The service as an image: etalon with TLS to PostgreSQL, and nothing else that listens or runs.
#   docker build -t etalon .

# The compiler is that of Cargo.toml (rust-version); both stages have the same Debian, so that the
# binary finds the C library that it was linked with.
FROM rust:1.95-trixie AS build
WORKDIR /build
# What is let in is said in .dockerignore.
COPY . .
# Libraries and what was compiled of them are kept beside the image, so that a change of the source
# compiles etalon alone.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --locked --release --features tls --bin etalon \
    && install -D target/release/etalon /out/etalon

FROM debian:trixie-slim
RUN groupadd --system --gid 10001 etalon \
    && useradd --system --uid 10001 --gid etalon --home-dir /var/lib/etalon --shell /usr/sbin/nologin etalon \
    && install --directory --owner etalon --group etalon --mode 0700 /var/lib/etalon
# The public certificate authorities, for a database at a provider (sslrootcert=system): OpenSSL is
# compiled along and does not know where Debian keeps them.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/etalon /usr/local/bin/etalon

ENV ETALON_DATA_DIR=/var/lib/etalon \
    ETALON_LISTEN=0.0.0.0:8080
# By number, so that a cluster can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/etalon
VOLUME /var/lib/etalon
EXPOSE 8080
STOPSIGNAL SIGTERM
# bash speaks TCP itself; the image needs no client. The answer's first line must say 200.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${ETALON_LISTEN##*:} && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["etalon"]
CMD ["serve"]
