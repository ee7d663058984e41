SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
# nproc takes OMP_NUM_THREADS for the machine's cores.
CORES ?= $(shell env -u OMP_NUM_THREADS nproc)

STACKS := $(or $(OPENWORLD3D_STACKS),$(HOME)/.cache/openworld3d/stacks)
OLD := $(patsubst tests/stacks/%.txt,test-%,$(wildcard tests/stacks/*_torch*.txt))

# A process for each core, of one thread, as of two threads each they would wait for one another. A file's tests stay on
# one process, as many have fixtures that run a pipeline for all of them.
SHARED := -n $(CORES) --dist loadfile
test $(OLD) test-old: export OMP_NUM_THREADS := 1

.PHONY: demo test test-old $(OLD) slurm stacks check format docs containers

demo: .venv/installed
	$(BIN)/snakemake --cores $(CORES)
	@echo "table:  results/tables/rooms.csv, .md, .tex"
	@echo "clouds: results/runs/sofa/stratified_small/RECIPE/seed0/current/single/SCORE/clouds"
	@echo "logs:   logs/"

test: .venv/installed
	$(BIN)/pytest $(SHARED)

# In each stack the tests of what jobs of its Python run, then the pipeline and the environment check with each stack.
test-old: .venv/installed $(OLD)
	$(BIN)/pytest $(SHARED) -m stacks

$(OLD): test-%: stacks
	@if test -e $(STACKS)/$*/pins.txt; then echo "$*: testing"; \
	    $(STACKS)/$*/bin/pytest $(SHARED) $$(PYTHONPATH=workflow_scripts $(BIN)/python tests/stacks/selected.py); fi

# As root, where apt-get may install a Slurm; says so if not.
slurm: .venv/installed
	$(BIN)/pytest tests/slurm -m slurm -rs -s

stacks:
	tests/stacks/build.sh

check: .venv/installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

format: .venv/installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/snakefmt Snakefile rules

docs: .venv/installed
	$(BIN)/python docs/generate.py

# Snakemake asks conda for its platform before it prints a recipe; the tests' stand-in knows as much.
containers: export PATH := $(PATH):tests/conda/base/bin
containers: .venv/installed
	$(BIN)/snakemake all incremental environments pseudo_masks --containerize dockerfile > containers/Dockerfile
	$(BIN)/snakemake all incremental environments pseudo_masks --containerize apptainer > containers/openworld3d.def

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is older than Python 3.11; say which to use, as in: make PYTHON=python3.11 demo"; exit 1; }
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet -r requirements.txt
	touch $@
