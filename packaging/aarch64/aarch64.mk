# The product for ARM, built on x86-64 in a chroot and tried under qemu. Included by the Makefile.

AARCH64 := .build-aarch64
AARCH64_BUILT = $(AARCH64)/build/aarch64-unknown-linux-gnu/release
AARCH64_OBJCOPY = packaging/aarch64/enter $(AARCH64) /usr/libexec/swift/bin/llvm-objcopy
AARCH64_BUILD = packaging/aarch64/enter $(AARCH64) swift build $(SMALL) \
    --destination /destination.json --scratch-path $(AARCH64)/build
AARCH64_TESTS = packaging/aarch64/enter $(AARCH64) swift build $(TESTABLE) --build-tests \
    --destination /destination-tests.json --scratch-path $(AARCH64)/tests

.PHONY: aarch64 check-aarch64 test-aarch64 setup-aarch64
aarch64: $(AARCH64)/ready ## Cross-build for 64-bit ARM into .build-aarch64/bin, as root (15 min)
	rm -f $(AARCH64_BUILT)/inkstone $(AARCH64_BUILT)/inkstone-quantize
	$(AARCH64_BUILD) $(call KEEP_INPUTS,$(AARCH64),inkstone)
	$(AARCH64_BUILD) $(call KEEP_INPUTS,$(AARCH64),inkstone-quantize)
	$(call SMALLEST,$(AARCH64),inkstone,$(AARCH64_BUILT),$(AARCH64_OBJCOPY))
	$(call SMALLEST,$(AARCH64),inkstone-quantize,$(AARCH64_BUILT),$(AARCH64_OBJCOPY))
	packaging/needs $(AARCH64)/bin/inkstone $(AARCH64)/bin/inkstone-quantize

$(AARCH64)/ready: packaging/aarch64/toolchain packaging/aarch64/packages \
    packaging/aarch64/test-packages packaging/aarch64/older_glibc.c | setup-aarch64
	$< $(AARCH64)

setup-aarch64:
	@.ci/setup aarch64 needs

check-aarch64: aarch64 build ## Try that build under qemu: draws, quantizes as here, serves (2 min)
	packaging/aarch64/check $(AARCH64) .build/release

test-aarch64: ## Run the kernel check and the tests of exact numbers as ARM code (1 h)
test-aarch64: kernel-check-arm check-aarch64
	$(AARCH64_TESTS)
	packaging/aarch64/test $(AARCH64) $(abspath $(FIXTURES))
