"""Macrolanguages fold to the language that stands for them; spelling folds for comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.catalogue import language
from atlasmix.languages.folding import fold
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import languages, macrolanguages


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("no", "nob"),
        ("nor", "nob"),
        ("Norwegian", "nob"),
        ("zh", "cmn"),
        ("chi", "cmn"),
        ("Chinese", "cmn"),
        ("ms", "zsm"),
        ("fa", "pes"),
        ("per", "pes"),
        ("ar", "arb"),
        ("sw", "swh"),
        ("lv", "lvs"),
        ("et", "ekk"),
        ("sq", "als"),
        ("az", "azj"),
        ("uz", "uzn"),
        ("mn", "khk"),
        ("ku", "kmr"),
        ("bal", "bcc"),
        ("kln", "spy"),
        ("tmh", "ttq"),
        ("sh", "srp_Latn"),
        ("hbs_Cyrl", "srp"),
    ],
)
def test_a_macrolanguage_becomes_its_representative(text: str, key: str) -> None:
    assert str(resolve(text)) == key


def test_every_macrolanguage_has_a_listed_representative_that_is_individual() -> None:
    assert len(macrolanguages()) == 53
    for macro in macrolanguages().values():
        assert macro.code not in languages()
        if macro.representative:
            found = language(macro.code)
            assert found.code == macro.representative
            assert macro.script in found.scripts
            assert macro.representative in macro.members
        assert all(member in languages() for member in macro.members)


@pytest.mark.parametrize(
    ("text", "key"), [("az-Arab", "azb"), ("aze_Arab", "azb"), ("az-IR", "azb"), ("uz-AF", "uzs")]
)
def test_in_a_script_its_representative_lacks_it_is_the_member_written_so(
    text: str, key: str
) -> None:
    assert str(resolve(text)) == key


def test_where_two_members_are_written_so_both_are_listed() -> None:
    with pytest.raises(UnknownLanguage, match=r"'ku-Arab' may be ckb \(Central Kurdish\), sdh"):
        resolve("ku-Arab")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Català", "catala"),
        ("Norwegian  Bokmål", "norwegian bokmal"),
        ("Serbo-Croatian", "serbo croatian"),
        ("N’Ko", "nko"),
        ("Føroyskt", "foroyskt"),
        ("ЙОЖ", "иож"),
        ("İstanbul", "istanbul"),
        ("नेपाली", "नेपाली"),
        ("한국어", "한국어"),
    ],
)
def test_spelling_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
