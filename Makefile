# neurodecode. Two commands are enough: `make demo` runs the main job, `make test` every check.
#   make test-all   the slow checks too        make docs    the site, into site/
#   make lint       ruff and the type checker  make clean   remove what these commands made
# Variables: PYTHON (3.11 or newer), VENV, OUT (the demo's folder), TORCH_ARGS (extra arguments for
# installing torch: the CPU index from PyTorch's own install page saves gigabytes on Linux).

VENV ?= .venv
OUT ?= demo
TORCH_ARGS ?=
PYTHONS = $(PYTHON) python3 python3.13 python3.12 python3.11 python
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check -q
INPUTS = pyproject.toml setup.py constraints.txt $(wildcard neurodecode/linalg/_native/*.[ch])
# One BLAS thread a process: pytest already runs one process a core.
ONE_THREAD = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal -q

.PHONY: help demo test test-all docs lint clean
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(MAKEFILE_LIST)

demo: $(VENV)/.stamp-demo
	$(BIN)/neurodecode demo --out $(OUT)

test: lint
	$(PYTEST) -m "not slow and not net"

test-all: lint $(VENV)/.stamp-docs
	$(PYTEST) -m "not net" --durations 15

lint: $(VENV)/.stamp-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.stamp-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site

clean:
	rm -rf $(VENV) build dist site *.egg-info neurodecode/linalg/_native/_kernels.* .pytest_cache .ruff_cache .hypothesis

# The environment: made once, brought up to date when one of INPUTS changed since.
$(VENV)/.stamp-python:
	@for each in $(PYTHONS); do \
	  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making $(VENV) with $$("$$each" --version)"; \
	    "$$each" -m venv --clear $(VENV) && touch $@ && exit 0; \
	    echo "found      a Python without a working venv module"; \
	    echo "fix        install it (Debian, Ubuntu: the package python3-venv), then run make again"; \
	    exit 1; \
	  fi; \
	done; \
	echo "found      no Python >= 3.11 among: $(PYTHONS)"; \
	echo "fix        install one, or name it: make demo PYTHON=/path/to/python3.12"; \
	exit 1

# With an NVIDIA device the newest torch build for it is wanted, not the CPU build that is pinned.
$(VENV)/.stamp-torch: $(VENV)/.stamp-python $(INPUTS)
	@if command -v nvidia-smi >/dev/null 2>&1; then \
	  grep -v -E '^torch(audio)?==' constraints.txt > $(VENV)/constraints.txt; \
	else cp constraints.txt $(VENV)/constraints.txt; fi
	@echo "installing into $(VENV) (some minutes, once)"
	$(PIP) install --no-compile -c $(VENV)/constraints.txt $(TORCH_ARGS) torch
	@touch $@

$(VENV)/.stamp-demo: $(VENV)/.stamp-torch
	$(PIP) install --no-compile -c $(VENV)/constraints.txt -e ".[data]"
	@touch $@

$(VENV)/.stamp-test: $(VENV)/.stamp-torch
	$(PIP) install --no-compile -c $(VENV)/constraints.txt -e ".[data,dask,dev]"
	@touch $@

$(VENV)/.stamp-docs: $(VENV)/.stamp-torch
	$(PIP) install --no-compile -c $(VENV)/constraints.txt -e ".[data,docs]"
	@touch $@
