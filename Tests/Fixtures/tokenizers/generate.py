"""Writes golden.json: what transformers makes of prompts, and of tokenizer folders with other settings.

    python generate.py > golden.json      (transformers 5.23.0, tokenizers 0.23.3)
"""

import json
import pathlib
import random
import shutil
import tempfile

from transformers import BertTokenizer, CLIPTokenizer

FIXTURES = pathlib.Path(__file__).parent.parent
BERT, CLIP = FIXTURES / "tiny-pai/tokenizer", FIXTURES / "tiny-sd2/tokenizer"

WRITTEN = [
    "", " ", "熊猫", "一只可爱的熊猫在吃竹子，水墨画", "A photo of a red panda, 4k, masterpiece!",
    "it's they'll we'RE I'VE can't o'clock 'sup ''s 'd'm", "Café naïve ÅNGSTRÖM Łódź İstanbul ıI ß ẞ ﬀ Ǆ ΣΑΣ",
    "e\u0301 A\u030a\u0323 \u212b \u2126 \u0344 \ufb1d \u0958 か\u3099 \u1112\u1161\u11ab 각 한국어",
    "[SEP] a [sep] [CLS]b[MASK] [UNK][PAD] [ SEP ]", "a<|endoftext|>b <|ENDOFTEXT|> <|startoftext|><| |>",
    "1234567890 ½ ² Ⅷ ① ٣ ३", "😀👨\u200d👩\u200d👧🏳️\u200d🌈❤️👍🏽🇨🇳1️⃣", "ＡＢＣ１２３，！？￥＄ ｶﾞ",
    "zero\u200bwidth\u200d \ufeffbom \u00adsoft\u2060 \u180e", "\t tab\nline\r\nend\x0b\x0c\x1f \x7f\x85\xa0\u3000\u2028x",
    "nul\0nul \ufffd\ue000\U000f0000 \u0378 \U0001f9ff", "a" * 100, "b" * 101, "é" * 100, "unaffable" * 11 + "x", "xyz" * 60,
    "“引号”——…《书名》【】〈〉、。・", "(best quality:1.2), [detail], {x|y} <lora:a:0.8> #tag @me 50% a_b a-b a/b a\\b ~`^",
    "หมา हिन्दी বাংলা தமிழ் العربية עברית ру́сский Ёж Й", "𠀀𪛖\U0002b740\U0002b820\U0002b920\U0002f800豈更",
    "\u166d \u1734 \u171e \u1885 \ua9bd \U000111c9 \U00011938 \u11b60 \u1acf",
]
POOLS = [
    [chr(c) for c in range(0x4E00, 0x9FA6)],
    [chr(c) for r in ((0x20, 0x7F), (0xA0, 0x250), (0x370, 0x530), (0x1E00, 0x2000)) for c in range(*r)],
    [chr(c) for c in range(0x250, 0x3400)],
    [chr(c) for r in ((0xA000, 0xD800), (0xF900, 0x11E00), (0x1D000, 0x1FA00)) for c in range(*r)],
    "a cat panda photo ink 水墨 4k it's 'll [SEP] <|endoftext|> ! , ， é 😀".split() + [" "],
    [b + m for b in "aeiouAEONcsk" for m in ("\u0301", "\u0323\u0302", "\u0308\u0304\u0327", "\u031b\u0301\u0323\u0345")],
]


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": True, "single_word": False} | flags


def typed(content, **flags):
    return token(content, **flags) | {"__type": "AddedToken"}


ROLES = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
BERT_ROLES = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
# name, kind, tokenizer_config.json, special_tokens_map.json, added_tokens.json
VARIANTS = [
    ("no configuration", BERT, None, None, None),
    ("cased", BERT, {"do_lower_case": False}, None, None),
    ("cased without accents", BERT, {"do_lower_case": False, "strip_accents": True}, None, None),
    ("accents kept", BERT, {"strip_accents": False}, None, None),
    ("ideographs not separated", BERT, {"tokenize_chinese_chars": False}, None, None),
    ("special tokens normalised", BERT, {}, {k: token(v) for k, v in BERT_ROLES.items()}, None),
    ("mask strips", BERT, {}, BERT_ROLES | {"mask_token": token("[MASK]", lstrip=True, rstrip=True, normalized=False)}, None),
    ("added tokens", BERT, {}, {}, {"photo": 21128, "熊猫": 21129, "é": 21130, "[SEP]": 102}),
    ("single words", BERT, {"additional_special_tokens": [typed("cat", single_word=True, normalized=False), "it"]}, None, None),
    ("no configuration", CLIP, None, None, None),
    ("stable diffusion 1.5", CLIP, {k: typed(v) for k, v in ROLES.items()} | {"pad_token": "<|endoftext|>"},
     {k: token(v) for k, v in ROLES.items()} | {"pad_token": "<|endoftext|>"}, None),
    ("stable diffusion 2", CLIP, {k: typed(v) for k, v in ROLES.items()} | {"pad_token": "<|endoftext|>"},
     {k: token(v) for k, v in ROLES.items()} | {"pad_token": "!"}, None),
    ("added_tokens_decoder", CLIP,
     {"pad_token": "!", "added_tokens_decoder": {
         "0": token("!", normalized=False, special=True), "49406": token("<|startoftext|>", special=True),
         "49407": {"content": "<|endoftext|>"}, "49408": {"content": "<Cat>"}}},
     {"pad_token": "<|endoftext|>"}, None),
    ("added tokens", CLIP, {}, {}, {"photo": 49408, "É": 49409, "<|endoftext|>": 49407}),
]
VARIANT_PROMPTS = [
    "A Photo of a cat, CATS and the Cat! it's É é e\u0301 Ångström 熊猫abc", "[SEP] a [sep]  [MASK]  b[PAD] [UNK]",
    "<|startoftext|>x<|endoftext|> <|ENDOFTEXT|>!! <cat><Cat>", "photograph photo PHOTO 水墨photo it bit IT\u0301 cat_cat 3cat",
]


def made_up():
    draw = random.Random(7)
    for index in range(240):
        pool = POOLS[index % len(POOLS)]
        pieces = [draw.choice(draw.choice(POOLS) if draw.random() < 0.15 else pool) for _ in range(draw.choice([1, 2, 4, 7, 11]))]
        yield "".join(piece + draw.choice(["", "", " "]) for piece in pieces)


def load(kind, files):
    """A tokenizer of the folder `kind` with other configuration files."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.txt", "vocab.json", "merges.txt"):
            if (kind / name).exists():
                shutil.copy(kind / name, folder)
        for name, content in files.items():
            (pathlib.Path(folder) / name).write_text(json.dumps(content))
        return (BertTokenizer if kind == BERT else CLIPTokenizer).from_pretrained(folder)


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def lines(items):
    return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"


bert, clip = BertTokenizer.from_pretrained(BERT), CLIPTokenizer.from_pretrained(CLIP)
prompts = [[text, ids(bert, text), ids(clip, text)] for text in WRITTEN + list(made_up())]
variants = []
for name, kind, *contents in VARIANTS:
    names = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
    files = {n: c for n, c in zip(names, contents) if c is not None}
    tokenizer = load(kind, files)
    variants.append({
        "name": name, "folder": kind.parent.name, "files": files, "padding": tokenizer.pad_token_id,
        "prompts": [[text, ids(tokenizer, text)] for text in VARIANT_PROMPTS]})
print('{"prompts":' + lines(prompts) + ',\n"variants":' + lines(variants) + "}")
