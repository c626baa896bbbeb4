"""How sure the constants of a law are, and how they go together: cards, questions, fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.laws.kinds import LOSS_CONSTANTS
from atlasmix.laws.shelf import DEFAULT_LAW, law_card, load_law, read_law
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

NAMES = (*LOSS_CONSTANTS, "decay")
TABLE = (np.diag([1e-4, 0.04, 4e-4, 0.09, 4e-4, 0.01]) + 1e-5).tolist()
CARD = {
    "name": "mine",
    "unit": "nats per token",
    "measured_on": "a toy",
    "source": "nowhere",
    "decay": 0.05,
    "constants": {"E": 1.5, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28},
    "covariance": dict(zip(NAMES, TABLE, strict=True)),
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**CARD, **changes}, sort_keys=False), encoding="utf-8")
    return path


def test_a_card_states_how_its_constants_go_together(tmp_path: Path) -> None:
    assert np.array(read_law(written(tmp_path)).covariance) == pytest.approx(np.array(TABLE))
    alone = {name: row[:5] for name, row in CARD["covariance"].items() if name != "decay"}
    without = yaml.safe_load(written(tmp_path, covariance=alone).read_text(encoding="utf-8"))
    del without["decay"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(without, sort_keys=False), encoding="utf-8")
    assert np.array(read_law(tmp_path / "mine.yaml").covariance).shape == (5, 5)


@pytest.mark.parametrize(
    ("covariance", "words"),
    [
        ({"E": TABLE[0]}, "a row for each of E, A, alpha, B, beta and decay, in order"),
        (dict(zip(NAMES[::-1], TABLE, strict=True)), "in order"),
        ({name: TABLE[0][:5] for name in NAMES}, "rows of 6 numbers"),
        ({name: ["x"] * 6 for name in NAMES}, "rows of 6 numbers"),
        (dict(zip(NAMES, (-np.array(TABLE)).tolist(), strict=True)), "the two variances allow"),
        (
            dict(zip(NAMES, (np.diag([1.0] * 6) + np.triu(np.full((6, 6), 0.1), 1)).tolist(),
                     strict=True)),
            "symmetric",
        ),
    ],
    ids=range(6),
)  # fmt: skip
def test_what_is_no_covariance_is_refused(tmp_path: Path, covariance: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_law(written(tmp_path, covariance=covariance))


def test_a_law_without_an_e_has_no_logarithm_of_it(tmp_path: Path) -> None:
    constants = {**CARD["constants"], "E": 0}
    with pytest.raises(DataError, match="an E above 0"):
        read_law(written(tmp_path, constants=constants))


def test_a_question_carries_the_covariance_of_a_law_of_ones_own(tmp_path: Path) -> None:
    """A recipe stands without the law's file, and its draws must come out the same from it."""
    law = read_law(written(tmp_path))
    store = Store(str(tmp_path / "store"))
    problem = problem_from_mapping({"targets": "cat", "law": str(tmp_path / "mine.yaml")}, store)
    question = yaml.safe_load(yaml.safe_dump(problem_to_mapping(problem)))
    assert problem_from_mapping(question, Store(str(tmp_path / "other"))).law == law
    question["law"]["covariance"][0][0] = -1.0
    with pytest.raises(ProblemError, match="law covariance: expected no entry beyond"):
        problem_from_mapping(question, store)


def test_the_default_law_states_what_its_bootstrap_found() -> None:
    """Correlations near 1 between a coefficient and its exponent are why it has to."""
    law, card = load_law(DEFAULT_LAW), law_card(DEFAULT_LAW)
    table = np.array(law.covariance)
    spread = np.sqrt(np.diag(table))
    assert (table / np.outer(spread, spread))[1, 2] > 0.95
    ends = {each.constant: np.log([each.low, each.high]) for each in card.intervals}
    for place, name in enumerate(NAMES):
        low, high = ends[name]
        assert (high - low) / 2 / 1.96 == pytest.approx(spread[place], rel=0.3)
