# `make demo` shows it, `make test` proves it. Everything else is a part of these two.

CLIENTS := .venv/clients
SAM     := .venv/sam
export KOGUMO_BIN ?= $(CURDIR)/target/debug/kogumo

.PHONY: demo test setup build unit facts blackbox lint bench fuzz clean

demo: ## Set up what is missing, build, start the cloud, deploy an example and call it
	@demo/run

test: setup facts unit blackbox ## All tests, the quick ones first

setup: $(CLIENTS)/.done $(SAM)/.done ## The clients that the tests drive
	@tests/prepare

$(CLIENTS)/.done: tests/requirements.txt
	python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(SAM)/.done: tests/requirements-sam.txt
	python3 -m venv $(SAM)
	$(SAM)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

build:
	cargo build --package kogumo

facts: ## Generated files are what would be generated
	cargo xtask facts --check
	cargo xtask model --check
	cargo xtask tidy

unit: ## Unit and property tests, beside the code
	cargo test --workspace --quiet

blackbox: build setup ## The built program, driven by real clients
	$(CLIENTS)/bin/python -m pytest tests

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets

bench: setup ## Speed and memory, as ratios to a bare hyper server in the same run
	cargo build --release --package kogumo
	bench/run

fuzz: ## Bounded fuzzing of codecs, signatures, expressions, templates
	fuzz/run

clean:
	rm -rf target .venv
