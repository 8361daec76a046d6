# make demo          Odoo and a WhatsApp phone on this machine, in the foreground
# make test          every suite; ONLY=<suite> for one, K=<pattern> to narrow it
# make smoke         two calls against a running demo
# make bench         measurements; ONLY=<group> for one group
# make pictures      those of the handbook, taken from a running demo
# make handbook      pages of docs/ made from the guide in Odoo
# make translations  what there is to translate, and what is not yet
# make setup         what the others do first
# make clean         forget all state of this clone

PYTHON := $(shell command -v python3.11 || command -v python3)
export DEV_DIR ?= $(CURDIR)/.dev
VENV_PYTHON = $(DEV_DIR)/venv/bin/python

.PHONY: demo test smoke bench pictures handbook translations setup clean

demo: setup
	@exec $(VENV_PYTHON) -m tools.demo

test:
	@$(PYTHON) -m tools.setup --for-tests
	@exec $(VENV_PYTHON) -m tools.run_tests $(if $(ONLY),--only "$(ONLY)") $(if $(K),-k "$(K)")

smoke: setup
	@exec $(VENV_PYTHON) -m tools.smoke

bench: setup
	@exec $(VENV_PYTHON) -m benchmarks

pictures: setup
	@exec $(VENV_PYTHON) -m tools.pictures

handbook: setup
	@exec $(VENV_PYTHON) -m tools.handbook

translations: setup
	@exec $(VENV_PYTHON) -m tools.translations

setup:
	@$(PYTHON) -m tools.setup

clean:
	@$(PYTHON) -m tools.clean
