"""Work on a visitor's own runs: reading, learning, the best mixture, the runs to train next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from atlasmix.fitting.assumed import GivenLaw
from atlasmix.fitting.law_file import law_mapping, law_text
from atlasmix.fitting.learning import Judged, Learned, LearnQuestion, check_enough, judge, learn
from atlasmix.fitting.mixture_runs import MixtureRuns
from atlasmix.fitting.mixture_tables import RunsReading, read_mixture_runs
from atlasmix.fitting.rival_laws import ModelLaw
from atlasmix.fitting.run_files import run_tables
from atlasmix.fitting.solving_law import solving_draws
from atlasmix.mixture.learned_answer import DRAWS, LearnedAnswer, MixtureWish
from atlasmix.mixture.learned_answer import answer as learned_answer
from atlasmix.mixture.learned_answer import plan as plan_runs
from atlasmix.mixture.next_runs import NextRuns


@dataclass(frozen=True, slots=True, eq=False)
class ReadRuns:
    """Tables of runs as they were understood.

    Attributes:
        runs: enough of them to learn from.
        tables: name and SHA-256 of each file.
    """

    runs: MixtureRuns
    tables: tuple[tuple[str, str], ...]


def read_runs(names: Sequence[str], keep_diverged: bool, *contents: bytes) -> ReadRuns:
    """The runs of one file, or of several whose tables are joined on the run's id."""
    files = [
        table
        for name, content in zip(names, contents, strict=True)
        for table in run_tables(content, name)
    ]
    runs = read_mixture_runs(
        [file.rows for file in files], RunsReading(keep_diverged=keep_diverged)
    )
    check_enough(runs)
    return ReadRuns(runs, tuple(dict.fromkeys((file.name, file.sha256) for file in files)))


def learn_runs(runs: MixtureRuns, question: LearnQuestion) -> Learned:
    """A law of every loss, judged beside others on runs held out."""
    return learn(runs, question)


def judge_model(runs: MixtureRuns, name: str, seed: int) -> Judged:
    """A model of a library on the runs held out, as :func:`learn_runs` judges its laws."""
    return replace(judge(name, runs, seed), law=ModelLaw(name, runs))


def law_for_solve(
    runs: MixtureRuns, tables: Sequence[tuple[str, str]], name: str, given: GivenLaw | None = None
) -> bytes:
    """The file of the law in the form that a question takes, with the doubt that a solve weighs.

    Args:
        runs: what is learned from.
        tables: name and SHA-256 of each file of runs.
        name: of the law.
        given: law whose constants are taken where the runs, being of one size, tell none.
    """
    learned = learn(runs, LearnQuestion(compared=(), for_solve=True, constants_from=given))
    drawn = solving_draws(learned, DRAWS, learned.question.seed)
    return law_text(law_mapping(learned, name, tables, drawn)).encode()


def learned_mixture(learned: Learned, wish: MixtureWish) -> LearnedAnswer:
    """The best mixture under a learned law, with its doubt."""
    return learned_answer(learned, wish)


def next_runs(learned: Learned, best: LearnedAnswer, count: int) -> NextRuns:
    """The mixtures whose runs would tell most."""
    return plan_runs(learned, best, count)
