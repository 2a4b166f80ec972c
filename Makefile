# make lab    the course, from a fresh clone to JupyterLab on the first lesson
# make site   the course as web pages
# make test   every proof, quickest first        make check   the quick ones, under two minutes
SHELL = /bin/sh
BIN = .venv/bin
QUICK = not slow and not notebook and not browser
SITE = build/site/.venv
.PHONY: help env lab check unit warm notebooks chromium browser test soak lessons site format lock
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile

# The environment: pinned packages, then this package without touching them.

env: .venv/.ready
.venv/.ready: binder/requirements.txt tests/requirements.txt pyproject.toml setup.py
	@python=$$(for name in python3.13 python3.12 python3.11 python3 python; do \
	  if $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then echo $$name; break; fi; done); \
	if [ -z "$$python" ]; then \
	  echo "musicgan_edu needs Python 3.11, 3.12 or 3.13; $$(python3 --version 2>&1) is what this machine has." >&2; \
	  echo "Get one from python.org or your system's packages, then run make again." >&2; exit 1; fi; \
	echo "making .venv with $$($$python --version): about 3 GB on disk, some minutes the first time"; \
	[ -x $(BIN)/python ] || $$python -m venv .venv || { \
	  echo "$$python can't make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r tests/requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

lab: env
	$(BIN)/musicgan lab lessons

# Quickest first, so that a slip shows in seconds.
check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m musicgan_edu.course check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -m "$(QUICK)" -n 2

unit: env
	$(BIN)/pytest -m "slow and not notebook and not browser" -n 2 --dist worksteal

# The chorales' cache is filled once, before anything needs it.
warm: env
	$(BIN)/python -c "from musicgan_edu import corpus; corpus.load('chorales')"

# Two at a time: a lesson is mostly one thread. Those that work against the clock get both cores.
notebooks: warm
	rm -f test-results/notebooks.tsv
	$(BIN)/pytest -m "notebook and not alone" -n 2 --dist worksteal
	$(BIN)/pytest -m "notebook and alone"
	$(BIN)/python benchmarks/lessons.py

# On Debian as root its own chromium (with the libraries that it needs), elsewhere Playwright's.
chromium: env
	@if command -v chromium >/dev/null; then :; \
	elif [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium; \
	else $(BIN)/playwright install chromium; fi

browser: warm chromium $(SITE)/.ready
	$(BIN)/pytest -m browser

test: check
	$(MAKE) warm
	$(MAKE) unit
	$(MAKE) notebooks
	$(MAKE) browser

# Half an hour, outside CI: hostile files for every reader. `--go-on` lets it be done in slices.
soak: warm
	$(BIN)/python benchmarks/soak.py --go-on

lessons: env
	$(BIN)/python -m musicgan_edu.course build

# The course as static HTML in build/site/html: every lesson is run first, 20 minutes or so, and kept until it or
# the package changes. `make site LESSONS="00 03"` runs only these; `REPOSITORY=https://github.com/…` adds Binder and Colab.
$(SITE)/.ready: docs/site/requirements.txt | env
	[ -x $(SITE)/bin/python ] || $(BIN)/python -m venv $(SITE)
	$(SITE)/bin/python -m pip install --disable-pip-version-check --quiet -r docs/site/requirements.txt
	@touch $@

site: env $(SITE)/.ready
	$(BIN)/python docs/site/pages.py $(LESSONS)
	$(SITE)/bin/python -m sphinx -q -W --keep-going -c docs/site -d build/site/doctrees build/site/source build/site/html
	$(BIN)/python docs/site/links.py build/site/html

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One resolution, in two files: what the course needs, and what only its proofs need beside it.
PINS = uv pip compile pyproject.toml --universal --python-version 3.11 --no-annotate --no-header --quiet
lock:
	mkdir -p build
	grep -hv '^-r' binder/requirements.txt tests/requirements.txt >build/all.txt # what holds today stays, if it can
	$(PINS) --all-extras --output-file build/all.txt
	$(PINS) --extra audio --extra scale --extra teach --constraints build/all.txt --output-file binder/requirements.txt
	{ echo "-r ../binder/requirements.txt"; grep -vxFf binder/requirements.txt build/all.txt; } > tests/requirements.txt
