"""What the law says of shares: the K-law for even ones, and how much capacity half the tokens have.

    python scripts/evidence/shares_and_capacity.py     # prints the figures, writes the chart

A target with own share m works with f(m) = m^(φ/α) of the parameters (Fernandes et al. 2023, arXiv
2302.09650, write it as a function of the share of the task). ATLAS (arXiv 2510.22037), §5, prints
φ/α = 0.243 for K even shares, so f(1/2) = 2^-0.243 = 0.845.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from plain_svg import Axis, Series, chart

from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, load_law, shipped_laws

ROOT: Final = Path(__file__).resolve().parents[2]
FIGURE: Final = ROOT / "docs" / "figures" / "share-of-capacity.svg"
PRINTED: Final = 0.243
"""φ/α of the K-law as ATLAS prints it: what parameters are multiplied by is r^0.243."""


def counted(law: LossLaw, share: float, phi: float) -> float:
    """f(m): the part of the parameters that a target with own share m works with."""
    return float(share ** (phi / law.alpha))


def even_growth(law: LossLaw, languages: int, phi: float, params: float = 2e9) -> float:
    """How many times the capacity term is that of one language alone, with K even shares."""
    return law.capacity_loss(params, 1 / languages, phi) / law.capacity_loss(params)


def half(law: LossLaw) -> tuple[float, float, float]:
    """f(1/2) at the law's φ and at the ends of its range, the least first."""
    low, high = law.phi_range
    return counted(law, 0.5, law.phi), counted(law, 0.5, high), counted(law, 0.5, low)


def figure() -> str:
    """f(m) by share, of the default law with its range and of the printed K-law."""
    law = load_law(DEFAULT_LAW)
    shares = [0.02 * step for step in range(2, 51)]
    low, high = law.phi_range

    def line(name: str, phi: float, colour: str, *, dashed: bool = False) -> Series:
        points = [(share, counted(law, share, phi)) for share in shares]
        return Series(name, points, colour, line=True, dashed=dashed)

    return chart(
        "Part of the parameters that a target works with",
        Axis("own share of all tokens", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        Axis("part of the parameters", (0.2, 0.4, 0.6, 0.8, 1.0)),
        [
            line(f"default law, phi {law.phi:g}", law.phi, "#0072B2"),
            line(f"phi {low:g}", low, "#0072B2", dashed=True),
            line(f"phi {high:g}", high, "#0072B2", dashed=True),
            line("K-law of ATLAS", PRINTED * law.alpha, "#D55E00"),
        ],
    )


def main() -> None:
    """Print f(1/2) of every law that drives a solve, and write the chart."""
    for name in sorted(shipped_laws()):
        law = load_law(name)
        middle, least, most = half(law)
        print(f"{name}: phi {law.phi:g}, f(1/2) {middle:.3f} ({least:.3f} to {most:.3f})")
    print(f"K-law of ATLAS: f(1/2) {2**-PRINTED:.3f}")
    FIGURE.parent.mkdir(exist_ok=True)
    FIGURE.write_text(figure(), encoding="utf-8")


if __name__ == "__main__":
    main()
