"""Tiny images for the examples of sources; needs Python's standard library alone."""

import struct
import zlib
from pathlib import Path


def png(path: Path, grey: int, width: int = 4, height: int = 4, bits: int = 8) -> None:
    """Writes a grey PNG of 8 or 16 bits whose left half is darker than its right half."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    dark, bright = (bytes([value]) * (bits // 8) for value in (grey // 2, grey))
    row = bytes([0]) + dark * (width // 2) + bright * (width - width // 2)
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(row * height, 9)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def jpeg(path: Path, grey: int, width: int = 16, height: int = 8) -> None:
    """Writes a grey JPEG whose left half is darker than its right half; both sides are multiples of 8."""
    bits, before = "", 0
    for block in range(width // 8 * (height // 8)):
        # The mean of a block alone, as the difference to the one before: its length in 4 bits, then its digits; the block ends.
        value = 8 * ((grey // 2 if block % (width // 8) < width // 16 else grey) - 128)
        difference, before = value - before, value
        length = abs(difference).bit_length()
        digits = difference if difference >= 0 else difference + (1 << length) - 1
        bits += f"{length:04b}" + (f"{digits:0{length}b}" if length else "") + "0"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")

    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content

    means = bytes([0x00, 0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    rest = bytes([0x10, 1] + [0] * 15) + bytes([0])
    parts = [
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xDB, b"\0" + bytes([1] * 64)),
        segment(0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
        segment(0xC4, means),
        segment(0xC4, rest),
        segment(0xDA, bytes([1, 1, 0, 0, 63, 0])),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8" + b"".join(parts) + data + b"\xff\xd9")


def text(path: Path, content: str) -> None:
    """Writes a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
