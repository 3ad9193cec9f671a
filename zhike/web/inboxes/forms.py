"""The form of an inbox: what was typed becomes its settings, all faults at once; settings become what stands in the form.

Topics and invitations are lines, because that is how they are changed: `delivery 配送 | Delivery`,
`20 /price* 需要帮忙吗？ | May we help?`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language, gettext

from zhike.channels.sms.models import SmsTemplate
from zhike.channels.webchat.offline import ways_of
from zhike.channels.webchat.settings import COLOUR, FIELDS, KNOWN_ID, origin_of, settings_of
from zhike.channels.webchat.surveys import LINK
from zhike.conversations.models import Inbox
from zhike.handbook.common import Text
from zhike.org.handbooks import book_of, in_force

LONGEST_WORDS = 2000
_INVITATION = re.compile(r"(\d{1,4})\s+(?:(/\S*)\s+)?(.+)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for; `problems` says what cannot be taken."""

    name: str
    handbook: str
    told: dict[str, Any]
    problems: dict[str, str]


def wish_of(post: QueryDict, now: dt.datetime) -> Wish:
    problems: dict[str, str] = {}
    name, handbook = post.get("name", "").strip(), post.get("handbook", "")
    if not name:
        problems["name"] = gettext("请填写名称。")
    if handbook not in {version.name for version in in_force(now)}:
        problems["handbook"] = gettext("请选择一套现行制度。")
    told: dict[str, Any] = {
        "origins": _origins(post, problems), "title": _pair(post, "title"), "welcome": _pair(post, "welcome"),
        "colour": _colour(post, problems), "side": "left" if post.get("side") == "left" else "right",
        "fields": [{"id": each, "required": post.get(f"ask_{each}") == "required"} for each in FIELDS if post.get(f"ask_{each}")],
        "topics": _topics(post, problems), "consent": _consent(post, problems), "invitations": _invitations(post, problems),
        "offline": _offline(post, handbook, now, problems), "trail": bool(post.get("trail")),
        "trail_days": _number(post, "trail_days", 90, 3650, problems), "files": bool(post.get("files")), "demo": bool(post.get("demo")),
        "survey": {
            "asked": bool(post.get("survey")), "question": _pair(post, "question"),
            "remind_after": _number(post, "remind_after", 24, 720, problems), "template": _template(post, problems),
        },
        "address": _address(post, problems),
    }  # fmt: skip
    if told["trail"] and told["consent"] is None:
        problems["trail"] = gettext("要记录浏览页面，先在告知里写明，请填写告知内容。")
    return Wish(name, handbook, told, problems)


def _pair(post: QueryDict, name: str) -> dict[str, str] | None:
    zh, en = (post.get(f"{name}_{code}", "").strip()[:LONGEST_WORDS] for code in ("zh", "en"))
    return {"zh": zh, "en": en} if zh else None


def _origins(post: QueryDict, problems: dict[str, str]) -> list[str]:
    lines = post.get("origins", "").split()
    wrong = [line for line in lines if not origin_of(line)]
    if wrong:
        problems["origins"] = gettext("网站地址写成 https://shop.example 的样子，不带路径：%(wrong)s") % {
            "wrong": wrong[0]
        }
    return [origin_of(line) for line in lines if origin_of(line)][:20]


def _colour(post: QueryDict, problems: dict[str, str]) -> str:
    found = post.get("colour", "").lower()
    if found and not COLOUR.fullmatch(found):
        problems["colour"] = gettext("颜色写成 #0b6e6e 的样子。")
    return found


def _address(post: QueryDict, problems: dict[str, str]) -> str:
    text = post.get("address", "").strip()
    if text and not origin_of(text):
        problems["address"] = gettext("本系统的地址写成 https://desk.example 的样子，不带路径。")
    return origin_of(text)


def _template(post: QueryDict, problems: dict[str, str]) -> str:
    chosen = post.get("survey_template", "")
    if chosen and chosen not in {code for code, _ in templates()}:
        problems["survey_template"] = gettext("这个短信模板没有批准，或不含 {link}，请重选。")
    return chosen[:40]


def templates() -> list[tuple[str, str]]:
    """(code, title) of the approved short messages that can carry a link."""
    rows = SmsTemplate.objects.filter(state=SmsTemplate.State.APPROVED, variables=[LINK]).order_by("title", "id")
    return list(rows.values_list("code", "title"))


