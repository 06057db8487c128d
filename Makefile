# The tasks of Primum. `make ask` answers, `make test` tests; each sets up what it needs.
# Needs only Python 3.11 or newer (PYTHON=python3.13 names another), make and the package registry.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(VENV)-uv/bin/uv
# Compiled at once, so that the first answer is as quick as the second, also where Python may not write beside the code.
export UV_COMPILE_BYTECODE := 1

# The system's certificates first, for networks that sign their own; then the installer's, for systems that have none.
fetch = $(UV) --system-certs $(1) || $(UV) $(1)
TREATMENT ?= anti-wrinkle
# Two workers, a file of tests each at a time, so that what a file makes for its tests is made once; in the order of
# tests/conftest.py, long files first.
SPREAD := -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help ask setup test slow both spark spark-slow check ci bench fit gates calibrate docs serve lock browser java clean

help:  ## list the tasks
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

ask: $(VENV)/core.stamp  ## set up the core and answer: make ask TREATMENT=anti-wrinkle
	@$(BIN)/primum ask $(TREATMENT)

setup: $(VENV)/tests.stamp  ## make .venv with everything the tests need

test: setup  ## set up and run the tests; those that need a browser or the reference data skip without them
	$(BIN)/pytest $(SPREAD) -m "not slow and not spark"

slow: setup  ## the tests that take more than some seconds each
	$(BIN)/pytest $(SPREAD) -m "slow and not spark"

both: setup  ## test and slow in one run, which makes what they share once
	$(BIN)/pytest $(SPREAD) -m "not spark"

spark: $(VENV)/spark.stamp  ## the tests that run on Apache Spark; needs Java 17 or newer
	$(BIN)/pytest -m "spark and not slow"

spark-slow: $(VENV)/spark.stamp  ## linking on Spark, and a cluster of two workers; too long for ci
	$(BIN)/pytest -m "spark and slow"

check: setup  ## lint, architecture and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/mypy --disable-error-code arg-type --disable-error-code assignment --disable-error-code misc \
	  --disable-error-code no-any-return benchmarks/bench_*.py benchmarks/[mr]*.py  # what they call must be there

docs: setup  ## build the documentation into site/; a warning is an error
	$(BIN)/zensical build --strict --clean

bench: setup  ## run the benchmarks; ratios against the named baseline in the same run
	$(BIN)/python benchmarks/run.py

# The fit of the dose-effect model and the measures of its worth; what they write is committed with the tables it rests on.
MODEL ?= src/primum/treatments/anti_wrinkle/model
fit gates calibrate: export XLA_FLAGS := --xla_cpu_multi_thread_eigen=false

fit: setup  ## fit the dose-effect model anew: posterior.json, about 70 CPU seconds
	$(BIN)/python -m primum.mechanism.fit $(MODEL)

gates: setup  ## predict each trial from the others: gates.json, about 8 CPU minutes
	$(BIN)/python -m primum.mechanism.gates $(MODEL)

FIRST ?= 0
LAST  ?= 96
calibrate: setup  ## simulation-based calibration, replications FIRST to LAST - 1: calibration.json, about 12 CPU seconds each
	$(BIN)/python -m primum.mechanism.calibration $(MODEL) $(FIRST) $(LAST)

serve: setup  ## the explorer on this machine
	@$(BIN)/primum serve

ci: check browser java both spark docs  ## everything but spark-slow, with nothing skipped: what .ci/run calls
	sh tests/core_only.sh $(UV)

browser: node_modules/axe-core/axe.min.js  ## what the browser tests need: Chromium of the system, axe, and a reader of printed pages
	@command -v chromium >/dev/null && command -v pdftotext >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq chromium poppler-utils; } >/dev/null

java:  # what Spark needs
	@command -v java >/dev/null || { apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless; } >/dev/null

node_modules/axe-core/axe.min.js:
	npm install --no-save --no-package-lock --no-audit --no-fund --silent axe-core

lock: $(UV)  ## write the locks anew from pyproject.toml
	for set in "core:" "tests:--extra tests --extra explorer --extra docs" "spark:--extra tests --extra explorer --extra docs --extra spark"; do \
	  $(UV) --system-certs pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command "make lock" $${set#*:} pyproject.toml -o requirements/$${set%%:*}.txt || exit 1; \
	done
	echo "uv>=0.9" | $(UV) --system-certs pip compile --quiet --upgrade --universal --generate-hashes --custom-compile-command "make lock" \
	    - -o requirements/uv.txt

clean:  ## remove what make made
	rm -rf $(VENV) $(VENV)-uv site node_modules .mypy_cache .ruff_cache .pytest_cache

# The installer lives beside the environment, so that the environment holds what was asked for and nothing else.
# Some systems ship Python without ensurepip or without pip; either one is enough.
$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is older than Python 3.11 or missing. Install a newer one, or name it: make ask PYTHON=python3.13" >&2; exit 1; }
	@rm -rf $(VENV)-uv
	@echo "Fetching the installer ..."
	@{ $(PYTHON) -m venv $(VENV)-uv >/dev/null 2>&1 && \
	   $(VENV)-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; } || \
	 { rm -rf $(VENV)-uv && $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes \
	     --target $(VENV)-uv -r requirements/uv.txt; } || { \
	  rm -rf $(VENV)-uv; echo "make: no installer. Expected Python's venv or pip, and a reachable package registry." >&2; exit 1; }
	@touch $(UV)

$(VENV)/pyvenv.cfg: | $(UV)
	@$(UV) venv --quiet --python $(PYTHON) $(VENV)

$(VENV)/core.stamp: requirements/core.txt pyproject.toml | $(UV) $(VENV)/pyvenv.cfg
	@echo "Installing the core ..."
	@$(call fetch,pip install --python $(BIN)/python --require-hashes -r requirements/core.txt)
	@$(call fetch,pip install --quiet --python $(BIN)/python --no-deps --editable .)
	@$(BIN)/python -m compileall -q src/primum
	@touch $@

$(VENV)/tests.stamp: requirements/tests.txt pyproject.toml | $(UV) $(VENV)/pyvenv.cfg
	@echo "Installing what the tests need ..."
	@$(call fetch,pip install --python $(BIN)/python --require-hashes -r requirements/tests.txt)
	@$(call fetch,pip install --quiet --python $(BIN)/python --no-deps --editable .)
	@$(BIN)/python -m compileall -q src/primum
	@touch $@ $(VENV)/core.stamp

$(VENV)/spark.stamp: requirements/spark.txt $(VENV)/tests.stamp
	@echo "Installing Apache Spark ..."
	@$(call fetch,pip install --python $(BIN)/python --require-hashes -r requirements/spark.txt)
	@touch $@
