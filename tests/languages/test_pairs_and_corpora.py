"""Two languages in one word, regions that are none, and codes that a corpus uses its own way."""

from __future__ import annotations

import pytest

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.corpora import doubt_of, is_parallel, known_corpus, resolve_in
from atlasmix.languages.pairs import pair_of
from atlasmix.languages.resolving import resolve


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("de-fr", ("de", "fr")),
        ("es_en", ("es", "en")),
        ("deu-fra", ("deu", "fra")),
        ("eng_Latn-deu_Latn", ("eng", "deu")),
        ("en2de", ("en", "de")),
        ("EN-DE", ("en", "de")),
        ("de-FR", None),
        ("pt-br", None),
        ("zh-tw", None),
        ("zh-yue", None),
        ("es-qq", None),
        ("ca", None),
        ("sr_Latn", None),
        ("de-de", None),
        ("train-0", None),
    ],
)
def test_pairs(text: str, pair: tuple[str, str] | None) -> None:
    assert pair_of(text) == pair


def test_in_a_parallel_corpus_a_locale_is_a_pair() -> None:
    assert pair_of("pt-br", parallel=True) == ("pt", "br")
    assert pair_of("zh-yue", parallel=True) is None


@pytest.mark.parametrize("text", ["de-fr", "es-en", "cat-spa", "en2de"])
def test_a_pair_is_no_language(text: str) -> None:
    """opus/de-fr was German, without a word."""
    with pytest.raises(UnknownLanguage, match="is a pair of languages"):
        resolve(text)


@pytest.mark.parametrize("text", ["es-qq", "es-QQ", "zh-Hant-QX", "ca-zz"])
def test_a_region_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnknownLanguage, match="no region"):
        resolve(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [("es-mx", "spa"), ("es-419", "spa"), ("pt-BR", "por"), ("sr-Latn-RS", "srp_Latn")],
)
def test_regions_that_are(text: str, key: str) -> None:
    assert str(resolve(text)) == key


@pytest.mark.parametrize(
    ("corpus", "code", "key"),
    [
        ("wikipedia", "als", "gsw"),
        ("/data/wikipedia-2023/als/part", "als", "gsw"),
        ("oscar-2301", "als", "gsw"),
        ("hplt-3.0", "als", "als"),
        ("mine", "als", "als"),
        ("wikipedia", "zh-yue", "yue"),
        ("wikipedia", "zh-min-nan", "nan"),
        ("wikipedia", "fiu-vro", "vro"),
        ("wikipedia", "no", "nob"),
        ("wikipedia", "simple", "eng"),
        ("wikipedia", "ca", "cat"),
    ],
)
def test_a_code_means_what_its_corpus_means(corpus: str, code: str, key: str) -> None:
    assert str(resolve_in(code, corpus)) == key


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("bat-smg", "Samogitian"),
        ("roa-rup", "Aromanian"),
        ("zh_classical", "Literary Chinese"),
        ("nah", "no single language stands"),
    ],
)
def test_a_language_that_the_tables_lack_is_named(code: str, said: str) -> None:
    with pytest.raises(UnknownLanguage, match=said):
        resolve_in(code, "wikipedia")


def test_a_code_of_an_unknown_corpus_is_said_to_be_doubtful() -> None:
    assert "Alemannic (gsw) in Wikipedia" in doubt_of("als", "mine")
    assert doubt_of("als", "hplt") == doubt_of("cat", "mine") == ""


def test_corpora_are_known_by_the_words_of_a_path() -> None:
    assert known_corpus("/d/HPLT-3.0/x") == "hplt"
    assert known_corpus("whippet/wikipaedia") == ""
    assert is_parallel("/data/OPUS-100/de-fr")
    assert not is_parallel("/data/corpus/de")
