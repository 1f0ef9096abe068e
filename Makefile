# Everything a fresh machine needs: `make book` and `make test` set themselves up.
# Kept to what GNU make 3.81 (macOS) understands.

.DEFAULT_GOAL := help
.PHONY: help book test quick experiments exercises student-bundle serve lighthouse lint format bench bench-grading lock clean

include lab.mk # the interpreter, .venv, and `make lab`

PORT ?= 8000

STAMP := .venv/installed

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: $(STAMP) ## build the book, strictly, and say where it is
	@$(PY) tools/build_book.py

test: $(STAMP) ## everything that CI runs: lint, the strict book build, tests and doctests, the site in a browser
	@echo "==> Checking the code's style"
	@$(MAKE) --no-print-directory lint
	@$(PY) tools/build_book.py
	@echo "==> Running the tests"
	@$(PY) -m pytest -n 3 --dist worksteal

quick: $(STAMP) ## what to run before a commit: lint and the tests that are not slow
	@$(MAKE) --no-print-directory lint
	@$(PY) -m pytest -n 2 --dist worksteal -q -m 'not slow'

experiments: $(STAMP) ## run the book's recorded experiments again (NAMES="ch01_shuffle ..." for some of them)
	@$(PY) tools/experiments.py $(NAMES)

exercises: $(STAMP) ## regenerate exercises/ from solutions/
	@$(PY) tools/release_exercises.py

student-bundle: $(STAMP) ## write _build/course.zip: what students get, without the answers
	@$(PY) tools/release_exercises.py
	@$(PY) tools/build_book.py
	@$(PY) tools/student_bundle.py

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

bench-grading: $(STAMP) ## grade four classes of 40 with cnncourse and with stock nbgrader, in turns
	@$(PY) -m benchmarks.grading

lock: $(STAMP) ## rewrite constraints.txt from pyproject.toml (LOCKFLAGS=--upgrade for newer versions)
	@echo "==> Resolving every version into constraints.txt"
	@$(PY) -m uv pip compile pyproject.toml --universal --all-extras --python-version 3.11 \
		--no-annotate --no-header -q $(LOCKFLAGS) -o constraints.txt

clean: ## remove what was built; .venv stays
	@rm -rf _build .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# It includes what students install.
$(STAMP): pyproject.toml constraints.txt
	$(call install,dev)
	@touch $(LAB) $@
