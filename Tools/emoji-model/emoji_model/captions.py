"""What the model is asked: an emoji's word, a style, a ground, in several orders."""

import pathlib

import numpy

GROUNDS = {
    "白色": (255, 255, 255), "红色": (204, 51, 46), "橙色": (237, 140, 46),
    "黄色": (250, 209, 31), "绿色": (46, 161, 71), "青色": (36, 191, 191),
    "蓝色": (41, 102, 209), "紫色": (128, 66, 173), "粉色": (250, 168, 201),
    "黑色": (20, 20, 23), "灰色": (140, 140, 145),
}  # fmt: skip
"""Names and sRGB colours; a caption without a ground means the first."""

STYLES = ("", "黑白", "像素", "水彩")
BEGINNINGS = ("", "", "", "一个", "一只", "画一个")
TOKENS = 32
PAD, UNKNOWN, BEGIN, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
EVERY_PHRASE = "，背景的风格" + "".join(GROUNDS) + "".join(STYLES) + "".join(BEGINNINGS)


def caption(word, style, ground, form):
    """A caption. `ground`: index, or -1 for none named; `form`: 0 to 5, how it is put."""
    ground_name = list(GROUNDS)[ground] + "背景" if ground >= 0 else ""
    style_name = STYLES[style] + ("风格" if form % 3 == 1 else "") if style else ""
    before = ground_name + "的" if ground_name and form == 2 else ""
    after = [style_name] if before else [style_name, ground_name]
    if form % 2:
        after.reverse()
    return "，".join([before + BEGINNINGS[form] + word] + [part for part in after if part])


def read_emoji(folder):
    """`words.txt` of a folder of `data` or of a model: emoji to their words, the name first."""
    lines = (pathlib.Path(folder) / "words.txt").read_text(encoding="utf-8").splitlines()
    return {line.split(" ", 1)[0]: line.split("：", 1)[1].split("，") for line in lines}


def read_words(folder):
    """The words of each emoji, in the order of `words.txt`."""
    return list(read_emoji(folder).values())


def emoji_of(model, folder):
    """Indices, in a folder of `data`, of the emoji that a model folder knows."""
    known = list(read_emoji(folder))
    return [known.index(symbol) for symbol in read_emoji(model)]


class Captions:
    """Token ids of every caption, and which caption means what.

    `ids`: int16 of [words, grounds + 1, styles, forms, 32]; `word_range`: the first word of each
    emoji and the one after its last, the name first.
    """

    def __init__(self, folder):
        vocabulary = (pathlib.Path(folder) / "vocab.txt").read_text(encoding="utf-8").split()
        self.index = {token: number for number, token in enumerate(vocabulary)}
        words = read_words(folder)
        ends = numpy.cumsum([len(line) for line in words])
        self.word_range = numpy.stack([ends - [len(line) for line in words], ends], 1)
        flat = [word for line in words for word in line]
        forms = len(BEGINNINGS)
        self.ids = numpy.zeros(
            (len(flat), len(GROUNDS) + 1, len(STYLES), forms, TOKENS), numpy.int16
        )
        for where in numpy.ndindex(self.ids.shape[:-1]):
            word, ground, style, form = where
            self.ids[where] = self.encode(caption(flat[word], style, ground - 1, form))

    def encode(self, text):
        """Token ids as BertTokenizer makes them of Chinese text: a token for each character.

        Runs of letters or digits fall into single characters here, whose continued forms ("##a")
        the vocabulary holds.
        """
        tokens, inside = [], False
        for character in text.lower():
            if character.isspace():
                inside = False
                continue
            word_like = character.isascii() and character.isalnum()
            piece = "##" + character if word_like and inside else character
            tokens.append(self.index.get(piece, self.index[UNKNOWN]))
            inside = word_like
        row = [self.index[BEGIN], *tokens[: TOKENS - 2], self.index[END]]
        return row + [self.index[PAD]] * (TOKENS - len(row))
