"""Bytes of a mail as text, whatever its label says. Labels are often wrong, missing or unknown; nothing is ever refused for it.

The candidates are the label's own charset, UTF-8, GB 18030 and Big5; the one whose text looks most like writing wins, with
a lead for the label. What cannot be read is replaced by U+FFFD.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

GB = "gb18030"
ALIASES = {
    **dict.fromkeys(
        ("gb2312", "gb_2312-80", "gb_2312", "gb2312-80", "gb-2312", "iso-gb2312", "iso-ir-58", "csgb2312", "euc-cn", "euccn",
         "gbk", "x-gbk", "gb-k", "cp936", "ms936", "windows-936", "x-cp936", "gb18030", "gb-18030", "gb18030-2000", "chinese",
         "gb2312_charset", "x-mac-chinesesimp", "cn-gb", "zh_cn.gbk"), GB),
    **dict.fromkeys(("big5", "big-5", "big5-hkscs", "x-x-big5", "csbig5", "cn-big5", "cp950", "x-windows-950"), "big5hkscs"),
    **dict.fromkeys(("hz", "hz-gb-2312", "hz-gb2312"), "hz"),
    **dict.fromkeys(("utf8", "utf-8", "utf8mb4", "unicode-1-1-utf-8", "x-unicode-2-0-utf-8", "utf-8-sig", "utf_8"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "iso_8859-1", "windows-1252", "cp1252", "ansi"), "cp1252"),
    **dict.fromkeys(("ks_c_5601-1987", "ks_c_5601", "euc-kr", "ksc5601"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
}  # fmt: skip
"""Names met in the wild; GB 2312 and GBK are read as GB 18030, of which they are parts."""
NEVER = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem", "utf-7"})
"""Codecs that are no charset of a mail, or read plain text as something else."""
ISO_2022_CN = frozenset({"iso-2022-cn", "iso-2022-cn-ext", "iso2022cn"})
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 32 * 1024
LEAD = 0.2
"""How much better another charset must look than the one on the label."""
ODD = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f\U000f0000-\U0010ffff]")
"""What text read in a wrong charset is full of and writing is not."""
FAR = re.compile("[\u0590-\u06ff\ua000-\uabff]")
"""Scripts that a Chinese charset holds by accident only."""
FAR_CHARSETS = frozenset({"utf-8", "cp1255", "cp1256", "iso8859-6", "iso8859-8", "utf-16", "utf-16-le", "utf-16-be"})
HALVES = re.compile(rb"\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])")
"""A character beyond the first 65,536 written as two halves in UTF-8, as old Java programs do."""
CJK = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
SHIFTED = re.compile(rb"\x1b\$\)[A-Z]|\x0e([^\x0f\r\n]*)\x0f?")


def decode(data: bytes, label: str = "") -> str:
    """The text of `data`; `label` as the mail gave it, "" where it gave none.

    >>> decode("您好".encode("gbk"), "iso-8859-1")
    '您好'
    """
    name = label.strip().strip("\"'").lower()
    if name in ISO_2022_CN:
        return _iso_2022_cn(data)
    for mark, charset in MARKS:
        if data.startswith(mark):
            return data.decode(charset, "replace").lstrip("\ufeff")
    known = codec_of(name)
    if known == "hz":
        return data.decode("hz", "replace")
    if data.isascii():
        return _ascii(data, known)
    if HALVES.search(data) and (whole := _whole(data)) is not None:
        return whole
    return data.decode(_best(data, known), REPLACED)


def _whole(data: bytes) -> str | None:
    try:
        return data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        return None


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """U+FFFD; but a euro sign where Windows' GBK has one and GB 18030 nothing."""
    assert isinstance(error, UnicodeDecodeError)
    is_euro = error.encoding == GB and error.object[error.start] == 0x80
    return ("€", error.start + 1) if is_euro else ("\ufffd", error.end)


REPLACED = "zhike-mail"
codecs.register_error(REPLACED, _replaced)


def _ascii(data: bytes, known: str) -> str:
    """Seven bits; charsets that shift by escapes and wide ones still need their codec."""
    is_wide = known.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    if known.startswith("iso2022") or (is_wide and b"\0" in data):
        return data.decode(known, "replace")
    if b"~{" in data and b"~}" in data and not known:
        return data.decode("hz", "replace")
    return data.decode("ascii")


@lru_cache(maxsize=256)
def codec_of(name: str) -> str:
    """Python's codec for a charset's name, "" for one nobody knows."""
    if name in ALIASES:
        return ALIASES[name]
    try:
        found = codecs.lookup(name).name if name and len(name) < 40 else ""
        b"".decode(found or "ascii")
    except (LookupError, ValueError):
        return ""
    return "" if found.replace("-", "_") in {each.replace("-", "_") for each in NEVER} or found == "ascii" else found


def _best(data: bytes, known: str) -> str:
    sample = data[:SAMPLE]
    candidates = list(dict.fromkeys(name for name in (known, "utf-8", GB, "big5hkscs") if name))
    scores = {name: _score(sample, name) + (LEAD if name == known else 0.0) for name in candidates}
    found = max(candidates, key=lambda name: scores[name])
    return found if scores[found] > 0 else (known or ("cp1252" if scores[GB] < -1 else GB))


def _score(sample: bytes, name: str) -> float:
    """1.0 for writing, less for each character that nobody writes; a single-byte charset proves nothing by fitting."""
    text = sample.decode(name, REPLACED)
    foreign = [character for character in text if character > "\x7f"]
    if not foreign:
        return 0.0
    joined = "".join(foreign)
    # A sample may end inside a character: the last one does not count.
    counted = joined[:-1] if len(sample) == SAMPLE else joined
    odd = len(ODD.findall(counted)) + (0 if name in FAR_CHARSETS else len(FAR.findall(counted)))
    if name == "utf-8":
        return 1.3 - 3.0 * odd / len(foreign)
    common = sum(map(_is_common, CJK.findall(joined))) / len(foreign)
    single = name.startswith(("cp125", "iso8859", "koi8", "cp437", "cp850", "mac"))
    return (0.5 if single else 0.2 + 0.7 * common) - 3.0 * odd / len(foreign)


@lru_cache(maxsize=8192)
def _is_common(character: str) -> bool:
    """Punctuation, or one of the 3,755 characters of the first level of GB 2312, or what Big5 calls frequent."""
    if "\uac00" <= character <= "\ud7a3":
        return True
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        try:
            return 0xA1 <= character.encode("big5")[0] <= 0xC6
        except UnicodeEncodeError:
            return False
    return lead <= 0xD7


def _iso_2022_cn(data: bytes) -> str:
    """GB 2312 between shift-out and shift-in. Python has no codec of it."""
    raised = SHIFTED.sub(lambda found: bytes(byte | 0x80 for byte in found[1]) if found[1] is not None else b"", data)
    return raised.decode(GB, "replace")
