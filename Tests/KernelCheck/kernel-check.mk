# The kernel check, five times: as it is, under two sanitizers, as ARM code with and without dot
# products, and on an x86 processor too old for AVX2. Included by the Makefile, whose setup says
# which Debian packages are missing.

# The clang that Swift brings is the one that builds the kernels.
KC_SWIFT := $(realpath $(shell command -v swift))
KC_CLANG := $(or $(wildcard $(dir $(KC_SWIFT))clang),clang)
# gold warns about the sanitizers' symbols, and knows no ARM.
KC_LINK := $(if $(wildcard $(dir $(KC_CLANG))ld.lld),-fuse-ld=lld)
KC_BUILD := .build-kernel-check
KC_SOURCES := $(wildcard CKernels/*/*.c Tests/KernelCheck/*.c)
KC_HEADERS := $(wildcard CKernels/*.h CKernels/*/*.h Tests/KernelCheck/*.h)
KC_FLAGS := -std=gnu17 -O3 -g -Wall -Wextra -Werror -ICKernels
KC_ARM := --target=aarch64-linux-gnu
KC_ARM_ROOT := /usr/aarch64-linux-gnu
KC_HOST := $(shell uname -m)
KC_COMMA := ,

# $(1): variant, $(2): its flags.
define KC_VARIANT
$(KC_BUILD)/$(1)/%.o: %.c $(KC_HEADERS)
	@mkdir -p $$(@D)
	@$(KC_CLANG) $(KC_FLAGS) $(2) -c $$< -o $$@
$(KC_BUILD)/kernel-check-$(1): $(KC_SOURCES:%.c=$(KC_BUILD)/$(1)/%.o)
	@$(KC_CLANG) $(2) $(KC_LINK) $$^ -lm -o $$@
endef

$(eval $(call KC_VARIANT,native,))
KC_UNDEFINED := -fsanitize=undefined$(KC_COMMA)float-cast-overflow -fno-sanitize-recover=all
$(eval $(call KC_VARIANT,undefined,$(KC_UNDEFINED)))
$(eval $(call KC_VARIANT,address,-fsanitize=address -fno-omit-frame-pointer))
$(eval $(call KC_VARIANT,arm,$(KC_ARM)))

.PHONY: kernel-check-here kernel-check-sanitized kernel-check-arm kernel-check-old bench-kernels

kernel-check: kernel-check-here kernel-check-sanitized kernel-check-arm kernel-check-old

kernel-check-here: $(KC_BUILD)/kernel-check-native
	@echo 'kernel-check: native'
	@$<

kernel-check-sanitized: $(KC_BUILD)/kernel-check-undefined $(KC_BUILD)/kernel-check-address
	@echo 'kernel-check: UndefinedBehaviorSanitizer'
	@$(KC_BUILD)/kernel-check-undefined
	@echo 'kernel-check: AddressSanitizer'
	@$(KC_BUILD)/kernel-check-address

ifeq ($(KC_HOST),aarch64)
# The native run has checked the ARM code, each rung.
kernel-check-arm:
else
kernel-check-arm: setup-kernel-check $(KC_BUILD)/kernel-check-arm
	@echo 'kernel-check: ARM, Cortex-A53 (no dot product)'
	@qemu-aarch64 -L $(KC_ARM_ROOT) -cpu cortex-a53 $(KC_BUILD)/kernel-check-arm
	@echo 'kernel-check: ARM with dot product'
	@INKSTONE_ISA=neon-dotprod qemu-aarch64 -L $(KC_ARM_ROOT) -cpu max $(KC_BUILD)/kernel-check-arm
endif

ifeq ($(KC_HOST),x86_64)
kernel-check-old: setup-kernel-check $(KC_BUILD)/kernel-check-native
	@echo 'kernel-check: x86 without AVX2'
	@qemu-x86_64 -cpu Nehalem $(KC_BUILD)/kernel-check-native
else
kernel-check-old:
endif

bench-kernels: $(KC_BUILD)/kernel-check-native ## Time each kernel beside what the processor can do
	@$< --bench
