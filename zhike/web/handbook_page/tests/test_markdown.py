"""handbook.md on the page."""

from __future__ import annotations

import pytest

from zhike.web.handbook_page.markdown import render


def test_headings_paragraphs_and_emphasis() -> None:
    assert render("## 二 服务\n\n第一行\n**第二行**") == "<h3>二 服务</h3>\n<p>第一行<br><strong>第二行</strong></p>"


def test_lists_nest_by_indentation() -> None:
    html = render("1. 甲\n   - 子一\n   - 子二\n2. 乙")
    assert html == '<ol start="1"><li>甲<ul><li>子一</li><li>子二</li></ul></li><li>乙</li></ol>'


def test_a_table_has_its_head() -> None:
    html = render("| 钟 | 限 |\n|---|---|\n| C1 | 30 分钟 |")
    assert "<th>钟</th>" in html
    assert "<td>30 分钟</td>" in html


def test_a_quote_is_marked_with_its_clause() -> None:
    html = render("话务员应在 **30 分钟** 内成文。", {"WARN-05": "应在30 分钟内成文"})
    assert '<mark data-clause="WARN-05">' in html
    assert html.replace("</mark>", "").count("成文") == 1


def test_a_quote_that_crosses_cells_of_a_table_is_not_marked() -> None:
    assert "<mark" not in render("| 甲 | 乙 |\n|---|---|\n| 丙 | 丁 |", {"X-01": "丙|丁"})


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[点我](javascript:alert(1))",
        "![图](https://elsewhere.example/a.png)",
        "`<svg onload=alert(1)>`",
        "| <iframe src=//x> | b |\n|---|---|\n| c | d |",
        "> <style>*{display:none}</style>",
        "\ue000x\"onmouseover=\"alert(1)\ue002a\ue001",
    ],
)  # fmt: skip
def test_markup_in_the_text_is_shown_not_executed(attack: str) -> None:
    html = render(attack)
    for forbidden in ("<script", "<img", "<a ", "<svg", "<iframe", "<style", "<mark"):
        assert forbidden not in html
