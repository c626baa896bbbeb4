"""From scratch or from a multilingual checkpoint: where the one overtakes the other.

Table and power law of ATLAS (Longpre et al. 2025, arXiv 2510.22037, Section 6): finetuning a
UniMax checkpoint is better at first, training from scratch after so many tokens, at equal compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from atlasmix.errors import ProblemError
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import FLOPS_PER_PARAM_TOKEN
from atlasmix.quantities import format_quantity

Verdict = Literal["from scratch", "finetune", "undecided"]

FIGURE_PARAMS: Final = 4e9
"""Largest N on the axis of the figure that the power law was fitted in."""

_SAME_SIZE = 0.05
"""Relative distance within which N counts as the size of the table: our choice, so that 2B does."""

FULL_EPOCHS: Final = 4.0
"""Passes over a text up to which a repeat is nearly worth fresh text (Muennighoff et al. 2023,
arXiv 2305.16264). The study does not account for repeats, so that its tokens are fresh ones."""

_LEAST_PARAMS, _MOST_PARAMS = 1e6, 1e13


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """One reading of C = ``coefficient``·N^``exponent``, C in FLOPs."""

    coefficient: float
    exponent: float
    where: str

    def tokens(self, params: float) -> float:
        """Tokens D = C/(6·N) at which from scratch overtakes."""
        compute = self.coefficient * params**self.exponent
        return float(compute / (FLOPS_PER_PARAM_TOKEN * params))


@dataclass(frozen=True, slots=True)
class Study:
    """What the study measured: (language, tokens) at one size, and readings of its power law."""

    params: float
    measured: tuple[tuple[str, float], ...]
    readings: tuple[PowerLaw, ...]
    limits: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Crossover:
    """Where training from scratch overtakes finetuning, for one language and size.

    Attributes:
        language: key of the target.
        params: N asked for.
        measured: tokens that the study measured for this language at this size; None: it did not.
        by_law: (reading, tokens) of the power law at this size.
        range_measured: least and most tokens over the languages measured, at the study's size.
        spread: least and most tokens at N if languages differ there as they do at the study's
            size, in either reading (our assumption); at that size ``range_measured``.
        tokens: what is to be read, if asked.
        worth: of them, what may count as fresh: no more than :data:`FULL_EPOCHS` times the unique
            tokens that there are.
        verdict: what to do with them; None where no tokens are given.
        study: behind it.
        warnings: plain sentences.
    """

    language: str
    params: float
    measured: float | None
    by_law: tuple[tuple[PowerLaw, float], ...]
    range_measured: tuple[float, float]
    spread: tuple[float, float]
    tokens: float | None
    worth: float | None
    verdict: Verdict | None
    study: Study
    warnings: tuple[str, ...]


@cache
def study() -> Study:
    """The study that ships, ``data/crossover/atlas-2025``."""
    card, tables = shipped_tables("crossover/atlas-2025", ("tokens.csv", "power_laws.csv"))
    rows = tables["tokens.csv"]
    readings = tuple(
        PowerLaw(float(row["coefficient"]), float(row["exponent"]), row["where"])
        for row in tables["power_laws.csv"]
    )
    said = [text for key, text in card.extra if key.startswith("limit")]
    checkpoint = dict(card.extra)["checkpoint"]
    return Study(
        params=float(rows[0]["params"]),
        measured=tuple((row["language"], float(row["tokens"])) for row in rows),
        readings=readings,
        limits=(f"the checkpoint: {checkpoint}", *said),
        source=card.source,
    )


def crossover(
    language: str, params: float, tokens: float | None = None, unique: float = 0.0
) -> Crossover:
    """Where training from scratch on ``language`` overtakes finetuning, at N = ``params``.

    Args:
        language: key of the target.
        params: N with embeddings.
        tokens: tokens of the language to be read; None: only the crossover is asked.
        unique: unique tokens of it that there are; 0: nobody knows.

    Raises:
        ProblemError: a number of parameters without sense.
    """
    if not _LEAST_PARAMS <= params <= _MOST_PARAMS:
        raise ProblemError(
            f"the number of parameters is {format_quantity(params)}: expected between 1M and 10T"
        )
    reported = study()
    by_law = tuple((law, law.tokens(params)) for law in reported.readings)
    counts = [count for _, count in reported.measured]
    ends = min(counts), max(counts)
    same_size = abs(params / reported.params - 1) <= _SAME_SIZE
    grown = [end / law.tokens(reported.params) * there for law, there in by_law for end in ends]
    spread = ends if same_size else (min(grown), max(grown))
    measured = dict(reported.measured).get(language) if same_size else None
    low, high = (measured, measured) if measured is not None else spread
    verdict: Verdict | None = None
    worth = tokens
    if worth is not None:
        worth = min(worth, FULL_EPOCHS * unique) if unique > 0 else worth
        verdict = "undecided"
        if worth < low:
            verdict = "finetune"
        elif worth >= high:
            verdict = "from scratch"
    return Crossover(
        language=language,
        params=params,
        measured=measured,
        by_law=by_law,
        range_measured=ends,
        spread=spread,
        tokens=tokens,
        worth=worth,
        verdict=verdict,
        study=reported,
        warnings=tuple(_warnings(language, params, reported, same_size)),
    )


def _warnings(language: str, params: float, study: Study, same_size: bool) -> list[str]:
    said = []
    known = dict(study.measured)
    if language not in known:
        low, high = (format_quantity(pick(known.values())) for pick in (min, max))
        said.append(
            f"{name_of(language)} is not among the {len(known)} languages measured: all that is "
            f"known is their range at {format_quantity(study.params)} parameters, {low} to {high} "
            "tokens, and one power law for all languages"
        )
    elif not same_size:
        said.append(
            f"measured at {format_quantity(study.params)} parameters alone: elsewhere only the "
            "power law speaks, which is one for all languages"
        )
    if params > FIGURE_PARAMS:
        said.append(
            f"the power law was fitted up to about {format_quantity(FIGURE_PARAMS)} parameters: "
            f"{format_quantity(params)} is an extrapolation"
        )
    return said
