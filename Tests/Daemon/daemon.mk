# The daemon from outside: `make test-daemon` runs all of Tests/Daemon, `make test-daemon-NAME` one.
# They need curl, Debian's chromium and chromium-driver, and a virtual environment that they make.
DAEMON_BUILD := .build-daemon
DAEMON_PYTHON := $(DAEMON_BUILD)/venv/bin/python
DAEMON_READY := $(DAEMON_BUILD)/ready
DAEMON_TESTS := clients page lifecycle load hostile kill faults

.PHONY: test-daemon page-seal page-pictures $(DAEMON_TESTS:%=test-daemon-%)

test-daemon: ## Test the daemon from outside: clients, kills, write errors, load, hostility
test-daemon: $(DAEMON_TESTS:%=test-daemon-%)

$(DAEMON_TESTS:%=test-daemon-%): test-daemon-%: $(DAEMON_READY) $(DAEMON_BUILD)/libfault.so
	$(SWIFT_BUILD) --product inkstone
	$(PYTHON) Tests/Daemon/seal_page.py --check
	FAULT_SHIM=$(CURDIR)/$(DAEMON_BUILD)/libfault.so $(DAEMON_PYTHON) Tests/Daemon/$*.py

page-seal: ## Write the hashes of the page's style and script into its policy
	$(PYTHON) Tests/Daemon/seal_page.py

page-pictures: $(DAEMON_READY) ## Photograph the page for the README
	$(DAEMON_PYTHON) Tests/Daemon/page.py --pictures $(CURDIR)/docs/images

$(DAEMON_READY): Tests/Daemon/requirements.txt
	@.ci/setup build daemon
	$(PYTHON) -m venv $(DAEMON_BUILD)/venv
	$(DAEMON_BUILD)/venv/bin/pip install --quiet --requirement $<
	touch $@

$(DAEMON_BUILD)/libfault.so: Tests/Daemon/fault.c
	mkdir -p $(DAEMON_BUILD)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -Werror -shared -fPIC $< -o $@ -ldl
