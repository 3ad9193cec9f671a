"""What the product itself writes of things WeChat brings that are no words: kept in Chinese, told in the language of whoever reads."""

from __future__ import annotations

import re
from functools import cache

from zhike.handbook.common import Text

KINDS = {
    "image": Text(zh="图片", en="picture"),
    "voice": Text(zh="语音", en="voice message"),
    "video": Text(zh="视频", en="video"),
    "shortvideo": Text(zh="小视频", en="short video"),
    "file": Text(zh="文件", en="file"),
}
LINES = {
    "voice": Text(zh="[语音]", en="[Voice message]"),
    "voice_of": Text(
        zh="[语音 {seconds} 秒，保存附件后播放]", en="[Voice message, {seconds} s: save the file to play it]"
    ),
    "recognised": Text(zh="（语音识别）{words}", en="(voice, recognised) {words}"),
    "not_fetched": Text(zh="[{kind}未能取得：{why}]", en="[The {kind} could not be fetched: {why}]"),
    "not_kept": Text(zh="[{kind}未收下：{why}]", en="[The {kind} was not taken: {why}]"),
    "unsupported": Text(
        zh="[暂不支持的微信消息：{kind_of}]", en="[A WeChat message of a kind not shown here: {kind_of}]"
    ),
    "other": Text(zh="[微信消息：{kind_of}] {words}", en="[WeChat message: {kind_of}] {words}"),
    "place": Text(zh="[位置] {words}", en="[Place] {words}"),
    "link": Text(zh="[链接] {words}", en="[Link] {words}"),
    "entered": Text(zh="客户进入会话", en="The customer came into the conversation"),
    "left": Text(
        zh="客户已取消关注：不能再给他发消息", en="The customer follows no longer: nothing can be sent to him"
    ),
    "menu": Text(zh="客户点击菜单：{words}", en="The customer chose from the menu: {words}"),
    "event": Text(zh="微信事件：{words}", en="WeChat event: {words}"),
}
UNKNOWN = "未知"
_VALUE = re.compile(r"\\\{(\w+)\\\}")


def line(name: str, **values: object) -> str:
    """The line as it is kept; values that are empty leave no gap at its end."""
    return LINES[name].zh.format(**values).strip()


def told(words: str, language: str) -> str:
    """The same in this language, line by line; what the customer wrote himself stays.

    >>> told("几点开门\\n[语音 3 秒，保存附件后播放]", "en")
    '几点开门\\n[Voice message, 3 s: save the file to play it]'
    """
    if language.startswith("zh"):
        return words
    return "\n".join(_told(each, language) for each in words.split("\n"))


def _told(said: str, language: str) -> str:
    for name, pattern in _patterns().items():
        if (found := pattern.fullmatch(said)) is not None:
            values = {key: _value(key, value, language) for key, value in found.groupdict().items()}
            return LINES[name].say(language).format(**values).strip()
    return said


def _value(key: str, value: str, language: str) -> str:
    if key == "kind":
        return next((kind.say(language) for kind in KINDS.values() if kind.zh == value), value)
    return "unknown" if value == UNKNOWN else value


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    kinds = "|".join(sorted((kind.zh for kind in KINDS.values()), key=len, reverse=True))
    parts = {"kind": f"(?P<kind>{kinds})", "seconds": r"(?P<seconds>\d+)"}
    return {
        name: re.compile(_VALUE.sub(lambda at: parts.get(at[1], f"(?P<{at[1]}>.*)"), re.escape(text.zh)))
        for name, text in LINES.items()
    }
