"""Every way of writing a language leads to the same tag."""

from __future__ import annotations

import pytest

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.catalogue import all_languages, name_of
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import aliases, macrolanguages
from atlasmix.languages.tags import LanguageTag


@pytest.mark.parametrize(
    "text",
    [
        "ca",
        "cat",
        "CAT",
        "Ca",
        "Catalan",
        "catalan",
        "català",
        "CATALÀ",
        "catala",
        "Valencian",
        "cat_Latn",
        "cat-latn",
        "ca-Latn-ES",
        "ca_ES",
        "ca-valencia",
        "ca-ES-x-private",
        " cat\n",
        "\ufeffcat",
        "ｃａｔ",
        "Catalan (Latin)",
    ],
)
def test_all_doors_lead_to_catalan(text: str) -> None:
    assert resolve(text) == LanguageTag("cat", "Latn")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("en", "eng"),
        ("ger", "deu"),
        ("deu", "deu"),
        ("de-1996", "deu"),
        ("fre", "fra"),
        ("pt-BR", "por"),
        ("es-419", "spa"),
        ("iw", "heb"),
        ("in_ID", "ind"),
        ("mo", "ron"),
        ("en-u-ca-gregory", "eng"),
        ("norsk bokmål", "nob"),
        ("Norwegian Nynorsk", "nno"),
        ("NORWEGIAN_BOKMAL", "nob"),
        ("中文", "cmn"),
        ("日本語", "jpn"),
        ("한국어", "kor"),
        ("ελληνικά", "ell"),
        ("Farsi", "pes"),
        ("Castilian", "spa"),
        ("Awa-Cuaiquer", "kwi"),
        ("Min Nan", "nan"),
        ("zh-min-nan", "nan"),
        ("zh-yue", "yue"),
        ("bh", "bho"),
        ("cbk-zam", "cbk"),
        ("Boo", "bqc"),
        ("Tày", "tyz"),
    ],
)
def test_a_code_tag_or_name_leads_to_its_key(text: str, key: str) -> None:
    assert str(resolve(text)) == key


def test_every_alias_leads_to_its_language_in_any_case() -> None:
    wrong = []
    for entries in aliases().values():
        for entry in entries:
            if len(entries) > 1 or entry.alias in ("Ga", "Mon") or entry.code in ("ber", "nah"):
                continue  # asserted below
            spellings = [entry.alias]
            if len(entry.alias) > 3:
                spellings += [entry.alias.upper(), entry.alias.lower(), entry.alias.title()]
            wrong += [(entry.alias, s) for s in spellings if resolve(s).code != entry.code]
    assert wrong == []


def test_every_code_leads_to_its_language() -> None:
    for entry in all_languages():
        for text in (entry.code, entry.code.upper(), entry.bcp47, entry.iso639_1 or entry.code):
            assert resolve(text) == LanguageTag(entry.code, entry.script)
        assert resolve(f"{entry.bcp47}-{entry.script}").code == entry.code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Marwari", ("dhd", "rwr")),
        ("Tonga", ("tog", "ton")),
        ("Ga", ("gaa", "gle")),
        ("Mon", ("mnw", "khk")),
    ],
)
def test_a_name_of_two_languages_is_refused_and_both_are_listed(
    text: str, codes: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownLanguage, match=f"the name '{text}' belongs to {codes[0]}") as caught:
        resolve(text)
    assert caught.value.suggestions == codes


def test_two_or_three_plain_letters_in_one_case_are_a_code() -> None:
    assert str(resolve("mon")) == str(resolve("MON")) == "khk"
    assert str(resolve("ga")) == str(resolve("GA")) == "gle"
    # ISO 639-3 gives tay to Atayal and boo to Tiemacèwè Bozo, which the table does not list.
    for code in ("tay", "boo", "TAY", "tay_Latn"):
        with pytest.raises(UnknownLanguage, match=f"no language '{code}'"):
            resolve(code)


@pytest.mark.parametrize(("code", "name"), [("nah", "Nahuatl"), ("ber", "Berber")])
def test_a_collection_is_refused_with_languages_of_it(code: str, name: str) -> None:
    for text in (code, f"{name} languages"):
        with pytest.raises(UnknownLanguage, match="no single language stands") as caught:
            resolve(text)
        assert caught.value.suggestions == macrolanguages()[code].members


def test_names_of_keys_lead_back_to_them() -> None:
    for entry in all_languages():
        for script in entry.scripts:
            tag = LanguageTag(entry.code, script)
            if entry.code in ("gaa", "mnw"):
                continue  # Ga and Mon, refused as names
            assert resolve(name_of(str(tag))) == tag
