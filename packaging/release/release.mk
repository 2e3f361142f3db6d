# What is handed out: programs that run where there is no Swift, Debian packages, a release folder.
# Included by the Makefile.

# Small rather than fast, where it is not kernels: nothing is exported, and equal code is one. The
# same bytes wherever it is built: no path of the folder gets in, nor a number made of one.
SMALL = -c release -Xswiftc -Osize --static-swift-stdlib -Xswiftc -Xfrontend \
    -Xswiftc -function-sections -Xlinker --no-export-dynamic -Xlinker --gc-sections \
    -Xlinker --icf=all -Xlinker --build-id=none -Xcc -ffile-prefix-map=$(CURDIR)=. \
    -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. \
    -Xlinker -z -Xlinker pack-relative-relocs \
    -Xlinker --no-eh-frame-hdr -Xlinker packaging/release/unwind.ld
# C++'s library, which Swift's is written with, comes into the program too: it is the only one in a
# folder that the linker looks through first.
SMALL_HERE = $(SMALL) -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
    -Xlinker --as-needed -Xswiftc -L -Xswiftc $(1)/libraries --scratch-path $(1)

# Swift's own where it has one: GNU's loses that relocated data is read-only.
SMALL_OBJCOPY = $(or $(wildcard $(dir $(KC_CLANG))llvm-objcopy),objcopy)
SMALL_LINKER = $(or $(wildcard $(dir $(KC_CLANG))ld.lld),ld.lld)
# What the first link read is kept, for the second: it leaves out what nothing can reach. A program
# that is there already would not be linked, so it goes first.
# $(1): scratch folder, $(2): name of a program.
KEEP_INPUTS = -Xlinker --reproduce=$(1)/$(2).tar --product $(2)
# $(1): scratch folder, $(2): name of a program, $(3): where it was linked, $(4): objcopy. Puts it
# into `bin`, without what only a debugger reads and without the compiler's own notes, which the
# names of folders are in.
define SMALLEST
mkdir -p $(1)/bin
$(PYTHON) packaging/release/prune $(SMALL_LINKER) $(1)/$(2).tar $(3)/$(2)
$(4) --strip-all --remove-section=.swift_modhash $(3)/$(2) $(1)/bin/$(2)
endef

# $(1): scratch folder, which gets the two commands in `bin`. $(2): more options.
define SMALL_BUILD
mkdir -p $(1)/libraries
ln -sf "$$($(KC_CLANG) -print-file-name=libstdc++.a)" $(1)/libraries/
rm -f $(1)/release/inkstone $(1)/release/inkstone-quantize
$(SWIFT) build $(call SMALL_HERE,$(1)) $(2) $(call KEEP_INPUTS,$(1),inkstone)
$(SWIFT) build $(call SMALL_HERE,$(1)) $(2) $(call KEEP_INPUTS,$(1),inkstone-quantize)
$(call SMALLEST,$(1),inkstone,$(1)/release,$(SMALL_OBJCOPY))
$(call SMALLEST,$(1),inkstone-quantize,$(1)/release,$(SMALL_OBJCOPY))
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

.PHONY: static check-static beside deb check-deb dist setup-needs setup-deb
static: setup setup-needs ## Build both commands to run on any Debian into .build-static/bin (5 min)
	$(call SMALL_BUILD,$(STATIC))
	packaging/needs $(STATIC)/bin/inkstone $(STATIC)/bin/inkstone-quantize

check-static: static ## Test those two as `make test` tests the ones it builds
	INKSTONE_PROGRAMS=$(STATIC)/bin $(SWIFT_TEST) --filter CommandTests

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
