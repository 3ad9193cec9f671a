"""Names of files: cleaned first, then checked."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhike.lib.names import clean_file_name, extension, is_safe

ANSWERS = {
    "\u200b.htaccess": "htaccess",
    "\u202e.htaccess": "htaccess",
    "．htaccess": "htaccess",
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "C:\\我的图片\\现场 照片.JPG": "现场 照片.JPG",
    "报价\u202egpj.exe": "报价gpj.exe",
    "aux.png": "_aux.png",
    "AUX\u200b.png": "_AUX.png",
    "ＣＯＮ.txt": "_ＣＯＮ.txt",
    "收据\r\nSet-Cookie: a=b.jpg": "收据Set-Cookie_ a=b.jpg",
    "a／b.png": "b.png",
    "...": "file",
    "": "file",
    "photo.jpg. .": "photo.jpg",
    '"><img src=x>.png': "___img src=x_.png",
}


@pytest.mark.parametrize("raw", ANSWERS)
def test_a_name_is_made_harmless(raw):
    assert clean_file_name(raw) == ANSWERS[raw]


def test_a_long_name_keeps_its_extension():
    name = clean_file_name("长" * 400 + ".jpeg")
    assert len(name) == 120
    assert name.endswith("长.jpeg")


def test_the_extension_is_the_last_one_in_small_letters():
    assert extension("现场.tar.GZ") == "gz"
    assert extension("htaccess") == ""
    assert extension(".htaccess") == ""


@pytest.mark.parametrize(
    "name", [".htaccess", "a/b", "nul", "NUL.txt", "x.", " x", "a\u200bb", "", "x" * 121, "~$plan.docx"]
)
def test_the_check_itself_refuses(name):
    assert not is_safe(name)


@given(st.text(st.characters(exclude_categories=()), max_size=300))
@example("a" * 119 + "..x")
@example("ﷺ" * 120)
def test_every_name_ends_up_safe(raw):
    assert is_safe(clean_file_name(raw))
