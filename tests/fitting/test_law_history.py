"""A law is judged by what it foretold, before it learned from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_mixtures import made_law, made_runs_of

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.history import (
    Foreteller,
    Outcome,
    aligned,
    grow,
    history_data,
    joined,
    judge,
    read_history,
    score,
)
from atlasmix.fitting.law_file import law_mapping, law_text, load_learned_law
from atlasmix.fitting.learning import LearnQuestion, learn
from atlasmix.fitting.mixture_runs import MixtureRuns
from atlasmix.fitting.runs import frozen

ALONE = LearnQuestion(compared=())
TRUTH = made_law(2)
FIRST = made_runs_of(TRUTH, 60, noise=0.02)
DIGESTS = ("a" * 64, "b" * 64, "c" * 64)


def later(count: int, seed: int = 50, off: float = 0.0) -> MixtureRuns:
    """Runs of the same truth that came after."""
    runs = made_runs_of(TRUTH, count, noise=0.02, seed=seed)
    names = tuple(f"new-{place}" for place in range(count))
    return replace(runs, loss=frozen(runs.loss + off), mixtures=replace(runs.mixtures, names=names))


def test_losses_are_foretold_by_the_law_that_never_saw_them() -> None:
    """Of the refitted law they would be nearer: half a nat off must be told as half a nat."""
    before = learn(FIRST, ALONE)
    new = later(6, off=0.5)
    grown = grow((FIRST, (("one", DIGESTS[0]),)), [(new, (("two", DIGESTS[1]),))], ALONE)
    told = np.array([each.predicted for each in grown.history[0].outcomes]).reshape(6, -1)
    assert told == pytest.approx(before.law.predict(new.mixtures), abs=1e-12)
    everything = score(grown.history[0].outcomes)
    assert everything.bias == pytest.approx(0.5, abs=0.06)
    assert everything.inside == 0
    assert everything.told == everything.count == 30


def test_intervals_hold_as_often_as_they_claim() -> None:
    batch = judge(Foreteller.of_runs(learn(FIRST, ALONE)), later(300), (("x", DIGESTS[0]),))
    told = score(batch.outcomes)
    assert 0.86 < told.inside / told.told < 0.97
    assert abs(told.bias) < 0.01


def test_the_law_after_is_that_of_one_table() -> None:
    """Added in two steps or read at once: the same law to the last digit."""
    new, newer = later(5), later(4, seed=51)
    grown = grow(
        (FIRST, (("one", DIGESTS[0]),)),
        [(new, (("two", DIGESTS[1]),)), (newer, (("three", DIGESTS[2]),))],
        ALONE,
    )
    assert grown.fresh == 2
    assert [batch.runs for batch in grown.history] == [60, 65]
    assert [name for name, _ in grown.tables] == ["one", "two", "three"]
    once = replace(FIRST, loss=frozen(np.concatenate([FIRST.loss, new.loss, newer.loss])))
    assert grown.runs.loss == pytest.approx(once.loss)
    assert len(set(grown.runs.mixtures.names)) == 69


def test_what_was_foretold_stands_in_the_file_and_is_not_judged_anew() -> None:
    """The file's own predictions count, whatever a law of today would say of the same runs."""
    first = (FIRST, (("one", DIGESTS[0]),))
    new, newer = (later(5), (("two", DIGESTS[1]),)), (later(4, 51), (("three", DIGESTS[2]),))
    step = grow(first, [new], ALONE)
    bent = [replace(each, predicted=each.predicted + 1) for each in step.history[0].outcomes]
    history = history_data([replace(step.history[0], outcomes=tuple(bent))])
    content = law_mapping(learn(step.runs, ALONE), "law", step.tables, (), history)
    saved = load_learned_law(law_text(content))
    again = grow(first, [new, newer], ALONE, saved)
    assert again.fresh == 1
    assert again.history[0].outcomes == tuple(bent)
    assert again.history == (*read_history(saved.content), again.history[1])
    assert again.history[1].outcomes[0].predicted == pytest.approx(
        saved.law.predict(newer[0].mixtures)[0, 0], abs=1e-12
    )
    with pytest.raises(ProblemError, match="two among its runs"):
        grow(first, [newer], ALONE, saved)
    # Of a law that was learned from other runs nothing is taken.
    other = grow((FIRST, (("else", "d" * 64),)), [new], ALONE, saved)
    assert other.fresh == 1
    assert len(other.history) == 1


def test_a_size_that_the_law_knows_nothing_of_is_not_judged() -> None:
    sized = replace(
        FIRST, mixtures=replace(FIRST.mixtures, params=frozen(np.full(FIRST.count, 1e9)))
    )
    new = later(2)
    large = replace(new, mixtures=replace(new.mixtures, params=frozen(np.array([1e9, 7e9]))))
    batch = judge(Foreteller.of_runs(learn(sized, ALONE)), large, (("x", DIGESTS[0]),))
    assert {each.run for each in batch.outcomes} == {"new-0"}
    assert batch.unjudged == (
        "new-1 is of 7B parameters, and all runs before of 1B: the law foretold nothing of it",
    )


def test_new_runs_are_put_into_the_order_of_the_old() -> None:
    """Sources and sets by name: columns taken by their place would swap losses."""
    new = later(3)
    turned = replace(
        new,
        mixtures=replace(
            new.mixtures,
            sources=new.sources[::-1],
            weights=frozen(new.weights[:, ::-1].copy()),
        ),
        sets=new.sets[::-1],
        loss=frozen(new.loss[:, ::-1].copy()),
    )
    back = aligned(turned, FIRST, "it")
    assert back.weights == pytest.approx(new.weights)
    assert back.loss == pytest.approx(new.loss)
    both = joined(FIRST, joined(back, back))
    assert both.count == 66
    assert len(set(both.mixtures.names)) == 66
    strange = replace(new, mixtures=replace(new.mixtures, sources=("x", *new.sources[1:])))
    with pytest.raises(DataError, match="it mixes x, which none of the runs before knows"):
        aligned(strange, FIRST, "it")
    with pytest.raises(DataError, match="expected the same sets"):
        aligned(replace(new, sets=tuple("vwxyz")), FIRST, "it")


def test_a_loss_without_an_interval_is_neither_in_nor_out() -> None:
    told = score([Outcome("a", "web", 2.0, 2.5, None), Outcome("a", "code", 1.0, 1.1, 0.2)])
    assert (told.count, told.told, told.inside) == (2, 1, 1)
    assert told.bias == pytest.approx(0.3)
