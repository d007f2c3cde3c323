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


def text(path: Path, content: str) -> None:
    """Writes a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
