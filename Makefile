# Everything a newcomer types. Needs Python 3.11 or newer, git and make; the rest installs itself
# into .venv on the first call and is skipped on the next.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install -qq
BASE := $(VENV)/.base-installed
DEV := $(VENV)/.dev-installed

# Which tests, as in `make test TESTS=tests/store`. A process for each core, one thread each.
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo demo-check test lint benchmark-xray benchmark-diffusion benchmark-rvae benchmark-diffraction benchmark-conventions benchmark-calorimeter benchmark-facility benchmark-memory benchmark-live validate train

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(BASE) ## make .venv with everything the portal and its workers need

demo: $(BASE) ## a real X-ray map, twice, at 1/16 of its beam time: portal and worker on this machine
	@$(PY) manage.py demo

demo-check: $(BASE) ## the demo unattended: asserts what its result page must contain, then exits
	@scripts/demo-check $(PY)

test: $(DEV) ## every test this machine can run; what was left out is listed at the end, with its reason
	@OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(TESTS)

lint: $(DEV) ## formatting, types, who may import whom, migrations, container files
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@PYTHONPATH=platform:client:. $(VENV)/bin/lint-imports
	@! ls platform/*.py 2>/dev/null || { echo "platform/ belongs to Python's own module of that name: move these files below it."; exit 1; }
	@FIDUCIAL_HOME=$(VENV)/lint-home $(PY) manage.py makemigrations --check --dry-run
	@$(VENV)/bin/hadolint --config docker/hadolint.yaml docker/Dockerfile
	@echo "lint: everything holds"

benchmark-xray: $(DEV) ## our estimates beside their rivals on real maps; writes tests/benchmarks/results/xray.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.xray

benchmark-diffusion: $(DEV) ## samples of the unseen detail beside their rivals; writes tests/benchmarks/results/diffusion.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.diffusion

benchmark-rvae: $(DEV) ## units of known pose and real movies beside pyroVED, AtomAI and a classical descriptor; writes tests/benchmarks/results/rvae.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.rvae

benchmark-diffraction: $(DEV) ## objects and probes of measured diffraction scans beside pty-chi; writes tests/benchmarks/results/diffraction.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.diffraction $(if $(ONLY),--only $(ONLY))

benchmark-calorimeter: $(DEV) ## finer calorimeter events beside their rivals on simulated showers; writes tests/benchmarks/results/calorimeter.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.calorimeter

benchmark-conventions: $(DEV) ## wrong conventions planted in diffraction scans that an upload names; writes tests/benchmarks/results/conventions.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.conventions

benchmark-facility: $(DEV) ## fairness, the queue, 200 people at once, faults and a broken upload; writes tests/benchmarks/results/facility.json
	@PYTHONPATH=platform:client:. $(PY) -m tests.benchmarks.facility $(if $(ONLY),--only $(ONLY))

benchmark-memory: $(DEV) ## peak memory of every recipe beside what it declares; writes tests/benchmarks/results/memory.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.memory

benchmark-live: $(DEV) ## frames per second of previews of live scans, with one worker and two; writes tests/benchmarks/results/live.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.live

validate: $(DEV) ## the proof that the assessment can fail, beside its bars; writes tests/benchmarks/results/assessment.json
	@PYTHONPATH=platform:. $(PY) -m tests.benchmarks.assessment

train: $(BASE) ## train the shipped networks again: hours on a CPU; goes on where it was stopped
	@scripts/train $(PY)

# Torch comes first and alone; the constraints keep anything that follows from replacing it.
$(BASE): constraints.txt requirements/base.txt
	@PYTHON="$(PYTHON)" scripts/check-python
	@test -x $(PY) || { echo "Making $(VENV) with $(PYTHON)"; "$(PYTHON)" -m venv $(VENV); }
	@echo "Installing torch: the largest part, minutes on a slow line, once"
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@echo "Installing what the portal and its workers need"
	@$(PIP) -c constraints.txt -r requirements/base.txt
	@touch $@

$(DEV): $(BASE) requirements/dev.txt
	@echo "Installing what the tests and linters need"
	@$(PIP) -c constraints.txt -r requirements/dev.txt
	@touch $@
