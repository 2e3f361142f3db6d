# Fuzzing with libFuzzer under AddressSanitizer: `make fuzz` runs every Tests/Fuzz/fuzz_NAME.swift
# for FUZZ_SECONDS, `make fuzz-NAME` one of them.
#
# A fuzz target NAME is
#   Tests/Fuzz/fuzz_NAME.swift   with an @_cdecl("LLVMFuzzerTestOneInput") function,
#   Tests/Fuzz/corpus/NAME/      with inputs to start from,
#   Tests/Fuzz/NAME.dict         with words to mutate by, if it has any,
# and a line here that names the SwiftPM targets it links, each after those that it imports. What is
# found stays in .build-fuzz: new inputs under corpus, failures as NAME-crash-….
FUZZ_MODULES_safetensors := WeightStore
FUZZ_MODULES_png := CPNG Pictures
FUZZ_FLAGS_png := -I Sources/CPNG/include -lpng
FUZZ_MODULES_torch := WeightStore Quantizer

FUZZ_SECONDS ?= 60
FUZZ_BUILD := .build-fuzz
FUZZ_NAMES := $(patsubst Tests/Fuzz/fuzz_%.swift,%,$(wildcard Tests/Fuzz/fuzz_*.swift))

.PHONY: fuzz $(FUZZ_NAMES:%=fuzz-%) $(FUZZ_NAMES:%=fuzz-build-%)

fuzz: $(FUZZ_NAMES:%=fuzz-%)

$(FUZZ_NAMES:%=fuzz-%): fuzz-%: fuzz-build-%
	mkdir -p $(FUZZ_BUILD)/corpus/$*
	$(FUZZ_BUILD)/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -max_len=16384 -print_final_stats=1 -verbosity=0 -artifact_prefix=$(FUZZ_BUILD)/$*- \
	    $(addprefix -dict=,$(wildcard Tests/Fuzz/$*.dict)) \
	    $(FUZZ_BUILD)/corpus/$* Tests/Fuzz/corpus/$*

# The targets are compiled by SwiftPM, with coverage for the fuzzer; access to their package-level
# declarations needs the package name that SwiftPM gave them.
$(FUZZ_NAMES:%=fuzz-build-%): fuzz-build-%:
	$(if $(FUZZ_MODULES_$*),,$(error Tests/Fuzz/fuzz.mk has no FUZZ_MODULES_$*))
	swift build -c release --scratch-path $(FUZZ_BUILD) --sanitize address \
	    -Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link \
	    --target $(lastword $(FUZZ_MODULES_$*))
	package=$$(grep '"-module-name","$(lastword $(FUZZ_MODULES_$*))"' $(FUZZ_BUILD)/release.yaml \
	    | sed -n 's/.*"-package-name","\([^"]*\)".*/\1/p' | head -n 1) && \
	swiftc -O -g -swift-version 6 -parse-as-library -package-name "$$package" \
	    -sanitize=fuzzer,address -I $(FUZZ_BUILD)/release/Modules Tests/Fuzz/fuzz_$*.swift \
	    $$(find $(FUZZ_MODULES_$*:%=$(FUZZ_BUILD)/release/%.build) -name '*.o') \
	    $(FUZZ_FLAGS_$*) -o $(FUZZ_BUILD)/fuzz_$*
