# make run     opens the app; the first time it sets everything up.
# make test    runs everything that continuous integration runs; with ARGS, what pytest runs for them and nothing else.
# make check   lints and checks types.   make bench     prints ratios to bare torch and bare Qt.
# make house   counts modules, folders and what breaks the rules of the house.
# make format  formats the code.         make pictures  makes the README's pictures from the app itself.
# make wheel   builds the wheel in dist. make clean     removes the environment and all that was built.
# make test-processors  runs all tests of the models as other processors would; takes many minutes.
# make test-whole       runs all cases of the long sweeps, of which make test runs a sample.
# make help    prints these lines.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
FILES  ?=

.PHONY: run test test-processors test-whole check processors house format bench pictures wheel libraries clean help

run: libraries $(READY)
	$(BIN)/python -m playground $(FILES)

test: libraries $(READY)
ifeq ($(strip $(ARGS)),)
	$(MAKE) --no-print-directory -j 2 check processors
endif
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

processors: libraries $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python tools/processors.py

test-processors: libraries $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python tools/processors.py tests/models

test-whole: libraries $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --every-case tests/models/test_offers.py tests/test_living_tensors.py

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

house: $(READY)
	$(BIN)/python tools/house.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: libraries $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(ARGS)

pictures: libraries $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python tools/make_pictures.py docs

wheel: $(READY)
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

libraries:
	@$(PYTHON) tools/system_libraries.py

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) tools/make_environment.py $(VENV)
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

help:
	@sed -n 's/^# //p' $(firstword $(MAKEFILE_LIST))
