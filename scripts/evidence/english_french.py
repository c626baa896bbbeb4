r"""The law against English and French read together: fitted up to 1.2B tokens, asked beyond.

    python scripts/evidence/english_french.py          # prints the figures, writes the chart

Schäfer et al. 2024 (arXiv 2404.07982) trained models on English and French at many shares and say
how many tokens of a run on one language alone reach the same perplexity. So the law can be asked
without its E and without a loss: of a bilingual run and of that run on one language alone it must
say the same. What it says of the first less what it says of the second,

.. math:: \Delta = \frac{A}{N^\alpha} (m^{-\varphi} - 1)
          + \frac{B}{D_{eff}^\beta} - \frac{B}{D_{alone}^\beta}

is an error of log perplexity, in nats per token. Taken from the card of the default law: α, β, B.
Fitted, by least squares on Δ, to the runs of 85M parameters with 1.2B tokens: A (these models count
parameters without embeddings, read books and have other vocabularies), φ, and τ in both directions
for each of the two vocabularies. Asked: the runs of the same model with 2.4B and 3.6B tokens, and
of the other sizes. The law without a capacity term for shares (φ = 0), the one that AtlasMix had
before, is fitted to the same runs with τ of any sign.

The same runs go through ``atlasmix learn`` as anybody's would: a table of losses, fitted with
``--constants-from`` the default law, for runs of one N and one D tell no α and no β, and asked with
``--predict``. A loss is what that law says of the run on one language alone: its error is Δ.
"""

from __future__ import annotations

import csv
import math
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from plain_svg import Axis, Series, chart
from scipy.optimize import least_squares

from atlasmix.cli.main import run
from atlasmix.io.tables import read_rows, to_csv
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, load_law

Array = NDArray[np.float64]

ROOT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = ROOT / "data" / "runs" / "enfr-bilingual-teff.csv"
FIGURE: Final = ROOT / "docs" / "figures" / "english-french.svg"
FITTED_MODEL: Final = "small"
FITTED_TOKENS: Final = 1.25e9
"""Runs of more tokens are asked, not fitted."""

_LEAST_EFFECTIVE: Final = 1e-3
_STARTS: Final = (0.05, 0.15, 0.4)


@dataclass(frozen=True, slots=True, eq=False)
class Bilingual:
    """Runs on two languages, one row a language of a run; every column is (n,).

    Attributes:
        model: name of the size.
        params: N, without embeddings.
        total: tokens read of both languages.
        share: own share of the row's language.
        alone: tokens of a run on that language alone with the same perplexity.
        french: whether the language is French.
        disjoint: whether the languages had vocabularies of their own.
    """

    model: NDArray[np.str_]
    params: Array
    total: Array
    share: Array
    alone: Array
    french: NDArray[np.bool_]
    disjoint: NDArray[np.bool_]

    def select(self, rows: NDArray[np.bool_]) -> Bilingual:
        """The rows where ``rows``."""
        return Bilingual(
            self.model[rows],
            self.params[rows],
            self.total[rows],
            self.share[rows],
            self.alone[rows],
            self.french[rows],
            self.disjoint[rows],
        )

    @property
    def fitted(self) -> NDArray[np.bool_]:
        """Which rows the constants are fitted to."""
        return np.asarray((self.model == FITTED_MODEL) & (self.total < FITTED_TOKENS))


@dataclass(frozen=True, slots=True, eq=False)
class Constants:
    """What is fitted: A, φ, and τ by (disjoint, to French)."""

    A: float
    phi: float
    tau: dict[tuple[bool, bool], float]

    def taus(self, runs: Bilingual) -> Array:
        """(n,) τ from the other language of each row."""
        pairs = zip(runs.disjoint.tolist(), runs.french.tolist(), strict=True)
        return np.array([self.tau[pair] for pair in pairs])


def read_runs(path: Path = TABLE) -> Bilingual:
    """The table, one row a language."""
    columns: dict[str, list[float]] = {
        name: [] for name in ("params", "total", "share", "alone", "french", "disjoint")
    }
    model = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            total, french = float(row["tokens"]), float(row["share_fra"])
            for share, code in ((1 - french, "eng"), (french, "fra")):
                model.append(row["model"])
                columns["params"].append(float(row["params_no_embed"]))
                columns["total"].append(total)
                columns["share"].append(share)
                columns["alone"].append(float(row[f"teff_{code}"]) * share * total)
                columns["french"].append(code == "fra")
                columns["disjoint"].append(row["vocabulary"] == "disjoint")
    flags = {name: np.array(columns.pop(name), dtype=bool) for name in ("french", "disjoint")}
    return Bilingual(np.array(model), *(np.array(each) for each in columns.values()), **flags)


