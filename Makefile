# Huizhi 回执. `make demo` and `make test` are all you need; everything is installed below .venv/.
PYTHON ?= python3
V := .venv/bin
PIP := $(V)/python -m pip --disable-pip-version-check install --quiet
CHROMIUM := chromium chromium-browser google-chrome
COMPILE = $(V)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --annotation-style=line \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench lock browser first-half second-half

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.stamp-run ## play a missed punch on both platforms, then export, verify and damage the evidence; no account needed
	$(V)/huizhi demo

run: .venv/.stamp-run ## everything against the sandbox: open the page it prints, click on the phones, Ctrl-C stops
	$(V)/huizhi run

test: browser check ## everything CI runs: style, types, import contracts, all tests
	$(MAKE) --jobs=2 first-half second-half

# Two processes on two cores, about as long as each other; together they name every folder of tests, which a house test
# checks. Files of tests lie in memory where there is room, so those of a test that passed are swept away at once.
SWEEP := -o tmp_path_retention_policy=failed
first-half:
	$(V)/python -m pytest tests/handlers tests/core tests/evidence tests/sandbox tests/house tests/adapters $(SWEEP)

second-half:
	$(V)/python -m pytest tests/journeys tests/web tests/cards tests/config $(SWEEP)

check: .venv/.stamp-dev ## style, types and import contracts only
	$(V)/ruff check .
	$(V)/mypy
	$(V)/lint-imports

bench: .venv/.stamp-dev ## measure; prints medians and peak memory
	$(V)/python -m bench

lock: .venv/.stamp-dev ## write requirements/*.txt again from pyproject.toml
	$(COMPILE) --output-file requirements/run.txt
	$(COMPILE) --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt

# Locked wheels first; then the checkout itself, editable, built by the locked setuptools: nothing else is fetched.
.venv/.stamp-run: requirements/run.txt pyproject.toml
	test -x $(V)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-index --no-build-isolation --editable .
	touch $@

.venv/.stamp-dev: requirements/dev.txt .venv/.stamp-run
	$(PIP) --require-hashes -r requirements/dev.txt
	touch $@

# Screens are tested in Debian's Chromium with a Chinese font; evidence is checked again by programs that are not ours:
# Go's note and tlog packages, openssl, poppler, SoftHSM. Root on Debian installs them; anybody else is told what is missing.
browser:
	@missing=""; \
	found=""; for name in $(CHROMIUM); do command -v $$name >/dev/null && found=$$name; done; \
	[ -n "$$found" ] || missing="chromium"; \
	fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v go >/dev/null || missing="$$missing golang-go"; \
	[ -d /usr/share/gocode/src/golang.org/x/mod ] || missing="$$missing golang-golang-x-mod-dev"; \
	command -v pdftoppm >/dev/null || missing="$$missing poppler-utils"; \
	command -v softhsm2-util >/dev/null || missing="$$missing softhsm2"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fontconfig $$missing; \
	else \
		echo "make test needs: $$missing. Install: sudo apt-get install fontconfig $$missing" >&2; exit 1; \
	fi
