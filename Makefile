# `make demo` and `make test` need Python and make, and set up all else in .venv.

PYTHON ?= python3
BIN := .venv/bin
SDKS := $(shell cat tests/sdk/every_version/versions.txt)

.PHONY: demo test test-sdks lint format docs docs-site pictures bench clean

demo: .venv/test
	$(BIN)/python examples/demo.py

test: .venv/test
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# One suite with each version of the SDK; those that it fails with are named at the end.
test-sdks:
	@failed=; for sdk in $(SDKS); do \
	  echo "wandb $$sdk"; \
	  $(MAKE) --no-print-directory .venv-sdks/$$sdk/installed && \
	  .venv-sdks/$$sdk/bin/python -m pytest -q -n 2 -rfE tests/sdk/every_version || \
	  failed="$$failed $$sdk"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed with wandb$$failed"; exit 1; fi

lint: .venv/lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

format: .venv/lint
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/test
	$(BIN)/python docs/generate.py --transcripts

docs-site: .venv/docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env -q docs build/docs
	@echo "wrote build/docs/index.html"

bench: .venv/test
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf .venv .venv-sdks build .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/test: .venv/pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --group test
	touch $@

pictures: .venv/browser
	$(BIN)/python docs/pictures/take.py

# To look at the page of a session in a browser, if there is one; tests that do so are skipped else.
.venv/browser: .venv/test
	$(BIN)/python -m pip install --quiet --group browser
	touch $@

.venv/lint: .venv/test
	$(BIN)/python -m pip install --quiet --group lint
	touch $@

.venv/docs: .venv/test
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

.venv-sdks/%/installed: pyproject.toml | .venv/pip
	$(PYTHON) -m venv --clear --without-pip $(@D)
	$(BIN)/python -m pip --python $(@D)/bin/python install --quiet --no-compile \
	  --editable . --group sdk wandb==$*
	touch $@
