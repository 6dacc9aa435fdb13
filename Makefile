# Every command of the project. `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK := $(VENV)/.spark
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export RAPPORT_HOME ?= var
export GOMP_SPINCOUNT ?= 1000

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types tests notebooks bench bench-sweep bench-report quality lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## Make .venv with everything locked in it

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python is $$($(PYTHON) -V 2>&1); 3.11 or later is expected; run: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on = 1} on {print; if ($$0 !~ /\\$$/) exit}' requirements.lock > $(VENV)/uv.txt
	$(PIP) --require-hashes -r $(VENV)/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps --require-hashes -r requirements.lock || \
	  $(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	$(BIN)/python -m features.warm
	@touch $(READY)

$(SPARK): $(READY) requirements-spark.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-spark.lock || \
	  $(PIP) --require-hashes --no-deps -r requirements-spark.lock
	@touch $(SPARK)

demo: $(READY) ## From nothing to scored customers on a made-up company (about a minute and a half)
	$(BIN)/rapport demo

test: lint types tests ## Everything that a landing must pass

# Where memory can be written to like a disk, and holds what the quick suite makes (2 GB), its files need no disk.
MEMORY = $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4096 {print "/dev/shm"; on = 1} END {if (!on) print "/tmp"}')

check: $(READY) ## The quick suite (under 3 minutes)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	@scratch=$$(mktemp -d -p $(MEMORY)) && trap 'rm -rf "$$scratch"' EXIT INT TERM && \
	  $(BIN)/python -m pytest -q -m "not slow and not shared" -n 2 --basetemp="$$scratch/pytest"

lint: $(READY) ## Style and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: $(READY) ## Static types, strict
	$(BIN)/mypy
	$(BIN)/mypy tests

tests: $(SPARK) ## The whole test suite, Spark's tests included (without Java they are skipped, or fail where CI=true)
	$(BIN)/python -m pytest -n 2 -m "not spark"
	$(BIN)/python -m pytest -m spark tests/features  # a process of its own: Java is forked, which a large one cannot do

notebooks: $(READY) ## Run the six notebooks and check what they tell (about a minute)
	$(BIN)/python -m pytest -q tests/notebooks

bench: $(SPARK) ## Measure speed beside a baseline; append to benchmarks/results.jsonl
	$(BIN)/python -m benchmarks

bench-sweep: $(READY) ## Measure how cost grows with events and spine rows; append to benchmarks/results.jsonl
	$(BIN)/python -m benchmarks --sweep

bench-report: $(READY) ## Draw what was measured: var/reports/benchmarks.html
	$(BIN)/python -m benchmarks --report $(RAPPORT_HOME)/reports/benchmarks.html

quality: $(READY) ## Measure the models on real data; append to benchmarks/quality.jsonl
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.recommenders

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"])

lock: ## Resolve requirements.lock and requirements-spark.lock anew (exact versions, hashes, no index host)
	$(PYTHON) -m pip install --quiet uv
	$(PYTHON) -m uv pip compile pyproject.toml --extra dev $(LOCK) --output-file requirements.lock
	$(PYTHON) -c '$(EXTRA)' | $(PYTHON) -m uv pip compile - -c requirements.lock $(LOCK) --output-file requirements-spark.lock

clean: ## Remove what the commands made (the workspace in var/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
