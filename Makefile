# Everything starts here. Each target does its own set-up: a virtual environment, the jars, the applet and the
# simulated card are made when their inputs are newer than their stamps, and left alone otherwise.
# Wanted on the machine: make, Python >= 3.11 with venv, JDK 17, Maven. For card readers also what PCSC_MISSING names.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

VENV := .venv
PY := $(VENV)/bin/python
JARS := build/jars
JAVA := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)java
ANT := $(JAVA) -cp $(JARS)/ant.jar:$(JARS)/ant-launcher.jar org.apache.tools.ant.launch.Launcher
FORMAT_JAVA := $(JAVA) -jar $(JARS)/google-java-format.jar
PYTEST := $(PY) -m pytest -n 2

java_in = $(shell find $(1) -name '*.java' 2>/dev/null)
JAVA_FILES = $(call java_in,applet tests)

# pyscard comes as source only. Without these, everything but card readers works; in CI they are required.
PCSC_MISSING := $(shell command -v gcc >/dev/null || echo gcc; command -v swig >/dev/null || echo swig; \
  pkg-config --exists libpcsclite 2>/dev/null || test -e /usr/include/PCSC/winscard.h || echo libpcsclite-dev)

VENV_DONE := $(VENV)/.done
PCSC_DONE := $(VENV)/.pcsc$(if $(PCSC_MISSING),-without)
JARS_DONE := $(JARS)/.done
APPLET_DONE := build/applet/.done
SIM_DONE := build/sim/.done
CHECK_DONE := build/check/.done
CARD := $(VENV_DONE) $(PCSC_DONE) $(APPLET_DONE) $(SIM_DONE)

# Tests of the card that also run on the other jCardSim and through a real reader, and those that only do the latter.
# Left out: what cuts the power all the time, or has a simulator or applets of its own.
card_tests = $(patsubst %,tests/card/test_%.py,$(1))
EVERYWHERE := $(call card_tests,wire readable gathering store_updates store_transactions \
  wide_nodes bad_input threats threat_01_acl threat_02_escalation threat_15_memory threat_19_answers threat_19_chains \
  threat_21_reselect store_model several_subtrees)
EVERYWHERE += $(call card_tests,scp03 scp03_principals scp03_vector secure_session put_key proof credentials \
  credential_logins no_logins full_card threat_11_cryptograms threat_11_padding threat_12_channels threat_14_keys \
  threat_14_pin threat_21_doors threat_22_free_memory threat_22_tells threat_22_zeroize threat_24_deputy \
  threat_28_replay)
IN_READER := $(call card_tests,bad_commands bad_text bad_trees bad_values branches definition_life definitions feed \
  feed_age large_values provision provision_model provision_rights segments servers session_feed session_forms \
  session_objects session_room session_unreadable session_values store_example store_rules uploads_at_the_limits)

.PHONY: help demo test test-full test-pcsc test-jcardsim lint format bench coverage fuzz soak cap setup lock clean

help: ## say what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(CARD) ## a tour: a simulated card is made, filled, changed, torn, exported and compared
	@$(PY) -m tests.demo

test: $(CARD) $(CHECK_DONE) ## every test, in some minutes
	@$(PYTEST)

test-full: $(CARD) $(CHECK_DONE) ## the searches (random and exhaustive tests) at the depth of CI
	@SMARTDM_DEPTH=full $(PYTEST) --timeout=900 -m search

test-pcsc: $(CARD) ## tests of the card once more, through pcscd, vpcd and pyscard
	@SMARTDM_TEST_TRANSPORT=pcsc $(PYTEST) $(EVERYWHERE) $(IN_READER)

test-jcardsim: $(CARD) ## tests of the simulator and the card once more, on jCardSim 3.0.5.11
	@SMARTDM_JCARDSIM=3.0.5.11 $(PYTEST) tests/card/simulated tests/card/test_store_install.py $(EVERYWHERE)

fuzz: $(CARD) ## a million hostile APDUs and as many hostile files
	@SMARTDM_DEPTH=long $(PYTEST) --timeout=0 -m fuzz

soak: $(CARD) ## every other search, with fresh randomness, for as long as it takes
	@SMARTDM_DEPTH=long $(PYTEST) --timeout=0 -m "search and not fuzz"

bench: $(CARD) $(CHECK_DONE) ## measure, print the table, write build/bench.json and docs/benchmarks.md
	@$(PY) -m tests.bench

coverage: $(CARD) $(CHECK_DONE) ## run the tests and see what they reach; writes build/coverage
	@$(PY) -m tests.bench.coverage

