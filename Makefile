# Inkstone. `make` lists the targets; `make demo` and `make test` need nothing before them.

SWIFT ?= swift
PYTHON ?= python3
PREFIX ?= /usr/local
DESTDIR ?=
# Package traits of an installed build: JPEG.
TRAITS ?=

# One configuration for the product and its tests, so that each file is compiled once.
# Tests look into modules, which `swift test` allows by itself in another configuration only.
TESTABLE = -c release -Xswiftc -enable-testing
SWIFT_BUILD = $(SWIFT) build $(TESTABLE)
SWIFT_TEST = $(SWIFT) test $(TESTABLE) --disable-xctest
INKSTONE = .build/release/inkstone
DEMO_PROMPT = 熊猫，蓝色背景
DEMO_MODEL = emoji-zh-128-lcm

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-reference test-jpeg lint format kernel-check quality bench
.PHONY: mca boards compare lowmem fuzz install clean

help: ## List the targets
	@echo 'make TARGET, where TARGET is one of'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort -u \
	    | awk -F ':.*## ' '{ printf "  %-14s %s\n", $$1, $$2 }'

setup: ## Install what the build needs, or say what is missing
	@.ci/setup build

build: setup ## Build inkstone and inkstone-quantize
	$(SWIFT_BUILD) --product inkstone
	$(SWIFT_BUILD) --product inkstone-quantize

demo: setup ## Draw a panda on blue ground into demo.png
	$(SWIFT_BUILD) --product inkstone
	$(INKSTONE) generate "$(DEMO_PROMPT)" --model $(DEMO_MODEL) --upscale -o demo.png
	@echo "The picture is in $(CURDIR)/demo.png"

# What must match other programs' numbers does so on the plain kernels as well as on the best ones.
test: setup ## Build everything and run all tests
	INKSTONE_ISA=reference $(SWIFT_TEST) --filter 'ParityTests|EmojiTests|UpscalerTests'
	$(SWIFT_TEST)

# Of the cases that diffusers and transformers computed the repository holds the small ones.
FIXTURES ?= $(CURDIR)/Tests/Fixtures
REFERENCE_SUITES = ParityTests|PAI2022Tests|ConditioningTests|ChineseCLIPTests|ControlNetTests$\
    |LoRATests|QuantizedTests|EmojiTests|UpscalerTests|GuideTests
test-reference: setup ## Compare with all reference cases in the folder FIXTURES
	INKSTONE_FIXTURES="$(FIXTURES)" $(SWIFT_TEST) \
	    --filter '$(REFERENCE_SUITES)'

test-jpeg: setup setup-JPEG ## Build with JPEG pictures beside the usual build, and test those
	$(SWIFT_TEST) --traits JPEG --scratch-path .build-jpeg --filter 'PicturesTests|JPEG'

.PHONY: setup-JPEG
setup-JPEG:
	@.ci/setup jpeg

lint: ## Check the format of all files
	@.ci/setup lint
	@.ci/lint

format: ## Bring all sources into shape
	@.ci/setup lint
	$(SWIFT) format format --in-place --recursive --parallel Package.swift Sources Quantizer Tests \
	    Benchmarks
	git ls-files '*.c' '*.h' | xargs -r clang-format -i

kernel-check: ## Check each kernel against its reference: here, sanitized and as ARM code
kernel-check: setup-kernel-check
fuzz: ## Fuzz the readers, 60 seconds each

.PHONY: setup-kernel-check
setup-kernel-check:
	@.ci/setup build kernel-check

quality: setup ## Measure what int8 costs in picture quality into docs/quality.md (a minute)
	$(SWIFT_BUILD) --product quality
	.build/release/quality --output docs/quality.md

bench: build ## Time each stage of the default model, and a picture
	$(INKSTONE) bench --guided --upscaler realesr-animevideov3-x4

mca: ## Predict the NEON kernels' speed on three ARM processors into docs/neon.md
	@.ci/setup build kernel-check mca
	Benchmarks/mca "$(KC_CLANG)" docs/neon.md

boards: build ## Compute what pictures take on small computers into docs/boards.md (a minute)
	Benchmarks/boards $(INKSTONE) .build/release/inkstone-quantize .build-boards docs/boards.md \
	    docs/boards.zh.md

compare: build ## Compare with other CPU runtimes into docs/compare.md (hours the first time)
	cd Benchmarks && $(PYTHON) -m compare --output ../docs/compare.md $(COMPARE)

lowmem: build ## Draw, decode, enlarge in a cgroup of 256 MB and without (as root, 20 min)
	Benchmarks/lowmem

install: ## Install the commands and models under PREFIX (and DESTDIR)
install: setup setup-needs $(TRAITS:%=setup-%)
	$(call SMALL_BUILD,$(CURDIR)/.build-install,$(addprefix --traits ,$(TRAITS)))
	packaging/install .build-install/bin "$(DESTDIR)$(PREFIX)"

clean: ## Remove everything that was built
	rm -rf .build .build-*

-include Tools/emoji-model/emoji.mk
-include packaging/release/release.mk
-include packaging/aarch64/aarch64.mk
-include Tests/KernelCheck/kernel-check.mk
-include Tests/Fuzz/fuzz.mk
-include Tests/Daemon/daemon.mk
-include Tests/Board/board.mk
