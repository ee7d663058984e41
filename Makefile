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

.PHONY: help demo quick gpu-dry test test-old $(OLD) slurm browser stacks check format docs site new_score containers

help: ## lists these targets
	@sed -En 's/^([a-z_-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 18

quick: .venv/installed ## trains one network and compares its scores, within two minutes
	$(BIN)/snakemake --cores $(CORES) --configfile experiments/quick.yaml

demo: .venv/installed ## runs the default experiment: four networks, 22 methods, about four minutes
	$(BIN)/snakemake --cores $(CORES)

gpu-dry: .venv/installed ## runs small, on the CPU, what a GPU is measured by
	$(BIN)/python benchmarks/on_a_gpu.py --dry

test: .venv/installed ## runs the tests
	$(BIN)/pytest $(SHARED)

# In each stack the tests of what jobs of its Python run, then the pipeline and the environment check with each stack.
test-old: .venv/installed $(OLD) ## runs the tests of what jobs of older Pythons and torches run, there
	$(BIN)/pytest $(SHARED) -m stacks

$(OLD): test-%: stacks
	@if test -e $(STACKS)/$*/pins.txt; then echo "$*: testing"; \
	    $(STACKS)/$*/bin/pytest $(SHARED) $$(PYTHONPATH=workflow_scripts $(BIN)/python tests/stacks/selected.py); fi

# As root, where apt-get may install a Slurm; says so if not.
slurm: .venv/installed ## runs the pipeline through a Slurm on this machine (as root)
	$(BIN)/pytest tests/slurm -m slurm -rs -s

# Likewise a Chromium: opens the reports that lie in results/reports, and a small one.
browser: .venv/installed ## opens the reports in a headless Chromium
	$(BIN)/pytest tests/browser -m browser -rs -s

stacks: ## builds the older Pythons and torches
	tests/stacks/build.sh

check: .venv/installed site ## checks format, lint, types and the docs' links
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

format: .venv/installed ## formats the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/snakefmt Snakefile rules

docs: .venv/installed ## writes the generated pages and tables of docs/
	$(BIN)/python docs/generate.py

site: .venv/installed ## builds docs/ as a site in .site/
	$(BIN)/mkdocs build --strict --quiet

new_score: .venv/installed ## writes a score to start from, its test and its line of the config: make new_score NAME=mine
	@$(BIN)/python workflow_scripts/new_score.py '$(NAME)'

# Snakemake asks conda for its platform before it prints a recipe; the tests' stand-in knows as much.
containers: export PATH := $(PATH):tests/conda/base/bin
containers: .venv/installed ## writes the image recipes of containers/
	$(BIN)/snakemake all incremental environments pseudo_masks --containerize dockerfile > containers/Dockerfile
	$(BIN)/snakemake all incremental environments pseudo_masks --containerize apptainer > containers/openworld3d.def

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is older than Python 3.11; say which to use, as in: make PYTHON=python3.11 demo"; exit 1; }
	test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing all packages into .venv, which takes a few minutes."
	@$(BIN)/pip install --disable-pip-version-check --quiet -r requirements.txt
	touch $@
