"""The charts of the concept pages that the law alone draws: repeats, donors, numbers of tokens.

python scripts/evidence/concepts.py     # a few seconds; writes the charts
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from plain_svg import Axis, Series, chart

from atlasmix import Problem
from atlasmix.laws.saturation import DECAY_RANGE, saturate
from atlasmix.laws.shelf import DEFAULT_LAW, load_law

FIGURES: Final = Path(__file__).resolve().parents[2] / "docs" / "figures"
PARAMS: Final = 2e9
CLOSE, FAR = 0.38, 0.05
"""τ of two donors; the first is that of Catalan from Spanish under the default law."""
SCARCE, AMPLE = 2e10, 3e11
"""Tokens of its own that a target has."""
STOPPING: Final = "tha"
"""A target whose donors are weak: more tokens than its own make it worse."""
SCORES: Final = "atlas-2025"
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"


def repeated() -> str:
    """What so many passes over a text are worth, in passes of new text."""
    low, high = DECAY_RANGE
    decay = load_law(DEFAULT_LAW).decay
    assert decay is not None
    passes = np.geomspace(1, 64, 49)

    def line(name: str, rate: float, colour: str) -> Series:
        worth = saturate(passes, np.ones_like(passes), rate)
        return Series(name, list(zip(passes, worth, strict=True)), colour, line=True)

    return chart(
        "What repeated text is worth",
        Axis("times read", (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0), logarithmic=True),
        Axis("worth, in passes of new text", (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)),
        [
            line(f"lambda {low:g}", low, GREEN),
            line(f"lambda {decay:.3g} (default)", decay, BLUE),
            line(f"lambda {high:g}", high, ORANGE),
        ],
    )


def change_by_donor(own: float, weight: float, share: float) -> float:
    """Loss with ``share`` of the tokens a donor's, less that with the target's own text alone."""
    law = load_law(DEFAULT_LAW)
    donor = own * share / (1 - share)
    alone = law.loss(PARAMS, own)
    return law.loss(PARAMS, own + weight * donor, 1 - share, law.phi) - alone


def donors() -> str:
    """What a donor does to targets with little and with much text of their own."""
    shares = [0.02 * step for step in range(36)]
    lines = [
        Series(
            f"{own / 1e9:g}B of own text, tau {weight:g}",
            [(share, change_by_donor(own, weight, share)) for share in shares],
            colour,
            line=True,
            dashed=weight == FAR,
        )
        for own, colour in ((SCARCE, ORANGE), (AMPLE, BLUE))
        for weight in (CLOSE, FAR)
    ]
    return chart(
        "A donor adds data and takes capacity",
        Axis("share of the tokens that is a donor's", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
        Axis("change of the target's loss", (-0.1, -0.08, -0.06, -0.04, -0.02, 0.0, 0.02, 0.04)),
        lines,
    )


def loss_at(tokens: float) -> float:
    """What the best mixture of just so many tokens is chosen by: donors count less their doubt."""
    return (
        Problem(STOPPING, matrix=SCORES, budget=tokens, tokens="exactly").solve().certificate.value
    )


def chosen() -> tuple[float, float]:
    """Tokens and loss that are chosen where the budget is no limit."""
    solution = Problem(STOPPING, matrix=SCORES, budget="1T").solve()
    return solution.tokens, solution.certificate.value


def tokens() -> str:
    """The best loss at every number of tokens, and the number that is chosen."""
    read = (92, 96, 100, 104, 108, 112, 120, 140, 170, 200, 250, 300, 400, 500, 600, 700, 800)
    budgets = [1e9 * count for count in read]
    return chart(
        "Thai: the best mixture of so many tokens",
        Axis("tokens read, in billions", (0.0, 200.0, 400.0, 600.0, 800.0)),
        Axis("loss, the doubt about donors counted", (2.545, 2.55, 2.555, 2.56, 2.565, 2.57)),
        [
            Series("all of them read", [(n / 1e9, loss_at(n)) for n in budgets], BLUE, line=True),
            Series("chosen at a budget of 1T", [(chosen()[0] / 1e9, chosen()[1])], ORANGE),
        ],
    )


def charts() -> dict[str, str]:
    """Every chart by its file's name."""
    return {
        "repeated-tokens.svg": repeated(),
        "donors-add-and-take.svg": donors(),
        "loss-by-tokens.svg": tokens(),
    }


def main() -> None:
    """Write the charts."""
    for name, text in charts().items():
        (FIGURES / name).write_text(text, encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
