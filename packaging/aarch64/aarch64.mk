# The product for ARM, built on x86-64 in a chroot and tried under qemu. Included by the Makefile.

AARCH64 := .build-aarch64
AARCH64_BUILT = $(AARCH64)/build/aarch64-unknown-linux-gnu/release
AARCH64_OBJCOPY = packaging/aarch64/enter $(AARCH64) /usr/libexec/swift/bin/llvm-objcopy
# Small rather than fast, where it is not kernels: nothing is exported, and equal code is one.
AARCH64_BUILD = packaging/aarch64/enter $(AARCH64) swift build -c release -Xswiftc -Osize \
    --destination /destination.json --static-swift-stdlib --scratch-path $(AARCH64)/build \
    -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --no-export-dynamic \
    -Xlinker --gc-sections -Xlinker --icf=all

.PHONY: aarch64 check-aarch64 setup-aarch64
aarch64: $(AARCH64)/ready ## Cross-build for 64-bit ARM into .build-aarch64/bin, as root (15 min)
	$(AARCH64_BUILD) --product inkstone
	$(AARCH64_BUILD) --product inkstone-quantize
	mkdir -p $(AARCH64)/bin
	for name in inkstone inkstone-quantize; do \
	    $(AARCH64_OBJCOPY) --strip-all $(AARCH64_BUILT)/$$name $(AARCH64)/bin/$$name || exit; \
	done
	packaging/aarch64/needs $(AARCH64)/bin/inkstone $(AARCH64)/bin/inkstone-quantize

$(AARCH64)/ready: packaging/aarch64/toolchain packaging/aarch64/packages \
    packaging/aarch64/older_glibc.c | setup-aarch64
	$< $(AARCH64)

setup-aarch64:
	@.ci/setup aarch64

check-aarch64: aarch64 build ## Try that build under qemu: draws, quantizes as here, serves (2 min)
	packaging/aarch64/check $(AARCH64) .build/release
