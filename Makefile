# make demo: the embedded study, from nothing.  make test: the tests, from nothing.  make lint: what CI checks first.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(name) -c \
	'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
CORES ?= all
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo retry test faults replay long guest poms histories lint format lock clean

demo: .venv/ready
	@command -v git >/dev/null || { echo "make: git is missing. Debian/Ubuntu: apt install git" >&2; exit 1; }
	@command -v javac >/dev/null || ls /usr/lib/jvm/*/bin/javac "$$JAVA_HOME/bin/javac" >/dev/null 2>&1 || \
	  { echo "make: a JDK (11 or newer) is missing. Debian/Ubuntu: apt install default-jdk-headless" >&2; exit 1; }
	snakemake --cores $(CORES) --resources rapl=1

retry: .venv/ready  # the recorded failures once more, and nothing else
	snakemake --cores $(CORES) --resources rapl=1 -R $$(cat results/failed.txt)

test: .venv/ready-dev
	pytest --numprocesses auto --dist worksteal -m "not alone"
	pytest -m alone

faults: .venv/ready-dev  # a running study is killed, interrupted, filled up at random moments; as root for a disk of its own
	python -m tests.faults

replay: .venv/ready-dev  # a study of 200 commits on published joules, killed ten times; needs libfuse 3: docs/faults.md
	python -m benchmarks.replay $(REPLAY)

long: .venv/ready-dev  # a study of 1,000 commits, killed ten times and continued; half an hour
	python -m benchmarks.long_run $(LONG)

guest: .venv/ready  # the energy sources on a real kernel in QEMU, as root; says what it needs; about 40 minutes without KVM
	tests/guest/run

poms: .venv/ready-dev  # does ergit read builds as Maven, Gradle and Ant do? Needs these, JDK 17 and 25; minutes
	python3 -m benchmarks.poms
	python3 -m benchmarks.build_scripts

histories: .venv/ready  # which commits of real projects build here, with Maven; hours, and a network: docs/histories.md
	python3 -m benchmarks.histories.builds $(HISTORIES)

lint: .venv/ready-dev
	ruff check
	ruff format --check
	snakefmt --check Snakefile rules
	mypy
	codespell
	snakemake --lint

format: .venv/ready-dev
	ruff check --fix
	ruff format
	snakefmt Snakefile rules

.venv/ready: requirements.lock pyproject.toml bin/ergit
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is missing. Debian 12/Ubuntu 24.04: apt install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "make: Python's venv module is missing. Debian/Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --require-hashes --requirement $<
	.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-dev: requirements-dev.lock .venv/ready
	.venv/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

lock:  # after a change of the dependencies in pyproject.toml; needs `uv`
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --quiet --extra install pyproject.toml --output-file requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --quiet --extra dev --extra install --extra parquet \
	  --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock

clean:  # the environment and caches; readings stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
