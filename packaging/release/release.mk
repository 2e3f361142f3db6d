# What is handed out: programs that run where there is no Swift, Debian packages, a release folder.
# Included by the Makefile.

# Small rather than fast, where it is not kernels: nothing is exported, and equal code is one. The
# same bytes wherever it is built: no path of the folder gets in, nor a number made of one.
SMALL = -c release -Xswiftc -Osize --static-swift-stdlib -Xswiftc -Xfrontend \
    -Xswiftc -function-sections -Xlinker --no-export-dynamic -Xlinker --gc-sections \
    -Xlinker --icf=all -Xlinker --build-id=none -Xcc -ffile-prefix-map=$(CURDIR)=. \
    -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=.
# C++'s library, which Swift's is written with, comes into the program too: it is the only one in a
# folder that the linker looks through first.
SMALL_HERE = $(SMALL) -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
    -Xlinker --as-needed -Xswiftc -L -Xswiftc $(1)/libraries --scratch-path $(1)

# Swift's own where it has one: GNU's loses that relocated data is read-only.
SMALL_OBJCOPY = $(or $(wildcard $(dir $(KC_CLANG))llvm-objcopy),objcopy)
# $(1): objcopy, $(2): a program, $(3): where it goes without what only a debugger reads and without
# the compiler's own notes, which the names of folders are in.
STRIP = $(1) --strip-all --remove-section=.swift_modhash $(2) $(3)/$(notdir $(2))

# $(1): scratch folder, which gets the two commands in `bin`. $(2): more options.
define SMALL_BUILD
mkdir -p $(1)/libraries
ln -sf "$$($(KC_CLANG) -print-file-name=libstdc++.a)" $(1)/libraries/
$(SWIFT) build $(call SMALL_HERE,$(1)) $(2) --product inkstone
$(SWIFT) build $(call SMALL_HERE,$(1)) $(2) --product inkstone-quantize
mkdir -p $(1)/bin
$(call STRIP,$(SMALL_OBJCOPY),$(1)/release/inkstone,$(1)/bin)
$(call STRIP,$(SMALL_OBJCOPY),$(1)/release/inkstone-quantize,$(1)/bin)
endef

STATIC := $(CURDIR)/.build-static
VERSION = $(shell dpkg-parsechangelog -l packaging/debian/changelog -S Version)
# The day that the changelog names is the date of all that is made.
EPOCH = $(shell dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)
SWIFT_VERSION = $(shell $(SWIFT) --version 2>/dev/null \
    | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')
DEB := .build-deb
DIST := .build-dist
RELEASE_PYTHON := .build-release-python

.PHONY: static beside deb check-deb dist setup-needs setup-deb
static: setup setup-needs ## Build both commands to run on any Debian into .build-static/bin (5 min)
	$(call SMALL_BUILD,$(STATIC))
	packaging/needs $(STATIC)/bin/inkstone $(STATIC)/bin/inkstone-quantize

# What goes beside the programs: manual pages, completions, notices, the bill of materials.
beside: static $(RELEASE_PYTHON)/ready
	$(SWIFT) build $(call SMALL_HERE,$(STATIC)) --product generate-manual
	packaging/release/help $(STATIC)/release $(STATIC)/beside
	SOURCE_DATE_EPOCH=$(EPOCH) $(RELEASE_PYTHON)/bin/python packaging/release/sbom.py \
	    --build $(STATIC)/release --checkouts $(STATIC)/checkouts --resolved Package.resolved \
	    --version $(VERSION) --swift $(SWIFT_VERSION) \
	    --notices $(STATIC)/beside/NOTICES --sbom $(STATIC)/beside/inkstone.cdx.json

$(RELEASE_PYTHON)/ready: packaging/release/requirements.txt
	$(PYTHON) -m venv $(RELEASE_PYTHON)
	$(RELEASE_PYTHON)/bin/pip install --quiet --requirement $<
	touch $@

deb: setup-deb aarch64 beside ## Make Debian packages, amd64 and arm64, as root (20 min)
	SOURCE_DATE_EPOCH=$(EPOCH) packaging/debian/build $(DEB) $(STATIC)/beside \
	    amd64=$(STATIC)/bin arm64=$(AARCH64)/bin

check-deb: setup-deb ## Install, upgrade, remove and purge those in a fresh Debian, as root (5 min)
	packaging/debian/check $(DEB)

dist: deb ## Make the release folder .build-dist: archives, packages, checksums, an SBOM
	SOURCE_DATE_EPOCH=$(EPOCH) packaging/release/dist $(DIST)/inkstone-$(VERSION) $(DEB) \
	    $(STATIC)/beside x86_64=$(STATIC)/bin aarch64=$(AARCH64)/bin

setup-needs:
	@.ci/setup needs
setup-deb:
	@.ci/setup deb
