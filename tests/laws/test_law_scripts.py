"""The scripts that made the default law and the φ of every law make them again."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from atlasmix.laws.cards import parse_card
from atlasmix.laws.kinds import LanguageLaws, LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, law_card, shipped_names

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "data"


def module(name: str) -> dict:
    sys.path.insert(0, str(SCRIPTS))
    try:
        return runpy.run_path(str(SCRIPTS / f"{name}.py"))
    finally:
        sys.path.remove(str(SCRIPTS))


def test_the_default_law_is_what_its_script_fits():
    script = module("fit_one_stage_law")
    assert script["NAME"] == DEFAULT_LAW
    found = script["fitted"]()
    law = law_card(DEFAULT_LAW).law
    constants = {"lambda": law.decay} | {
        name: getattr(law, name) for name in ("E", "A", "alpha", "B", "beta")
    }
    assert found.constants == pytest.approx(constants, rel=1e-5)
    assert law.alpha == law.beta
    made = parse_card(script["card"](found, resamples=40), "made")
    assert made.law.phi == pytest.approx(law.phi, rel=0.05)
    assert {one.constant for one in made.intervals} == {*constants, "decay"} - {"lambda"}
    for one in made.intervals:
        value = constants.get(one.constant, law.decay)
        assert one.low < value < one.high
    assert law.fitted_params == (7098752, 8.67e9)
    assert law.fitted_tokens == (1e8, 9e11)


def laws():
    for name in shipped_names():
        law = law_card(name).law
        if isinstance(law, LossLaw):
            yield law
        if isinstance(law, LanguageLaws):
            yield from (row.law for row in law.rows)


@pytest.mark.parametrize("law", list(laws()), ids=lambda law: law.name)
def test_every_law_has_its_own_phi(law):
    estimated = module("estimate_phi")["typical_phi"](law)
    assert law.phi == pytest.approx(estimated, rel=0.05, abs=0.002)
    low, high = law.phi_range
    assert 0 < low < law.phi < high


def test_a_card_is_rewritten_as_it_stands():
    script = module("estimate_phi")
    for path in sorted(script["LAWS"].glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        again = script["with_phi"](text, path.name)
        strip = [line for line in text.splitlines() if "phi" not in line]
        assert [line for line in again.splitlines() if "phi" not in line] == strip


def test_the_pages_on_laws_print_what_the_cards_say():
    docs = Path(__file__).resolve().parents[2] / "docs"
    pages = [docs / "concepts" / "capacity.md", docs / "reference" / "laws.md"]
    said = " ".join(" ".join(page.read_text(encoding="utf-8") for page in pages).split())
    default = law_card(DEFAULT_LAW)
    assert f"{default.law.phi:g} for the default" in said
    for name in ("hoffmann-2022", "besiroglu-2024", "muennighoff-2023"):
        assert f"{law_card(name).law.phi:g} for `{name}`" in said
    spans = {one.constant: (one.low, one.high) for one in default.intervals}
    assert "interval {:.3f}-{:.3f}".format(*spans["alpha"]) in said
    assert "E = {:.2f} ({:.2f}-{:.2f})".format(default.law.E, *spans["E"]) in said
    assert "λ = {:.4f} ({:.4f}-{:.4f})".format(default.law.decay, *spans["decay"]) in said
