# What a student needs: `make lab` sets itself up. The students' bundle has this file as its Makefile.
# Kept to what GNU make 3.81 (macOS) understands.

# The interpreter that makes .venv: `make PYTHON=/path/to/python3.12 lab` names another one.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c $(IS_SUPPORTED) 2>/dev/null && { echo $$p; exit; }; done; echo python3)
IS_SUPPORTED = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

PY := .venv/bin/python
LAB := .venv/installed-exercises

.PHONY: lab

lab: $(LAB) ## open the exercises in JupyterLab, with the book beside them
	@test -f _build/html/index.html || test -f book/index.html || test ! -f tools/build_book.py || \
		! $(PY) -c 'import jupyter_book, nbgrader' 2>/dev/null || $(PY) tools/build_book.py
	@$(PY) -m cnncourse.cli lab

# An environment whose interpreter or pip does not run, or is of another version, is made anew.
define install
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
@$(PY) -m pip install --quiet --no-input --disable-pip-version-check -c constraints.txt -e '.[$(1)]'
endef

# The stamp is written last: an interrupted set-up goes on where it stopped.
$(LAB): pyproject.toml constraints.txt
	$(call install,exercises)
	@touch $@
