"""What kind of mail it is: a person's, a machine's, our own, or one nobody wants. Each answer comes with its reasons, by code."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zhike.channels.email import tokens
from zhike.channels.email.models import Mail as Kept
from zhike.channels.email.parsing import Mail
from zhike.handbook.common import Text

DANGEROUS = (
    ".exe",
    ".scr",
    ".js",
    ".vbs",
    ".bat",
    ".cmd",
    ".com",
    ".pif",
    ".jar",
    ".ps1",
    ".lnk",
    ".hta",
    ".iso",
    ".msi",
)
MOST_AN_HOUR = 30
"""Mails from one address; more is a machine that does not say so."""
REASONS: dict[str, Text] = {
    "blocked": Text(zh="发件人在黑名单里", en="The sender is blocked"),
    "marked": Text(zh="邮件服务器已标为垃圾邮件", en="The mail server marked it as spam"),
    "forged": Text(zh="冒用本单位的邮箱地址", en="It pretends to come from a mailbox of ours"),
    "failed_check": Text(zh="发件人没有通过验证（DMARC）", en="The sender failed the check of his domain (DMARC)"),
    "disguised": Text(zh="显示的名字里是另一个邮箱地址", en="The name shown is another address"),
    "dangerous_file": Text(zh="附件是程序", en="It carries a program"),
    "flood": Text(zh="一小时内来信超过 30 封", en="More than 30 mails within an hour"),
    "auto_submitted": Text(zh="自动发出的邮件", en="Sent by a machine"),
    "auto_reply": Text(zh="自动回复", en="An automatic reply"),
    "bulk": Text(zh="群发邮件", en="A mass mailing"),
    "list": Text(zh="邮件列表", en="From a mailing list"),
    "null_sender": Text(zh="没有退信地址，是系统邮件", en="No return path: a system's mail"),
    "loop": Text(zh="本系统发出的邮件又回来了", en="A mail of ours came back"),
    "own_address": Text(zh="来自本单位的另一个邮箱", en="From another mailbox of ours"),
    "not_delivered": Text(zh="退信", en="A mail was not delivered"),
    "late": Text(zh="送达延迟的通知", en="A mail is late"),
    "delivered": Text(zh="送达通知", en="A mail was delivered"),
    "unknown_mail": Text(zh="不知是哪一封的退信", en="It does not say which mail it is about"),
    "fault": Text(zh="处理时出错", en="It could not be taken up"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """`state` of Kept.State: ACCEPTED for a person's mail."""

    state: str
    reasons: tuple[str, ...] = ()


def judge(
    mail: Mail, *, ours: Collection[str], blocked: Sequence[str], allowed: Sequence[str], lately: int
) -> Judgement:
    """`ours`: the addresses of all our mailboxes; `lately`: mails of this sender in the hour before."""
    if mail.report is not None:
        return Judgement(Kept.State.REPORT)
    sender = mail.sender.address
    if tokens.is_sealed(mail.message_id, mail.flags.get("x-zhike", "")):
        return Judgement(Kept.State.OWN, ("loop",))
    if listed(sender, allowed):
        return Judgement(Kept.State.ACCEPTED)
    if unwanted := _unwanted(mail, ours, blocked, lately):
        return Judgement(Kept.State.SPAM, unwanted)
    if sender in ours:
        return Judgement(Kept.State.OWN, ("own_address",))
    if machine := automatic(mail):
        return Judgement(Kept.State.AUTO, machine)
    return Judgement(Kept.State.ACCEPTED)


def automatic(mail: Mail) -> tuple[str, ...]:
    """Why a machine wrote it; empty for a person's mail."""
    flags, found = mail.flags, []
    if flags.get("auto-submitted", "no").partition(";")[0].strip() != "no":
        found.append("auto_reply" if "replied" in flags["auto-submitted"] else "auto_submitted")
    if flags.get("return-path", "") == "<>":
        found.append("null_sender")
    if any(name in flags for name in ("x-autoreply", "x-autorespond", "x-auto-reply", "x-loop")):
        found.append("auto_reply")
    precedence = flags.get("precedence", "")
    if precedence == "auto_reply":
        found.append("auto_reply")
    if precedence in ("bulk", "junk"):
        found.append("bulk")
    if precedence == "list" or "list-id" in flags:
        found.append("list")
    if "list-unsubscribe" in flags or "feedback-id" in flags:
        found.append("bulk")
    if flags.get("x-auto-response-suppress", "") in ("all", "oof, autoreply") and "auto_submitted" not in found:
        found.append("auto_submitted")
    return tuple(dict.fromkeys(found))


def _unwanted(mail: Mail, ours: Collection[str], blocked: Sequence[str], lately: int) -> tuple[str, ...]:
    found = []
    sender, flags = mail.sender.address, mail.flags
    if listed(sender, blocked):
        found.append("blocked")
    if flags.get("x-spam-flag", "").startswith("yes") or flags.get("x-spam-status", "").startswith("yes"):
        found.append("marked")
    if "dmarc=fail" in flags.get("authentication-results", ""):
        found.append("forged" if sender in ours else "failed_check")
    shown = unicodedata.normalize("NFKC", mail.sender.name).lower()
    if any(address in shown for address in ours) and sender not in ours:
        found.append("disguised")
    if any(file.name.lower().endswith(DANGEROUS) for file in mail.files):
        found.append("dangerous_file")
    if lately >= MOST_AN_HOUR:
        found.append("flood")
    return tuple(found)


def listed(address: str, entries: Sequence[str]) -> bool:
    """Whether an address, or its domain as `@example.com`, is among the entries."""
    return address in entries or f"@{address.rpartition('@')[2]}" in entries


def words_of(reasons: Sequence[str], language: str) -> str:
    """The reasons, for people."""
    known = [REASONS[code].say(language) if code in REASONS else code for code in reasons]
    return ("; " if language == "en" else "；").join(known)
