# The commands of this repository. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check bench test-services screenshots docs lock clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: ## start a registry on this machine, with a demo catalogue in it
	@bin/install run
	@PLUGPORT_LOG_LEVEL=$${PLUGPORT_LOG_LEVEL:-WARNING} exec .venv/bin/python manage.py serve --demo

test: ## run the whole test suite
	@bin/install dev
	@exec .venv/bin/python -m pytest --numprocesses auto --dist loadfile

check: ## lint, types, layers, migrations, OpenAPI, house rules
	@bin/install dev
	@bin/check

test-services: ## run the suite again on PostgreSQL, Redis and an S3 server
	@bin/install dev
	@bin/test-services

bench: ## measure speed; prints name | value | unit
	@bin/install dev
	@bin/bench

screenshots: ## take a picture of every page, and those of the documentation
	@bin/install dev
	@bin/install-system
	@.venv/bin/python bin/screenshots.py --docs

docs: ## write the reference pages that follow from the code
	@bin/install dev
	@.venv/bin/python bin/make-docs.py

lock: ## pin the dependencies of requirements/*.in anew, with hashes
	@bin/install dev
	@bin/lock

clean: ## remove what the commands above made, but not the data folder
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
