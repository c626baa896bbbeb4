"""Words of scripts without spaces, as ICU's dictionaries cut them: against a slow reference."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from corpus_samples import CATALAN, HINDI, JAPANESE, RUSSIAN, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.characters import ALONE, APART, JOINED, character_table
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus
from atlasmix.audit.corpus.counting import split_words
from atlasmix.audit.corpus.counts import CorpusCounts, Settings, merge_counts
from atlasmix.audit.corpus.doors import segmenter
from atlasmix.audit.corpus.drift import drift_between
from atlasmix.audit.corpus.listing import list_corpus
from atlasmix.audit.corpus.summary import summarise
from atlasmix.errors import DataError

pytest.importorskip("icu4py")

THAI = "ภาษาไทยเป็นภาษาที่สวยงาม"
MIXED = "L'aigua 12 データベースを使う。 Tokyoは我々の街 𠮷野家で食べる"


def cut_words(text: str) -> list[str]:
    """Character by character: a word goes on where its kind does and no dictionary begins one.

    ICU counts units of UTF-16, whatever the text is made of.
    """
    from icu4py.breakers import WordBreaker

    low = text.lower()
    begun = {start for start, _ in WordBreaker(low, "en").segments()}
    kinds = character_table().kinds
    units = [len(low[:place].encode("utf-16-le")) // 2 for place in range(len(low))]
    words: list[str] = []
    before = APART
    for place, character in enumerate(low):
        kind = ALONE if character in "ー\uff70々" else int(kinds[ord(character)])
        goes_on = kind == ALONE and before != APART and units[place] not in begun
        if goes_on or (kind == JOINED and before == JOINED):
            words[-1] += character
        elif kind != APART:
            words.append(character)
        before = kind
    return words


def cut(texts: list[str]) -> list[list[str]]:
    """The words of texts as they are counted."""
    words = split_words(texts, segmenter("icu4py")[0])
    content = words.content.decode("utf-16-le", "surrogatepass")
    units = content.encode("utf-16-le", "surrogatepass")
    told = []
    for begin, end in zip(words.begins, words.begins[1:], strict=False):
        mine = []
        for place in range(begin, end):
            start = 2 * int(words.starts[place])
            stop = 2 * int(words.starts[place + 1]) if place + 1 < len(words.starts) else len(units)
            text = units[start:stop].decode("utf-16-le", "surrogatepass")
            kinds = [character_table().kinds[ord(c)] != APART for c in text]
            mine.append(text[: kinds.index(False)] if False in kinds else text)
        told.append(mine)
    return told


def test_words_of_japanese_and_thai_are_words():
    assert cut([JAPANESE, THAI]) == [
        ["今日", "は", "天気", "が", "いい", "ので", "公園", "を", "散歩", "し", "ます"],
        ["ภาษา", "ไทย", "เป็น", "ภาษา", "ที่", "สวยงาม"],
    ]


def test_a_long_mark_and_a_character_of_two_units_stay_in_their_words():
    (words,) = cut(["データベース 我々 𠮷野家で"])
    assert words[:3] == ["データベース", "我々", "𠮷"]
    assert "".join(words) == "データベース我々𠮷野家で"


@pytest.mark.parametrize("text", [JAPANESE, THAI, MIXED, CATALAN, RUSSIAN, HINDI, "", "。、"])
def test_words_are_those_of_a_slow_reference(text):
    assert cut([CATALAN, text, text]) == [cut_words(CATALAN), cut_words(text), cut_words(text)]


@given(
    st.lists(st.text(st.sampled_from("今日はデーター々ก็ไทย𠮷a1é .\n、"), max_size=20), min_size=1)
)
def test_random_text_is_cut_as_the_slow_reference_does(texts):
    assert cut(texts) == [cut_words(text) for text in texts]


def test_a_broken_character_is_no_end_of_a_count():
    (words,) = cut(["a\ud800今日は"])
    assert words[-2:] == ["今日", "は"]


def test_text_with_spaces_is_counted_as_without_it():
    texts = [CATALAN, RUSSIAN, HINDI]
    plain, with_it = split_words(texts), split_words(texts, segmenter("icu4py")[0])
    assert np.array_equal(plain.hashes, with_it.hashes)
    assert np.array_equal(plain.begins, with_it.begins)


def counted(root, segment: str) -> CorpusCounts:
    named = segmenter("icu4py")[1] if segment else ""
    return count_corpus(list_corpus(root), CountingPlan(Settings(language="jpn", segmenter=named)))


def test_an_audit_says_how_it_cut_and_is_held_against_no_other(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [JAPANESE * 20, JAPANESE * 3])
    words, characters = counted(tmp_path, "icu4py"), counted(tmp_path, "")
    told = summarise(Audit("a", words))
    assert "as icu4py" in told.unit
    assert told.total.words == 23 * 11
    assert summarise(Audit("a", characters)).total.words > told.total.words
    with pytest.raises(DataError, match=r"by icu4py .* here and by single characters there"):
        summarise(Audit("a", words, characters))
    with pytest.raises(DataError, match="expected the same words"):
        drift_between(Audit("a", characters), Audit("a", words))
    with pytest.raises(DataError, match="counted differently"):
        merge_counts([words, characters])


def test_another_package_or_none_is_refused(monkeypatch):
    with pytest.raises(DataError, match="no segmenter 'jieba': expected icu4py"):
        segmenter("jieba")
    known = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("icu4py"):
            raise ImportError(name)
        return known(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=r"icu4py is not installed: pip install 'atlasmix"):
        segmenter("icu4py")
