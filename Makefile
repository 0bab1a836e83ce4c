# Two commands are enough: `make demo` and `make test`. Both set up `.venv` by themselves.

.DEFAULT_GOAL := demo
.PHONY: demo docs test test-all test-gpu mutants lint clean

# The first interpreter that really runs and is Python 3.12 or later.
PYTHON := $(shell for python in python3.12 python3.13 python3.14 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1 && { echo "$$python"; break; }; done)

demo: .venv/.installed
	.venv/bin/dendrosim demo

# The site: tutorials are executed and examples run where they have changed; nothing is fetched.
docs: .venv/.installed-dev
	.venv/bin/sphinx-build -b html -W --keep-going docs docs/_build/html

test: lint
	.venv/bin/pytest -n 2 --dist loadfile

test-all: lint
	.venv/bin/pytest -n 2 --dist loadfile -m "slow or not slow"

test-gpu: .venv/.installed-dev
	@.venv/bin/python -c 'import sys, torch; torch.cuda.is_available() or \
	sys.exit("torch finds no GPU on this machine: run make test-gpu on one that has an NVIDIA GPU.")'
	timeout 380 .venv/bin/pytest -m gpu
	timeout 90 .venv/bin/dendrosim doctor
	timeout 120 .venv/bin/dendrosim bench cost --device cuda

mutants: .venv/.installed-dev
	.venv/bin/python tests/mutants.py

lint: .venv/.installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

clean:
	rm -rf .venv demo mutants runs docs/_build docs/gallery docs/reference/generated

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "dendrosim needs Python 3.12 or later and found none: install one and run make again."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | .venv/bin/python
	.venv/bin/python -m pip install --quiet --editable .
	@touch $@

.venv/.installed-dev: pyproject.toml | .venv/bin/python
	.venv/bin/python -m pip install --quiet --editable '.[dev]'
	@touch $@ .venv/.installed
