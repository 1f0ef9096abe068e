# Everything a fresh machine needs: `make book` and `make test` set themselves up.
# Kept to what GNU make 3.81 (macOS) understands.

.DEFAULT_GOAL := help
.PHONY: help book test quick experiments lab exercises serve lighthouse lint format bench bench-grading lock clean

# The interpreter that makes .venv: `make PYTHON=/path/to/python3.12 book` names another one.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c $(IS_SUPPORTED) 2>/dev/null && { echo $$p; exit; }; done; echo python3)
IS_SUPPORTED = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PORT ?= 8000

PY := .venv/bin/python
STAMP := .venv/installed

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

book: $(STAMP) ## build the book, strictly, and say where it is
	@$(PY) tools/build_book.py

test: $(STAMP) ## everything that CI runs: lint, the strict book build, tests and doctests, the site in a browser
	@echo "==> Checking the code's style"
	@$(MAKE) --no-print-directory lint
	@$(PY) tools/build_book.py
	@echo "==> Running the tests"
	@$(PY) -m pytest -n 2 --dist worksteal

quick: $(STAMP) ## what to run before a commit: lint and the tests that are not slow
	@$(MAKE) --no-print-directory lint
	@$(PY) -m pytest -n 2 --dist worksteal -q -m 'not slow'

experiments: $(STAMP) ## run the book's recorded experiments again (NAMES="ch01_shuffle ..." for some of them)
	@$(PY) tools/experiments.py $(NAMES)

lab: $(STAMP) ## open the exercises in JupyterLab
	@mkdir -p exercises
	@cd exercises && ../$(PY) -m jupyterlab

exercises: $(STAMP) ## regenerate exercises/ from solutions/
	@$(PY) tools/release_exercises.py

serve: $(STAMP) ## serve the built book on this machine only (PORT=8000)
	@test -f _build/html/index.html || { echo "There is no book yet: run 'make book' first."; exit 1; }
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lighthouse: $(STAMP) ## mark the built pages with Lighthouse (PAGES="book/intro ..." for some of them)
	@$(PY) tools/lighthouse.py $(PAGES)

lint: $(STAMP) ## check style without changing a file
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: $(STAMP) ## mend the style of every file
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(STAMP) ## measure the engine
	@$(PY) -m benchmarks

bench-grading: $(STAMP) ## grade three classes of 40 with cnncourse and with stock nbgrader, in turns
	@$(PY) -m benchmarks.grading

lock: $(STAMP) ## rewrite constraints.txt from pyproject.toml (LOCKFLAGS=--upgrade for newer versions)
	@echo "==> Resolving every version into constraints.txt"
	@$(PY) -m uv pip compile pyproject.toml --universal --all-extras --python-version 3.11 \
		--no-annotate --no-header -q $(LOCKFLAGS) -o constraints.txt

clean: ## remove what was built; .venv stays
	@rm -rf _build .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# The stamp is written last: an interrupted set-up goes on where it stopped, and an environment
# whose interpreter or pip does not run (or is of another version) is made anew.
$(STAMP): pyproject.toml constraints.txt
	@$(PY) -c $(IS_SUPPORTED) 2>/dev/null && $(PY) -m pip --version >/dev/null 2>&1 || { \
		command -v "$(PYTHON)" >/dev/null || { \
			echo "There is no $(PYTHON) here: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.12"; exit 1; }; \
		"$(PYTHON)" -c $(IS_SUPPORTED) || { \
			echo "$(PYTHON) is $$("$(PYTHON)" -V 2>&1), but the course needs 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.12"; exit 1; }; \
		"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt install python3-venv)"; exit 1; }; \
		echo "==> Making .venv with $$("$(PYTHON)" -V 2>&1)"; \
		"$(PYTHON)" -m venv --clear .venv; }
	@echo "==> Installing the locked dependencies into .venv (some minutes the first time)"
	@$(PY) -m pip install --quiet --no-input --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
