"""Whether a file is a picture we accept, found by decoding it, without letting it fill the memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import IO, Literal

from PIL import Image, ImageFile

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
MOST_PIXELS_JPEG = 220_000_000
"""A JPEG is decoded at an eighth of its size, so that the largest phone pictures pass."""
MOST_PIXELS = 30_000_000
"""Of one frame of the others, which must be decoded whole: 120 MB."""
MOST_FRAMES = 300
Image.MAX_IMAGE_PIXELS = MOST_PIXELS_JPEG  # the library's own guard, beside ours
_AT_ONCE = threading.BoundedSemaphore(2)
"""Pictures decoded at the same time in a process; the memory of a burst of uploads stays bounded."""

Fault = Literal["not_a_picture", "heic", "broken", "too_many_pixels"]


class NotAPicture(ValueError):
    """The content is no picture we accept; `fault` says in which way."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def looks_like(head: bytes) -> str | None:
    """The picture format the first 32 bytes announce: "JPEG", "PNG", "GIF", "WEBP", "HEIC"; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"}:
        return "HEIC"
    return None


def verify_picture(stream: IO[bytes]) -> Picture:
    """Decode the picture once, completely. Raises NotAPicture; never anything else for bad content."""
    stream.seek(0)
    kind = looks_like(stream.read(32))
    stream.seek(0)
    if kind is None:
        raise NotAPicture("not_a_picture")
    if kind == "HEIC":
        raise NotAPicture("heic")
    with _AT_ONCE:
        return _decode(stream, kind)


def _decode(stream: IO[bytes], kind: str) -> Picture:
    try:
        with Image.open(stream, formats=[kind]) as image:
            picture = Picture(MEDIA_TYPES[kind], *image.size)
            _judge_size(image, kind)
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
    except NotAPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture("too_many_pixels")
    except Exception:  # decoders fail in many ways on bad content: OSError, SyntaxError, struct.error, ValueError, ...
        raise NotAPicture("broken")
    return picture


def _judge_size(image: ImageFile.ImageFile, kind: str) -> None:
    """Counts frames without decoding them: a browser that shows an animation has to hold them all."""
    pixels = image.width * image.height
    frames = 1 if kind == "JPEG" else getattr(image, "n_frames", 1)
    most = MOST_PIXELS_JPEG if kind == "JPEG" else MOST_PIXELS
    if pixels > most or frames > MOST_FRAMES or pixels * frames > 20 * most:
        raise NotAPicture("too_many_pixels")