def gaps(runs: Bilingual, law: LossLaw, constants: Constants) -> Array:
    """(n,) Δ: predicted less measured log perplexity, in nats per token."""
    capacity = constants.A * runs.params**-law.alpha
    crowded = capacity * (runs.share**-constants.phi - 1.0)
    data = effective(runs, constants) ** -law.beta - runs.alone**-law.beta
    return np.asarray(crowded + law.B * data)


def effective(runs: Bilingual, constants: Constants) -> Array:
    """(n,) D_eff: own tokens, and τ of the other language's; no text is repeated."""
    read = runs.share + constants.taus(runs) * (1.0 - runs.share)
    return np.asarray(runs.total * np.maximum(read, _LEAST_EFFECTIVE))


def predicted_ratio(runs: Bilingual, law: LossLaw, constants: Constants) -> Array:
    """(n,) tokens of the run alone over own tokens, by the law."""
    capacity = constants.A * runs.params**-law.alpha * (runs.share**-constants.phi - 1.0)
    data = effective(runs, constants) ** -law.beta + capacity / law.B
    return np.asarray(data ** (-1.0 / law.beta) / (runs.share * runs.total))


def fit(runs: Bilingual, law: LossLaw, *, sharing: bool = True, capacity: bool = True) -> Constants:
    """The constants at which the squares of Δ over the fitted rows are least.

    Args:
        runs: all of them; those of ``fitted`` count.
        law: for α, β and B.
        sharing: False is the law before: φ = 0, and τ of any sign (A then plays no part).
        capacity: whether A is fitted; otherwise it is the law's.
    """
    kept = runs.select(runs.fitted)

    def constants(values: Array) -> Constants:
        tau = {pair: float(values[2 + place]) for place, pair in enumerate(_PAIRS)}
        return Constants(math.exp(values[0]), float(values[1]), tau)

    def off(values: Array) -> Array:
        return gaps(kept, law, constants(values))

    log_a, free = math.log(law.A), 8.0 if capacity and sharing else 1e-9
    low = np.array([log_a - free, 0.0, *([0.0 if sharing else -0.9] * 4)])
    high = np.array([log_a + free, 2.0 if sharing else 1e-9, *([3.0] * 4)])
    best = None
    for phi in _STARTS:
        start = np.clip([log_a, phi, 0.3, 0.3, 0.3, 0.3], low, high)
        found = least_squares(off, start, bounds=(low, high))
        if best is None or found.cost < best.cost:
            best = found
    assert best is not None
    return constants(best.x)


_PAIRS: Final = ((False, True), (False, False), (True, True), (True, False))


def rms(values: Array) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))


@dataclass(frozen=True, slots=True)
class Findings:
    """Root-mean-square errors of log perplexity, in nats per token.

    Attributes:
        fitted: on the runs that were fitted.
        beyond: 85M parameters with 2.4B and 3.6B tokens.
        medium, mini: the models of 302M and of 10.5M parameters, none of them fitted.
        ratio: error of the log of the ratio of tokens, beyond.
    """

    fitted: float
    beyond: float
    medium: float
    mini: float
    ratio: float


def findings(runs: Bilingual, law: LossLaw, constants: Constants) -> Findings:
    """How far the law is off where it was fitted and where it was not."""
    off = gaps(runs, law, constants)
    beyond = (runs.model == FITTED_MODEL) & ~runs.fitted
    measured = runs.alone / (runs.share * runs.total)
    ratio = np.log(predicted_ratio(runs, law, constants) / measured)
    return Findings(
        rms(off[runs.fitted]),
        rms(off[beyond]),
        rms(off[runs.model == "medium"]),
        rms(off[runs.model == "mini"]),
        rms(ratio[beyond]),
    )


