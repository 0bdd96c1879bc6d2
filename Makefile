# Two commands do all the set-up: `make run` and `make test`. Both are safe to repeat.
# Only Python 3.11 or newer and make are needed; PYTHON=/path/to/python3 chooses the Python.

PYTHON ?=
BIN = .venv/bin
STUDY = data/study.yaml
OUT = maps
# What else to tell pytest:  make test TESTS="tests/composite -x"
TESTS =

.PHONY: help run test lint setup setup-test bench lock clean

help:
	@echo "make run     make the embedded study's map, and everything it needs first"
	@echo "make test    run every check and test, browser included, and everything they need first"
	@echo "make lint    run only the checks: style, types, imports, notebooks without outputs"
	@echo "make bench   run the benchmarks"
	@echo "make lock    renew the lock files (needs the network)"
	@echo "make clean   remove what these commands made, except the maps"

run: setup
	@$(BIN)/targeting run $(STUDY) --out $(OUT)

test: setup-test lint
	@browser="$$($(BIN)/python tools/find_chromium.py --install)" || exit 1; \
	echo "== tests, doctests and coverage (browser: $$browser)"; \
	TARGETING_CHROMIUM="$$browser" $(BIN)/python -m pytest \
		--numprocesses auto --dist loadscope --cov --cov-report term $(TESTS)

lint: setup-test
	@echo "== style"
	@$(BIN)/ruff check .
	@$(BIN)/oxlint --config tools/oxlint.json --deny-warnings --quiet targeting/render/assets/*.js
	@echo "== types"
	@$(BIN)/mypy
	@echo "== imports"
	@$(BIN)/lint-imports --no-logo
	@echo "== notebooks without outputs"
	@find notebooks -name '*.ipynb' -not -path '*/.*' -exec $(BIN)/nbstripout --verify {} +

setup:
	@PYTHON="$(PYTHON)" sh tools/setup_venv.sh run

setup-test:
	@PYTHON="$(PYTHON)" sh tools/setup_venv.sh test

bench: setup
	@$(BIN)/python benchmarks/end_to_end.py
	@$(BIN)/python benchmarks/intake.py

lock:
	@PYTHON="$(PYTHON)" sh tools/lock.sh

clean:
	rm -rf .venv build dist .coverage .coverage.* htmlcov .pytest_cache .hypothesis .mypy_cache \
		.ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
