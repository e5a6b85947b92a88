# The commands of this repository. `make` without a target lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-quick check bench test-services screenshots docs lock clean

# `tests/conftest.py` groups the tests and sorts the groups. Compiled test modules are kept, because
# rewriting the assertions of all of them costs each worker eight seconds.
PYTEST = PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest --dist loadgroup --no-loadscope-reorder

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: ## start a registry on this machine, with a demo catalog
	@bin/install run
	@PLUGPORT_LOG_LEVEL=$${PLUGPORT_LOG_LEVEL:-WARNING} exec .venv/bin/python manage.py serve --demo

test: ## run the whole test suite
	@bin/install dev
	@# Twice as many workers as cores: browser tests wait more than they compute.
	@$(PYTEST) --numprocesses $$((2 * $$(getconf _NPROCESSORS_ONLN)))

test-quick: ## run the tests that start no browser and no processes
	@bin/install dev
	@$(PYTEST) --numprocesses $$(getconf _NPROCESSORS_ONLN) -m "not browser and not processes and not s3"

check: ## lint, types, layers, migrations, OpenAPI, house rules
	@bin/install dev
	@bin/check

test-services: ## run the suite again on PostgreSQL, Redis and an S3 server
	@bin/install dev
	@bin/test-services

bench: ## measure speed; prints name | value | unit
	@bin/install dev
	@bin/bench

screenshots: ## take screenshots of every page, and those of the documentation
	@bin/install dev
	@bin/install-system
	@.venv/bin/python bin/screenshots.py --docs

docs: ## generate the reference pages from the code
	@bin/install dev
	@.venv/bin/python bin/make-docs.py

lock: ## pin the dependencies of requirements/*.in again, with hashes
	@bin/install dev
	@bin/lock

clean: ## delete the files that these commands created, except the data folder
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
