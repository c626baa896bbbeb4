"""A law at one point: the loss it predicts for so many parameters, tokens and distinct tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.laws.kinds import FAR, DataConstrainedLaw, LossLaw
from atlasmix.laws.saturation import DEFAULT_DECAY, saturate
from atlasmix.laws.shelf import law_card, load_law
from atlasmix.quantities import format_quantity


@dataclass(frozen=True, slots=True)
class LawPoint:
    """What a law says of one run.

    Attributes:
        law: its name.
        params: N.
        tokens: read, repeats included.
        unique: distinct tokens among them.
        loss: predicted, in ``unit``.
        unit: of the loss.
        irreducible, capacity, data: its three parts; they add up to the loss.
        effective_tokens: what the tokens read are worth in fresh ones.
        decay: λ of repeated tokens; None where the law has another form for them.
        notes: plain sentences.
    """

    law: str
    params: float
    tokens: float
    unique: float
    loss: float
    unit: str
    irreducible: float
    capacity: float
    data: float
    effective_tokens: float
    decay: float | None
    notes: tuple[str, ...] = ()

    @property
    def epochs(self) -> float:
        """Passes over the text."""
        return self.tokens / self.unique


def evaluate(
    name: str, params: float, tokens: float, unique: float | None = None, store: Store | None = None
) -> LawPoint:
    """The loss of a model by a law.

    Args:
        name: of the law, or the path of its card; of a table ``TABLE/LANGUAGE/REGIME``.
        params: N, as the law counts them.
        tokens: read, repeats included.
        unique: distinct tokens among them; None: all are.
        store: where the user's own laws lie.

    Raises:
        DataError: no such law.
        ProblemError: a law that predicts no loss of one text, or more distinct tokens than tokens.

    >>> point = evaluate("besiroglu-2024", 7e9, 242e9)
    >>> round(point.loss, 3) == round(point.irreducible + point.capacity + point.data, 3)
    True
    """
    distinct = tokens if unique is None else unique
    if distinct > tokens:
        raise ProblemError(
            f"{format_quantity(distinct)} distinct tokens of {format_quantity(tokens)} that are "
            "read: expected at most as many",
            field="unique",
            value=unique,
        )
    constrained = _constrained(name, store)
    if constrained is not None:
        return _of_constrained(*constrained, params, tokens, distinct)
    law = load_law(name, store)
    decay = law.decay or DEFAULT_DECAY
    effective = float(saturate(tokens, distinct, decay))
    capacity, data = law.capacity_loss(params), law.data_loss(effective)
    notes = _far(law, params, tokens)
    if law.decay is None and distinct < tokens:
        notes.append(f"the law says nothing of repeats: λ = {decay:g} is the default's")
    return LawPoint(
        law=law.name,
        params=params,
        tokens=tokens,
        unique=distinct,
        loss=law.E + capacity + data,
        unit=law.unit,
        irreducible=law.E,
        capacity=capacity,
        data=data,
        effective_tokens=effective,
        decay=decay,
        notes=tuple(notes),
    )


def _constrained(name: str, store: Store | None) -> tuple[DataConstrainedLaw, str] | None:
    """A law with a term for excess parameters and the unit of its loss; None for another kind."""
    if "/" in name and not name.endswith((".yaml", ".yml")):
        return None  # a law of a table
    card = law_card(name, store)
    return (card.law, card.unit) if isinstance(card.law, DataConstrainedLaw) else None


def _of_constrained(
    law: DataConstrainedLaw, unit: str, params: float, tokens: float, distinct: float
) -> LawPoint:
    loss = law.loss(params, tokens, distinct)
    again = tokens / distinct - 1
    effective = distinct * (1 + law.R_D * -math.expm1(-again / law.R_D))
    data = law.B * math.pow(effective, -law.beta)
    return LawPoint(
        law=law.name,
        params=params,
        tokens=tokens,
        unique=distinct,
        loss=loss,
        unit=unit,
        irreducible=law.E,
        capacity=loss - law.E - data,
        data=data,
        effective_tokens=effective,
        decay=None,
    )


def _far(law: LossLaw, params: float, tokens: float) -> list[str]:
    """What lies more than a factor of ten outside the runs behind a law."""
    return [
        f"{format_quantity(value)} {what} are far from the {format_quantity(ends[0])} to "
        f"{format_quantity(ends[1])} of the runs behind the law"
        for what, value, ends in (
            ("parameters", params, law.fitted_params),
            ("tokens", tokens, law.fitted_tokens),
        )
        if ends is not None and not ends[0] / FAR <= value <= ends[1] * FAR
    ]
