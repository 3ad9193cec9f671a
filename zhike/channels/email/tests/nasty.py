"""Mails that are wrong in ways met in the wild: each of these was read badly by somebody's program once. All of it is made up (示例)."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import base64
import quopri
import struct
from collections.abc import Iterator

from zhike.channels.email.tests.letters import HELLO, HTML, PLAIN, PNG, Letter, headed, part, parts, tnef_of, word

HERE = "正文在此"
NAME = "示例清单.txt"
BASE64 = "Content-Transfer-Encoding: base64"


def _b64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def der(tag: int, *inside: bytes, endless: bool = False) -> bytes:
    """One piece of DER, or of BER without a length."""
    value = b"".join(inside)
    if endless:
        return bytes([tag, 0x80]) + value + b"\0\0"
    length = bytes([len(value)]) if len(value) < 128 else bytes([0x82]) + struct.pack(">H", len(value))
    return bytes([tag]) + length + value


def signed(mail: bytes, *, endless: bool = False) -> bytes:
    """A mail inside a signature, as `smime-type=signed-data` carries it; the signature itself is made up."""
    oid_signed, oid_data = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
    half = len(mail) // 2
    octets = der(0x24, der(0x04, mail[:half]), der(0x04, mail[half:]), endless=True) if endless else der(0x04, mail)
    content = der(0x30, oid_data, der(0xA0, octets, endless=endless), endless=endless)
    inner = der(0x30, der(0x02, b"\1"), der(0x31), content, der(0x31), endless=endless)
    return der(0x30, oid_signed, der(0xA0, inner, endless=endless), endless=endless)


def tnef_with(*properties: tuple[int, int, bytes]) -> bytes:
    """A winmail.dat whose words stand among its properties, as newer Outlooks write it: (type, name, value)."""
    block = struct.pack("<L", len(properties))
    for kind, name, value in properties:
        block += struct.pack("<HHLL", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return (
        struct.pack("<LH", 0x223E9F78, 1)
        + struct.pack("<BLL", 1, 0x00069003, len(block))
        + block
        + struct.pack("<H", sum(block) & 0xFFFF)
    )


def charsets() -> Iterator[Letter]:
    """Labels that lie, and bytes nobody should have written."""
    chinese = "您好，我想退货，谢谢。"
    yield Letter(
        "UTF-8 called utf-16", headed("Content-Type: text/plain; charset=utf-16", body=chinese.encode()), chinese
    )
    yield Letter(
        "plain English called utf-16",
        headed("Content-Type: text/plain; charset=utf-16", body=b"please call me back"),
        "please call me back",
    )
    yield Letter(
        "plain English called iso-2022-jp",
        headed("Content-Type: text/plain; charset=iso-2022-jp", body=b"please call me back"),
        "please call me back",
    )
    yield Letter(
        "Big5 called latin",
        headed("Content-Type: text/plain; charset=iso-8859-1", body="您好，我想查詢訂單的進度".encode("big5hkscs")),
        "您好，我想查詢訂單的進度",
    )
    yield Letter(
        "Big5 called gb2312",
        headed(
            "Content-Type: text/plain; charset=gb2312",
            body="您好，我想查詢訂單的進度，請儘快回覆，謝謝。".encode("big5hkscs"),
        ),
        "您好，我想查詢訂單的進度，請儘快回覆，謝謝。",
    )
    yield Letter(
        "GBK called big5", headed("Content-Type: text/plain; charset=big5", body=chinese.encode("gbk")), chinese
    )
    yield Letter(
        "a euro sign of Windows' GBK",
        headed(
            "Content-Type: text/plain; charset=gb2312",
            body="价格是".encode("gbk") + b"\x80" + "一百，请确认".encode("gbk"),
        ),
        "价格是€一百，请确认",
    )
    yield Letter(
        "an emoji in GB 18030",
        headed("Content-Type: text/plain; charset=gb18030", body="谢谢😀好的".encode("gb18030")),
        "谢谢😀好的",
    )


def halves() -> Iterator[Letter]:
    """Bytes that are whole in no charset, and languages from far away."""
    chinese = "您好，我想退货，谢谢。"
    yield Letter(
        "an emoji in two halves",
        headed(
            "Content-Type: text/plain; charset=utf-8",
            body="谢谢".encode() + b"\xed\xa0\xbd\xed\xb8\x80" + "好的".encode(),
        ),
        "好的",
        exact=False,
    )
    yield Letter(
        "two charsets in one body",
        headed(
            "Content-Type: text/plain; charset=utf-8",
            body="您好，我想退货，谢谢。请尽快处理一下好吗\r\n".encode() * 4 + "示例签名".encode("gbk"),
        ),
        "您好，我想退货",
        exact=False,
    )
    yield Letter(
        "HTML whose meta is wrong",
        headed("Content-Type: text/html; charset=utf-8", body=f"<meta charset=utf-8><p>{chinese}</p>".encode("gbk")),
        chinese,
    )
    yield Letter(
        "a quoted word that ends in the middle of a character",
        headed("Subject: =?gb2312?Q?=CD=CB=BB?=", body=b"x"),
        "x",
        subject="退",
    )
    yield Letter(
        "an Arabic label on Chinese",
        headed("Content-Type: text/plain; charset=windows-1256", body=chinese.encode("gbk")),
        chinese,
    )
    yield Letter(
        "real Arabic",
        headed("Content-Type: text/plain; charset=windows-1256", body="مرحبا، أريد إرجاع المنتج".encode("cp1256")),
        "مرحبا، أريد إرجاع المنتج",
    )
    for language, text in (("Arabic", "مرحبا، أريد إرجاع المنتج"), ("Hebrew", "שלום, אני רוצה להחזיר מוצר")):
        yield Letter(
            f"{language} in UTF-8 without a label", headed("Content-Type: text/plain", body=text.encode()), text
        )
    yield Letter(
        "a label in quotes with a comment",
        headed('Content-Type: text/plain; charset="gbk" (Chinese)', body=chinese.encode("gbk")),
        chinese,
    )
    yield Letter(
        "two labels",
        headed("Content-Type: text/plain; charset=us-ascii; charset=gbk", body=chinese.encode("gbk")),
        chinese,
    )


def transfers() -> Iterator[Letter]:
    """Transfer encodings that are half right."""
    for title, line in (
        ("twice", f"{BASE64}\r\n{BASE64}"),
        ("in capitals", "CONTENT-TRANSFER-ENCODING: BASE64"),
        ("with a comment", f"{BASE64} (sic)"),
    ):
        yield Letter(f"base64 named {title}", headed(f"Content-Type: {PLAIN}", line, body=_b64(HERE.encode())), HERE)
    yield Letter(
        "base64 that is plain text",
        headed(f"Content-Type: {PLAIN}", BASE64, body=f"{HERE}，没有编码。".encode()),
        f"{HERE}，没有编码。",
    )
    yield Letter(
        "quoted-printable in small letters",
        headed(
            f"Content-Type: {PLAIN}",
            "Content-Transfer-Encoding: quoted-printable",
            body=quopri.encodestring(HERE.encode()).lower(),
        ),
        HERE,
    )
    yield Letter(
        "quoted-printable with bare signs",
        headed(
            f"Content-Type: {PLAIN}", "Content-Transfer-Encoding: quoted-printable", body=b"a=b 100%= \r\nc=G1=E4=BD=A0"
        ),
        "a=b 100%c=G1你",
    )
    yield Letter(
        "a body of parts in base64",
        headed('Content-Type: multipart/mixed; boundary="q"', BASE64, body=_b64(b"--q\r\n" + HELLO + b"\r\n--q--")),
        HERE,
    )
    yield Letter(
        "a body of parts in quoted-printable",
        headed(
            'Content-Type: multipart/mixed; boundary="=_q"',
            "Content-Transfer-Encoding: quoted-printable",
            body=quopri.encodestring(b"--=_q\r\n" + HELLO + b"\r\n--=_q--"),
        ),
        HERE,
    )


def headers() -> Iterator[Letter]:
    """Headers that break the rules."""
    coded = base64.b64encode("关于退款".encode()).decode()
    for title, value, subject in (
        ("words without a blank between them", f"=?utf-8?B?{coded}?==?utf-8?B?{coded}?=", "关于退款关于退款"),
        ("a word folded inside", f"=?utf-8?B?{coded[:7]}\r\n {coded[7:]}?=", "关于退款"),
        ("a word with blanks in it", "=?utf-8?Q?about my order?=", "about my order"),
        ("a word with a question mark in it", "=?utf-8?Q?when??=", "when?"),
        ("a word in quotes", f'"{word("关于退款")}"', '"关于退款"'),
        ("GBK called utf-8", f"=?utf-8?B?{base64.b64encode('关于退款'.encode('gbk')).decode()}?=", "关于退款"),
        ("a hundred words", " ".join([word("退款")] * 100), "退款" * 100),
        ("direction marks", "\u202egnp.exe", "gnp.exe"),
    ):
        yield Letter(f"subject: {title}", headed(f"Subject: {value}", body=b"x"), "x", subject=subject)
    yield Letter(
        "a blank line inside the headers",
        headed(b"Subject: long\r\n \r\nContent-Type: text/plain; charset=utf-8", body=HERE.encode()),
        HERE,
        subject="long",
    )
    yield Letter(
        "five hundred stations",
        headed(*["Received: from a by b with SMTP; Mon, 3 Mar 2025 09:00:00 +0800"] * 500, "Subject: x", body=b"words"),
        "words",
        subject="x",
    )
    yield Letter(
        "to five thousand people",
        headed("To: " + ",\r\n ".join(f"g{n}@example.com" for n in range(5000)), "Subject: x", body=b"words"),
        "words",
        subject="x",
    )
    yield Letter(
        "a subject of a hundred kilobytes",
        headed("Subject: " + "\r\n ".join([word("退款退款退款")] * 3000), body=b"words"),
        "words",
    )


def senders() -> Iterator[Letter]:
    """Nobody, or somebody who is hard to make out; and moments that never were."""
    for number, sender in enumerate(("From:", "From: <>", 'From: "" <>', "From: ,;,", "From: @", "From: =?utf-8?B??=")):
        yield Letter(
            f"an empty sender {number}",
            headed("Subject: x", body=HERE.encode(), sender=sender),
            HERE,
            sender="unknown@invalid",
        )
    for title, line, address in (
        ("name that is another address", "From: desk@zhike.example <guke@example.com>", "guke@example.com"),
        ("everything in one word", f"From: {word('示例顾客 <guke@example.com>')}", "guke@example.com"),
        ("address of eighty letters", f"From: {'a' * 80}@example.com", f"{'a' * 80}@example.com"),
        ("quotes that do not end", 'From: "示例顾客 <guke@example.com>', "guke@example.com"),
        (
            "a name in GBK that ends in a backslash",
            b'From: "' + "许碶".encode("gbk") + b'" <guke@example.com>',
            "guke@example.com",
        ),
        ("an address of a Chinese domain", "From: guke@示例.公司", "guke@示例.公司"),
        ("a group", "From: 示例组: guke@example.com, other@example.com;", "guke@example.com"),
        ("a link", "From: <mailto:guke@example.com>", "guke@example.com"),
    ):
        yield Letter(f"sender: {title}", headed("Subject: x", body=b"hi", sender=line), "hi", sender=address)  # type: ignore[arg-type]
    for date in (
        "",
        "Date: Mon, 99 Foo 2025 25:61:61 +9999",
        "Date: Sun, 31 Dec 2099 23:59:59 +0800",
        "Date: 1 Jan 1970",
        "Date: 2025年3月3日 9:00",
        "Date: Mon, 3 Mar 0000 09:00:00 -0000",
    ):
        yield Letter(f"date {date!r}", headed(*filter(None, (date, "Subject: x")), body=HERE.encode()), HERE)


def names() -> Iterator[Letter]:
    """File names as senders of this country write them."""
    coded = base64.b64encode(NAME.encode("gb18030")).decode()
    percent = "".join(f"%{byte:02x}" for byte in NAME.encode())
    for title, said in (
        (
            "an encoded word in numbered pieces",
            f'attachment; filename*0="=?GB18030?B?{coded[:9]}"; filename*1="{coded[9:]}?="',
        ),
        ("two encoded words on two lines", f'attachment; filename="{word(NAME[:3])}\r\n {word(NAME[3:])}"'),
        ("both ways, the plain one wrong", f"attachment; filename=\"????.txt\"; filename*=UTF-8''{percent}"),
        ("no charset between the marks", f"attachment; filename*=''{percent}"),
        ("small letters and blanks", f"attachment ; FileName*=utf-8''{percent}"),
        ("percent signs in a plain name", f'attachment; filename="{percent}"'),
    ):
        data = part("application/octet-stream", b"x", f"Content-Disposition: {said}", how="base64")
        yield Letter(f"file named by {title}", parts(HELLO, data), HERE, files=(NAME,))
    bare = part(
        "application/msword", b"x", "Content-Disposition: attachment; filename=my final report.doc", how="base64"
    )
    yield Letter("a file name with blanks and no quotes", parts(HELLO, bare), HERE, files=("my final report.doc",))
    raw = b'Content-Type: application/octet-stream; name="' + NAME.encode("gbk") + b'"\r\n\r\nx'
    yield Letter("a file name in eight bits of GBK", parts(HELLO, raw), HERE, files=(NAME,))


EVENT = 'BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=zh-CN:{}\r\nDTSTART;TZID="(UTC+08:00) Beijing":20250303T093000\r\nEND:VEVENT\r\nEND:VCALENDAR'


def structures() -> Iterator[Letter]:
    """Parts in places where nobody looks for them."""
    title = "示例上门检修预约".encode()
    folded = EVENT.encode().replace(b"{}", title[:10] + b"\r\n " + title[10:])
    invitation = part("text/calendar; method=CANCEL; charset=utf-8", folded)
    yield Letter(
        "an invitation folded inside a character, with a colon in its zone",
        parts(HELLO, invitation, kind="alternative"),
        f"{HERE}\n\n[日程取消] 示例上门检修预约，2025-03-03 09:30",
    )
    inner = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + HERE.encode()
    for endless in (False, True):
        kind = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
        yield Letter(
            f"signed by S/MIME around the words{', without lengths' if endless else ''}",
            headed(f"Content-Type: {kind}", BASE64, body=_b64(signed(inner, endless=endless))),
            HERE,
        )
    with_file = parts(HELLO, part("text/csv", b"1", "Content-Disposition: attachment; filename=a.csv"))
    yield Letter(
        "signed by S/MIME around words and a file",
        headed("Content-Type: application/x-pkcs7-mime; name=smime.p7m", BASE64, body=_b64(signed(with_file))),
        HERE,
        files=("a.csv",),
    )
    yield Letter(
        "a signature broken off",
        headed("Content-Type: application/pkcs7-mime; smime-type=signed-data", BASE64, body=_b64(signed(inner)[:40])),
        notes=1,
    )
    yield Letter(
        "encrypted by PGP in the words",
        headed(f"Content-Type: {PLAIN}", body=b"-----BEGIN PGP MESSAGE-----\r\nabc\r\n-----END PGP MESSAGE-----"),
        "-----BEGIN PGP MESSAGE-----\nabc\n-----END PGP MESSAGE-----",
    )


def parted() -> Iterator[Letter]:
    """Parts and what divides them."""
    amp = part("text/x-amp-html; charset=utf-8", b"<html amp4email></html>")
    yield Letter(
        "a third way of saying it", parts(HELLO, amp, part(HTML, "<p>正文在此</p>".encode()), kind="alternative"), HERE
    )
    related = parts(
        part("image/png", PNG, "Content-ID: <p@x>", "Content-Disposition: inline; filename=p.png", how="base64"),
        part(HTML, '<p>正文在此</p><img src="cid:p@x">'.encode(), "Content-ID: <root>"),
        kind="related",
        more='; start="<root>"',
    )
    yield Letter("the picture before the words", related, HERE, files=("p.png",))
    escaped = parts(
        part(HTML, '<p>正文在此</p><img src="cid:p%40x">'.encode()),
        part("image/png", PNG, "Content-ID: p@x", "Content-Disposition: inline; filename=p.png", how="base64"),
        kind="related",
    )
    yield Letter("a picture whose name is written otherwise", escaped, HERE, files=("p.png",))
    yield Letter(
        "only a picture", headed("Content-Type: image/png; name=p.png", BASE64, body=_b64(PNG)), files=("p.png",)
    )
    yield Letter(
        "words, a picture, words",
        parts(
            HELLO,
            part("image/png; name=p.png", PNG, "Content-Disposition: inline", how="base64"),
            part(PLAIN, "第二段".encode()),
        ),
        f"{HERE}\n\n第二段",
        files=("p.png",),
    )
    for name, said in (
        ("without its last quote", '"b0'),
        ("with blanks around it", '" b0 "'),
        ("with a blank behind it", "b0 "),
        ("twice", "b0; boundary=b9"),
    ):
        yield Letter(f"a boundary {name}", parts(HELLO).replace(b'"b0"', said.encode(), 1), HERE)
    yield Letter("a boundary of two hundred letters", parts(HELLO, boundary="x" * 200), HERE)
    yield Letter(
        "a boundary that stands in the words",
        parts(part(PLAIN, "正文在此\r\n--b0x\r\n后面".encode())),
        "正文在此\n--b0x\n后面",
    )
    yield Letter(
        "the same boundary inside",
        parts(part('multipart/alternative; boundary="b0"', b"--b0\r\n" + HELLO + b"\r\n--b0--")),
        HERE,
        exact=False,
    )
    yield Letter(
        "a part of a mail",
        headed("Content-Type: message/partial; id=a; number=1; total=2", body=HERE.encode()),
        files=("附件.partial",),
    )


def of_office() -> Iterator[Letter]:
    """What Office writes, and TNEF."""
    yield Letter(
        "conditional comments and old Office",
        headed(
            f"Content-Type: {HTML}",
            body="<base href=//e.example><!--[if mso]><p>x</p><![endif]--><o:p>正文在此</o:p><![CDATA[y]]>".encode(),
        ),
        HERE,
        absent=("mso", "base", "e.example"),
        exact=False,
    )
    yield Letter(
        "only an old font tag and blanks",
        headed(f"Content-Type: {HTML}", body="<font size=7>正文在此</font>&nbsp;&zwnj;&#0;&#xD800;".encode()),
        HERE,
        exact=False,
    )
    html = part(
        "application/ms-tnef; name=winmail.dat", tnef_with((0x0102, 0x1013, f"<p>{HERE}</p>".encode())), how="base64"
    )
    yield Letter("TNEF whose words are HTML", parts(html), HERE)
    wide = part(
        "application/ms-tnef; name=winmail.dat",
        tnef_with((0x001F, 0x1000, HERE.encode("utf-16-le") + b"\0\0")),
        how="base64",
    )
    yield Letter("TNEF whose words are a property", parts(wide), HERE)
    rich = part("application/ms-tnef; name=winmail.dat", tnef_with((0x0102, 0x1009, b"LZFu" * 20)), how="base64")
    yield Letter("TNEF nobody can read stays a file", parts(HELLO, rich), HERE, files=("winmail.dat",))
    boxed = headed(
        "Subject: 里面",
        "Content-Type: application/ms-tnef; name=winmail.dat",
        BASE64,
        body=_b64(tnef_of((NAME, b"inside"), body="里面的话")),
    )
    yield Letter(
        "TNEF in a mail that was passed on",
        parts(HELLO, part("message/rfc822", boxed)),
        "里面的话",
        files=(NAME,),
        exact=False,
    )


def quotations() -> Iterator[Letter]:
    """How programs of this country begin what they quote."""
    for title, begin in (
        ("NetEase", "---- 回复的原邮件 ----"),
        ("NetEase in English", "---- Replied Message ----"),
        ("QQ", "------------------\u00a0原始邮件\u00a0------------------"),
        (
            "Aliyun",
            "------------------------------------------------------------------\n发件人：示例客服 <desk@zhike.example>\n发送时间：2025年3月3日(星期一) 09:00\n收件人：示例顾客 <guke@example.com>\n主　题：Re: 咨询",
        ),
        ("Foxmail", "发件人： 示例客服\n发送时间： 2025-03-03 09:00\n收件人： guke\n主题： 咨询"),
    ):
        yield Letter(
            f"quoted by {title}", headed(f"Content-Type: {PLAIN}", body=f"谢谢\n\n{begin}\n\n原来的话".encode()), "谢谢"
        )


KINDS = (charsets, halves, transfers, headers, senders, names, structures, parted, of_office, quotations)
NASTY: list[Letter] = [letter for kind in KINDS for letter in kind()]
