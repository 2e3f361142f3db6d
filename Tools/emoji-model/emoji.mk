# The embedded model's recipe. Included by the Makefile; nothing of the product needs it.

EMOJI := .build-emoji
EMOJI_PYTHON = PYTHONPATH=Tools/emoji-model PYTHONUNBUFFERED=1 $(EMOJI)/venv/bin/python
EMOJI_STEP = $(EMOJI_PYTHON) -m emoji_model.
EMOJI_OPTIONS = --data $(EMOJI)/data --work $(EMOJI)/trained
# Weights to begin with, where shapes agree; empty begins with none.
EMOJI_START ?= Models/checkpoints/emoji-zh-128
EMOJI_MODEL ?= $(EMOJI)/trained/emoji-zh $(EMOJI)/trained/emoji-zh-lcm
# A model whose emoji are shown more often than others; empty: none.
EMOJI_OFTEN ?= Models/checkpoints/emoji-zh
# More options of the U-Net's training and of its distillation, such as --batch 64 --rate 2.5e-4.
EMOJI_UNET ?=
EMOJI_LCM ?=
# The first model: what a better one is measured against.
EMOJI_GIVEN ?= Models/checkpoints/emoji-zh
EMOJI_EVAL ?= --steps 25 --guidance 4
# Seconds of each step: autoencoder, text encoder, U-Net, distillation.
EMOJI_SECONDS ?= 2400 120 5400 1800

.PHONY: emoji-data emoji-model emoji-eval
emoji-data: $(EMOJI)/data/words.txt ## Extract Noto's emoji and their Chinese words
emoji-model: $(EMOJI)/data/words.txt ## Train an emoji model, EMOJI_SECONDS long (3 hours)
	set -- $(EMOJI_SECONDS); more=; for step in autoencoder text denoiser lcm; do \
	    case $$step in denoiser) more='$(EMOJI_UNET)';; lcm) more='$(EMOJI_LCM)';; esac; \
	    $(EMOJI_STEP)$$step $(EMOJI_OPTIONS) --seconds $$1 $$more \
	        $(addprefix --start ,$(EMOJI_START)) $(addprefix --often ,$(EMOJI_OFTEN)) || exit; \
	    shift; \
	done
	$(EMOJI_STEP)export $(EMOJI_OPTIONS) --licence Models/checkpoints/emoji-zh/LICENSE
emoji-eval: $(EMOJI)/data/words.txt ## Count the pictures that are right, of two models
	$(EMOJI_STEP)evaluate --data $(EMOJI)/data $(EMOJI_EVAL) \
	    $(addprefix --model ,$(EMOJI_MODEL) $(EMOJI_GIVEN))

$(EMOJI)/venv/ready: Tools/emoji-model/requirements.txt
	$(PYTHON) -m venv $(EMOJI)/venv
	$(EMOJI)/venv/bin/pip install --quiet --requirement $<
	touch $@

# Unpacked, not installed: the machine keeps the fonts it has.
$(EMOJI)/debian/ready:
	mkdir -p $(EMOJI)/debian
	cd $(EMOJI)/debian && apt-get download fonts-noto-color-emoji unicode-cldr-core || { \
	    echo 'emoji-data: Debian has a list of its packages once `apt-get update` has run' >&2; \
	    exit 1; \
	}
	cd $(EMOJI)/debian && for package in *.deb; do dpkg-deb --extract $$package . || exit; done
	touch $@

$(EMOJI)/data/words.txt: $(EMOJI)/venv/ready $(EMOJI)/debian/ready
	$(EMOJI_STEP)data --output $(EMOJI)/data \
	    --font $(EMOJI)/debian/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf \
	    --annotations $(EMOJI)/debian/usr/share/unicode/cldr/common/annotations/zh.xml \
	    --vocabulary Models/checkpoints/emoji-zh/tokenizer/vocab.txt
