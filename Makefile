# Two commands matter: "make app" opens the dashboard, "make test" runs the tests. Kept to what GNU make 3.81 knows.

PORT ?= 8501
# The Python that makes the environment; left empty, the first suitable one is taken.
PYTHON ?=
# Further arguments of pytest: make test ARGS="-k segmentation"
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: help app test check check-lint check-format check-types check-floors check-spelling check-security audit sbom format clean

help:
	@echo "make app      install what is needed, once, and open the dashboard on port $(PORT) (PORT=... for another)"
	@echo "make test     install what testing needs, once, and run every test (ARGS=... goes to pytest)"
	@echo "make check    lint, format, types, the floors of the house, spelling"
	@echo "make audit    known weaknesses of the pinned packages; needs a network, fails on a package that nobody knows"
	@echo "make sbom     write the software bill of materials, docs/sbom.json"
	@echo "make format   put the code in the one format"
	@echo "make clean    remove the environment and all caches"

app: $(VENV)/installed
	@echo "The dashboard opens at http://localhost:$(PORT); Ctrl-C stops it."
	@exec $(PY) -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT) --server.headless true

test: $(VENV)/installed-dev
	$(PY) -m pytest $(ARGS)

check: check-lint check-format check-types check-floors check-spelling check-security

check-lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .

check-format: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check .

check-types: $(VENV)/installed-dev
	$(VENV)/bin/mypy

check-floors: $(VENV)/installed-dev
	$(VENV)/bin/lint-imports

check-spelling: $(VENV)/installed-dev
	$(VENV)/bin/codespell

# Asserts tell type checkers what is known; subprocesses are our own program with a list of arguments.
check-security: $(VENV)/installed-dev
	$(VENV)/bin/bandit --quiet --recursive --severity-level medium allcad_core pages app.py

audit: $(VENV)/installed-dev
	$(VENV)/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt

sbom: $(VENV)/installed-dev
	$(VENV)/bin/cyclonedx-py requirements requirements.txt --output-reproducible --output-file docs/sbom.json

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache allcad.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The two stamps below say what is installed; they are made anew when the pins change.
# 3.14 is the newest Python that all pinned packages have ready-made files for.
$(VENV)/installed: requirements.txt pyproject.toml
	@fits='import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'; \
	if ! $(PY) -c "$$fits" >/dev/null 2>&1; then \
	  found=; \
	  for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	    if $$python -c "$$fits" >/dev/null 2>&1; then found=$$python; break; fi; \
	  done; \
	  if test -z "$$found"; then \
	    echo "allcad needs Python 3.11 to 3.14 with venv, and found none." >&2; \
	    echo "Debian, Ubuntu: sudo apt-get install python3 python3-venv   macOS: brew install python@3.13" >&2; \
	    echo "Where it stands elsewhere: make app PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$found --version)."; \
	  $$found -m venv --clear $(VENV) || exit 1; \
	fi
	@echo "Installing what allcad needs; the first time this takes some minutes and about 7 GB on Linux, 2 GB elsewhere."
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@if ! message=$$($(PY) -c 'import cv2' 2>&1); then \
	  echo "$$message" | tail -n 1 >&2; \
	  case "$$message" in *".so"*) \
	    echo "OpenCV misses a library of the system. This installs it, then run make again:" >&2; \
	    echo "  sudo apt-get install libgl1 libglib2.0-0" >&2;; \
	  esac; \
	  exit 1; \
	fi
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@
