"""Fit a law to a frame of runs, and use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlasmix.errors import ProblemError
from atlasmix.fitting.card import Origin, card_data, card_text
from atlasmix.fitting.certainty import bootstrap, diagnose, held_out
from atlasmix.fitting.fit import fit as fit_runs
from atlasmix.fitting.fit_question import FitQuestion
from atlasmix.fitting.tables import Reading, parse_filter, read_runs, read_targets
from atlasmix.io.files import write_atomic
from atlasmix.io.tables import frame_rows
from atlasmix.languages.resolving import resolve
from atlasmix.laws.cards import parse_card
from atlasmix.laws.kinds import LossLaw
from atlasmix.report.fit import Fitted, fit_blocks
from atlasmix.report.terminal import terminal_text

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES: Final = 200


@dataclass(frozen=True, eq=False, repr=False)
class FittedLaw:
    """The constants of a law, how sure they are, and the law to ask Problems with.

    Attributes:
        fitted: all that is known of the fit, as the command line tells it.

    >>> import numpy as np, pandas as pd
    >>> from atlasmix import fit
    >>> n, d = (each.ravel() for each in np.meshgrid([1e8, 4e8, 2e9], [2e9, 1e10, 5e10]))
    >>> loss = 1.8 + 480 / n**0.35 + 2100 / d**0.37
    >>> runs = pd.DataFrame({"params": n, "tokens": d, "loss": loss})
    >>> fitted = fit(runs, bootstraps=0, check_held_out=False)
    >>> list(fitted.to_frame().index)
    ['E', 'A', 'alpha', 'B', 'beta']
    """

    fitted: Fitted

    @property
    def constants(self) -> dict[str, float]:
        """Every constant by name; losses in nats per token, D in tokens, N in parameters."""
        return self.fitted.fit.constants

    @property
    def r_squared(self) -> float:
        """Share of the variance of log loss that the law explains on its own runs."""
        return self.fitted.fit.r_squared

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the runs cannot tell, one sentence each."""
        return tuple(self.fitted.diagnosis.warnings)

    @property
    def law(self) -> LossLaw:
        """The law, for ``Problem(..., law=fitted.law)``.

        Raises:
            ProblemError: a kind of law that has no loss of parameters and data.
        """
        card = parse_card(self.card(), f"law {self.fitted.name}")
        if not isinstance(card.law, LossLaw):
            raise ProblemError(
                f"law {self.fitted.name} is of kind {self.fitted.fit.question.law}, which drives "
                "no mixture: fit law='chinchilla', 'atlas' or 'mixing'",
                field="law",
            )
        return card.law

    def card(self) -> str:
        """The card for the shelf, as YAML."""
        told = self.fitted
        return card_text(card_data(told.name, told.fit, told.intervals, told.splits, told.origin))

    def to_frame(self) -> pd.DataFrame:
        """One row a constant: value and the 95 % interval of the bootstrap, nan where none is."""
        import pandas as pd

        rows = []
        for name, value in self.constants.items():
            low = high = float("nan")
            intervals = self.fitted.intervals
            if intervals is not None and name in intervals.samples:
                low, high = intervals.interval(name)
            rows.append((value, low, high))
        index = pd.Index(list(self.constants), name="constant")
        return pd.DataFrame(rows, index, ["value", "low", "high"])

    def plot(self) -> Any:
        """A Plotly figure: runs as points, the law as lines, and what is left over.

        Raises:
            DataError: Plotly is not installed.
        """
        from atlasmix.report.figures.fit import fit_figure

        return fit_figure(self.fitted.fit)

    def report(self) -> str:
        """What ``atlasmix fit`` prints, 80 columns wide."""
        return terminal_text(fit_blocks(self.fitted))

    def save(self, path: str | Path) -> None:
        """Write the card, whole or not at all; ``law=`` takes its path.

        Raises:
            DataError: the file cannot be written.
        """
        write_atomic(Path(path), self.card())

    def __repr__(self) -> str:
        """A line for the fit, and one a constant up to eight."""
        told = [
            f"FittedLaw {self.fitted.name!r}: {self.fitted.fit.question.law}, "
            f"{self.fitted.fit.runs.count} runs, R² {self.r_squared:.3f}"
        ]
        for name, row in list(self.to_frame().iterrows())[:8]:
            span = f"  ({row['low']:.4g} to {row['high']:.4g})" if row["low"] == row["low"] else ""
            told.append(f"  {name:<12}{row['value']:.4g}{span}")
        left = len(self.constants) - 8
        return "\n".join([*told, f"  and {left} more"] if left > 0 else told)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))


