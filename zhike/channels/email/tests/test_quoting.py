"""New words and quoted ones are told apart; what was written between the quotes is never folded away."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import pytest

from zhike.channels.email.quoting import split

QUOTES = {
    "Gmail": "On Mon, Mar 3, 2025 at 9:00 AM 示例 <a@b.example> wrote:\n\n> 您好",
    "Gmail over two lines": "On Mon, Mar 3, 2025 at 9:00 AM 示例客服中心 <support@long.example>\nwrote:\n> 您好",
    "Gmail in Chinese": "示例 <a@b.example> 于2025年3月3日周一 09:00写道：\n\n> 您好",
    "Apple Mail": "在 2025年3月3日，09:00，示例 <a@b.example> 写道：\n\n> 您好",
    "163": "At 2025-03-03 09:00:00, \"示例\" <a@b.example> wrote:\n您好",
    "163 in Chinese": "在 2025-03-03 09:00:00，\"示例\" <a@b.example> 写道：\n您好",
    "QQ": "------------------ 原始邮件 ------------------\n发件人: \"示例\" <a@b.example>;\n发送时间: 2025年3月3日\n收件人: \"b\";\n主题: x\n\n您好",
    "Outlook": "-----Original Message-----\nFrom: a\nSent: Monday\nTo: b\nSubject: x\n\nhello",
    "Outlook in Chinese": "发件人: 示例 <a@b.example>\n发送时间: 2025年3月3日 9:00\n收件人: b\n主题: x\n\n您好",
    "Outlook with a rule": "________________________________\nFrom: a\nSent: Monday\nTo: b\nSubject: x\n\nhello",
    "Foxmail": "发件人： 示例\n发送时间： 2025-03-03 09:00\n收件人： b\n主题： x\n\n您好",
    "only marks": "> 您好\n> 再见",
    "German": "Am 03.03.25 um 09:00 schrieb Beispiel <a@b.example>:\n> Hallo",
}  # fmt: skip


@pytest.mark.parametrize("name", QUOTES)
def test_what_stands_below_is_quoted(name: str) -> None:
    assert split(f"好的，谢谢。\n\n{QUOTES[name]}") == ("好的，谢谢。", QUOTES[name])


@pytest.mark.parametrize(
    "text",
    [
        "在 2025年3月3日，示例 <a@b.example> 写道：\n> 要几台？\n两台。\n> 送到哪里？\n示例路。",
        "> 要几台？\n两台。",
        "请看：\n---------- Forwarded message ---------\nFrom: a\nDate: Monday\nSubject: x\nTo: b\n\n内容",
        "发件人：是我妈妈\n她说水壶漏水",
        "On time and well packed, thank you",
        "我在 2025年3月3日 买的",
        "-----Original Message-----\nFrom: a\nSent: x\nTo: b\n\nonly a quotation",
        "",
    ],
)
def test_what_is_the_answer_itself_stays_whole(text: str) -> None:
    assert split(text) == (text, "")
