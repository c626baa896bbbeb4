"""What bilingual scores alone say under the law, beside what ATLAS trained and printed.

    python scripts/evidence/scores.py     # prints the figures, writes the charts

Four charts: how much more data the languages of an even mixture have than their own text (Table
B.5 of ATLAS, arXiv 2510.22037, and its K-law K^0.272), how scores move with N and with D (its
Figure C.1 prints +0.08 per billion parameters and -1.31 per 100 billion tokens), and φ of every
target.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from plain_svg import Axis, Series, chart

from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import TransferModel, capacity_mixtures, data_gain

ROOT: Final = Path(__file__).resolve().parents[2]
FIGURES: Final = ROOT / "docs" / "figures"
K_GAIN: Final = 0.272
"""1 - 0.728: at equal loss each of K languages needs K^(0.728 - 1) times the tokens (ATLAS)."""

PRINTED_N: Final = 0.08
PRINTED_D: Final = -1.31
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#767676"


def model() -> TransferModel:
    """The default matrix under the default law."""
    return estimate(Store(None).matrix("atlas-2025"), load_law(DEFAULT_LAW))


def gains(found: TransferModel) -> dict[int, float]:
    """Mean D_eff/D_own of the even mixtures of ATLAS, by their number of languages."""
    every: dict[int, list[float]] = {}
    for languages in capacity_mixtures().values():
        every.setdefault(len(languages), []).append(data_gain(found, languages))
    return {count: float(np.mean(values)) for count, values in sorted(every.items())}


def mean_scores(found: TransferModel, sizes: list[float], tokens: list[float]) -> list[float]:
    """Mean score of all pairs that have one, at each N and D."""
    law, pairs = load_law(DEFAULT_LAW), np.isfinite(found.residual)
    return [
        float(found.bts_at(law, size, read)[pairs].mean())
        for size, read in zip(sizes, tokens, strict=True)
    ]


def gain_chart(found: TransferModel) -> str:
    """D_eff/D_own by the number of languages."""
    counts = list(range(2, 51))
    return chart(
        "Data of a language in an even mixture, over its own",
        Axis("languages, read evenly", (0, 10, 20, 30, 40, 50)),
        Axis("D_eff / D_own", (0, 1, 2, 3, 4)),
        [
            Series("by the scores of pairs", list(gains(found).items()), BLUE),
            Series("K-law, K^0.272", [(k, k**K_GAIN) for k in counts], ORANGE, line=True),
        ],
    )


def slope_chart(found: TransferModel, across: str) -> str:
    """The mean score by N or by D, beside the printed slope through the same point."""
    if across == "N":
        at = [1.0, 1.5, 2.0344, 3.0, 4.0]
        values = mean_scores(found, [n * 1e9 for n in at], [42e9] * len(at))
        centre, slope, title = 2.0344, PRINTED_N, "parameters, billions"
        ticks: tuple[float, ...] = (1, 2, 3, 4)
        heights: tuple[float, ...] = (-0.4, -0.3, -0.2, -0.1, 0.0)
    else:
        at = [20.0, 42.0, 80.0, 120.0, 142.0]
        values = mean_scores(found, [2.0344e9] * len(at), [d * 1e9 for d in at])
        centre, slope, title = 42.0, PRINTED_D / 100, "tokens, billions"
        ticks, heights = (0, 50, 100, 150), (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5)
    middle = values[at.index(centre)]
    return chart(
        f"Mean bilingual transfer score by {across}",
        Axis(title, ticks),
        Axis("BTS, mean over pairs", heights),
        [
            Series("this law", list(zip(at, values, strict=True)), BLUE, line=True),
            Series(
                "slope that ATLAS prints",
                [(x, middle + slope * (x - centre)) for x in at],
                ORANGE,
                line=True,
                dashed=True,
            ),
            Series("signed data alone", [(x, middle) for x in at], GREY, line=True, dashed=True),
        ],
    )


def exponent_chart(found: TransferModel) -> str:
    """φ of every target, lowest first; measured rows apart from those that a forest predicted."""
    order = np.argsort(found.phi, kind="stable")
    places = {int(at): place + 1 for place, at in enumerate(order)}
    kinds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for at, key in enumerate(found.keys):
        kinds[found.is_measured(key)].append((places[at], float(found.phi[at])))
    return chart(
        "Capacity exponent of the 38 targets",
        Axis("targets, lowest first", (0, 10, 20, 30, 40)),
        Axis("phi", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        [
            Series("a score was measured", kinds[True], BLUE),
            Series("predicted, drawn in", kinds[False], GREY),
            Series("K-law of ATLAS, 0.11", [(0, 0.11), (40, 0.11)], ORANGE, line=True),
        ],
    )


def charts() -> dict[str, str]:
    """File name to SVG."""
    found = model()
    return {
        "data-gain-of-mixtures.svg": gain_chart(found),
        "scores-by-parameters.svg": slope_chart(found, "N"),
        "scores-by-tokens.svg": slope_chart(found, "D"),
        "capacity-exponents.svg": exponent_chart(found),
    }


def main() -> None:
    """Print the gains, and write the charts."""
    for count, gain in gains(model()).items():
        print(f"{count} languages: D_eff/D_own {gain:.2f}, K-law {count**K_GAIN:.2f}")
    FIGURES.mkdir(exist_ok=True)
    for name, text in charts().items():
        (FIGURES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
