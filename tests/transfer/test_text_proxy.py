"""Proxies of texts: their order, their controls, their errors, and translations that leak."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from made_languages import lexicon, sentences, texts, written

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.new_matrix import Origin
from atlasmix.evidence.scores import DEFINED, MEASURED
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.transfer.calibration import parse_calibration
from atlasmix.transfer.character_model import ORDER, foretell, held_out, symbols, train
from atlasmix.transfer.parallel_text import alignment, check_parallel
from atlasmix.transfer.proxy_matrix import calibrate, calibrated_matrix, proxy_matrix
from atlasmix.transfer.text_proxy import ProxyScore, TextProxies, text_proxies

FEW = 30_000


@pytest.fixture(scope="module")
def made() -> TextProxies:
    """Catalan, two relatives and a stranger."""
    return text_proxies(texts(4000), FEW)


def raw(proxies: TextProxies, source: str, target: str) -> float:
    return pair(proxies, source, target).raw


def pair(proxies: TextProxies, source: str, target: str) -> ProxyScore:
    return next(each for each in proxies.scores if (each.source, each.target) == (source, target))


# -- the model of characters -------------------------------------------------------------


def plain_chance(text: str, context: str, letter: str, alphabet: int) -> float:
    """Kneser-Ney by dictionaries, as Chen and Goodman print it."""
    chance = 1.0 / alphabet
    for length in range(1, ORDER + 1):
        if length == ORDER:
            counts = Counter(text[at - length + 1 : at + 1] for at in range(ORDER - 1, len(text)))
        else:
            # From the longer strings: by how many different characters they go on to the left.
            longer = {text[at - length : at + 1] for at in range(ORDER - 1, len(text))}
            counts = Counter(each[1:] for each in longer)
        sizes = Counter(counts.values())
        one, two, three, four = (sizes[each] for each in (1, 2, 3, 4))
        if not (one and two and three):
            taken = {1: 0.5, 2: 0.5, 3: 0.5}
        else:
            part = one / (one + 2 * two)
            first = (1 - 2 * part * two / one, 2 - 3 * part * three / two)
            every = (*first, 3 - 4 * part * four / three)
            taken = {most: min(max(each, 0.05), most - 0.05) for most, each in enumerate(every, 1)}
        before = context[len(context) - length + 1 :] if length > 1 else ""
        after = {each: count for each, count in counts.items() if each[:-1] == before}
        total = sum(after.values())
        if total:
            shared = sum(taken[min(count, 3)] for count in after.values())
            own = after.get(before + letter, 0)
            kept = own - taken[min(own, 3)] if own else 0.0
            chance = (kept + shared * chance) / total
    return chance


def test_the_model_is_kneser_ney() -> None:
    """Against dictionaries: would catch a wrong discount, count or back-off of any order."""
    text = "la casa gran i la casa blanca de la mare canta a la plaça i calla " * 3 + "ara no. "
    alphabet: dict[str, int] = {}
    model = train(symbols(text, alphabet), len(alphabet))
    for context in ("la cas", "casa b", "xxxxxx", "no. la"):
        told = [
            foretell(model, held_out(symbols(context + letter, alphabet))).chance[0]
            for letter in "abcx"
        ]
        wanted = [plain_chance(text, context, letter, model.alphabet) for letter in "abcx"]
        assert told == pytest.approx(wanted, rel=1e-9)


def test_chances_sum_to_one() -> None:
    alphabet: dict[str, int] = {}
    text = written(sentences(1, 400), lexicon(1))
    model = train(symbols(text, alphabet), len(alphabet))
    for context in ("ka bo ", "zzzzzz", text[100:106]):
        whole = sum(
            foretell(model, held_out(symbols(context + letter, alphabet))).chance[0]
            for letter in sorted(alphabet)[: model.alphabet]
        )
        assert whole == pytest.approx(1.0, abs=1e-9)


# -- the proxy ---------------------------------------------------------------------------


def test_relatives_come_before_strangers_and_nobody_harms(made: TextProxies) -> None:
    """Without the gate relatives would look harmful, most of all the nearest."""
    assert raw(made, "spa", "cat") > raw(made, "fra", "cat") + 0.05
    assert raw(made, "spa", "cat") > raw(made, "eus", "cat") + 0.1
    assert min(each.raw for each in made.scores) > -0.05


def test_controls_read_one_and_zero(made: TextProxies) -> None:
    for control in made.controls.values():
        assert 0.75 < control.same < 1.1
        assert abs(control.unrelated) < 0.05
    told = pair(made, "spa", "cat")
    control = made.controls["cat"]
    assert told.score == pytest.approx(
        (told.raw - control.unrelated) / (control.same - control.unrelated)
    )


def test_real_text_of_one_language_reads_about_one() -> None:
    from texts import play

    play_lines = play().splitlines()
    other = written(sentences(3, 4000), lexicon(9))
    proxies = text_proxies({"eng": "\n".join(play_lines), "cat": other}, 50_000, 1)
    assert proxies.controls["eng"].same == pytest.approx(1.0, abs=0.2)
    assert raw(proxies, "cat", "eng") == pytest.approx(0.0, abs=0.06)


def test_standard_errors_are_those_of_new_texts() -> None:
    """Texts drawn anew differ by what is stated, within a factor of two."""
    words = lexicon(1)
    near = lexicon(2, words, 0.6)
    told = [
        pair(
            text_proxies(
                {
                    "cat": written(sentences(draw, 1500), words),
                    "spa": written(sentences(draw + 50, 1500), near),
                },
                FEW,
                1,
            ),
            "spa",
            "cat",
        )
        for draw in range(6)
    ]
    spread = float(np.std([each.raw for each in told], ddof=1))
    stated = float(np.mean([each.stderr for each in told]))
    assert 0.5 < spread / stated < 2.0


def test_two_samples_of_the_same_texts_agree(made: TextProxies) -> None:
    assert made.agreement > 0.6


def test_the_same_seed_gives_the_same_numbers() -> None:
    few = {key: text for key, text in texts(1500).items() if key in ("cat", "spa")}
    first, again = (text_proxies(few, 20_000, 1) for _ in range(2))
    assert first.scores == again.scores
    assert math.isnan(first.agreement)


# -- translations ------------------------------------------------------------------------


def parallel() -> dict[str, str]:
    words = lexicon(1)
    said = sentences(5, 4000)
    return {"cat": written(said, words), "spa": written(said, lexicon(2, words, 0.6))}


def shuffled(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(np.random.default_rng(3).permutation(lines).tolist())


def test_translations_line_by_line_are_refused() -> None:
    with pytest.raises(DataError, match="are translations line by line") as refused:
        text_proxies(parallel(), FEW)
    assert refused.value.field == "texts"
    assert "lines 1, 4, 7 of one" in str(refused.value)
    (warning,) = check_parallel(parallel(), allowed=True)
    assert "worth nothing" in warning


def test_a_leak_raises_the_proxy_and_is_warned_of() -> None:
    """The source holds the translation of what is foretold: numbers and shared words repeat."""
    leaking = parallel()
    leaking["spa"] = shuffled(leaking["spa"])
    assert alignment(leaking["cat"], leaking["spa"]) < 0.1
    proxies = text_proxies(leaking, FEW, 1)
    assert "hold the same numbers" in proxies.warnings[0]
    words = lexicon(1)
    apart = {
        "cat": leaking["cat"],
        "spa": written(sentences(6, 4000), lexicon(2, words, 0.6)),
    }
    clean = text_proxies(apart, FEW, 1)
    assert not [each for each in clean.warnings if "numbers" in each]
    assert raw(proxies, "spa", "cat") > raw(clean, "spa", "cat") + 0.02


def test_lines_sorted_by_length_are_no_translations() -> None:
    few = texts(2000)
    ordered = {key: "\n".join(sorted(text.splitlines(), key=len)) for key, text in few.items()}
    assert check_parallel(ordered) == ()


# -- what is refused ---------------------------------------------------------------------


def test_other_letters_are_not_measurable_and_no_zero() -> None:
    few = texts(2000)
    moved = {ord(letter): chr(0x430 + at) for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    mixed = {"cat": few["cat"], "spa": few["spa"], "rus": few["fra"].translate(moved)}
    proxies = text_proxies(mixed, 20_000, 1)
    apart = pair(proxies, "rus", "cat")
    assert apart.outcome == "not measurable"
    assert math.isnan(apart.score)
    matrix = proxy_matrix(proxies, Origin())
    assert np.isnan(matrix.table.scores[matrix.table.keys.index("rus")][0])
    assert "not measurable so, which says nothing" in matrix.card.evidence
    two = text_proxies({"cat": mixed["cat"], "rus": mixed["rus"]}, 20_000, 1)
    with pytest.raises(DataError, match="no two of these languages write in the same letters"):
        proxy_matrix(two, Origin())


def test_short_texts_are_refused_with_the_numbers() -> None:
    few = texts(2000)
    with pytest.raises(DataError, match=r"cat has \d\d,\d{3}.*190,000 are needed") as refused:
        text_proxies(few)
    assert "or read" in str(refused.value)
    with pytest.raises(ProblemError, match="texts of 1 language:"):
        text_proxies({"cat": few["cat"]})
    with pytest.raises(ProblemError, match="seeds is 0"):
        text_proxies(few, 20_000, 0)


# -- into the posterior ------------------------------------------------------------------


def measured(proxies: TextProxies, slope: float, noise: float, kept: int = 12) -> TransferMatrix:
    """BTS on a line of the proxies, with noise, of the first pairs."""
    import pandas as pd

    rng = np.random.default_rng(0)
    rows = [
        (each.source, each.target, 0.1 + slope * each.score + rng.normal(0, noise))
        for each in proxies.scores[:kept]
    ]
    frame = pd.DataFrame(rows, columns=["source", "target", "score"])
    return TransferMatrix.from_frame(frame, "study", params=2e9, tokens=42e9)


def test_a_calibration_recovers_its_line_and_earns_its_error(made: TextProxies) -> None:
    found = calibrate(made, measured(made, 0.8, 0.01))
    assert found.slope == pytest.approx(0.8, abs=0.1)
    assert found.rmse == pytest.approx(0.01, rel=0.8)
    assert found.r2 > 0.7
    with pytest.raises(DataError, match="has measured every pair"):
        calibrated_matrix(made, found, measured(made, 0.8, 0.01), Origin())


def test_what_is_predicted_is_called_so_and_holds_both_errors(made: TextProxies) -> None:
    study = measured(made, 0.8, 0.02, kept=9)
    found = calibrate(made, study)
    card, table = calibrated_matrix(made, found, study, Origin())
    assert (card.metric, card.parameters, card.tokens) == ("BTS", 2e9, 42e9)
    told = table.status[~np.isin(table.status, ("", DEFINED))]
    assert set(told.tolist()) == {"predicted"}
    assert np.nanmin(table.stderr[table.status == "predicted"]) >= found.rmse
    assert np.nanmax(table.scores[table.status == "predicted"]) <= found.most


def test_a_proxy_that_earns_nothing_predicts_nothing(made: TextProxies) -> None:
    study = measured(made, 0.0, 0.3, kept=9)
    found = dataclasses.replace(calibrate(made, study), r2=-0.1)
    with pytest.raises(DataError, match="the proxy earns nothing"):
        calibrated_matrix(made, found, study, Origin())


def test_too_few_measured_pairs_calibrate_nothing(made: TextProxies) -> None:
    with pytest.raises(ProblemError, match="has measured 3 of these pairs, of 1 targets"):
        calibrate(made, measured(made, 0.8, 0.01, kept=3))


def test_a_proxy_is_never_taken_for_a_score(made: TextProxies) -> None:
    card, table = proxy_matrix(made, Origin((("cat.txt", "0" * 64),)))
    matrix = TransferMatrix("mine", *table, card, "")
    assert card.metric == "proxy"
    assert matrix.count(MEASURED) == 12
    with pytest.raises(ProblemError, match="proxies of texts are no transfer scores"):
        parse_calibration(None, matrix)
    with pytest.raises(ProblemError, match="is calibrated on BTS"):
        calibrate(made, matrix)
    by_pair = defaultdict(str, dict(card.extra))
    assert "cat spa" in by_pair["raw proxies"]
    assert "cat" in by_pair["controls"]
