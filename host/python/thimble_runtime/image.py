"""Signed images around a module: firmware/SPEC.md, section 1."""

import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .errors import ThimbleError, expected

MAGIC = 0x96F3B83D
HEADER = struct.Struct("<IIHHIIBBHII")
PROTECTED_MAGIC = 0x6908
AREA_MAGIC = 0x6907
ID = 0xA0
# What follows the protected area: SHA-256, hash of the key, signature, each with a head of 4 bytes.
AREA = ((0x10, 32), (0x01, 32), (0x24, 64))
AREA_BYTES = 4 + sum(4 + size for _, size in AREA)
NON_BOOTABLE = 0x10


@dataclass(frozen=True)
class Image:
    """A module with what its image says of it."""

    module: bytes
    version: str
    id: str | None


def is_image(data: bytes) -> bool:
    """Whether the bytes begin as an image."""
    return data[:4] == struct.pack("<I", MAGIC)


def public_key(key: bytes | str) -> Ed25519PublicKey:
    """A key: PEM text, or the 32 bytes of RFC 8032. Throws ValueError where it is neither."""
    if isinstance(key, bytes) and len(key) == 32:
        return Ed25519PublicKey.from_public_bytes(key)
    text = key.encode() if isinstance(key, str) else key
    try:
        loaded = load_pem_public_key(text)
    except ValueError:
        raise ValueError("key: expected an Ed25519 public key as PEM or of 32 bytes, found neither") from None
    if not isinstance(loaded, Ed25519PublicKey):
        raise ValueError(f"key: expected an Ed25519 public key, found {type(loaded).__name__.strip('_')}")
    return loaded


def _entries(data: bytes, at: int, size: int, magic: int) -> list[tuple[int, bytes]]:
    """The TLVs of an area, in their order."""
    where = f"image: offset {at}"
    if size < 4 or at + size > len(data) or struct.unpack_from("<HH", data, at) != (magic, size):
        raise expected(where, f"an area {magic:#06x} of {size} bytes", "none")
    found, end, at = [], at + size, at + 4
    while at < end:
        if end - at < 4:
            raise expected(f"image: offset {at}", "4 bytes of a TLV", end - at)
        kind, length = struct.unpack_from("<HH", data, at)
        if length > end - at - 4:
            raise expected(f"image: offset {at}", f"at most {end - at - 4} bytes", length)
        found.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def read_image(data: bytes, key: bytes | str | None) -> Image:
    """The module of an image, whose hash is checked, and with a key its signature. Throws ThimbleError."""
    if len(data) < HEADER.size:
        raise expected("image", f"{HEADER.size} bytes", len(data))
    magic, load_at, head, protected, body, flags, major, minor, revision, number, padding = HEADER.unpack_from(data)
    if (magic, load_at, head, flags, padding) != (MAGIC, 0, HEADER.size, NON_BOOTABLE, 0) or body == 0:
        raise expected("image", "a header as of SPEC.md, section 1", "another")
    signed = HEADER.size + body + protected
    if len(data) != signed + AREA_BYTES:
        raise expected("image", f"{signed + AREA_BYTES} bytes", len(data))
    entries = _entries(data, HEADER.size + body, protected, PROTECTED_MAGIC) if protected else []
    area = _entries(data, signed, AREA_BYTES, AREA_MAGIC)
    if tuple((kind, len(value)) for kind, value in area) != AREA:
        raise expected("image", "SHA-256, key hash and signature", ", ".join(f"{kind:#04x}" for kind, _ in area))
    digest = hashlib.sha256(data[:signed]).digest()
    if digest != area[0][1]:
        raise expected("image", f"SHA-256 {area[0][1].hex()}", digest.hex())
    if key is not None:
        try:
            public_key(key).verify(area[2][1], digest)
        except InvalidSignature:
            raise ThimbleError("image: expected a signature of the key, found another's") from None
    name = dict(entries).get(ID)
    version = f"{major}.{minor}.{revision}" + (f"+{number}" if number else "")
    return Image(data[HEADER.size : HEADER.size + body], version, name.decode("latin1") if name else None)


def module_of(data: bytes, key: bytes | str | None) -> Image:
    """The module of a file of either kind. Throws ThimbleError."""
    if is_image(data):
        return read_image(data, key)
    if key is not None:
        raise ThimbleError("file: expected an image (.img) signed with the key, found no image")
    return Image(data, "", None)
