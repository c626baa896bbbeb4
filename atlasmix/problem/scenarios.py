"""Questions under names, kept to be set side by side: at most six, each name and question once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.fitting.law_file import is_law_file
from atlasmix.io.plain_data import shown

MOST_SCENARIOS: Final = 6
"""Scenarios that are kept together: our choice, more than any meeting has chosen between."""

MOST_BESIDE: Final = 4
"""Scenarios side by side: our choice, as many columns as a page has room for."""

LONGEST_NAME: Final = 40
"""Letters of a name: our choice, what stands over a bar on a phone."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A question under a name.

    Attributes:
        name: what people call it.
        question: plain data, as in a ``problem.yaml``, best in its shortest form.
    """

    name: str
    question: Mapping[str, Any]


Scenarios = tuple[Scenario, ...]
"""In the order in which they are shown."""


def checked_name(name: str) -> str:
    """A name as it is kept: without spaces around it, one line.

    Raises:
        ProblemError: empty, too long, or with letters that cannot be printed.
    """
    said = " ".join(name.split())
    if not said or len(said) > LONGEST_NAME or not said.isprintable():
        raise ProblemError(
            f"{shown(name)} cannot be the name of a scenario: expected 1 to {LONGEST_NAME} letters "
            "on one line",
            field="name",
            value=name,
        )
    return said


def keep(scenarios: Scenarios, name: str, question: Mapping[str, Any]) -> Scenarios:
    """The scenarios with one more at the end.

    Raises:
        ProblemError: a name that cannot be one or is taken, a question that is kept already, or
            six scenarios.

    >>> [each.name for each in keep((), "base", {"targets": {"cat": 1}})]
    ['base']
    """
    said = checked_name(name)
    held = kept_as(scenarios, question)
    if held is not None:
        raise ProblemError(
            f"this question is kept already, as {held.name!r}: rename that scenario, or change "
            "the question",
            field="name",
        )
    _refuse_taken(scenarios, said)
    if is_full(scenarios):
        raise ProblemError(
            f"{len(scenarios)} scenarios are kept: at most {MOST_SCENARIOS}; remove one first",
            field="name",
        )
    return (*scenarios, Scenario(said, dict(question)))


def kept_as(scenarios: Scenarios, question: Mapping[str, Any]) -> Scenario | None:
    """The scenario that asks this very question; None where none does."""
    return next((each for each in scenarios if each.question == question), None)


def is_full(scenarios: Scenarios) -> bool:
    """Whether there is no room for another."""
    return len(scenarios) >= MOST_SCENARIOS


def rename(scenarios: Scenarios, old: str, new: str) -> Scenarios:
    """The scenarios, one of them under another name.

    Raises:
        ProblemError: a name that cannot be one or is another's; none of that old name.
    """
    place, said = _place(scenarios, old), checked_name(new)
    _refuse_taken((*scenarios[:place], *scenarios[place + 1 :]), said)
    named = replace(scenarios[place], name=said)
    return (*scenarios[:place], named, *scenarios[place + 1 :])


def move(scenarios: Scenarios, name: str, by: int) -> Scenarios:
    """The scenarios with one of them ``by`` places later, earlier below 0; never past an end.

    >>> both = keep(keep((), "a", {"budget": 1}), "b", {"budget": 2})
    >>> [each.name for each in move(both, "b", -1)], [each.name for each in move(both, "b", 5)]
    (['b', 'a'], ['a', 'b'])
    """
    place = _place(scenarios, name)
    others = (*scenarios[:place], *scenarios[place + 1 :])
    at = min(max(place + by, 0), len(others))
    return (*others[:at], scenarios[place], *others[at:])


def remove(scenarios: Scenarios, name: str) -> Scenarios:
    """The scenarios without one of them."""
    place = _place(scenarios, name)
    return (*scenarios[:place], *scenarios[place + 1 :])


def join(present: Scenarios, opened: Scenarios) -> Scenarios:
    """Those of a file behind those that are there; what is there already comes no second time.

    A question whose name another one has gets a number behind it.

    Raises:
        ProblemError: more than six together; none is then taken up.
    """
    joined = list(present)
    for each in opened:
        if kept_as(tuple(joined), each.question) is None:
            taken = {other.name.casefold() for other in joined}
            joined.append(replace(each, name=free_name(each.name, taken)))
    if len(joined) > MOST_SCENARIOS:
        raise ProblemError(
            f"{len(present)} scenarios are kept and {len(joined) - len(present)} would come: at "
            f"most {MOST_SCENARIOS} together; remove some first",
            field="scenarios",
        )
    return tuple(joined)


def free_name(name: str, taken: set[str]) -> str:
    """``name``, with a number behind it where it is taken.

    Args:
        name: wanted.
        taken: names, casefolded.

    >>> free_name("Base", {"base"})
    'Base (2)'
    """
    numbered = (f"{name[: LONGEST_NAME - 5]} ({number})" for number in count(2))
    tries = chain([name[:LONGEST_NAME]], numbered)
    return next(each for each in tries if each.casefold() not in taken)


def choose(
    scenarios: Scenarios, only: Sequence[str] | None = None, against: str | None = None
) -> tuple[Scenarios, int]:
    """Those that stand side by side, and the place of the one that the others are compared with.

    Args:
        scenarios: all.
        only: names of those wanted, in the order wanted; None: the first four.
        against: the one that the others are compared with; None: the first.

    Raises:
        ProblemError: a name that none has, more than four, or one to compare with that is not
            among them.
    """
    if only is None:
        chosen = scenarios[:MOST_BESIDE]
    else:
        chosen = tuple(scenarios[_place(scenarios, name)] for name in dict.fromkeys(only))
    if not 1 <= len(chosen) <= MOST_BESIDE:
        raise ProblemError(
            f"{len(chosen)} scenarios side by side: expected 1 to {MOST_BESIDE}",
            field="scenarios",
        )
    return chosen, 0 if against is None else _place(chosen, against)


def named_tables(question: Mapping[str, Any]) -> set[str]:
    """The matrices, the inventories and the learned laws that a question names.

    >>> sorted(named_tables({"matrix": "mine", "inventory": ["web-2026", "ours"]}))
    ['mine', 'ours', 'web-2026']
    """
    tables: set[str] = set()
    for key in ("matrix", "inventory"):
        named = question.get(key, ())
        tables.update([named] if isinstance(named, str) else map(str, named))
    law = question.get("law")
    return tables | {law} if isinstance(law, str) and is_law_file(law) else tables


def _place(scenarios: Scenarios, name: str) -> int:
    names = [each.name for each in scenarios]
    if name not in names:
        known = ", ".join(map(repr, names)) or "none"
        raise ProblemError(f"no scenario {shown(name)}: there is {known}", field="name", value=name)
    return names.index(name)


def _refuse_taken(others: Scenarios, name: str) -> None:
    if name.casefold() in {each.name.casefold() for each in others}:
        raise ProblemError(
            f"another scenario is called {name!r}: choose another name", field="name", value=name
        )
