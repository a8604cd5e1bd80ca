# make run: everything from nothing to a served demo.  make test: everything that has to hold.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

# pip's own log is kept in .venv; what is shown is the name of each package as it is fetched.
define pip_install
@echo "$(1)"
@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e '$(2)' 2>&1 \
	| tee $(VENV)/install.log \
	| awk '/^Collecting /{n=split($$2,w,/[^A-Za-z0-9_.-]/); printf "%s ", w[1]; c+=length(w[1])+1; if(c>90){print ""; c=0}; fflush()} \
	       /^(Building|Installing collected)/{if(c){print ""; c=0}; print substr($$0,1,100); fflush()} \
	       /^ *(ERROR|error)/{if(c){print ""; c=0}; print; fflush()} END{if(c)print ""}' \
	|| { echo "error: the installation failed; all of pip's words are in $(VENV)/install.log" >&2; exit 1; }
endef

.PHONY: help run install test check bench clean
help:
	@echo "make run      install, make a demo portfolio, serve it on 127.0.0.1:$(PORT)"
	@echo "make test     install the test extra; format, lint, types, import contracts, all tests"
	@echo "make install  the virtual environment .venv"
	@echo "make check    format, lint, types, import contracts (no tests)"
	@echo "make bench    the benchmarks, as a table of ratios (NAME=… for some, SMOKE=1 for tiny inputs)"
	@echo "make clean    remove build results and caches; .venv and var stay"

$(BIN)/python:
	@.ci/preflight $(PYTHON)
	@echo "making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps: installed again only when the dependencies have changed.
$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	@.ci/preflight $(PYTHON)
	$(call pip_install,installing the service,.[prove$(comma)watch])
	@touch $@
$(VENV)/.installed-test: setup.cfg pyproject.toml | $(BIN)/python
	@.ci/preflight $(PYTHON)
	$(call pip_install,installing the service and what its tests need,.[test])
	@touch $@ $(VENV)/.installed
$(VENV)/.installed-bench: setup.cfg pyproject.toml | $(BIN)/python
	@.ci/preflight $(PYTHON)
	$(call pip_install,installing the service and what its benchmarks need,.[test$(comma)bench])
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test
comma := ,

install: $(VENV)/.installed

run: $(VENV)/.installed
	@exec $(BIN)/chengxin demo run --port $(PORT)

check: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	@.ci/java
	$(BIN)/pytest -n 2

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks $(if $(SMOKE),--smoke) $(NAME)

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app tests benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} +
