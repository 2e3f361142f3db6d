"""The pieces that an object's sections fall into, and which piece leads to which.

A piece is what one symbol names, where the assembler put several into one section. A relocation
leads from the piece it lies in to the one it points at. Inside one section the assembler leaves no
relocation where a distance does not change; `unrelocated` finds those again: all that could be one
counts.
"""

import re

import numpy as np

from objects import (
    AARCH64, ALLOC, EXECINSTR, LOCAL, MERGE, NOBITS, STT_FILE, STT_SECTION, X86_64)

SPLIT = (".data", ".bss", ".rodata", "swift5_typeref", "swift5_reflstr", "swift5_fieldmd")
# Where data may hold distances within the section: Swift's descriptors do.
DESCRIBING = (".rodata", ".data.rel.ro")
# A place as one number: section, then offset.
SECTION_BITS = 40
# AArch64's marks of where code and data begin ("ELF for the Arm 64-bit Architecture", 5.5.5).
MARK = re.compile(r"\$[xd](\..*)?")


class Pieces:
    """The pieces of one object, numbered from `first` on.

    `starts` is where each begins, as places; `of_symbol` the piece of each symbol that is defined
    here, -1 for others.
    """

    def __init__(self, item, first):
        self.object, self.first = item, first
        self.sections = np.nonzero(item.sections["flags"] & ALLOC)[0]
        self._functions = set()
        self.named = self._named_places()
        self.starts = np.concatenate([
            self._cut(section) for section in self.sections] or [np.empty(0, np.int64)])
        self.count = len(self.starts)
        self._names = np.fromiter(self.named, np.int64, len(self.named))
        self._is_named = np.isin(self.starts, self._names)
        self.of_symbol = self.at(item.section_of, item.symbols["value"].astype(np.int64))
        self.of_symbol[(item.kind == STT_FILE) | (item.section_of == 0)] = -1

    def at(self, sections, offsets):
        """The pieces at offsets in sections; -1 where a section does not come into the program."""
        sections = np.asarray(sections, np.int64)
        offsets = np.clip(offsets, 0, (1 << SECTION_BITS) - 1)
        place = np.searchsorted(self.starts, sections << SECTION_BITS | offsets, "right") - 1
        known = (place >= 0) & (self.starts[np.maximum(place, 0)] >> SECTION_BITS == sections)
        return np.where(known, place + self.first, -1)

    def of_section(self, section):
        """(first, behind the last) piece of a section."""
        return self.first + np.searchsorted(
            self.starts, [section << SECTION_BITS, section + 1 << SECTION_BITS])

    def offsets(self, section):
        """Where the pieces of a section begin in it."""
        first, behind = self.of_section(section) - self.first
        return self.starts[first:behind] & (1 << SECTION_BITS) - 1

    def targets(self, relocations):
        """Pairs (index of a relocation, piece in this object that it may point at)."""
        item = self.object
        symbols = relocations["symbol"].astype(np.int64)
        inside = np.nonzero((item.binding[symbols] == LOCAL) & (item.section_of[symbols] > 0))[0]
        place = item.symbols["value"][symbols[inside]].astype(np.int64)
        place += relocations["addend"][inside]
        # The processor counts from behind the field, so the addend of code may be 4 to 8 less.
        pairs = [
            (inside, self.at(item.section_of[symbols[inside]], place + behind))
            for behind in (0, 4, 8)
        ]
        named = np.nonzero(self.of_symbol[symbols] >= 0)[0]
        pairs.append((named, self.of_symbol[symbols[named]]))
        return (np.concatenate(part) for part in zip(*pairs))

    def unrelocated(self):
        """Pairs (piece, piece) that may be tied without a relocation."""
        ties = []
        patched = {section: table["offset"] for section, table in self.object.relocations}
        for section in self.sections:
            first, behind = self.of_section(section)
            if behind - first < 2 or self.object.sections["type"][section] == NOBITS:
                continue
            if section in self._functions:
                ties += self._branches(section)
            elif self.object.names[section].startswith(DESCRIBING):
                ties += self._distances(section, patched.get(section, np.empty(0, np.int64)))
        return np.unique(np.concatenate(ties), axis=0) if ties else np.empty((0, 2), np.int64)

    def _named_places(self):
        """Places where a symbol begins, and the size of the largest one there."""
        item, sizes = self.object, {}
        usable = (item.section_of > 0) & (item.kind != STT_SECTION) & (item.kind != STT_FILE)
        for index in np.nonzero(usable)[0]:
            if MARK.fullmatch(item.symbol_names[index]):
                continue
            symbol = item.symbols[index]
            place = int(item.section_of[index]) << SECTION_BITS | int(symbol["value"])
            sizes[place] = max(sizes.get(place, 0), int(symbol["size"]))
        return dict(sorted(sizes.items()))

    def _cut(self, section):
        """Where the pieces of a section begin."""
        name = self.object.names[section]
        size, flags = (int(self.object.sections[part][section]) for part in ("size", "flags"))
        base = int(section) << SECTION_BITS
        starts, end = [base], base
        code = name == ".text" and flags & EXECINSTR
        if code or name.startswith(SPLIT) and not flags & (EXECINSTR | MERGE):
            places = np.fromiter(self.named, np.int64, len(self.named))
            for place in places[slice(*np.searchsorted(places, [base, base + size]))].tolist():
                # A symbol inside another one (an address point) begins nothing.
                if place >= end:
                    starts += [place] if place > starts[-1] else []
                    end = place + self.named[place]
                    starts += [end] if end > starts[-1] and end < base + size else []
        if code:
            self._functions.add(section)
        return np.array(starts, np.int64)

    def _branches(self, section):
        code = self.object.contents(section)
        places, targets = branches(self.object.machine, code)
        inside = (targets >= 0) & (targets < len(code))
        places, targets = places[inside], targets[inside]
        pieces = self.at(np.full(len(targets), section), targets) - self.first
        # Where what has no name begins is not known.
        begins = self.starts[pieces] == targets + (int(section) << SECTION_BITS)
        likely = begins | ~self._is_named[pieces]
        return [self._pairs(section, places[likely], targets[likely])]

    def _distances(self, section, patched):
        contents = self.object.contents(section)
        words = contents[:len(contents) // 4 * 4].view("<i4").astype(np.int64)
        places = np.arange(len(words)) * 4
        plain = words != 0
        plain[(patched[patched < len(words) * 4] // 4).astype(np.int64)] = False
        # The lowest bits of a distance may be flags.
        targets = places[plain] + (words[plain] & ~3)
        inside = (targets >= 0) & (targets < len(contents)) & (targets % 4 == 0)
        places, targets = places[plain][inside], targets[inside]
        start = int(section) << SECTION_BITS
        likely = np.isin(targets + start, self._names)
        if self.object.names[section].startswith(".rodata"):
            pieces = self.at(np.full(len(targets), section), targets) - self.first
            likely |= ~self._is_named[pieces]
        return [self._pairs(section, places[likely], targets[likely])]

    def _pairs(self, section, places, targets):
        section = np.full(len(places), section)
        return np.stack([self.at(section, places), self.at(section, targets)], axis=1)


def branches(machine, code):
    """(places, targets): all that may be a branch within a section, as offsets.

    x86-64: displacements behind each byte that may be the last of CALL, JMP or Jcc, or name the
    instruction pointer as a base. AArch64: B, BL, B.cond, CBZ, CBNZ, TBZ, TBNZ and ADR.
    """
    size = len(code)
    if machine == X86_64:
        before = np.concatenate([[0, 0], code]).astype(np.int64)
        opcode, prefix = before[1:-1], before[:-2]
        short = np.nonzero((opcode == 0xEB) | (opcode & 0xF0 == 0x70))[0]
        near = short + 1 + code.view(np.int8)[short]
        relative = (opcode == 0xE8) | (opcode == 0xE9) | (opcode & 0xC7 == 0x05)
        relative |= (prefix == 0x0F) & (opcode & 0xF0 == 0x80)
        long = np.nonzero(relative[:max(size - 3, 0)])[0]
        words = sum(code[long + byte].astype(np.int64) << 8 * byte for byte in range(4))
        far = long + 4 + np.where(words >= 1 << 31, words - (1 << 32), words)
        return np.concatenate([short, long]), np.concatenate([near, far])
    if machine != AARCH64:
        raise SystemExit(f"prune: machine {machine} is neither x86-64 nor AArch64")
    words = code[:size // 4 * 4].view("<u4").astype(np.int64)
    places = np.arange(len(words)) * 4

    def signed(value, bits):
        return np.where(value >= 1 << bits - 1, value - (1 << bits), value)

    direct = words & 0x7C000000 == 0x14000000
    conditional = (words & 0xFF000010 == 0x54000000) | (words & 0x7E000000 == 0x34000000)
    address = words & 0x9F000000 == 0x10000000
    bit = words & 0x7E000000 == 0x36000000
    distance = np.select(
        [direct, conditional, bit, address],
        [signed(words & 0x3FFFFFF, 26) * 4, signed(words >> 5 & 0x7FFFF, 19) * 4,
         signed(words >> 5 & 0x3FFF, 14) * 4,
         signed((words >> 5 & 0x7FFFF) << 2 | words >> 29 & 3, 21)])
    found = direct | conditional | bit | address
    return places[found], (places + distance)[found]
