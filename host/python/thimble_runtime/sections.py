"""Sections of a WebAssembly module, of which wasmtime tells none."""

from collections.abc import Iterator

from .errors import expected

MAGIC = b"\0asm\x01\0\0\0"
CUSTOM = 0
IMPORT = 2
START = 8


class Reader:
    """Numbers and texts, front to back. Throws ThimbleError where the bytes end too early."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data = data
        self.where = where
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that have not been read."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise expected(f"{self.where}: offset {self.at}", f"{count} bytes", self.left)
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def u32(self) -> int:
        """An unsigned LEB128 number of 32 bits."""
        return self._leb(unsigned=True)

    def s32(self) -> int:
        """A signed LEB128 number of 32 bits."""
        return self._leb(unsigned=False)

    def _leb(self, *, unsigned: bool) -> int:
        start, value, shift = self.at, 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift >= 35:
                raise expected(f"{self.where}: offset {start}", "a number of 32 bits", "a longer one")
        if not unsigned and byte & 64:
            value -= 1 << shift
        low, high = (0, 2**32) if unsigned else (-(2**31), 2**31)
        if not low <= value < high:
            raise expected(f"{self.where}: offset {start}", "a number of 32 bits", value)
        return value


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and body of each section. Throws ThimbleError where the bytes are no module."""
    if module[:8] != MAGIC:
        raise expected("file", "a module (.wasm) or an image (.img)", f"bytes that begin with {module[:4].hex()}")
    reader = Reader(module, "module")
    reader.take(len(MAGIC))
    while reader.left:
        number = reader.byte()
        yield number, reader.take(reader.u32())


def custom_section(module: bytes, name: str) -> bytes:
    """The body of the custom section of that name. Throws ThimbleError where there is none."""
    for number, body in sections(module):
        if number != CUSTOM:
            continue
        reader = Reader(body, "custom section")
        if reader.take(reader.u32()) == name.encode():
            return reader.take(reader.left)
    raise expected("module", f"a custom section {name}", "none")


def check_self_contained(module: bytes) -> None:
    """Throws ThimbleError where loading the module would run code, or where it asks for something of its host."""
    for number, _ in sections(module):
        if number in (IMPORT, START):
            raise expected("module", "no imports and no start function", f"section {number}")
