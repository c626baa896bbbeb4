"""The shelf of laws: every kind that ships says what its paper prints; one's own come and go."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.io.shipped import data_folder
from atlasmix.laws.kinds import (
    DEFAULT_PHI,
    DEFAULT_PHI_RANGE,
    CurseLaw,
    DataConstrainedLaw,
    LanguageLaws,
    LossLaw,
)
from atlasmix.laws.shelf import (
    add_law,
    law_card,
    law_cards,
    load_curse,
    load_law,
    remove_law,
    shipped_names,
)
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

MINE = {
    "name": "mine",
    "constants": {"E": 1.5, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28},
    "decay": 0.11,
    "unit": "nats per token",
    "measured_on": "our proxies",
    "source": "our runs",
}
CURSE = {
    **{key: MINE[key] for key in ("unit", "measured_on", "source")},
    "name": "ours",
    "kind": "curse",
    "constants": {
        **MINE["constants"],
        "phi": 0.1,
        "psi": -0.05,
    },
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def write(folder: Path, card: object, name: str = "card.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(card), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", shipped_names())
def test_every_card_is_whole(name: str) -> None:
    card = law_card(name)
    assert card.name == name
    assert card.shipped
    for text in (card.title, card.unit, card.measured_on, card.source, card.licence):
        assert text
    assert bool(card.intervals) == bool(card.intervals_are)


def test_the_replication_of_chinchilla() -> None:
    law = load_law("besiroglu-2024")
    assert (law.E, law.A, law.alpha, law.B, law.beta) == (1.8172, 482.01, 0.3478, 2085.43, 0.3658)
    # Its point: tokens and parameters grow alike, as in the first two approaches of Hoffmann.
    assert law.beta / (law.alpha + law.beta) == pytest.approx(0.5126, abs=5e-5)


def test_both_variants_of_repetition() -> None:
    both, alone = law_card("muennighoff-2023-excess"), law_card("muennighoff-2023-data-only")
    assert isinstance(both.law, DataConstrainedLaw)
    assert isinstance(alone.law, LossLaw)
    assert (both.law.R_D, both.law.R_N) == (15.387756, 5.309743)
    assert alone.law.decay == pytest.approx(1 / 2.9157)
    assert "holds only together" in both.valid_for
    assert "no term for excess parameters" in alone.valid_for
    assert not both.drives_a_solve
    assert alone.drives_a_solve


def test_the_data_constrained_formula_by_hand() -> None:
    """Muennighoff et al. 2023, Eq. 17, with U_N = 0.051 U_D as the paper simplifies it."""
    law = law_card("muennighoff-2023-excess").law
    assert isinstance(law, DataConstrainedLaw)
    params, tokens, unique = 2.8e9, 40e9, 4e9
    fitting = 0.051 * unique
    star_n, star_d = 5.309743, 15.387756
    n = fitting * (1 + star_n * (1 - math.exp(-(params / fitting - 1) / star_n)))
    d = unique * (1 + star_d * (1 - math.exp(-(tokens / unique - 1) / star_d)))
    by_hand = law.E + law.A / n**law.alpha + law.B / d**law.beta
    assert law.loss(params, tokens, unique) == pytest.approx(by_hand, rel=1e-3)


def test_the_published_fit_on_the_public_runs() -> None:
    """R² 0.7722 and Huber sum 0.0158 with both decays, 0.7354 and 0.0169 with that of data."""
    path = data_folder() / "runs" / "datablations-fit182.csv"
    with path.open(encoding="utf-8") as file:
        rows = [
            [float(row[key]) for key in ("n_params", "tokens", "unique_tokens", "val_loss")]
            for row in csv.DictReader(file)
        ]
    both = law_card("muennighoff-2023-excess").law
    assert isinstance(both, DataConstrainedLaw)
    alone = replace(both, R_D=2.9157, R_N=1e12)
    for law, r2, huber in ((both, 0.7722, 0.01583), (alone, 0.7354, 0.01692)):
        found = np.array([law.loss(*row[:3]) for row in rows])
        loss = np.array([row[3] for row in rows])
        error = np.abs(np.log(found) - np.log(loss))
        small = error <= 1e-3
        total = np.where(small, error**2 / 2, 1e-3 * (error - 5e-4)).sum()
        assert 1 - ((found - loss) ** 2).sum() / ((loss - loss.mean()) ** 2).sum() == (
            pytest.approx(r2, abs=6e-5)
        )
        assert total == pytest.approx(huber, abs=6e-6)


def test_a_single_epoch_of_fitting_parameters_is_chinchilla() -> None:
    law = law_card("muennighoff-2023-excess").law
    assert isinstance(law, DataConstrainedLaw)
    plain = LossLaw("x", law.E, law.A, law.alpha, law.B, law.beta, "", "", "")
    assert law.loss(1e8, 1e10, 1e10) == pytest.approx(plain.loss(1e8, 1e10))


def test_table_c1_says_how_many_tokens_a_parameter_wants() -> None:
    """α = β in each row, so the best D/N is (B/A)^(1/α): a figure decoded apart from the table."""
    table = law_card("atlas-2025-languages").law
    assert isinstance(table, LanguageLaws)
    assert len(table.rows) == 18
    wanted = {
        ("eng", "mono"): 155.83,
        ("cmn", "multi"): 62.98,
        ("hin", "multi"): 0.4977,
        ("swh", "unimax"): 3.3947,
    }
    for row in table.rows:
        law = row.law
        assert law.alpha == law.beta
        if (row.language, row.regime) in wanted:
            ratio = (law.B / law.A) ** (1 / law.alpha)
            assert ratio == pytest.approx(wanted[row.language, row.regime], rel=1e-3)
            params = law.best_params(1e22)
            assert 1e22 / (6 * params) / params == pytest.approx(ratio)


def test_one_law_of_the_table_by_any_name_of_its_language() -> None:
    law = load_law("atlas-2025-languages/French/unimax")
    assert law == load_law("atlas-2025-languages/fr/unimax")
    assert law.language == "fra"
    assert "unit not stated" in law.unit
    with pytest.raises(ProblemError, match="a law for fra in each regime: write atlas-2025"):
        load_law("atlas-2025-languages/fra")
    with pytest.raises(DataError, match=r"no law for 'ca' \(cat\): expected one of eng, fra, rus"):
        load_law("atlas-2025-languages/ca/mono")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("atlas-2025-curse", "serving more languages costs at equal loss: see atlasmix capacity"),
        ("muennighoff-2023-excess", "only together with its term for excess parameters"),
        ("atlas-2025-languages", "named in full, as atlas-2025-languages/eng/mono"),
        ("besiroglu-2023", "did you mean besiroglu-2024"),
    ],
)
def test_laws_that_cannot_drive_a_solve_say_what_they_are_for(name: str, words: str) -> None:
    with pytest.raises((ProblemError, DataError), match=words):
        problem_from_mapping({"targets": "cat", "law": name})


def test_a_curse_is_asked_of_a_curse() -> None:
    with pytest.raises(ProblemError, match="does not know the number of languages"):
        load_curse("hoffmann-2022")


def test_a_law_of_one_language_is_not_compared_with_another() -> None:
    law = "atlas-2025-languages/fra/multi"
    for question in (
        {"targets": "cat"},
        {"targets": "fra,spa"},
        {"targets": "fra", "guardrails": {"spa": "2%"}},
    ):
        with pytest.raises(ProblemError, match="speaks of French alone, in a loss"):
            problem_from_mapping({**question, "law": law})
    problem = problem_from_mapping({"targets": "fra", "law": law})
    assert problem_to_mapping(problem)["law"] == law


def test_ones_own_law_with_its_decay(store: Store, tmp_path: Path) -> None:
    assert add_law(write(tmp_path, MINE), store) == "mine"
    problem = problem_from_mapping({"targets": "cat", "law": "mine"}, store)
    assert problem.law.decay == problem.decay == 0.11
    own = problem_from_mapping({"targets": "cat", "law": "mine", "lambda": 0.05}, store)
    assert own.decay == 0.05
    # A recipe stands without the shelf.
    written = problem_to_mapping(problem)
    assert written["law"] == {
        **MINE["constants"],
        **{k: MINE[k] for k in MINE if k != "constants"},
        "phi": DEFAULT_PHI,
        "phi_range": list(DEFAULT_PHI_RANGE),
        "note": "",
    }
    again = problem_from_mapping(written, Store("/nonexistent"))
    assert again.law.loss(1e9, 1e10) == problem.law.loss(1e9, 1e10)
    assert again.decay == 0.11
    remove_law("mine", store)
    with pytest.raises(DataError, match="no law 'mine'"):
        problem_from_mapping({"targets": "cat", "law": "mine"}, store)


def test_a_law_is_added_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    broken = write(tmp_path, {**MINE, "unit": 3, "decay": "x"}, "broken.yaml")
    with pytest.raises(DataError) as error:
        add_law(broken, store)
    assert len(error.value.faults) == 2
    assert not (tmp_path / "store").exists()
    path = write(tmp_path, MINE)
    add_law(path, store)
    before = (tmp_path / "store/scaling_laws/mine.yaml").read_bytes()
    with pytest.raises(DataError, match="already and is never changed in place"):
        add_law(write(tmp_path, {**MINE, "decay": 0.5}, "other.yaml"), store)
    assert (tmp_path / "store/scaling_laws/mine.yaml").read_bytes() == before
    assert [one.name for one in (tmp_path / "store/scaling_laws").iterdir()] == ["mine.yaml"]
    assert add_law(path, store, "mine-2") == "mine-2"
    assert law_card("mine-2", store).law.decay == 0.11


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("besiroglu-2024", "ships with AtlasMix: choose another name"),
        ("Mine", "cannot be the name of a law"),
        ("../mine", "cannot be the name of a law"),
    ],
)
def test_names_that_are_refused(store: Store, tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        add_law(write(tmp_path, MINE), store, name)


def test_what_ships_stays(store: Store) -> None:
    with pytest.raises(DataError, match="ships with AtlasMix: it cannot be removed"):
        remove_law("hoffmann-2022", store)
    with pytest.raises(DataError, match="nothing was removed; there are none of your own"):
        remove_law("../hoffmann-2022", store)


def test_a_broken_card_is_listed_with_its_fault(store: Store, tmp_path: Path) -> None:
    add_law(write(tmp_path, MINE), store)
    path = tmp_path / "store/scaling_laws/mine.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("1.5", "-1.5"), encoding="utf-8")
    listed = dict(law_cards(store))
    assert "constants.E is -1.5" in str(listed["mine"])
    assert not isinstance(listed["hoffmann-2022"], str)
    path.write_text(yaml.safe_dump({**MINE, "name": "other"}), encoding="utf-8")
    with pytest.raises(DataError, match="says name: 'other': expected 'mine'"):
        law_card("mine", store)


def test_a_store_at_a_url(tmp_path: Path) -> None:
    store = Store("memory://law-shelf-test")
    add_law(write(tmp_path, CURSE), store)
    law = load_curse("ours", store)
    assert isinstance(law, CurseLaw)
    assert "ours" in dict(law_cards(store))
    with pytest.raises(DataError, match="already and is never changed"):
        add_law(write(tmp_path, CURSE), store)
    remove_law("ours", store)
    assert "ours" not in dict(law_cards(store))


def test_a_fitted_curse_with_intervals_has_corners(tmp_path: Path) -> None:
    card = {
        **CURSE,
        "intervals": {"phi": [0.08, 0.12], "beta": [0.25, 0.31]},
        "intervals_are": "95 % bootstrap",
        "fitted_on": {"languages": [1, 8], "params": [1e7, 1e9]},
    }
    law = load_curse(str(write(tmp_path, card)))
    assert set(law.corners) == {
        (phi, -0.05, 0.34, beta) for phi in (0.08, 0.12) for beta in (0.25, 0.31)
    }
    assert law.fitted_languages == (1, 8)
    plain = load_curse(str(write(tmp_path, CURSE)))
    assert plain.corners == ()
