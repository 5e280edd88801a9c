# The whole portal on this machine:  make run      (PORT=8001 another port, RESET=1 new demo data)
# Everything that must hold:         make test     (installs what is missing when run as root on Debian)

PYTHON ?= python3
BIN := .venv/bin
# More than there are cores: tests of processes and pages often wait. What is alike on both databases runs on one.
IN_PARALLEL := -n 4 --dist loadgroup --split
CARRIER := tests/messaging/smpp_carrier
.DEFAULT_GOAL := run
# Some machines ask Python to keep nothing compiled: hundreds of processes of a test run would each compile everything.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: run test soak bench fmt lint compiled contracts deploy-check test-sqlite test-postgres packages
.SILENT:

run: .venv/product
	exec $(BIN)/python -m portal.demo.embedded

test:
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tests/packages.sh
	$(MAKE) --no-print-directory -j2 packages .venv/tests
	$(MAKE) --no-print-directory -j2 lint compiled contracts deploy-check
	$(MAKE) --no-print-directory test-sqlite
	$(MAKE) --no-print-directory test-postgres
	echo "All checks and tests passed."

soak: packages .venv/tests
	$(BIN)/pytest --soak
	tests/postgres.sh $(BIN)/pytest --soak -m "not embedded"

bench: .venv/tests
	$(BIN)/python -m tests.benchmarks

fmt: .venv/tests
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

# --- What `make test` consists of ------------------------------------------------------------------------------

lint: .venv/tests
	echo "== Style and types"
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	tests/production.sh $(BIN)/mypy --strict

# Once, while mypy reads, and not six times at once when the tests start, which also say what cannot be collected.
compiled: .venv/tests
	$(BIN)/pytest --collect-only >/dev/null || true

contracts: .venv/tests
	echo "== Imports run one way"
	tests/production.sh $(BIN)/lint-imports

deploy-check: .venv/tests
	echo "== Production settings start clean, migrations are complete"
	tests/production.sh $(BIN)/python manage.py check --deploy --fail-level WARNING
	tests/postgres.sh tests/production.sh $(BIN)/python manage.py makemigrations --check --dry-run

test-sqlite: .venv/tests
	echo "== Tests on SQLite"
	$(BIN)/pytest $(IN_PARALLEL)

test-postgres: .venv/tests
	echo "== Tests on PostgreSQL"
	tests/postgres.sh $(BIN)/pytest $(IN_PARALLEL) -m "not embedded"

# --- What must be installed --------------------------------------------------------------------------------------

packages:
	tests/packages.sh
	[ -d $(CARRIER)/node_modules ] || npm ci --prefix $(CARRIER) --ignore-scripts --no-audit --no-fund --silent

define virtual-environment
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed: name it with PYTHON=/path/to/python3.11." >&2; exit 1; }
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "Python's venv module is missing: apt-get install python3-venv brings it." >&2; exit 1; }
$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
endef

.venv/product: requirements.txt
	$(virtual-environment)
	echo "Installing what the portal needs into .venv ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m compileall -q accounts portal twofactor
	touch $@

# What the portal needs is in the same list. Python compiles what is really used when it is.
.venv/tests: tests/requirements.txt requirements.txt
	$(virtual-environment)
	echo "Installing what the portal and its tests need into .venv ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r tests/requirements.txt
	touch .venv/product $@
