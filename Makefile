# Two commands: `make verify` puts the theory on trial, `make test` checks the laboratory.
PYTHON ?= python3
EACH ?= 60
BIN := .venv/bin
READY := .venv/.ready

.PHONY: verify test nightly bench mutants gpu docs clean

verify: $(READY)
	$(BIN)/nfrlab bridge --quick --out results
	$(BIN)/nfrlab rivals --quick --out results
	$(BIN)/nfrlab verify --profile quick --out results

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal

nightly: $(READY)  # every claim at 20 seeds, in about an hour on two cores; goes on where it was stopped
	$(BIN)/nfrlab verify --seeds 20 --out results/nightly

bench: $(READY)
	$(BIN)/python -m benchmarks.reduced
	$(BIN)/python -m benchmarks.sweeps
	$(BIN)/python -m benchmarks.bridge
	$(BIN)/python -m benchmarks.convergence

mutants: $(READY)  # EACH of them in every room; goes on where it was stopped
	$(BIN)/python -m mutants --each $(EACH)

gpu: $(READY)  # needs one, and NFRLAB_DATA
	$(BIN)/python -m benchmarks.gpu results/gpu
	$(BIN)/nfrlab train --device cuda --out results/gpu
	$(BIN)/nfrlab bridge --device cuda --out results/gpu
	$(BIN)/nfrlab train --attack all --width 64 --seeds 5 --device cuda --out results/gpu
	$(BIN)/nfrlab decisions --device cuda --out results/gpu

docs: $(READY)
	$(BIN)/python -m nfrlab.verify.report.claims_page
	$(BIN)/python -m nfrlab.verify.report.derivations_page
	$(BIN)/python -m nfrlab.verify.report.map_page
	$(BIN)/python -m nfrlab.simulations.deep.reading.operations_page

$(READY): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement constraints.txt
	$(BIN)/python -m pip install --quiet torch==2.13.0
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .  # else it warns of folders
	rm -rf .venv/house && mkdir -p .venv/house/nfrlab
	ln -s $(addprefix $(CURDIR)/,nfrlab/__init__.py nfrlab/py.typed theory simulations verify paper_figs) .venv/house/nfrlab/
	touch $@

clean:
	rm -rf .venv results
