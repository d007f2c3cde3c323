"""Tiny images for the examples of sources; needs Python's standard library alone."""

import struct
import zlib
from pathlib import Path


def png(path: Path, grey: int, width: int = 4, height: int = 4) -> None:
    """Writes a grey PNG of 8 bits whose left half is darker than its right half."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = bytes([0]) + bytes([grey // 2]) * (width // 2) + bytes([grey]) * (width - width // 2)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(row * height, 9)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def jpeg(path: Path, grey: int) -> None:
    """Writes a grey JPEG of 16 x 8 pixels, two blocks, whose left half is darker than its right half."""

    def segment(kind: int, content: bytes) -> bytes:
        return bytes([0xFF, kind]) + struct.pack(">H", len(content) + 2) + content

    # All coefficients are divided by 8, so that a block's mean is its first one; of others none is there.
    tables = segment(0xDB, bytes([0]) + bytes([8] * 64)) + segment(0xC0, bytes([8, 0, 8, 0, 16, 1, 1, 0x11, 0]))
    # Codes: four bits for each of twelve lengths of a first coefficient, and one bit for "no others".
    tables += segment(0xC4, bytes([0, 0, 0, 0, 12] + [0] * 12 + list(range(12))))
    tables += segment(0xC4, bytes([0x10, 1] + [0] * 15 + [0]))
    bits, before = "", 0
    for mean in (grey // 2 - 128, grey - 128):
        step, before = mean - before, mean
        length = abs(step).bit_length()
        value = step if step >= 0 else step + (1 << length) - 1
        bits += f"{length:04b}" + (f"{value:0{length}b}" if length else "") + "0"
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")
    path.parent.mkdir(parents=True, exist_ok=True)
    start = segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
    path.write_bytes(b"\xff\xd8" + tables + start + scan + b"\xff\xd9")


def text(path: Path, content: str) -> None:
    """Writes a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
