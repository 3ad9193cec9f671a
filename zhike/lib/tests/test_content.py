"""Files are what their content says, not what their name says. Every picture and archive is made here."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zhike.lib.content import EXCEL, WORD, NotAccepted, media_type_of, voice_seconds
from zhike.lib.images import NotAPicture, verify_picture


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(target, kind)
    return target.getvalue()


def archive(entries: dict[str, bytes], **changes: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = changes.get("external_attr", 0)
            packed.writestr(info, content)
    return target.getvalue()


def type_of(content: bytes) -> str:
    return media_type_of(io.BytesIO(content))


def fault_of(content: bytes) -> str:
    with pytest.raises((NotAccepted, NotAPicture)) as caught:
        type_of(content)
    return caught.value.fault


@pytest.mark.parametrize(
    ("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif"), ("WEBP", "image/webp")]
)
def test_the_four_kinds_of_picture_are_told_by_their_content(kind, media_type):
    assert type_of(picture(kind)) == media_type
    found = verify_picture(io.BytesIO(picture(kind)))
    assert (found.width, found.height) == (40, 30)


def test_a_picture_cut_in_the_middle_is_broken():
    whole = picture("JPEG", (400, 300))
    assert fault_of(whole[: len(whole) // 2]) == "broken"
    assert fault_of(picture("PNG")[:60]) == "broken"


def test_a_picture_of_a_telephone_that_few_programs_open_is_told_apart():
    assert fault_of(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 40) == "heic"


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that says it is enormous and holds one packed row."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 3000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_000, 20_000), (6_000, 6_000)])
def test_a_picture_that_would_fill_the_memory_is_not_unpacked(size):
    assert fault_of(png_bomb(*size)) == "too_many_pixels"


def test_an_animation_of_thousands_of_frames_is_refused():
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02D\x01\0"
    assert fault_of(b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 2000 + b";") == "too_many_pixels"


def test_text_and_documents_are_told_by_their_content():
    assert type_of("店名,地址\r\n示例店,示例路1号".encode("gb18030")) == "text/plain"
    assert type_of("投诉内容".encode("utf-16")) == "text/plain"
    assert type_of(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") == "application/pdf"
    assert type_of(archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})) == WORD
    assert type_of(archive({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})) == EXCEL


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (b"#!AMR\n" + (b"\x3c" + bytes(31)) * 100, 2.0),
        (b"#!AMR\n" + b"\x7c" * 50, 1.0),
        (b"#!AMR\n", None),
        (b"#!AMR\n\x3c" + bytes(30), None),
        (b"#!AMR\n<script>alert(1)</script>", None),
        (b"#!AMR-WB\n\x7c", None),
    ],
)
def test_a_recording_of_a_voice_is_frames_from_end_to_end(content: bytes, seconds: float | None) -> None:
    assert voice_seconds(io.BytesIO(content)) == seconds
    if seconds:
        assert type_of(content) == "audio/amr"


def test_a_drawing_that_can_run_scripts_is_only_text():
    assert type_of(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>') == "text/plain"


def test_programs_and_plain_archives_are_unknown():
    assert fault_of(b"MZ\x90\x00" + b"\0" * 100) == "unknown"
    assert fault_of(b"\x7fELF" + b"\0" * 100) == "unknown"
    assert fault_of(archive({"a.txt": b"hello"})) == "unknown"
    assert fault_of(b"PK\x03\x04" + b"\1" * 100) == "unknown"


OFFICE = {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}


def test_an_archive_that_hides_something_is_unsafe():
    assert fault_of(archive({**OFFICE, "word/media/a.xml": b"\0" * 50_000_000})) == "unsafe"
    assert fault_of(archive({**OFFICE, "word/vbaProject.bin": b"x"})) == "unsafe"
    assert fault_of(archive({**OFFICE, "../../evil.xml": b"x"})) == "unsafe"
    assert fault_of(archive(OFFICE, external_attr=0o120777 << 16)) == "unsafe"
    assert fault_of(archive({**OFFICE, **{f"word/{n}.xml": b"" for n in range(5001)}})) == "unsafe"


HEADS = st.sampled_from(
    [picture("PNG")[:50], picture("JPEG")[:200], picture("GIF"), picture("WEBP"), archive(OFFICE), b"%PDF-", b""]
)


@given(HEADS, st.binary(max_size=300))
def test_any_bytes_are_a_known_kind_or_refused(head, rest):
    try:
        media_type = type_of(head + rest)
    except (NotAccepted, NotAPicture):
        return
    assert "/" in media_type
