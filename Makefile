# make demo   learn the bundled skyrmion and print the report     make test   every check and every test
# make check  style and types only                                make format rewrite the files in our style
# make docs   the guide as a site, in site/index.html
# make clean  remove caches, builds and the demo's output (.venv stays: delete it by hand)
# make coverage           the tests again, with the branches of spinode/ that no test takes
#
# PYTHON=python3.12      which Python makes .venv (3.11 or newer)
# TORCH_INDEX=ADDRESS    a further package index to take torch from, such as the CPU wheel index that the PyTorch site names
# TORCH=torch==2.13.0    take whatever torch build the package index offers, CUDA packages of several GB included

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt
BUILD_FILES := pyproject.toml constraints.txt

# On Linux the default package index holds a torch with CUDA. Without an NVIDIA GPU only the build
# marked +cpu is accepted, so that no install step downloads the other one by accident.
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
GPUS := $(shell nvidia-smi -L 2>/dev/null | grep -c '^GPU')
ifeq ($(shell uname -s)-$(GPUS),Linux-0)
TORCH ?= torch==$(TORCH_VERSION)+cpu
else
TORCH ?= torch==$(TORCH_VERSION)
endif
TORCH_OPTIONS := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: demo test check docs format coverage clean

demo: .venv/installed
	$(BIN)/spinode demo

# A process for each core; BLAS threads in each of them would only fight for the same cores.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# -W: a link, an anchor or an equation that does not work ends the build.
docs: .venv/installed-docs
	$(BIN)/python -m sphinx -b html -W --keep-going --quiet -d build/docs docs site
	@echo "site/index.html"

format: .venv/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	  --cov --cov-report term-missing:skip-covered --cov-fail-under=92

clean:
	rm -rf build dist demo site docs/generated .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

.venv/torch: constraints.txt
	@test -n "$(PYTHON)" || { echo "spinode needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) $(TORCH_OPTIONS) "$(TORCH)" || { printf '%s\n' \
	  "" "$(TORCH) could not be installed." \
	  "If the package index has no such build, name one that has, such as the CPU wheel index that the PyTorch site names:" \
	  "    make $(MAKECMDGOALS) TORCH_INDEX=ADDRESS" \
	  "or accept the CUDA build, a download of several GB:" \
	  "    make $(MAKECMDGOALS) TORCH=torch==$(TORCH_VERSION)" >&2; exit 1; }
	touch $@

.venv/installed: .venv/torch $(BUILD_FILES)
	$(PIP) hatchling
	$(PIP) --no-build-isolation --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --no-build-isolation --editable ".[dev]"
	touch $@

.venv/installed-docs: .venv/installed
	$(PIP) --no-build-isolation --editable ".[docs]"
	touch $@
