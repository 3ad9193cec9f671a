"""Amounts and identity numbers."""

from decimal import Decimal

import pytest

from zhike.lib import identity
from zhike.lib.money import NotMoney, parse_money, show_money


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1280", "1280.00"),
        ("¥1,280.5", "1280.50"),
        ("１２８０元", "1280.00"),
        ("-3.50", "-3.50"),
        ("0", "0.00"),
        ("-0", "0.00"),
    ],
)
def test_an_amount_has_two_places(typed, amount):
    assert str(parse_money(typed)) == amount


@pytest.mark.parametrize("typed", ["", "1.234", "12,80", "1e9", "NaN", "Infinity", "9" * 14, "9" * 5000, "1 2 x"])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(NotMoney):
        parse_money(typed)


def test_an_amount_is_shown_with_its_sign_and_thousands():
    assert show_money(Decimal(1280)) == "¥1,280.00"
    assert show_money(Decimal("-1234567.5")) == "-¥1,234,567.50"


def test_an_identity_number_is_kept_in_capitals():
    assert identity.normalise("11010519491231002x") == "11010519491231002X"
    assert identity.mask("11010519491231002X") == "110***********002X"


@pytest.mark.parametrize("typed", ["", "110105194912310021", "130503670401001", "11010519491331002X", "x" * 100])
def test_a_wrong_identity_number_is_refused(typed):
    with pytest.raises(identity.NotAnIdNumber):
        identity.normalise(typed)
