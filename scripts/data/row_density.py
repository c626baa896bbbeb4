r"""What the scores of atlas-2025 say of donors in general: the constants of ``transfer/rows.py``.

    python scripts/data/row_density.py

Prints, for the measured pairs and for the predicted ones, the part π of the donors that give
nothing, the mean ω of log(1 + τ) among the others, and the scatter, where their marginal likelihood
is greatest; the baseline of every row is integrated out. Then how fast the likelihood of the
measured pairs falls with π. Needs scipy.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr

from atlasmix.evidence.store import Store
from atlasmix.transfer.exponents import MEAN_GAIN, NOTHING, SCATTER

_GRID = np.linspace(-0.2, 1.0, 481)
"""log k of a row: a fifth of the tokens saved, to 2.7 times as many."""


def log_evidence(
    logs: np.ndarray, errors: np.ndarray, use: np.ndarray, density: tuple[float, float]
) -> float:
    """Log marginal likelihood of all rows, up to a constant.

    Args:
        logs: (n, n), −log((2 − BTS)/2).
        errors: (n, n), standard error of it, scatter included.
        use: (n, n), which pairs speak.
        density: π and ω.
    """
    nothing, gain = density
    total = 0.0
    for column in np.flatnonzero(use.any(axis=0)):
        picked = use[:, column]
        sigma = errors[picked, column][:, None]
        above = logs[picked, column][:, None] + _GRID
        plain = np.log(nothing) - 0.5 * (above / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi))
        tilt = 0.5 * (sigma / gain) ** 2 - above / gain
        shifted = log_ndtr(above / sigma - sigma / gain)
        rising = np.log1p(-nothing) - np.log(gain) + tilt + shifted
        row = np.logaddexp(plain, rising).sum(axis=0)
        total += row.max() + np.log(np.exp(row - row.max()).mean())
    return float(total)


def main() -> None:
    """Print the constants."""
    matrix = Store().matrix("atlas-2025")
    logs = -np.log1p(-np.where(matrix.status == "defined", 0.0, matrix.scores) / 2)
    rounding = matrix.stderr / (2 - np.where(matrix.status == "defined", 0.0, matrix.scores))
    for status in ("measured", "predicted"):
        use = matrix.status == status
        printed = rounding if status == "measured" else np.zeros_like(rounding)

        def cost(at: np.ndarray, use: np.ndarray = use, printed: np.ndarray = printed) -> float:
            errors = np.hypot(printed, np.exp(at[2]))
            return -log_evidence(logs, errors, use, (float(expit(at[0])), float(np.exp(at[1]))))

        best = minimize(cost, [-1.0, -2.3, -3.0], method="Nelder-Mead")
        nothing, (gain, scatter) = expit(best.x[0]), np.exp(best.x[1:])
        print(f"{status}: π {nothing:.2f}, ω {gain:.3f}, scatter {scatter:.3f}")
    measured, errors = matrix.status == "measured", np.hypot(rounding, SCATTER)
    print(f"measured, scatter {SCATTER}: π, best ω, log likelihood")
    for nothing in (1e-6, 0.1, 0.25, 0.4, 0.5, 0.6):
        tried = [
            (log_evidence(logs, errors, measured, (nothing, gain)), gain)
            for gain in np.arange(0.06, 0.2, 0.01)
        ]
        chance, gain = max(tried)
        print(f"{nothing:5.2f}  {gain:.2f}  {chance:.1f}")
    at = log_evidence(logs, errors, measured, (NOTHING, MEAN_GAIN))
    print(f"as used: π {NOTHING}, ω {MEAN_GAIN}: {at:.1f}")


if __name__ == "__main__":
    main()
