"""What a file is, found by reading it. What its sender or its name says is never believed."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from typing import IO

from zhike.lib.images import NotAPicture, looks_like, verify_picture

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AMR = "audio/amr"
"""What telephones record of a voice; WeChat hands over voice messages in it."""
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "application/pdf": ("pdf",),
    WORD: ("docx",),
    EXCEL: ("xlsx",),
    "text/plain": ("txt", "csv", "log", "md"),
    AMR: ("amr",),
}
"""The accepted kinds of file, each with the extensions a name may have; the first is added to a name with another."""
PICTURE_EXTENSIONS = frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "heic", "heif", "avif", "bmp", "tif", "tiff", "svg"}
)

AMR_BEGINS = b"#!AMR\n"
AMR_FRAMES = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
"""Bytes of a frame by its kind, without its head (RFC 4867, 5.3)."""
MOST_ENTRIES = 5_000
MOST_UNPACKED = 300 * 1024 * 1024
MOST_RATIO = 200
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class NotAccepted(ValueError):
    """Content of a kind that is not accepted: "unknown", or "unsafe" (an archive that hides something)."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def media_type_of(stream: IO[bytes]) -> str:
    """The media type, one of `EXTENSIONS`. Raises NotAccepted or images.NotAPicture."""
    stream.seek(0)
    head = stream.read(1024)
    if looks_like(head) is not None:
        return verify_picture(stream).media_type
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(AMR_BEGINS):
        return _amr_type(stream)
    if head.startswith(b"PK\x03\x04"):
        return _office_type(stream)
    if _is_text(stream):
        return "text/plain"
    raise NotAccepted("unknown")


def _amr_type(stream: IO[bytes]) -> str:
    if voice_seconds(stream) is None:
        raise NotAccepted("unknown")
    return AMR


def voice_seconds(stream: IO[bytes]) -> float | None:
    """How long a recording in AMR is; None for what is none, or holds anything but frames of sound. Fifty frames are a second."""
    stream.seek(0)
    if stream.read(len(AMR_BEGINS)) != AMR_BEGINS:
        return None
    frames = 0
    while head := stream.read(1):
        length = AMR_FRAMES.get(head[0] >> 3 & 0xF)
        if length is None or head[0] & 0x83 or len(stream.read(length)) != length:
            return None
        frames += 1
    return frames / 50 if frames else None


def is_picture(media_type: str) -> bool:
    return media_type.startswith("image/")


def _is_text(stream: IO[bytes]) -> bool:
    """UTF-8, GB 18030 or marked UTF-16 without control characters."""
    stream.seek(0)
    content = stream.read()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(content, "utf-16")
    if _CONTROLS.search(content):
        return False
    return _decodes(content, "utf-8") or _decodes(content, "gb18030")


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\x00" not in text


def _office_type(stream: IO[bytes]) -> str:
    _judge_directory(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        raise NotAccepted("unknown")
    if any(_is_unsafe(entry) for entry in entries) or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise NotAccepted("unsafe")
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return WORD
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return EXCEL
    raise NotAccepted("unknown")


def _judge_directory(stream: IO[bytes]) -> None:
    """Refuse an archive by the size of its table of contents, before a library builds that table in memory."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < 22:
        raise NotAccepted("unknown")
    entries, directory = struct.unpack_from("<HL", tail, found + 10)
    if entries > MOST_ENTRIES or directory > MOST_ENTRIES * 200:
        raise NotAccepted("unsafe")


def _is_unsafe(entry: zipfile.ZipInfo) -> bool:
    """A link, a way out of the folder, a locked part, a macro, or something that unpacks to far more than it is."""
    mode = entry.external_attr >> 16
    name = entry.filename.replace("\\", "/")
    return (
        stat.S_ISLNK(mode)
        or name.startswith("/")
        or ".." in name.split("/")
        or bool(entry.flag_bits & 0x1)
        or name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js"))
        or entry.file_size > 1_000_000 + MOST_RATIO * entry.compress_size
    )


__all__ = ["EXTENSIONS", "NotAPicture", "NotAccepted", "is_picture", "media_type_of"]
