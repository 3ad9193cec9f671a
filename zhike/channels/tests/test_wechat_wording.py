"""Lines the product writes of what WeChat brings: kept in Chinese, read in the reader's language."""

from __future__ import annotations

import pytest

from zhike.channels.wechat.wording import LINES, line, told


@pytest.mark.parametrize(
    ("kept", "english"),
    [
        ("[语音 3 秒，保存附件后播放]", "[Voice message, 3 s: save the file to play it]"),
        ("（语音识别）几点开门\n[语音]", "(voice, recognised) 几点开门\n[Voice message]"),
        ("[小视频未能取得：40007 invalid media_id]", "[The short video could not be fetched: 40007 invalid media_id]"),
        ("[暂不支持的微信消息：未知]", "[A WeChat message of a kind not shown here: unknown]"),
        ("客户已取消关注：不能再给他发消息", "The customer follows no longer: nothing can be sent to him"),
        ("我说[语音]了", "我说[语音]了"),
        ("", ""),
    ],
)
def test_an_english_reader_reads_english_and_the_customers_words_stay(kept: str, english: str) -> None:
    assert (told(kept, "en"), told(kept, "zh-hans")) == (english, kept)


@pytest.mark.parametrize("name", LINES)
def test_every_line_that_is_written_is_read_again(name: str) -> None:
    values = {"kind": "图片", "seconds": 3, "words": "x", "why": "y", "kind_of": "z"}
    assert told(line(name, **values), "en") == LINES[name].say("en").format(**values | {"kind": "picture"})
