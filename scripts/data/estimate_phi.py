"""Estimate the capacity exponent of every shipped law from the ATLAS scores, and write its card.

    python scripts/data/estimate_phi.py            # rewrites phi, phi_range and phi_is in the cards
    python scripts/data/estimate_phi.py --check    # says what would change; exit status 1 if any

A bilingual transfer score counts all tokens that a half-and-half model needs for the loss of a
target-only model. How low the useless donors of a target score says what half the capacity costs
it, and so its φ, under the constants of the law (:func:`atlasmix.transfer.estimate`). The φ of a
law is the median over the targets with measured scores. Another law, another φ: the two go
together, as A and α do. The range of the default law's φ is 0.08 to 0.17 (our choice: it holds the
middle half of the measured targets, and the printed 0.11); those of the others are as wide in
proportion.
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.cards import parse_card
from atlasmix.laws.kinds import DEFAULT_PHI_RANGE, LanguageLaws, LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.estimation import estimate

ROOT: Final = Path(__file__).resolve().parents[2]
LAWS: Final = ROOT / "data" / "scaling_laws"
MATRIX: Final = "atlas-2025"

_DIGITS: Final = 3
_IS: Final = (
    "median over the 9 targets with measured scores in atlas-2025, under the constants of this\n"
    "  law (scripts/data/estimate_phi.py); the range is 0.08 to 0.17 under the default law, and\n"
    "  as wide in proportion under another"
)


@cache
def _scores() -> TransferMatrix:
    return Store().matrix(MATRIX)


def typical_phi(law: LossLaw) -> float:
    """The median φ of the targets with measured scores, under a law."""
    found = estimate(_scores(), law)
    measured = [found.is_measured(key) for key in found.keys]
    return round(float(np.median(found.phi[measured])), _DIGITS)


def with_phi(text: str, name: str) -> str:
    """The text of a card with φ of its law, or of each law of its table."""
    law = parse_card(text, name).law
    if isinstance(law, LossLaw):
        return _with_lines(text, law.name, typical_phi(law))
    if isinstance(law, LanguageLaws):
        for row in law.rows:
            text = _with_row(text, row.language, row.regime, typical_phi(row.law))
        return _with_text(_without(text, ("phi_is",)), f"phi_is: >-\n  {_IS}\n")
    return text


def _with_lines(text: str, name: str, phi: float) -> str:
    scale = 1.0 if name == DEFAULT_LAW else phi / load_law(DEFAULT_LAW).phi
    low, high = (round(scale * end, _DIGITS) for end in DEFAULT_PHI_RANGE)
    lines = f"phi: {phi:g}\nphi_range: [{low:g}, {high:g}]\nphi_is: >-\n  {_IS}\n"
    return _with_text(_without(text, ("phi", "phi_range", "phi_is")), lines)


def _with_text(text: str, lines: str) -> str:
    """``lines`` before the unit, which every card has."""
    return re.sub(r"(?m)^unit:", lambda match: f"{lines}{match[0]}", text, count=1)


def _without(text: str, keys: tuple[str, ...]) -> str:
    """A card without some of its fields, each with its indented or listed lines."""
    names = "|".join(keys)
    return re.sub(rf"(?m)^(?:{names}):.*\n(?:[ -].*\n)*", "", text)


def _with_row(text: str, language: str, regime: str, phi: float) -> str:
    pattern = rf"(?m)^(  - {{language: {language}, regime: {regime}, .*?)(, phi: [^,}}]+)?}}$"
    return re.sub(pattern, lambda match: f"{match[1]}, phi: {phi:g}}}", text)


def main() -> int:
    """Rewrite the cards, or say which would change."""
    parser = argparse.ArgumentParser(description="Write the φ of every shipped law into its card.")
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if a card would")
    asked = parser.parse_args()
    changed = []
    # The default law first: the ranges of the others follow its φ.
    for path in sorted(LAWS.glob("*.yaml"), key=lambda path: (path.stem != DEFAULT_LAW, path)):
        before = path.read_text(encoding="utf-8")
        text = with_phi(before, path.name)
        if text != before:
            changed.append(path.name)
            if not asked.check:
                path.write_text(text, encoding="utf-8")
    for name in changed:
        print(f"{name}: {'would change' if asked.check else 'rewritten'}")
    return int(asked.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
