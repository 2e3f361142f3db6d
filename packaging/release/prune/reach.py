"""What a Swift program can reach, when nothing is held merely because a list names it.

Swift's compiler lists every type, protocol and conformance of a module for the runtime to look
through, and marks all that it exports as needed by somebody. In a program that loads no module
nobody else is there. So what counts is what the program's entry leads to, and of the lists:

- a type's or a protocol's entry if its descriptor is reached, for it is looked up by name; the
  descriptors that a mangled name abbreviates (`Si`, `SH`) always are: no relocation tells of them;
- a conformance if both its type's and its protocol's descriptor are reached: only then can the
  runtime ask for it. What a conformance leads to is reached from then on, and so forth.

Swift's own -conditional-runtime-records has the same rule; it takes bitcode of everything, which
Swift's static library does not come as. Layouts: swift/docs/ABI/TypeMetadata.rst and
swift/include/swift/ABI/Metadata.h.
"""

import re

import numpy as np

from objects import (
    EXECINSTR, FINI_ARRAY, INIT_ARRAY, LOCAL, NOTE, PREINIT_ARRAY, RETAIN, WEAK, X86_64)
from pieces import Pieces

CONFORMANCES = "swift5_protocol_conformances"
LISTS = (CONFORMANCES, "swift5_type_metadata", "swift5_type_metadata_2", "swift5_protocols")
# Reached from a type's descriptor and from closures; nobody goes through them as lists but a
# debugger.
REFLECTION = (
    "swift5_fieldmd", "swift5_assocty", "swift5_capture", "swift5_builtin", "swift5_mpenum",
    "swift5_typeref", "swift5_reflstr")
# What carries the mark of being needed only because it is exported.
EXPORTED = (".rodata", ".data", ".bss", ".text.$s")
ABBREVIATED = re.compile(r"\$sSc?[a-zA-Z]M[np]")
STARTED = (INIT_ARRAY, FINI_ARRAY, PREINIT_ARRAY, NOTE)
# Not followed: tables for unwinding, which name all code.
UNWINDING = (".eh_frame", ".gcc_except_table")


