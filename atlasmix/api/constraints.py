r"""Constraints in the words of a question, for the list that a Problem takes.

A selection is a language in any code or name, a list of them (a group), ``*`` for every target, or
``family:Romance``, ``script:Latn``, ``provenance:human``, ``corpus:hplt-v4``, ``pool:NAME``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from atlasmix.errors import ProblemError

Selected = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class AtLeast:
    r"""At least a share of the tokens read: :math:`\sum_{p \in S} x_p \ge s \sum_p x_p`.

    Args:
        what: a selection; a list of languages counts together.
        share: 0.2 or ``20%``, of the tokens that are read and not of the budget.

    >>> AtLeast("eng", 0.2)
    AtLeast('eng', 0.2)
    """

    what: Selected
    share: float | str

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class AtMost:
    r"""At most a share of the tokens read: :math:`\sum_{p \in S} x_p \le s \sum_p x_p`.

    Args:
        what: a selection; a list of languages counts together.
        share: 0.2 or ``20%``, of the tokens that are read and not of the budget.

    Of what is read of a language, ``cat/translated`` is what was translated and
    ``cat/generator:NAME`` what one generator wrote; ``cat/synthetic/generator:NAME`` is a share of
    what machines wrote in it, and a ``*`` for the name means each of them.

    >>> AtMost("provenance:translated", "10%")
    AtMost('provenance:translated', '10%')
    >>> AtMost("*/synthetic/generator:*", 0.5)
    AtMost('*/synthetic/generator:*', 0.5)
    """

    what: Selected
    share: float | str

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class Keep:
    """At least so many tokens, whatever is read beside them.

    Args:
        what: a selection; a list of languages counts together.
        tokens: 20e9 or ``20B``, repeats included.

    >>> Keep("corpus:hplt-v4", "20B")
    Keep('corpus:hplt-v4', '20B')
    """

    what: Selected
    tokens: float | str

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class MaxEpochs:
    """At most so many passes over every pool, or over those of a selection.

    Args:
        epochs: up to 16; 4 where nobody says.
        what: a selection with a cap of its own; None: every pool without one.

    >>> MaxEpochs(4), MaxEpochs(8, "cat")
    (MaxEpochs(4), MaxEpochs(8, 'cat'))
    """

    epochs: float
    what: Selected | None = None

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class MaxDonors:
    """At most so many languages beside the targets; 0: the targets alone.

    >>> MaxDonors(2)
    MaxDonors(2)
    """

    count: int

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class NoWorse:
    """A language's predicted loss at most a part above what a reference mixture gives it.

    Args:
        language: in any code or name.
        slack: 0.01 or ``1%``, of the reference's loss.
        reference: ``natural``, ``uniform``, ``temperature-3.33``, ``unimax``, ``target only``,
            the name of a published mixture, or the path of a recipe or a mixture file (``.yaml``).

    >>> NoWorse("eng", "1%")
    NoWorse('eng', '1%', 'natural')
    """

    language: str
    slack: float | str
    reference: str = "natural"

    def __repr__(self) -> str:
        """As it is written."""
        return _written(self)


Constraint = AtLeast | AtMost | Keep | MaxEpochs | MaxDonors | NoWorse

DEFAULT_CAP = "default"

SELECTING: Final[dict[str, type[AtLeast | AtMost | Keep]]] = {
    "min": AtLeast,
    "max": AtMost,
    "keep": Keep,
}
"""Constraints that a question writes as a selection and a number."""


def with_limit(
    constraints: Sequence[Constraint], name: str, value: Any
) -> tuple[Constraint, ...] | None:
    """Constraints with one of them at another value; None where ``name`` names none.

    Args:
        constraints: so far.
        name: as a question writes it: ``max_epochs``, ``max_donors``, or ``min``, ``max``, ``keep``
            or ``max_epochs`` of a selection after a colon, as ``max:eng``.
        value: of it.

    >>> with_limit([AtMost("eng", 0.2), MaxEpochs(4)], "max:eng", 0.1)
    (MaxEpochs(4), AtMost('eng', 0.1))
    """
    key, _, what = name.partition(":")
    told: Constraint
    if name == "max_donors":
        told = MaxDonors(value)
    elif key == "max_epochs":
        told = MaxEpochs(value, what or None)
    elif key in SELECTING and what:
        told = SELECTING[key](what, value)
    else:
        return None
    place = _place(told)
    return (*(each for each in constraints if _place(each) != place), told)


def _place(told: Constraint) -> tuple[object, ...]:
    """What of a question a constraint speaks of, without its value."""
    if isinstance(told, MaxDonors):
        return ("max_donors",)
    key, what, _ = _item(told)
    return key, what if isinstance(what, str) else tuple(what)


def constraint_keys(constraints: Sequence[Constraint]) -> dict[str, object]:
    """The keys of a question that say the same.

    Raises:
        ProblemError: something that is no constraint, or two of one kind for the same.
    """
    keys: dict[str, dict[str, object]] = {}
    single: dict[str, object] = {}
    for told in constraints:
        if isinstance(told, MaxDonors):
            single["max_donors"] = told.count
            continue
        if not isinstance(told, Constraint):
            raise ProblemError(
                f"constraints hold {told!r}: expected AtLeast, AtMost, Keep, MaxEpochs, MaxDonors "
                "or NoWorse",
                field="constraints",
            )
        key, what, value = _item(told)
        label = _label(what, keys)
        if label in keys.setdefault(key, {}):
            raise ProblemError(
                f"{told!r} is the second {type(told).__name__} for {label}: keep one",
                field="constraints",
            )
        keys[key][label] = value
    return {**keys, **single}


def _item(told: AtLeast | AtMost | Keep | MaxEpochs | NoWorse) -> tuple[str, Selected, object]:
    """The key of a question, what it speaks of, and the value there."""
    if isinstance(told, NoWorse):
        rail = {"slack": told.slack, "reference": told.reference}
        return "guardrails", told.language, rail
    if isinstance(told, MaxEpochs):
        return "max_epochs", DEFAULT_CAP if told.what is None else told.what, told.epochs
    if isinstance(told, Keep):
        return "keep", told.what, told.tokens
    return "min" if isinstance(told, AtLeast) else "max", told.what, told.share


def _label(what: Selected, keys: dict[str, dict[str, object]]) -> str:
    """The name of a selection; a list of languages becomes a group of the question."""
    if isinstance(what, str):
        return what
    members = [str(each) for each in what]
    if len(members) == 1:
        return members[0]
    name = "-".join(members) or "nothing"
    keys.setdefault("groups", {})[name] = members
    return name


def _written(told: Constraint) -> str:
    values = [getattr(told, name) for name in told.__slots__]
    if values and values[-1] is None:
        values.pop()
    return f"{type(told).__name__}({', '.join(map(repr, values))})"