def figure(runs: Bilingual, law: LossLaw, constants: Constants) -> str:
    """Measured and predicted worth of French tokens by share, at three amounts of tokens."""
    colours = {1197015040.0: "#0072B2", 2394030080.0: "#D55E00", 3591045120.0: "#009E73"}
    shares = np.linspace(0.04, 0.96, 47)
    series = []
    for total, colour in colours.items():
        mine = runs.french & ~runs.disjoint & (runs.model == FITTED_MODEL) & (runs.total == total)
        points = list(zip(runs.share[mine], (runs.alone / (runs.share * total))[mine], strict=True))
        size = np.full(len(shares), float(runs.params[mine][0]))
        flags = np.ones(len(shares), dtype=bool)
        grid = Bilingual(
            np.full(len(shares), FITTED_MODEL),
            size,
            np.full(len(shares), total),
            shares,
            shares,
            flags,
            ~flags,
        )
        line = list(zip(shares, predicted_ratio(grid, law, constants), strict=True))
        words = f"{total / 1e9:.1f}B tokens"
        role = "fitted" if total < FITTED_TOKENS else "predicted"
        series += [
            Series(f"{words}, measured", points, colour),
            Series(f"{words}, {role}", line, colour, line=True, dashed=role == "predicted"),
        ]
    return chart(
        "French beside English, 85M parameters, one vocabulary",
        Axis("share of French", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        Axis("tokens alone / own tokens", (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8)),
        series,
    )


def learning_table(runs: Bilingual, law: LossLaw) -> bytes:
    """The runs as ``learn`` takes them, a row a run: w_SOURCE, and loss_SET by vocabulary."""
    loss = law.E + law.A * runs.params**-law.alpha + law.B * runs.alone**-law.beta
    header = ("run", "params", "tokens", "w_eng", "w_fra", *(f"loss_{name}" for name in SETS))
    rows = []
    for row in range(0, len(runs.share), 2):
        vocabulary = "disjoint" if runs.disjoint[row] else "anchored"
        measured = {
            f"{code}_{vocabulary}": float(loss[row + place])
            for place, code in enumerate(("eng", "fra"))
        }
        # The losses of the other vocabulary were not measured in this run.
        cells = (repr(measured[name]) if name in measured else "" for name in SETS)
        sizes = (float(runs.params[row]), float(runs.total[row]))
        shares = (float(runs.share[row]), float(runs.share[row + 1]))
        rows.append((f"run-{row // 2 + 1}", *map(repr, (*sizes, *shares)), *cells))
    return to_csv(header, rows)


SETS: Final = ("eng_anchored", "fra_anchored", "eng_disjoint", "fra_disjoint")
OWN: Final = tuple(f"{name}={name[:3]}" for name in SETS)
"""What ``--own`` is told."""


def learned_errors(runs: Bilingual, law: LossLaw) -> tuple[float, float]:
    """Errors (fitted, beyond) of the law that ``learn`` makes of the fitted runs, as it prints."""
    small = runs.select(runs.model == FITTED_MODEL)
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.csv") for name in ("fitted", "all", "foretold")}
        paths["fitted"].write_bytes(learning_table(small.select(small.fitted), law))
        paths["all"].write_bytes(learning_table(small, law))
        own = [word for pair in OWN for word in ("--own", pair)]
        options = ("--constants-from", law.name, "--compare", "none", "--no-mixture", *own)
        asked = ("--predict", str(paths["all"]), "--output", str(paths["foretold"]))
        with redirect_stdout(StringIO()):
            status = run(["learn", str(paths["fitted"]), *options, *asked])
        assert status == 0
        tables = [read_rows(paths[name].read_bytes(), name) for name in ("all", "foretold")]
    places = [[table.header.index(f"loss_{name}") for name in SETS] for table in tables]
    off: dict[bool, list[float]] = {True: [], False: []}
    for measured, foretold in zip(tables[0].rows, tables[1].rows, strict=True):
        fitted = float(measured[2]) < FITTED_TOKENS
        for here, there in zip(*places, strict=True):
            if measured[here]:
                off[fitted].append(float(foretold[there]) - float(measured[here]))
    return rms(np.array(off[True])), rms(np.array(off[False]))


LAWS: Final[tuple[tuple[str, dict[str, bool]], ...]] = (
    ("this law", {}),
    ("this law, A of the card", {"capacity": False}),
    ("data alone (phi = 0)", {"sharing": False}),
)


def main() -> None:
    """Print the constants and errors of the laws, and write the chart."""
    runs, law = read_runs(), load_law(DEFAULT_LAW)
    for name, options in LAWS:
        constants = fit(runs, law, **options)
        found = findings(runs, law, constants)
        print(f"{name}: rms of log perplexity {found.fitted:.4f} on the fitted runs")
        print(f"  2.4B and 3.6B tokens {found.beyond:.4f} (log ratio of tokens {found.ratio:.4f})")
        print(f"  302M parameters {found.medium:.4f}, 10.5M parameters {found.mini:.4f}")
        taus = ", ".join(
            f"tau {'disjoint' if disjoint else 'anchored'} to {'French' if french else 'English'} "
            f"{constants.tau[disjoint, french]:.3f}"
            for disjoint, french in _PAIRS
        )
        print(f"  A / A of the card {constants.A / law.A:.2f}, phi {constants.phi:.3f}, {taus}")
    fitted, beyond = learned_errors(runs, law)
    print(f"through learn: {fitted:.4f} on the fitted runs, 2.4B and 3.6B tokens {beyond:.4f}")
    FIGURE.parent.mkdir(exist_ok=True)
    FIGURE.write_text(figure(runs, law, fit(runs, law)), encoding="utf-8")


if __name__ == "__main__":
    main()