class Program:
    """The pieces of all objects of a program; `reach` finds which of them it needs."""

    def __init__(self, objects, entries):
        """`objects` in the order in which the linker loads them; `entries` are symbols."""
        self.parts, self._count = [], 0
        for item in objects:
            self.parts.append(Pieces(item, self._count))
            self._count += self.parts[-1].count
        self._definitions = self._define()
        self._roots = [
            self._piece(name) for name in self._definitions
            if name in entries or ABBREVIATED.fullmatch(name)]
        self._listed, self._edges = [], []
        for part in self.parts:
            self._hold(part)
            self._tie(part)

    def reach(self):
        """Whether each piece is reached."""
        edges = np.concatenate(self._edges)
        edges = edges[np.argsort(edges[:, 0], kind="stable")]
        begins = np.searchsorted(edges[:, 0], np.arange(self._count + 1))
        listed = np.array(self._listed, np.int64).reshape(-1, 3)
        reached = np.zeros(self._count, bool)
        front = np.unique(self._roots)
        while len(front):
            while len(front):
                reached[front] = True
                lengths = begins[front + 1] - begins[front]
                skipped = np.repeat(begins[front] - np.cumsum(lengths) + lengths, lengths)
                front = np.unique(edges[skipped + np.arange(len(skipped)), 1])
                front = front[~reached[front]]
            asked = reached[listed[:, 1]] & reached[listed[:, 2]] & ~reached[listed[:, 0]]
            front = np.unique(listed[asked, 0])
        return reached

    def _define(self):
        """(part, symbol) that each global name stands for: the first, or the first not weak."""
        found, weak = {}, set()
        for part in self.parts:
            item = part.object
            shared = (item.binding != LOCAL) & (part.of_symbol >= 0)
            for index in np.nonzero(shared)[0].tolist():
                name = item.symbol_names[index]
                if name not in found or name in weak and item.binding[index] != WEAK:
                    found[name] = part, index
                    (weak.add if item.binding[index] == WEAK else weak.discard)(name)
        return found

    def _piece(self, name):
        """The piece that a global name stands for, -1 where it comes from elsewhere."""
        part, index = self._definitions.get(name, (None, 0))
        return int(part.of_symbol[index]) if part else -1

    def _hold(self, part):
        """Adds to the roots what a program needs unasked."""
        for section in part.sections:
            name = part.object.names[section]
            kind, flags = (part.object.sections[what][section] for what in ("type", "flags"))
            if name in LISTS or name in REFLECTION:
                continue
            held = kind in STARTED or name in (".init", ".fini", ".ctors", ".dtors")
            held |= bool(flags & RETAIN) and not name.startswith(EXPORTED)
            # Sections that C may name the start and the end of.
            if held or re.fullmatch(r"[A-Za-z_]\w*", name):
                self._roots += range(*part.of_section(section))

    def _tie(self, part):
        """Adds the edges from an object's pieces, and its entries in the lists."""
        item = part.object
        shared = np.array([
            self._piece(name) if binding != LOCAL else -1
            for name, binding in zip(item.symbol_names, item.binding.tolist())], np.int64)
        self._edges.append(part.unrelocated())
        for section, table in item.relocations:
            if section not in part.sections or item.names[section].startswith(UNWINDING):
                continue
            sources = part.at(np.full(len(table), section), table["offset"].astype(np.int64))
            index, targets = part.targets(table)
            local = item.binding[table["symbol"][index]] == LOCAL
            pairs = [np.stack([sources[index], targets], axis=1)[local]]
            pairs.append(np.stack([sources, shared[table["symbol"]]], axis=1))
            self._edges += [some[some[:, 1] >= 0] for some in pairs]
            if item.names[section] in LISTS:
                for entry, relocation in zip(sources.tolist(), table):
                    self._list(part, section, entry, relocation)

    def _list(self, part, section, entry, relocation):
        """Notes an entry, and which two pieces have to be reached for it to count."""
        described = self._target(part, relocation)
        if part.object.names[section] == CONFORMANCES and described:
            # Its first two fields are distances to the protocol and to the type.
            needed = [self._descriptor(self._field(*described, at)) for at in (0, 4)]
        else:
            needed = [self._descriptor(described)] * 2
        if None in needed:
            self._roots.append(entry)
        else:
            pieces = [int(part.at([section], [at])[0]) for part, section, at in needed]
            self._listed.append([entry, *pieces])

    def _target(self, part, relocation):
        """(part, section, offset) that a relocation points at; None where that is elsewhere."""
        symbol, addend = int(relocation["symbol"]), int(relocation["addend"])
        if part.object.binding[symbol] != LOCAL:
            name = part.object.symbol_names[symbol]
            if name not in self._definitions:
                return None
            part, symbol = self._definitions[name]
        offset = int(part.object.symbols["value"][symbol]) + addend
        return part, int(part.object.section_of[symbol]), offset

    def _field(self, part, section, offset, at):
        """(part, section, offset) that the distance in a field points at."""
        place = offset + at
        relocation = part.object.relocation_at(section, place)
        if relocation is not None:
            return self._target(part, relocation)
        distance = int(part.object.contents(section)[place:place + 4].view("<i4")[0])
        return part, section, place + distance

    def _descriptor(self, place):
        """The place of a descriptor, of which a place holds the descriptor or a pointer to it.

        A descriptor begins with its flags, which nothing is relocated in; the lowest bits of a
        distance are flags too.
        """
        if place is None:
            return None
        part, section, offset = place
        offset &= ~3
        pointer = part.object.relocation_at(section, offset)
        return (part, section, offset) if pointer is None else self._target(part, pointer)


def prune(program, reached):
    """Takes the mark of being needed from sections that are not reached, and out of the others the
    pieces that are not: their relocations, and of functions the code, for what was wrongly taken
    shall trap and not run on. Returns how many sections and relocations there were."""
    unmarked = unlinked = 0
    for part in program.parts:
        item = part.object
        for section in part.sections:
            dead = ~reached[slice(*part.of_section(section))]
            if not dead.all():
                _trap(part, section, dead)
            # An empty section only says that there is such a list.
            elif item.sections["flags"][section] & RETAIN and item.sections["size"][section]:
                item.sections["flags"][section] &= ~np.uint64(RETAIN)
                unmarked += 1
        for section, table in item.relocations:
            first, behind = part.of_section(section)
            if behind - first > 1 and not item.names[section].startswith(UNWINDING):
                places = np.full(len(table), section), table["offset"].astype(np.int64)
                dead = ~reached[part.at(*places)]
                # R_X86_64_NONE and R_AARCH64_NONE are both 0.
                for field in ("type", "symbol", "addend"):
                    table[field][dead] = 0
                unlinked += int(dead.sum())
    return unmarked, unlinked


def _trap(part, section, dead):
    """Fills the pieces of a section of code that are dead with INT3 or UDF."""
    item = part.object
    if item.sections["flags"][section] & EXECINSTR:
        code = item.contents(section)
        starts = part.offsets(section)
        for start, end in zip(starts[dead], np.append(starts[1:], len(code))[dead]):
            code[start:end] = 0xCC if item.machine == X86_64 else 0
