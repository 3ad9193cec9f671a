# Every target does its own set-up. Variables honoured: PYTHON, PORT, ZHIKE_HOME, DATABASE_URL, HANDBOOK.
# The distribution's own Python first where it can make a virtual environment: it is built with profiles and draws a page in two thirds of the time.
PYTHON ?= $(shell for needed in ensurepip sys; do \
	for p in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c "import $$needed, sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && exit; done; done)
BIN := .venv/bin
ARGS ?=

.PHONY: help setup setup-run run sandbox test test-pg15 axe check format bench guards kills fuzz lock clean

help:  ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: need-python  ## Prepare everything for running, testing and checking; start nothing
	@$(PYTHON) tools/setup.py --dev

setup-run: need-python
	@$(PYTHON) tools/setup.py

run: setup-run  ## Set up and serve the department (PORT, ZHIKE_HOME, DATABASE_URL, HANDBOOK)
	@exec $(BIN)/zhike up $(ARGS)

sandbox: setup-run  ## The same on a virtual clock, for trying things out
	@exec $(BIN)/zhike up --sandbox $(ARGS)

test: setup  ## Set up and run every test; PG=system uses the system's PostgreSQL, ARGS go to pytest
	@$(BIN)/python tools/run_tests.py --postgres $(or $(PG),embedded) -- $(ARGS)

test-pg15:  ## The tests without the browser's, on the system's PostgreSQL
	@$(MAKE) --no-print-directory test PG=system ARGS='-m "not browser and not embedded" $(ARGS)'

axe: setup  ## Every page of the product under axe in Chromium, a line a page (EVERY_PAGE=1: for everybody)
	@$(BIN)/python tools/run_tests.py --postgres embedded -- -m axe $(ARGS)

check: setup  ## Lint, format, types, import contracts, house rules
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/python tools/house_rules.py
	@$(BIN)/lint-imports
	@$(BIN)/mypy

format: setup
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: setup  ## Measure: make bench ARGS="cases --json"
	@$(BIN)/zhike bench $(ARGS)

guards: setup  ## Take every check of a right away in turn; which share do the tests notice? (long; ARGS="--only customers")
	@$(BIN)/python tools/guards.py $(ARGS)

kills: setup  ## kill -9 of the product's processes under load, fifty times, against a ledger (long; ARGS="--kills 5")
	@$(BIN)/python -m tests.faults.kills $(ARGS)

fuzz: setup  ## Ask the API and every page and form everything, under every shipped handbook, as every role (HANDBOOK=name; EACH=3; ARGS="--examples 100")
	@$(BIN)/python tools/fuzz.py $(ARGS)
	@ZHIKE_TEST_HOSTILE_EACH=$(or $(EACH),1) $(BIN)/python -m pytest -q -p no:randomly --show-capture=no tests/hostile $(if $(HANDBOOK),-k "[$(HANDBOOK)]")

lock: setup  ## Renew the locks after an edit of requirements/*.in or package.json
	@for name in run dev uv node; do $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-header requirements/$$name.in --output-file requirements/$$name.lock; done
	@npm install --package-lock-only --ignore-scripts

clean:  ## Remove what set-up and tools made; data in .zhike stays
	rm -rf .venv node_modules zhike/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: need-python
need-python:
	@test -n "$(PYTHON)" || { echo "Zhike needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
