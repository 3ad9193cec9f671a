"""What people type: kept word for word, less what nobody can see."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from zhike.lib.text import clean_line, clean_text, narrow, shorten


def test_markup_and_emoji_are_somebodys_words():
    assert (
        clean_text("<b onclick=\"x()\">坏了</b> 👨‍👩‍👧 & 'quoted'") == "<b onclick=\"x()\">坏了</b> 👨‍👩‍👧 & 'quoted'"
    )


def test_control_characters_go_and_line_ends_become_one_kind():
    assert clean_text("一\r\n二\r三\x0b四\x00\x07\x1b[31m") == "一\n二\n三\n四[31m"


def test_marks_that_turn_the_direction_go():
    assert clean_text("invoice\u202egpj.exe") == "invoicegpj.exe"


def test_half_a_character_goes_because_no_database_takes_it():
    assert clean_text("a\ud83db") == "ab"


def test_one_line_has_no_line_end():
    assert clean_line(" 王\t小\r\n明 ") == "王 小 明"


def test_letters_are_composed():
    assert clean_text("e\u0301") == "é"


def test_a_pile_of_accents_is_cut_to_eight():
    assert unicodedata.normalize("NFD", clean_text("a" + "\u0301" * 20_000)).count("\u0301") == 8


def test_full_width_digits_of_a_chinese_keyboard_become_ordinary():
    assert narrow("１３８－００１３") == "138-0013"


def test_a_long_text_is_cut_with_an_ellipsis():
    assert shorten("一二三四", 3) == "一二…"
    assert shorten("一二三", 3) == "一二三"


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_twice_changes_nothing_more_and_the_result_can_be_stored(raw):
    once = clean_text(raw)
    assert clean_text(once) == once
    assert "\x00" not in once
    once.encode("utf-8")
