PYTHON ?= python3
BIN := .venv/bin
export MPLBACKEND := Agg

.PHONY: demo test test-slow test-spark test-ray lint docs benchmark audit clean

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "error: Python 3.11 to 3.13 is needed; say make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv/installed  ## simulated market, every model, comparison, export, offers
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh

lint: .venv/installed  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPY_NUM_WORKERS=2 $(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/installed  ## the site, into outputs/site; a broken link or reference fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: .venv/installed  ## all but the slow tests
	@$(MAKE) --no-print-directory --jobs 2 lint docs
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist worksteal --nbmake --durations 10

test-slow: .venv/installed  ## the slow ones
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 -m slow

.venv/spark: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,spark]'
	@touch $@

test-spark: .venv/spark  ## those that run Spark on this machine; without Java they are skipped
	OMP_NUM_THREADS=1 $(BIN)/pytest -m spark tests/spark -rs

test-ray: .venv/installed  ## sweeps and tuning on Ray, which it installs
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ray]'
	OMP_NUM_THREADS=1 $(BIN)/pytest -m ray --durations 5

benchmark: .venv/installed  ## a suite whose figures stand in docs/results.md
	$(BIN)/recsys benchmark suite=evaluation

.audit/installed: constraints.txt
	$(PYTHON) -m venv .audit
	.audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@touch $@

audit: .audit/installed  ## known vulnerabilities of the pinned packages
	@bash scripts/audit.sh .audit/bin/pip-audit

clean:  ## the environment and what runs left behind
	rm -rf .venv .audit outputs artifacts market mlflow.db mlartifacts
