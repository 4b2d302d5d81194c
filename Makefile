# Everything a person does with Toàn Cảnh, in one word each. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install run test check docs bench shots lock clean

BIN := .venv/bin
ARGS ?=
# how many processes run tests, a file at a time (tests of a file may build on each other), in the order of
# tests/conftest.py: longest first, and not those of most tests
JOBS ?= 2

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed ## create .venv with the command `ioc` in it
	@echo "$(BIN)/ioc is ready"

run: .venv/.installed ## load, compute and serve the reference city on http://127.0.0.1:8050 (ARGS="--port 8051 …")
	@$(BIN)/ioc run $(ARGS)

test: check ## every check and every test; brings the browser and the servers that it needs
	@scripts/browser.sh
	@scripts/servers.sh
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.installed-dev ## format, lint, types, import law, generated pages: all but the tests
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m docs.generate --check

docs: .venv/.installed ## write the generated pages and the editors' schemas anew
	@$(BIN)/python -m docs.generate

bench: .venv/.installed-dev ## measure: a table, and bench/out/results.json
	@scripts/browser.sh
	@$(BIN)/python -m bench $(ARGS)

shots: .venv/.installed-dev ## screenshots of every screen in shots/
	@scripts/browser.sh
	@$(BIN)/python -m bench.shots $(ARGS)

lock: .venv/.installed-dev ## write constraints.txt from what is installed
	@$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean: ## remove what can be made again; var/ (data, people's decisions) and .venv stay
	@rm -rf bench/out shots dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

.venv/.installed: pyproject.toml constraints.txt
	@scripts/install.sh

.venv/.installed-dev: pyproject.toml constraints.txt
	@scripts/install.sh dev
