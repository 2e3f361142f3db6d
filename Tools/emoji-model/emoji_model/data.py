"""Extracts the pictures of Noto Color Emoji and their Chinese words.

Input: the font of Debian's fonts-noto-color-emoji (bitmaps of 136x128, table CBDT) and the
annotations of Debian's unicode-cldr-core (zh.xml). Output, in one folder: `emoji.npz` (RGBA of
128x128, one for each emoji), `words.txt` (one line for each: emoji, name, words) and `vocab.txt`.
"""

import argparse
import collections
import io
import pathlib
import xml.etree.ElementTree

import numpy
from fontTools.ttLib import TTFont
from PIL import Image

from .captions import EVERY_PHRASE
from .pictures import SIDE, WIDTH

DRAWN = round(WIDTH * SIDE)
"""Width of an emoji in its picture, in pixels: the rest is margin."""

NOT_PICTURES = set("*#0123456789🏻🏼🏽🏾🏿🦰🦱🦳🦲")
"""Keycaps' bases, skin tones and hair: parts of other emoji."""

MOST_CHARACTERS = 20
"""Longer words would leave the 32 tokens no room for ground and style."""


def annotations(path):
    """The short name and the keywords of each single code point, in the file's order."""
    names, keywords = {}, {}
    for item in xml.etree.ElementTree.parse(path).iter("annotation"):
        symbol, text = item.get("cp"), item.text.strip()
        if len(symbol) != 1 or symbol in NOT_PICTURES:
            continue
        if item.get("type") == "tts":
            names[symbol] = text
        else:
            keywords[symbol] = [word.strip() for word in text.split("|")]
    return names, keywords


def owner(word, symbols, names):
    """The one of several emoji that a word means, or none.

    It is the one whose name holds the word and is the shortest such name, or else the one whose
    name is held by the word and is the longest such name; of equals the first.
    """
    holding = [symbol for symbol in symbols if word in names[symbol]]
    if holding:
        return min(holding, key=lambda symbol: len(names[symbol]))
    held = [symbol for symbol in symbols if names[symbol] in word]
    return max(held, key=lambda symbol: len(names[symbol]), default=None)


def words_by_emoji(names, keywords):
    """The words that mean one emoji and no other, its name first."""
    sharing = collections.defaultdict(list)
    for symbol in names:
        for word in keywords.get(symbol, []):
            sharing[word].append(symbol)
    words = {symbol: [name] for symbol, name in names.items()}
    for word, symbols in sharing.items():
        if word in names.values() or len(word) > MOST_CHARACTERS:
            continue
        symbol = symbols[0] if len(symbols) == 1 else owner(word, symbols, names)
        if symbol:
            words[symbol].append(word)
    return words


def picture(glyph):
    """A glyph's bitmap, DRAWN pixels wide, in the middle of a transparent square."""
    bitmap = Image.open(io.BytesIO(glyph.imageData)).convert("RGBA")
    height = round(bitmap.height * DRAWN / bitmap.width)
    premultiplied = bitmap.convert("RGBa").resize((DRAWN, height), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SIDE, SIDE))
    square.paste(premultiplied.convert("RGBA"), ((SIDE - DRAWN) // 2, (SIDE - height) // 2))
    return numpy.asarray(square)


def vocabulary(start, words, more):
    """The vocabulary to start from, with the characters that it lacks after its last line."""
    tokens = pathlib.Path(start).read_text(encoding="utf-8").split()
    known = set(tokens)
    text = "".join(word for line in words.values() for word in line) + more
    for character in text.lower():
        if character not in known and not character.isspace():
            known.add(character)
            tokens.append(character)
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--font", required=True)
    parser.add_argument("--annotations", required=True)
    parser.add_argument("--vocabulary", required=True, help="vocab.txt to start from")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()

    font = TTFont(options.font)
    glyphs, bitmaps = font.getBestCmap(), font["CBDT"].strikeData[0]
    names, keywords = annotations(options.annotations)
    names = {
        symbol: name
        for symbol, name in names.items()
        if glyphs.get(ord(symbol)) in bitmaps and len(name) <= MOST_CHARACTERS
    }
    words = words_by_emoji(names, keywords)
    pictures = numpy.stack([picture(bitmaps[glyphs[ord(symbol)]]) for symbol in words])
    options.output.mkdir(parents=True, exist_ok=True)
    numpy.savez_compressed(options.output / "emoji.npz", pictures=pictures)
    (options.output / "words.txt").write_text(
        "".join(f"{symbol} {line[0]}：{'，'.join(line)}\n" for symbol, line in words.items()),
        encoding="utf-8",
    )
    tokens = vocabulary(options.vocabulary, words, EVERY_PHRASE)
    (options.output / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    count = sum(map(len, words.values()))
    print(f"{len(words)} emoji, {count} words, {len(tokens)} tokens in {options.output}")


if __name__ == "__main__":
    main()
