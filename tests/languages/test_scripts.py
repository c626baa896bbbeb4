"""One language in two scripts is two keys; a script nobody writes it in is refused."""

from __future__ import annotations

import pytest

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.catalogue import name_of
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tags import LanguageTag


@pytest.mark.parametrize(
    ("text", "full", "key"),
    [
        ("sr", "srp_Cyrl", "srp"),
        ("srp_Cyrl", "srp_Cyrl", "srp"),
        ("sr-Latn", "srp_Latn", "srp_Latn"),
        ("sr-Latn-RS", "srp_Latn", "srp_Latn"),
        ("SRP-LATN", "srp_Latn", "srp_Latn"),
        ("Serbian (Latin)", "srp_Latn", "srp_Latn"),
        ("sr-ME", "srp_Latn", "srp_Latn"),
        ("ro-Cyrl", "ron_Cyrl", "ron_Cyrl"),
        ("zh-Hans", "cmn_Hans", "cmn"),
        ("zh-Hant", "cmn_Hant", "cmn_Hant"),
        ("zh-TW", "cmn_Hant", "cmn_Hant"),
        ("zh-CN", "cmn_Hans", "cmn"),
        ("zh-Hans-TW", "cmn_Hans", "cmn"),
        ("Chinese (Traditional)", "cmn_Hant", "cmn_Hant"),
        ("Traditional Chinese", "cmn_Hant", "cmn_Hant"),
        ("Simplified Chinese", "cmn_Hans", "cmn"),
        ("zht", "cmn_Hant", "cmn_Hant"),
        ("zhs", "cmn_Hans", "cmn"),
        ("hi_rom", "hin_Latn", "hin_Latn"),
        ("cmn_Hani", "cmn_Hans", "cmn"),
        ("zho_Hani", "cmn_Hans", "cmn"),
        ("yue_Hani", "yue_Hant", "yue"),
        ("wuu_Hani", "wuu_Hans", "wuu"),
        ("nan", "nan_Latn", "nan"),
        ("nan_Hani", "nan_Hans", "nan_Hans"),
        ("kor_Hang", "kor_Kore", "kor"),
        ("ja-Hira", "jpn_Jpan", "jpn"),
        ("jpn_Hrkt", "jpn_Jpan", "jpn"),
        ("jpn_Kana", "jpn_Jpan", "jpn"),
        ("ur-Aran", "urd_Arab", "urd"),
    ],
)
def test_the_key_names_the_script_where_it_is_not_the_usual_one(
    text: str, full: str, key: str
) -> None:
    tag = resolve(text)
    assert (tag.full, str(tag)) == (full, key)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "cat_Grek",
            r"no language 'cat_Grek': Catalan \(cat\) is attested in Latn \(Latin\), "
            "not in Grek; write 'cat' for its usual script",
        ),
        ("cat_Hani", "not in Hani"),
        ("eng-Kana", "not in Kana"),
        ("srp_Qaaa", r"attested in Cyrl \(Cyrillic\), Latn \(Latin\), not in Qaaa"),
        ("Catalan (Greek)", "not in Grek"),
    ],
)
def test_an_unattested_script_is_refused_with_those_attested(text: str, sentence: str) -> None:
    with pytest.raises(UnknownLanguage, match=sentence) as caught:
        resolve(text)
    assert caught.value.suggestions[0] in ("cat", "eng", "srp")


def test_tags_sort_by_code_then_script() -> None:
    tags = [LanguageTag("srp", "Latn"), LanguageTag("cat", "Latn"), LanguageTag("srp", "Cyrl")]
    assert [tag.full for tag in sorted(tags)] == ["cat_Latn", "srp_Cyrl", "srp_Latn"]


def test_a_tag_of_an_unlisted_language_is_filed_in_full() -> None:
    assert str(LanguageTag("qaa", "Latn")) == "qaa_Latn"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("cat", "Catalan"),
        ("cat_Latn", "Catalan"),
        ("srp", "Serbian"),
        ("srp_Latn", "Serbian (Latin)"),
        ("cmn_Hant", "Mandarin Chinese (Traditional)"),
        ("swh", "Swahili"),
    ],
)
def test_a_key_has_a_name(key: str, name: str) -> None:
    assert name_of(key) == name


@pytest.mark.parametrize("key", ["books", "code", "ca", "Catalan", "CAT", "cat_Grek", "cat_", ""])
def test_what_is_no_key_is_its_own_name(key: str) -> None:
    assert name_of(key) == key