def _number(post: QueryDict, name: str, default: int, most: int, problems: dict[str, str]) -> int:
    text = post.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        problems[name] = gettext("请填写 1 到 %(most)d 之间的整数。") % {"most": most}
        return default
    return int(text)


def _both(text: str) -> dict[str, str]:
    zh, _, en = text.partition("|")
    return {"zh": zh.strip(), "en": en.strip()}


def _topics(post: QueryDict, problems: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for line in filter(None, map(str.strip, post.get("topics", "").splitlines())):
        name, _, rest = line.partition(" ")
        if not KNOWN_ID.fullmatch(name) or not rest.strip():
            problems["topics"] = gettext("每行一个主题，先写英文代号：delivery 配送 | Delivery")
        else:
            found.append({"id": name, "title": _both(rest)})
    return found[:20]


def _invitations(post: QueryDict, problems: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for line in filter(None, map(str.strip, post.get("invitations", "").splitlines())):
        match = _INVITATION.fullmatch(line)
        if match is None or int(match[1]) < 1:
            problems["invitations"] = gettext(
                "每行一条：停留秒数、页面路径、邀请的话，如 20 /price* 需要帮忙吗？ | May we help?"
            )
        else:
            found.append({"after": int(match[1]), "pages": match[2] or "", "words": _both(match[3])})
    return found[:5]


def _consent(post: QueryDict, problems: dict[str, str]) -> dict[str, Any] | None:
    words, version = _pair(post, "consent"), post.get("consent_version", "").strip()[:40]
    if words and not version:
        problems["consent_version"] = gettext("请给告知写一个版本号；改了内容就换一个。")
    return {"version": version, "words": words} if words else None


# what is left while nobody answers


def ways(now: dt.datetime) -> list[tuple[str, str]]:
    """(`handbook/process/action`, title) of everything a customer may file: what is left becomes one of these."""
    language = get_language() or "zh"
    found = []
    for version in in_force(now):
        book = book_of(version.pk)
        for way in ways_of(book):
            title = f"{book.handbook.title.say(language)} · {book.process(way.process).title.say(language)}"
            found.append((f"{book.name}/{way.process}/{way.action}", title))
    return found


def _offline(post: QueryDict, handbook: str, now: dt.datetime, problems: dict[str, str]) -> dict[str, Any] | None:
    chosen = post.get("offline", "")
    if not chosen:
        return None
    if chosen not in {value for value, _ in ways(now)} or not chosen.startswith(f"{handbook}/"):
        problems["offline"] = gettext("这个流程不在所选的制度里，请重选。")
        return None
    _, process, action = chosen.split("/")
    version = next(version for version in in_force(now) if version.name == handbook)
    way = next(way for way in ways_of(book_of(version.pk)) if (way.process, way.action) == (process, action))
    return {"process": process, "action": action, "fields": dict(way.fields)}


# back into the form


def typed_of(inbox: Inbox) -> dict[str, Any]:
    """What stands in the form of an inbox that is there."""
    told = settings_of(inbox)
    offline = f"{inbox.handbook}/{told.offline.process}/{told.offline.action}" if told.offline else ""
    return {
        "name": inbox.name, "handbook": inbox.handbook, "origins": "\n".join(told.origins), "colour": told.colour, "side": told.side,
        **_words("title", told.title), **_words("welcome", told.welcome), **_words("question", told.survey_question),
        **_words("consent", told.consent_words), "consent_version": told.consent_version,
        **{f"ask_{each.id}": "required" if each.required else "optional" for each in told.fields},
        "topics": "\n".join(f"{name} {_line(title)}" for name, title in told.topics),
        "invitations": "\n".join(f"{each.after} {each.pages} {_line(each.words)}".replace("  ", " ") for each in told.invitations),
        "offline": offline, "trail": told.trail, "trail_days": told.trail_days, "files": told.files, "demo": told.demo,
        "survey": told.survey, "remind_after": told.remind_after, "survey_template": told.survey_template, "address": told.address,
    }  # fmt: skip


def _words(name: str, text: Text | None) -> dict[str, str]:
    return {f"{name}_zh": text.zh, f"{name}_en": text.en or ""} if text is not None else {}


def _line(text: Text) -> str:
    return f"{text.zh} | {text.en}" if text.en else text.zh


def asked_fields(typed: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(id, title, "", "optional" or "required") of what may be asked before the first message."""
    language = get_language() or "zh"
    return [(name, title.say(language), str(typed.get(f"ask_{name}", ""))) for name, title in FIELDS.items()]
