"""Phases as a question writes them (name, tokens, min, max), there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.io.plain_data import as_mapping, as_text, refuse_unknown, shown
from atlasmix.problem.constraint_parsing import (
    read_share_limits,
    refuse_empty,
    refuse_twice,
    tidy_number,
    write_shares,
)
from atlasmix.problem.constraints import ShareLimit
from atlasmix.problem.phases import Phase
from atlasmix.problem.vocabulary import Vocabulary
from atlasmix.quantities import parse_quantity, parse_share

PHASE_KEYS: Final = ("name", "tokens", "min", "max")
REST: Final = "rest"
"""What is written where a phase reads what the others leave."""

_EXAMPLE: Final = "[{name: main, tokens: rest}, {name: anneal, tokens: 20%, min: {cat: 90%}}]"


def read_phases(
    value: object, words: Vocabulary, pools: Sequence[Pool], inventory: Inventory
) -> tuple[Phase, ...]:
    """The phases of a question, in the order of training.

    Args:
        value: a list of mappings with ``name``, ``tokens``, ``min`` and ``max``; None is no phase.
        words: how languages, groups and selections are read.
        pools: those that the question may read.
        inventory: where they come from.

    Raises:
        ProblemError: anything else, a number or selection that cannot be read, or a least share of
            nothing.
        DataError: an unknown language.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not value:
        raise ProblemError(f"phases is {shown(value)}: expected a list such as {_EXAMPLE}")
    phases = []
    for number, entry in enumerate(value, 1):
        what = f"phase {number}"
        phase = as_mapping(entry, what, "{name: anneal, tokens: 20%}")
        refuse_unknown(phase, PHASE_KEYS, what)
        if "name" not in phase:
            raise ProblemError(f"{what} has no name: expected for example {_EXAMPLE}")
        name = as_text(phase["name"], f"the name of {what}")
        share, tokens = _amount(phase.get("tokens", REST), f"phase {name} tokens")
        limits = _limits(name, phase, words, pools, inventory)
        phases.append(Phase(name, share, tokens, limits))
    return tuple(phases)


def write_phases(phases: Sequence[Phase], targets: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The phases as plain data that :func:`read_phases` reads back."""
    return [
        {"name": phase.name, "tokens": _written(phase), **write_shares(phase.limits, targets)}
        for phase in phases
    ]


def phase_groups(phases: Sequence[Phase]) -> dict[str, list[str]]:
    """The groups that limits of phases speak of, by name."""
    return {
        limit.selection.value: list(limit.selection.languages)
        for phase in phases
        for limit in phase.limits
        if limit.selection.kind == "group"
    }


def _amount(value: object, what: str) -> tuple[float | None, float | None]:
    """Share and count of tokens, one of them None; both for the rest.

    A number of at most 1 is a share, as everywhere; a larger one counts tokens.
    """
    text = str(value).strip()
    if text.casefold() == REST:
        return None, None
    if not isinstance(value, bool):
        if text.endswith("%"):
            return parse_share(text, what), None
        try:
            small = 0 <= float(text) <= 1
        except ValueError:
            small = False
        if small:
            return parse_share(text, what), None
        try:
            return None, parse_quantity(value, what)
        except ProblemError:
            pass
    raise ProblemError(
        f"{what} is {shown(value)}: expected a share such as 80%, a count such as 80B, or 'rest'"
    )


def _limits(
    name: str,
    question: dict[str, object],
    words: Vocabulary,
    pools: Sequence[Pool],
    inventory: Inventory,
) -> tuple[ShareLimit, ...]:
    try:
        typed = read_share_limits(question, words)
        limits = tuple(limit for _, limit in typed)
        refuse_twice(limits)
        refuse_empty(typed, pools, inventory)
    except ProblemError as error:
        raise ProblemError(f"phase {name}: {error}", field="phases", value=error.value) from None
    return limits


def _written(phase: Phase) -> float | int | str:
    if phase.share is not None:
        return phase.share if phase.share < 1 else "100%"
    return REST if phase.tokens is None else tidy_number(phase.tokens)
