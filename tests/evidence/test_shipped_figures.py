"""The shipped figures say what their sources say."""

from __future__ import annotations

import numpy as np
import pytest

from atlasmix.evidence.store import Store

INVENTORIES = (
    "cc100-2019",
    "culturax-2023",
    "finepdfs-2026",
    "fineweb2-2025",
    "finewiki-2026",
    "hplt-v2",
    "mc4-2020",
    "web-2026",
)


def test_atlas_has_72_measured_and_1334_predicted_pairs():
    matrix = Store().matrix("atlas-2025")
    assert matrix.scores.shape == (38, 38)
    assert (matrix.count("measured"), matrix.count("predicted")) == (72, 1334)
    assert matrix.count("defined") == 38
    assert np.all(np.diag(matrix.scores) == 1)
    assert not np.isnan(matrix.scores).any()


def test_measured_pairs_are_those_among_nine_languages():
    matrix = Store().matrix("atlas-2025")
    nine = {"eng", "rus", "spa", "fra", "deu", "por", "cmn", "vie", "jpn"}
    measured = {
        (source, target)
        for source in matrix.keys
        for target in matrix.keys
        if matrix.pair(source, target).status == "measured"
    }
    assert measured == {(a, b) for a in nine for b in nine if a != b}


def test_donors_of_catalan():
    matrix = Store().matrix("atlas-2025")
    donors = {key: score.score for key, score in matrix.donors("cat")}
    assert matrix.donors("cat")[0][0] == "spa"
    assert donors["spa"] == 0.4
    assert donors["por"] == donors["fra"] == 0.2
    assert (donors["ita"], donors["eng"]) == (0.1, 0.0)
    assert matrix.is_predicted_share("cat") == 1.0
    assert matrix.is_predicted_share("fra") == pytest.approx(29 / 37)


def test_known_first_donors():
    matrix = Store().matrix("atlas-2025")
    assert matrix.donors("swe")[0][0] == "nob"
    assert matrix.donors("ind")[0][0] == "zsm"


def test_twenty_languages_have_no_donor_above_zero():
    matrix = Store().matrix("atlas-2025")
    lonely = [key for key in matrix.keys if matrix.donors(key)[0][1].score <= 0]
    assert len(lonely) == 20
    assert "swh" in lonely


def test_standard_errors_follow_the_card():
    matrix = Store().matrix("atlas-2025")
    assert set(matrix.stderr[matrix.status == "measured"]) == {0.03}
    assert set(matrix.stderr[matrix.status == "predicted"]) == {0.16}
    assert set(np.diag(matrix.stderr)) == {0.0}


def test_the_printed_precision_is_one_decimal():
    scores = Store().matrix("atlas-2025").scores
    assert np.array_equal(scores, np.round(scores, 1))


@pytest.mark.parametrize(("name", "size"), [("langrank-2019-dep", 30), ("langrank-2019-mt", 54)])
def test_langrank_is_measured_but_for_the_diagonal(name: str, size: int):
    matrix = Store().matrix(name)
    assert len(matrix.keys) == size
    assert matrix.count("measured") == size * (size - 1)
    assert np.isnan(np.diag(matrix.scores)).all()


def test_the_default_inventory_has_one_human_web_pool_for_each_language_of_the_matrix():
    inventory = Store().inventory("default")
    human = inventory.select(provenances=["human"], kinds=["web"])
    languages = [pool.language for pool in human]
    assert len(set(languages)) == len(languages)
    assert set(Store().matrix("atlas-2025").keys) <= set(languages)
    assert all(pool.unique_tokens > 0 for pool in human)


def test_human_and_translated_catalan_are_apart():
    pools = {pool.name: pool for pool in Store().inventory().select(languages=["cat"])}
    human, translated = pools["cat.human.hplt-v4"], pools["cat.translated.multisynt"]
    assert human.unique_tokens == pytest.approx(21.3e9, rel=0.01)
    assert translated.unique_tokens == pytest.approx(124e9, rel=0.01)
    assert (translated.generator, translated.generation) == ("nemotron-cc-opus-1.1", 1)
    assert (human.generator, human.generation) == ("", None)


def test_estimates_are_labelled_and_follow_their_formula():
    pools = Store().inventory().select(corpora=["fineweb2"])
    assert {pool.obtained for pool in pools} == {"estimated"}
    assert {pool.unit for pool in pools} == {"English-equivalent tokens, estimated"}
    for pool in pools:
        premium = float(pool.note.split()[2])
        assert pool.utf8_bytes is not None
        assert pool.unique_tokens == pytest.approx(pool.utf8_bytes / premium / 4.0, abs=0.51)


def test_georgian_uses_the_premium_measured_on_flores():
    (pool,) = Store().inventory("fineweb2-2025").select(languages=["kat"])
    assert float(pool.note.split()[2]) == pytest.approx(2.96, abs=0.01)


def test_scripts_are_pools_of_their_own():
    languages = Store().inventory("mc4-2020").languages()
    assert {"rus", "rus_Latn", "hin", "hin_Latn"} <= set(languages)
    assert {"srp", "srp_Latn"} <= set(Store().inventory().languages())


def test_als_is_tosk_albanian_and_joint_rows_are_left_out():
    languages = Store().inventory("hplt-v2").languages()
    assert "als" in languages
    assert not {"nno", "lvs", "ltg"} & set(languages)


def test_word_counts_of_unspaced_scripts_are_left_out():
    languages = set(Store().inventory("cc100-2019").languages())
    assert not {"cmn", "jpn", "tha", "khm", "lao", "mya"} & languages


@pytest.mark.parametrize("name", INVENTORIES)
def test_every_inventory_is_whole(name: str):
    inventory = Store().inventory(name)
    names = [pool.name for pool in inventory.pools]
    assert len(set(names)) == len(names)
    assert names == sorted(names, key=lambda name: name.split("."))
    assert Store().verify(name) == ()


@pytest.mark.parametrize("name", ["atlas-2025", "langrank-2019-dep", "langrank-2019-mt"])
def test_every_matrix_is_whole(name: str):
    assert Store().verify(name) == ()


def test_every_key_is_a_language():
    from atlasmix.evidence.published import list_published
    from atlasmix.languages.language import SUBJECTS
    from atlasmix.languages.resolving import resolve

    keys = {key for m in list_published() for key, _ in m.shares}
    for summary in Store().list_matrices():
        keys |= set(Store().matrix(summary.name).keys)
    for entry in Store().list_inventories():
        keys |= set(Store().inventory(entry.name).languages())
    # Code and mathematics are pools that are no language.
    assert {key for key in keys - set(SUBJECTS) if str(resolve(key)) != key} == set()
