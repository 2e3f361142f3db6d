"""Relocatable ELF files (64 bits, little-endian), alone or in archives, as numpy tables.

A table is a view of the bytes that were read: what is written into it is written into the file.
Layouts: System V gABI, chapters 4 and 5; names of archives' members: GNU's form.
"""

import functools
import pathlib

import numpy as np

SECTION = np.dtype([
    ("name", "<u4"), ("type", "<u4"), ("flags", "<u8"), ("address", "<u8"), ("offset", "<u8"),
    ("size", "<u8"), ("link", "<u4"), ("info", "<u4"), ("alignment", "<u8"), ("entry", "<u8"),
])
SYMBOL = np.dtype([
    ("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"),
    ("size", "<u8"),
])
RELOCATION = np.dtype([
    ("offset", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8"),
])

SYMTAB, RELA, NOTE, NOBITS, INIT_ARRAY, FINI_ARRAY, PREINIT_ARRAY = 2, 4, 7, 8, 14, 15, 16
SYMTAB_SHNDX = 18
ALLOC, EXECINSTR, MERGE, RETAIN = 0x2, 0x4, 0x10, 0x200000
LOCAL, WEAK = 0, 2
STT_SECTION, STT_FILE = 3, 4
X86_64, AARCH64 = 62, 183


class Object:
    """One relocatable file.

    `sections`, `symbols` and what `relocations` gives are views, of SECTION, SYMBOL and RELOCATION;
    `section_of` is the section that each symbol is defined in, 0 for none.
    """

    def __init__(self, name, data):
        self.name, self.data = name, data
        self.machine = int(data[18:20].view("<u2")[0])
        table = int(data[40:48].view("<u8")[0])
        count, names = (int(x) for x in data[60:64].view("<u2"))
        first = data[table:table + SECTION.itemsize].view(SECTION)[0]
        count = count or int(first["size"])
        names = int(first["link"]) if names == 0xFFFF else names
        self.sections = data[table:table + count * SECTION.itemsize].view(SECTION)
        self.names = self._strings(names, self.sections["name"])
        self._read_symbols()

    def contents(self, section):
        """The bytes of a section."""
        start, size = (int(self.sections[part][section]) for part in ("offset", "size"))
        return self.data[start:start + size]

    @functools.cached_property
    def relocations(self):
        """(section they apply to, its relocations), once for each section that has any."""
        return [
            (int(self.sections["info"][index]), self.contents(index).view(RELOCATION))
            for index in np.nonzero(self.sections["type"] == RELA)[0]
        ]

    def relocation_at(self, section, offset):
        """The relocation of a place, None where there is none."""
        return self._by_place.get((section, offset))

    @functools.cached_property
    def _by_place(self):
        return {
            (section, offset): relocation for section, table in self.relocations
            for offset, relocation in zip(table["offset"].tolist(), table)
        }

    def _strings(self, section, offsets):
        text = self.contents(section).tobytes()
        return [text[at:text.index(b"\0", at)].decode("latin-1") for at in offsets.tolist()]

    def _read_symbols(self):
        kinds = self.sections["type"]
        table = next(iter(np.nonzero(kinds == SYMTAB)[0]), None)
        self.symbols = np.empty(0, SYMBOL) if table is None else self.contents(table).view(SYMBOL)
        self.symbol_names = [] if table is None else self._strings(
            int(self.sections["link"][table]), self.symbols["name"])
        self.binding, self.kind = self.symbols["info"] >> 4, self.symbols["info"] & 15
        section = self.symbols["section"].astype(np.int64)
        for index in np.nonzero(kinds == SYMTAB_SHNDX)[0]:
            section = np.where(section == 0xFFFF, self.contents(index).view("<u4"), section)
        self.section_of = np.where(section < len(self.sections), section, 0)


class Inputs:
    """The files of a folder that a linker reads, and the objects in them that it uses."""

    def __init__(self, folder, trace):
        """`trace` is what `ld --trace` prints: a file, or an archive with a member in brackets, a
        line, in the order in which they are loaded. Shared libraries are passed over."""
        self._folder, self._files, self.objects = pathlib.Path(folder), {}, []
        for line in dict.fromkeys(trace):
            path, _, member = line.removesuffix(")").partition(".a(")
            members = self._members(f"{path}.a" if member else line)
            self.objects += [
                Object(line, data) for name, data in members
                if name == member and data[:4].tobytes() == b"\x7fELF" and data[16] == 1
            ]

    def write(self):
        """Writes all files back."""
        for path, (data, _) in self._files.items():
            (self._folder / path).write_bytes(data)

    def _members(self, path):
        if path not in self._files:
            data = np.frombuffer(bytearray((self._folder / path).read_bytes()), np.uint8)
            archive = data[:8].tobytes() == b"!<arch>\n"
            self._files[path] = data, list(archive_members(data)) if archive else [("", data)]
        return self._files[path][1]


def archive_members(data):
    """(name, bytes) of each file in an archive."""
    at, long_names = 8, b""
    while at < len(data):
        header = data[at:at + 60].tobytes().decode("ascii")
        name, size = header[:16].rstrip(), int(header[48:58])
        body = data[at + 60:at + 60 + size]
        if name == "//":
            long_names = body.tobytes()
        elif name not in ("/", "/SYM64/"):
            if name.startswith("/"):
                start = int(name[1:])
                name = long_names[start:long_names.index(b"/\n", start)].decode("utf-8") + "/"
            yield name.removesuffix("/"), body
        at += 60 + size + size % 2
