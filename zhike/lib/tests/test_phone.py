"""Telephone numbers, with the answers written out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhike.lib import phone

# what is typed -> stored, shown, masked
ANSWERS = [
    ("13800138000", "+8613800138000", "138 0013 8000", "138****8000"),
    ("１３８ ００１３ ８０００", "+8613800138000", "138 0013 8000", "138****8000"),
    ("+86 138-0013-8000", "+8613800138000", "138 0013 8000", "138****8000"),
    ("008613800138000", "+8613800138000", "138 0013 8000", "138****8000"),
    ("0571-88881234", "+8657188881234", "0571 8888 1234", "0571****1234"),
    ("(010) 6505-1234", "+861065051234", "010 6505 1234", "010****1234"),
    ("0571-88881234转801", "+8657188881234;ext=801", "0571 8888 1234 转 801", "0571****1234"),
    ("0571-88881234-801", "+8657188881234;ext=801", "0571 8888 1234 转 801", "0571****1234"),
    ("400-800-1234", "+864008001234", "400 800 1234", "400****234"),
    ("+44 20 7946 0958", "+442079460958", "+44 20 7946 0958", "+44****58"),
]


@pytest.mark.parametrize(("typed", "stored", "shown", "masked"), ANSWERS)
def test_a_number_is_stored_one_way(typed, stored, shown, masked):
    assert phone.normalise(typed) == stored
    assert phone.normalise(stored) == stored
    assert phone.display(stored) == shown
    assert phone.mask(stored) == masked


@pytest.mark.parametrize(
    "typed", ["", "abc", "1380013800", "138001380001", "12345", "+", "1" * 1000, "tel:13800138000", "13800138000;drop"]
)
def test_what_cannot_be_dialled_is_refused(typed):
    with pytest.raises(phone.NotAPhone):
        phone.normalise(typed)


def test_an_extension_is_named_in_the_readers_language():
    assert phone.display("+8657188881234;ext=801", "en") == "0571 8888 1234 ext. 801"


def test_a_mobile_number_tells_its_city():
    assert phone.city("+8613800138000") == "北京"
    assert phone.city("+8657188881234") == ""


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused(raw):
    try:
        stored = phone.normalise(raw)
    except phone.NotAPhone:
        return
    assert stored.startswith("+")
    assert phone.normalise(stored) == stored
