"""What is not a language: one sentence, the nearest names, and never another error."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from atlasmix.errors import DataError, UnknownLanguage
from atlasmix.languages.catalogue import all_languages, language
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import aliases
from atlasmix.languages.tags import LanguageTag


@pytest.mark.parametrize(
    ("typo", "sentence", "first"),
    [
        ("catalna", r"^no language 'catalna': did you mean cat \(Catalan\)\?$", "cat"),
        ("Norwegain", r"did you mean nob \(Norwegian Bokmål\)\?", "nob"),
        ("germn", r"did you mean deu \(German\)\?", "deu"),
        ("Espanish", r"did you mean spa \(Spanish\)\?", "spa"),
        ("castellano", r"did you mean spa \(Spanish\)\?", "spa"),
        ("Awa-Cuaiqer", "did you mean kwi", "kwi"),
        ("cat-lat", "did you mean cat", "cat"),
        ("egn", r"did you mean eng \(English\)", "eng"),
        ("tay", "no language 'tay': did you mean", "tam"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_language(typo: str, sentence: str, first: str) -> None:
    with pytest.raises(UnknownLanguage, match=sentence) as caught:
        resolve(typo)
    assert caught.value.suggestions[0] == first
    assert len(caught.value.suggestions) <= 3


def test_where_nothing_is_near_the_doors_are_named() -> None:
    with pytest.raises(UnknownLanguage, match="expected an ISO 639 code, a BCP 47 tag") as caught:
        resolve("qqqqqqqqqqqq")
    assert caught.value.suggestions == ()


@pytest.mark.parametrize("text", ["", "  ", "---", "\ufeff", "\u0301"])
def test_nothing_is_no_language(text: str) -> None:
    with pytest.raises(UnknownLanguage, match="expected a code or a name"):
        resolve(text)


def test_a_text_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(UnknownLanguage, match="at most 100 characters, found 10000000") as caught:
        resolve("ca" * 5_000_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [False, True, None, float("nan")])
def test_a_code_that_yaml_or_pandas_took_for_another_type_says_to_quote_it(value: Any) -> None:
    with pytest.raises(UnknownLanguage, match=r"unquoted no, yes or nan .* put it in quotes"):
        resolve(value)


@pytest.mark.parametrize("value", [3, b"cat", ["cat"], LanguageTag("cat", "Latn")])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(UnknownLanguage, match="expected text such as 'cat'"):
        resolve(value)


def test_the_codes_that_formats_misread_work_as_text() -> None:
    assert [str(resolve(text)) for text in ("nan", "NaN", "no", "NO", "No")] == [
        "nan",
        "nan",
        "nob",
        "nob",
        "nob",
    ]
    with pytest.raises(UnknownLanguage, match="no language 'yes'"):  # Nyeng, not listed
        resolve("yes")
    read = yaml.safe_load("[no, yes, nan, 'no']")
    assert str(resolve(read[3])) == "nob"
    assert str(resolve(read[2])) == "nan"
    for value in read[:2]:
        with pytest.raises(UnknownLanguage, match="put it in quotes"):
            resolve(value)


def test_language_refuses_as_resolve_does() -> None:
    with pytest.raises(DataError, match=r"did you mean cat \(Catalan\)"):
        language("catalna")


_WORDS = sorted(
    {entry.alias for entries in aliases().values() for entry in entries}
    | {text for one in all_languages() for text in (one.code, one.bcp47, one.name, one.endonym)}
    | {f"{one.code}_{script}" for one in all_languages() for script in one.scripts}
)


@given(st.sampled_from(_WORDS))
def test_a_key_leads_to_its_own_tag(text: str) -> None:
    _key_is_fixed(text)


def test_every_key_leads_to_its_own_tag() -> None:
    for text in _WORDS:
        _key_is_fixed(text)


@given(st.text() | st.from_regex(r"[a-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}"))
@example("\x00")
@example("\ud800")
@example("cat\x00")
@example("zh-zzz")
@example("nah_Latn")
@example("nah-MX")
@example("nah (Latin)")
@example("(Latin)")
@example("() (Latin)")
@example("ß-ß")
def test_junk_raises_nothing_but_unknown_language(text: str) -> None:
    _key_is_fixed(text)


@given(st.sampled_from(_WORDS), st.integers(0, 40), st.characters())
def test_a_slip_raises_nothing_but_unknown_language(word: str, place: int, letter: str) -> None:
    _key_is_fixed(word[:place] + letter + word[place + 1 :])


def _key_is_fixed(text: str) -> None:
    refusal = None
    try:
        tag = resolve(text)
    except UnknownLanguage as caught:
        refusal = caught
    if refusal is None:
        assert resolve(str(tag)) == resolve(tag.full) == tag
        assert tag.script in language(tag.code).scripts
    else:
        assert len(str(refusal)) < 500
        assert "\n" not in str(refusal)
        assert all(language(code).code == code for code in refusal.suggestions)