lint: $(VENV_DONE) $(JARS_DONE) ## formatting, rules and types; changes nothing
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy host tests
	@$(FORMAT_JAVA) --dry-run --set-exit-if-changed $(JAVA_FILES) \
	  || { echo "These Java files are not formatted: run 'make format'." >&2; exit 1; }
	@echo "Java: $(words $(JAVA_FILES)) files formatted"

format: $(VENV_DONE) $(JARS_DONE) ## rewrite Python and Java files in the agreed format
	@$(VENV)/bin/ruff format .
	@$(FORMAT_JAVA) --replace $(JAVA_FILES)

cap: $(APPLET_DONE) ## convert and verify the CAP file; wants Oracle's SDK, see jcsdk/README.md
	@$(ANT) -e cap

setup: $(CARD) $(CHECK_DONE) ## only the set-up

lock: ## pin the newest versions that pyproject.toml allows
	@$(call find_python) && $$python -m venv build/lock && build/lock/bin/pip install -q pip-tools==7.6.2
	@build/lock/bin/pip-compile -q --upgrade --generate-hashes --allow-unsafe --strip-extras --extra dev --extra keyring \
	  --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --annotation-style line -o build/lock/requirements.txt pyproject.toml
	@{ echo "# Made by 'make lock' from pyproject.toml (dependencies, the dev and the keyring extra). Not edited by hand."; \
	  grep -v '^# The following packages' build/lock/requirements.txt | cat -s; } > requirements.lock
	@build/lock/bin/python -c 'import tomllib; \
	  extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; \
	  print(*extras["pcsc"], *extras["foreign"], sep="\n")' \
	  > build/lock/pcsc.in
	@build/lock/bin/pip-compile -q --upgrade --generate-hashes --strip-extras --no-build-isolation \
	  --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --no-annotate \
	  -o build/lock/pcsc.txt build/lock/pcsc.in
	@{ echo "# Made by 'make lock' from pyproject.toml (the pcsc and foreign extras). Not edited by hand."; cat build/lock/pcsc.txt; } \
	  > requirements-pcsc.lock

clean: ## remove all that make made, also the virtual environment
	rm -rf build $(VENV) host/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find host tests -name __pycache__ -prune -exec rm -rf {} +

# The newest Python may lack wheels, so the machine's default comes first.
define find_python
for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
  $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
done; \
[ -n "$$python" ] || { echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv);" \
  "name another one by PYTHON=/path/to/python3" >&2; exit 1; }
endef

$(VENV_DONE): requirements.lock pyproject.toml
	@echo "Python packages -> $(VENV)"
	@$(call find_python); $$python -m venv $(VENV)
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# setuptools, which builds it, is among the locked packages.
$(VENV)/.pcsc: requirements-pcsc.lock $(VENV_DONE)
	@echo "pyscard -> $(VENV)"
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps --no-build-isolation \
	  -r requirements-pcsc.lock || { echo "pyscard was not built. Are the headers of Python there?" \
	  "(Debian: apt-get install python3-dev)" >&2; exit 1; }
	@touch $@

$(VENV)/.pcsc-without: $(VENV_DONE)
	@echo "Card readers cannot be used without $(strip $(PCSC_MISSING)); all else can" \
	  "(Debian: apt-get install $(strip $(PCSC_MISSING)) pcscd)"
	@[ -z "$(CI)" ] || { echo "CI tests card readers, too: install them" >&2; exit 1; }
	@touch $@

$(JARS_DONE): pom.xml jars.sha256
	@for tool in $(JAVA)c mvn sha256sum; do command -v $$tool >/dev/null || { echo "'$$tool' is needed:" \
	  "JDK 17, Maven, coreutils (Debian: apt-get install openjdk-17-jdk-headless maven coreutils)" >&2; exit 1; }; done
	@echo "jars -> $(JARS)"
	@rm -rf $(JARS)
	@mkdir -p build; mvn -q -B -f pom.xml dependency:copy >build/mvn.log 2>&1 || { cat build/mvn.log >&2; exit 1; }
	@cd $(JARS) && sha256sum --quiet -c ../../jars.sha256 \
	  || { echo "A jar is not the one that jars.sha256 names: it was changed on its way here." >&2; exit 1; }
	@touch $@

$(APPLET_DONE): $(call java_in,applet/src applet/flat) build.xml $(JARS_DONE)
	@echo "applet -> build/applet"
	@$(ANT) -S flat | sed '/^Buildfile: /d'
	@touch $@

$(SIM_DONE): $(call java_in,applet/sim) $(APPLET_DONE)
	@echo "simulated card -> build/sim"
	@$(ANT) -S simulator | sed '/^Buildfile: /d'
	@touch $@

$(CHECK_DONE): $(call java_in,applet/check) build.xml $(JARS_DONE)
	@echo "subset checker -> build/check"
	@$(ANT) -S checker | sed '/^Buildfile: /d'
	@touch $@