def fit(  # noqa: PLR0913  one keyword for each thing that a table of runs may need
    frame: pd.DataFrame,
    law: str = "chinchilla",
    *,
    target: str | Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    where: Sequence[str] = (),
    unit: str = "",
    fixed: Mapping[str, float] | None = None,
    tie_exponents: bool = False,
    bootstraps: int = RESAMPLES,
    check_held_out: bool = True,
    seed: int = 0,
    name: str = "fitted",
    measured_on: str = "",
) -> FittedLaw:
    """Fit the constants of a law to runs, by many starts and Huber's loss of log losses.

    Args:
        frame: one row a run: params, tokens, loss, and as the law needs them unique_tokens, and
            tokens_LANG or share_LANG and loss_LANG.
        law: ``chinchilla``, ``data-constrained``, ``atlas``, ``mixing`` or ``curse``.
        target: the language whose loss is fitted; several for ``mixing``, none: all.
        columns: field to column, as ``{"loss": "val_loss"}``, where a name is not known.
        where: rows to keep, as ``"train_set=c4"`` or ``"loss<5"``.
        unit: of the loss; ``perplexity`` takes its logarithm. Empty: nats per token.
        fixed: constants that are held, by name.
        tie_exponents: alpha equals beta.
        bootstraps: resamples for the intervals; 0: none.
        check_held_out: whether runs are predicted that were left out.
        seed: of resamples and splits; the same seed, the same numbers, on any number of cores.
        name: of the law.
        measured_on: data and tokenizer, for the card.

    Raises:
        DataError: a column that is missing, or every fault of the table with its row.
        ProblemError: an unknown law, or runs that cannot tell its constants apart.

    >>> import numpy as np, pandas as pd
    >>> from atlasmix import fit
    >>> n, d = (each.ravel() for each in np.meshgrid([1e8, 4e8, 2e9], [2e9, 1e10, 5e10]))
    >>> loss = 1.8 + 480 / n**0.35 + 2100 / d**0.37
    >>> runs = pd.DataFrame({"params": n, "tokens": d, "loss": loss})
    >>> fitted = fit(runs, bootstraps=0, check_held_out=False)
    >>> abs(fitted.law.alpha - 0.35) < 0.01
    True
    """
    from atlasmix.fitting.fit_question import LAWS

    if law not in LAWS:
        raise ProblemError(f"law is {law!r}: expected one of {', '.join(LAWS)}", field="law")
    names = (target,) if isinstance(target, str) else tuple(target)
    names = tuple(each for each in names if each)
    several = law == "mixing"
    if len(names) > 1 and not several:
        raise ProblemError(
            f"target names {len(names)} languages: law {law!r} fits one; the losses of several "
            "belong to 'mixing'",
            field="target",
        )
    rows = frame_rows(frame, f"frame '{name}'")
    reading = Reading(
        law=law,
        columns=tuple((columns or {}).items()),
        unit=unit,
        where=tuple(map(parse_filter, where)),
        target="" if several else "".join(names),
        targets=tuple(dict.fromkeys(str(resolve(each)) for each in names)) if several else (),
    )
    question = FitQuestion(law=law, fixed=tuple((fixed or {}).items()), tied=tie_exponents)
    runs = read_targets(rows, reading) if several else read_runs(rows, reading)
    result = fit_runs(runs, question)
    intervals = bootstrap(result, bootstraps, seed) if bootstraps else None
    digest = rows.sha256
    return FittedLaw(
        Fitted(
            name=name,
            fit=result,
            intervals=intervals,
            splits=held_out(result, seed) if check_held_out else (),
            diagnosis=diagnose(result, intervals),
            origin=Origin(f"frame {name}", digest, measured_on),
        )
    )
