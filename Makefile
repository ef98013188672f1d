.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
COMPILED_PATH := $(CURDIR)/build/compiled
PIP := $(BIN)/python -m pip --disable-pip-version-check

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(BIN)/.installed ## make .venv with all that the server needs
	@echo "Ready: .venv/bin/foretell"

serve: install $(if $(COMPILED),compiled) ## set up the built-in models (first time: some minutes) and start the server
	$(BIN)/foretell models setup || echo "Some models could not be set up; the others are served."
	$(if $(COMPILED),PYTHONPATH=$(COMPILED_PATH)) exec $(BIN)/foretell serve

compiled: build/compiled/.made ## a wheel whose hottest modules are compiled (needs a C compiler); `make serve COMPILED=1` serves it
	@echo "Ready: build/*.whl, and unpacked for PYTHONPATH=build/compiled"

test: $(BIN)/.installed-dev ## set up what tests need and run everything this machine can
	$(BIN)/foretell models setup || echo "The built-in models' environment could not be set up; their tests will be skipped."
	$(BIN)/python -m pytest $(TESTS)

check: $(BIN)/.installed-dev ## format, lint, types, import layers, the shape of files and functions, docs, what a prediction costs
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py
	$(BIN)/python benchmarks/guard.py

soak: $(BIN)/.installed-dev ## throw faults at a loaded server for MINUTES (default 10), then look at every promise
	PYTHONPATH=tests $(BIN)/python -m soak --minutes $(or $(MINUTES),10) $(SOAK)

fuzz: $(BIN)/.installed-dev ## strange bytes into all that reads strangers' bytes, for MINUTES (default 10)
	PYTHONPATH=tests $(BIN)/python -m fuzz --minutes $(or $(MINUTES),10) $(FUZZ)

bench: $(BIN)/.installed-dev ## measure Foretell beside its peers, each in an environment of its own, and write benchmarks/results
	$(MAKE) compiled || echo "It cannot be compiled here, so it is measured as it is written."
	PYTHONPATH=$(COMPILED_PATH):benchmarks $(BIN)/python -m compare $(BENCH)
	$(if $(BENCH),,PYTHONPATH=$(COMPILED_PATH):benchmarks $(BIN)/python -m compare.growth)
	$(if $(BENCH),,PYTHONPATH=$(COMPILED_PATH):benchmarks $(BIN)/python -m compare.queues)
	$(if $(BENCH),,PYTHONPATH=$(COMPILED_PATH):benchmarks $(BIN)/python -m compare.work)

screenshots: $(BIN)/.installed-dev ## take the pictures of docs/screenshots anew (needs Chromium)
	PYTHONPATH=tests $(BIN)/python -m browser.screenshots

clean: ## remove .venv and caches (never data or downloaded weights)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build

# Made from a copy: a compiled module left beside its source would be taken for it, however old.
build/compiled/.made: $(BIN)/.installed-dev pyproject.toml $(shell find src -name '*.py')
	rm -rf build && mkdir -p build/source
	cp -R src pyproject.toml README.md LICENSE build/source
	cd build/source && HATCH_BUILD_HOOKS_ENABLE=1 ../../$(PIP) wheel --quiet --no-deps --no-build-isolation \
		--wheel-dir .. .
	$(BIN)/python -m zipfile -e build/*.whl build/compiled
	$(BIN)/python -m compileall -q build/compiled
	rm -rf build/source && touch $@

$(BIN)/.installed: pyproject.toml requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Foretell needs Python 3.11 or newer; none was found."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --constraint requirements-dev.txt --editable '.[postgres]'
	@touch $@

$(BIN)/.installed-dev: $(BIN)/.installed
	$(PIP) install --quiet --requirement requirements-dev.txt
	@touch $@

.PHONY: help install serve compiled test check soak fuzz bench screenshots clean
