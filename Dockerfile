# One image for workers, migrations and policy bundles; Envoy, OPA and PostgreSQL run in their own (docker-compose.yml).
ARG PYTHON=python:3.12.11-slim-bookworm
ARG OPA=openpolicyagent/opa:1.22.2-static

FROM ${OPA} AS opa

FROM ${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/phigate
COPY requirements/build.lock requirements/compiler.lock requirements/runtime.lock requirements/
RUN /opt/phigate/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/build.lock \
 && /opt/phigate/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/runtime.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY authz authz
COPY masking masking
COPY policies policies
COPY envoy envoy
# The compiler for masking's native part (ADR 12) stays here, in the first stage.
RUN /opt/phigate/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/compiler.lock \
 && /opt/phigate/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index . \
 && /opt/phigate/bin/pip uninstall --yes ziglang

FROM ${PYTHON}
COPY --from=opa /opa /usr/local/bin/opa
COPY --from=build /opt/phigate /opt/phigate
# The workers' sockets are Envoy's only way in: both run as this user, and nobody else can open them.
RUN groupadd --gid 10001 phigate && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent phigate \
 && install -d -o 10001 -g 10001 -m 0700 /run/phigate /bundle
ENV PATH=/opt/phigate/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["phigate"]
CMD ["worker"]
