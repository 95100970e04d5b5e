# `make` alone prints the verbs. Every verb first installs what it needs, from nothing.

NODE := src/node/node
# The program has said what is wrong, so make prints no "Error 64" after it: make is told to quit, and exits with 1. The
# child waits for that, because make would complain of a child that went first.
OR_QUIT := || { kill -QUIT $$PPID; exec sleep 0.2 >/dev/null 2>&1; }
# what a verb is given on the command line: make extract ARGS="--sink csv --json"
ARGS ?=
# a question for `make sql`, which goes by the environment: it may hold anything that a shell would take for its own
export Q

# With no Duo setting at all, in the environment or in .env, these verbs run against an emulated tenant, into data/demo.
DEMO := $(shell [ -n "$$DUO_IKEY$$DUO_HOST$$DUO_SKEY$$DUO_SKEY_FILE$$DUO_MFA_DATA" ] || \
	grep -qsE '^[[:space:]]*(export[[:space:]]+)?(DUO_(IKEY|HOST|SKEY|SKEY_FILE)|DUO_MFA_DATA)=' .env || echo yes)
ifeq ($(DEMO),yes)
extract check: export DUO_MFA_DATA := data/demo
endif

help: ## print the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: node_modules/.setup ## install what is needed: the packages, and the Node that runs everything

# every package has its hash in the lock file, and none runs a script of its own
node_modules/.setup: package.json package-lock.json src/node/package.json
	@echo "Installing, once: the packages and the Node that runs everything." >&2
	@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@chmod go-w data # git makes it as the umask says, and others may not write it
	@touch $@

init: setup ## ask for the keys to your tenant, try them, and write .env
	@./duo-mfa init $(ARGS) $(OR_QUIT)

extract: setup ## one run; of the emulated tenant if no Duo setting is there
ifeq ($(DEMO),yes)
	@$(NODE) src/emulator/try.ts extract $(ARGS) $(OR_QUIT)
else
	@./duo-mfa extract $(ARGS) $(OR_QUIT)
endif

check: setup ## settings, clock, permissions, sinks
ifeq ($(DEMO),yes)
	@$(NODE) src/emulator/try.ts check $(ARGS) $(OR_QUIT)
else
	@./duo-mfa check $(ARGS) $(OR_QUIT)
endif

sql: setup ## ask the ledger: make sql Q="SELECT count(*) FROM users", or Q=@coverage; Q=@ lists what has a name
	@./duo-mfa sql $${Q:+"$$Q"} $(ARGS) $(OR_QUIT)

shell: setup ## ask the ledger at a prompt, in duckdb if it is on the PATH; ARGS=--no-duckdb for our own
	@./duo-mfa shell $(ARGS) $(OR_QUIT)

policy: setup ## compare the tenants with the policies, built in and in data/policies; ARGS="--format junit"
	@./duo-mfa policy $(ARGS) $(OR_QUIT)

verify: setup ## read every sink back and compare it with what was published
	@./duo-mfa verify $(ARGS) $(OR_QUIT)

prune: setup ## remove old snapshots: make prune ARGS="--keep-daily 30 --keep-monthly 24"
	@./duo-mfa prune $(ARGS) $(OR_QUIT)

forget-person: setup ## erase one person from everything: make forget-person ARGS="USER_ID --dry-run"
	@./duo-mfa forget-person $(ARGS) $(OR_QUIT)

rebuild: setup ## make the ledger again from the Parquet files
	@./duo-mfa rebuild $(ARGS) $(OR_QUIT)

report: setup ## one HTML page to forward: coverage over time, what changed, who is at risk
	@./duo-mfa report $(ARGS) $(OR_QUIT)

tenants: setup ## the tenants of the data directory; ARGS='retire "NAME"' for one that is gone
	@./duo-mfa tenants $(ARGS) $(OR_QUIT)

worker: setup ## join a fleet of machines; ARGS="--tenants customers.toml --sink postgres"
	@./duo-mfa worker $(ARGS) $(OR_QUIT)

submit: setup ## hand tenants to the fleet, and see how far they are; ARGS="--tenants customers.toml"
	@./duo-mfa submit $(ARGS) $(OR_QUIT)

demo: setup ## thirty days of an invented tenant, in data/demo
	@./duo-mfa demo $(ARGS) $(OR_QUIT)

pipelines sinks emulator: setup
	@./duo-mfa $@ $(ARGS) $(OR_QUIT)

pipelines: ## what can be extracted
sinks: ## where rows can go
emulator: ## an invented tenant on loopback: make emulator ARGS="--users 1000"

dictionary: setup ## write the data dictionary to data/README.md
	@./duo-mfa dictionary > data/README.md

test: lint ## lint, types, and every test
	@$(NODE) node_modules/.bin/vitest run --config test/vitest.config.ts $(ARGS)

test-quick: setup ## the fast tests: units and laws
	@$(NODE) node_modules/.bin/vitest run --config test/vitest.quick.config.ts $(ARGS)

coverage: setup ## which lines the tests run, as a table and in coverage/index.html; ARGS="test/sinks/sinks.test.ts" for one file
	@$(NODE) node_modules/.bin/vitest run --config test/vitest.config.ts --coverage $(ARGS)

torture: setup ## faults of every kind, for half an hour; CASE=K1 N=100 SEED=7 for one case
	@$(NODE) test/torture/main.ts

lint: setup ## types, effect's diagnostics, oxlint, dprint, and words that make a reader stop
	@$(NODE) node_modules/.bin/tsc --project tsconfig.json
	@$(NODE) node_modules/.bin/effect-tsgo diagnostics --project tsconfig.json --strict
	@$(NODE) node_modules/.bin/oxlint --quiet
	@$(NODE) node_modules/.bin/dprint check --config .dprint.json
	@$(NODE) docs/tools/words.ts

format: setup ## format the code as lint requires
	@$(NODE) node_modules/.bin/dprint fmt --config .dprint.json

bench: setup ## the cost of a run beside the least possible and other programs, for an hour; ARGS="--only start" for a part
	@$(NODE) --disable-warning=ExperimentalWarning bench/main.ts $(ARGS)

bench-quick: setup ## the same benchmarks once at a tenth of the size, in a few minutes
	@$(NODE) --disable-warning=ExperimentalWarning bench/main.ts --quick $(ARGS)

dist: setup ## build the contents of the npm package in dist/; npm pack makes the package
	@$(NODE) src/package/build.ts

# the version is in two files, and the changes of a release are in one per change: docs/releasing.md
release: setup ## make VERSION the version, and move the unreleased changes into CHANGELOG.md: make release VERSION=0.2.0
	@[ -n "$(VERSION)" ] || { echo "Say which version: make release VERSION=0.2.0" >&2; false; } $(OR_QUIT)
	@npm version --no-git-tag-version --allow-same-version --no-update-notifier $(VERSION) >/dev/null
	@$(NODE) docs/tools/changelog.ts $(VERSION) $$(date -u +%F)

.DEFAULT:
	@{ echo 'make has no verb "$@". make lists all; a question goes into Q, and flags go into ARGS.' >&2; false; } $(OR_QUIT)

.PHONY: help setup init extract check sql shell policy verify rebuild tenants prune forget-person report demo pipelines sinks emulator dictionary test test-quick coverage torture lint format bench bench-quick dist release
