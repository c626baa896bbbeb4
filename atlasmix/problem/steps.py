"""Questions one step away: each limit a little looser or gone, each choice turned, with its name.

A step is plain data like the question itself, so it can be asked, linked and undone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.problem.baselines import USUAL_RULE, baseline_title
from atlasmix.problem.constraints import HARD_EPOCHS
from atlasmix.problem.link import short_question
from atlasmix.problem.phases import Phase
from atlasmix.problem.pool_choice import DEFAULT_CHOICE
from atlasmix.problem.problem import (
    DEFAULT_BUDGET,
    DEFAULT_EPOCHS,
    DEFAULT_RISK_AVERSION,
    MixProblem,
    Near,
)
from atlasmix.problem.vocabulary import EVERY_TARGET
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.text import listed

_POINTS: Final = 0.05
"""A share limit moves by five points: our choice, enough to be seen in a figure."""

_BOUNDS: Final = (("min", "At least", -1), ("max", "At most", 1))
"""A bound, how it is said, and in which direction it is loosened."""

_MACHINE: Final = "translated"
SEVERAL: Final = 3
"""Targets from which on a rule of thumb over them is worth staying near: our choice; of two there
is one share to choose."""


@dataclass(frozen=True, slots=True)
class Step:
    """A question that differs in one thing.

    Attributes:
        limit: what changes, say ``Epoch cap`` or ``min cat 30%``.
        change: how, say ``4 to 8``.
        question: the changed question as plain data.
    """

    limit: str
    change: str
    question: Mapping[str, Any]


def one_step(problem: MixProblem) -> tuple[Step, ...]:
    """The steps worth trying from a question, its own limits first."""
    question: dict[str, Any] = dict(short_question(problem))
    return (
        *_own_limits(question, problem),
        *_caps(question, problem),
        *_donors(question, problem),
        *_budget(question, problem),
        *_tokens(question, problem),
        *_near(question, problem),
        *_provenance(question, problem),
    )


def eased(problem: MixProblem, gives: Mapping[str, float]) -> Iterator[Step]:
    """All limits that must give, each by so much, in one step; none where one is no plain share.

    Args:
        problem: the question.
        gives: by how much, in shares of the tokens, by the name of a limit.
    """
    question: dict[str, Any] = dict(short_question(problem))
    whats, changes = [], []
    changed = {bound: dict(question.get(bound, {})) for bound, *_ in _BOUNDS}
    for bound, verb, sign in _BOUNDS:
        for name, share in question.get(bound, {}).items():
            size = gives.get(f"{bound} {name} {100 * share:g}%")
            if size is not None:
                # Further by a millionth: what just fits is not refused for its last digit.
                looser = round(min(max(share + sign * (size + 1e-6), 0.0), 1.0), 6)
                changed[bound][name] = looser
                whats.append(f"{verb} {_percent(share)} {_named(name)}")
                changes.append(f"{_percent(share)} to {_percent(looser)}")
    if changes and len(changes) == len(gives):
        yield Step(listed(whats), listed(changes), with_changes(question, **changed))


def with_changes(question: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """The question with some keys changed; None takes a key out, and so does an empty mapping."""
    copied = {**copy.deepcopy(dict(question)), **changed}
    return {key: value for key, value in copied.items() if value is not None and value != {}}


def _own_limits(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    for bound, verb, sign in _BOUNDS:
        limits = question.get(bound, {})
        for name, share in limits.items():
            eased = round(min(max(share + sign * _POINTS, 0.0), 1.0), 6)
            what = f"{verb} {_percent(share)} {_named(name)}"
            if 0 < eased < 1:
                changed = {**limits, name: eased}
                change = f"{_percent(share)} to {_percent(eased)}"
                yield Step(what, change, with_changes(question, **{bound: changed}))
            yield Step(what, "without it", with_changes(question, **{bound: _less(limits, name)}))
    for name, tokens in question.get("keep", {}).items():
        what = f"Keep {format_quantity(tokens)} of {_named(name)}"
        yield Step(what, "without it", with_changes(question, keep=_less(question["keep"], name)))
    rails = question.get("guardrails", {})
    for name, rail in rails.items():
        slack = f"{100 * rail['slack']:g}%"
        what = f"{_named(name)} at most {slack} worse than {rail['reference']}"
        looser = {**rails, name: {**rail, "slack": round(rail["slack"] * 2, 6)}}
        if rail["slack"] > 0:
            yield Step(what, "twice the slack", with_changes(question, guardrails=looser))
        yield Step(what, "without it", with_changes(question, guardrails=_less(rails, name)))


def _caps(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    caps = question.get("max_epochs", DEFAULT_EPOCHS)
    own = caps if isinstance(caps, dict) else {}
    now = problem.max_epochs
    for cap in (now / 2, now * 2):
        if 1 <= cap <= HARD_EPOCHS:
            written = _tidy(cap)
            changed = {**own, "default": written} if own else written
            yield Step(
                "Epoch cap", f"{now:g} to {cap:g}", with_changes(question, max_epochs=changed)
            )


def _donors(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    if problem.donor_keys:
        if problem.max_donors != 0:
            yield Step("Donors", "none", with_changes(question, max_donors=0))
        if problem.max_donors is not None:
            yield Step("Donors", "as many as help", with_changes(question, max_donors=None))
    now = problem.risk_aversion
    if now != 0:
        yield Step("Doubt about scores", f"κ {now:g} to 0", with_changes(question, risk_aversion=0))
    if now != DEFAULT_RISK_AVERSION:
        back = with_changes(question, risk_aversion=None)
        yield Step("Doubt about scores", f"κ {now:g} to {DEFAULT_RISK_AVERSION:g}", back)


def _budget(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    if "compute" in question:
        for factor in (0.1, 10.0):
            then = question["compute"] * factor
            change = f"{format_flops(question['compute'])} to {format_flops(then)} FLOPs"
            yield Step("Compute", change, with_changes(question, compute=then))
        return
    now = question.get("budget", DEFAULT_BUDGET)
    for factor in (0.5, 2):
        then = _tidy(now * factor)
        if not _phases_fit(problem.phases, then):
            continue
        change = f"{format_quantity(now)} to {format_quantity(then)}"
        yield Step("Budget", change, with_changes(question, budget=then))


def _tokens(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    if problem.exact_tokens:
        yield Step("All of the budget", "no more than serves", with_changes(question, tokens=None))


def _near(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    if problem.near is not None:
        yield Step("Stay near", "nothing", with_changes(question, near=None))
    elif len(problem.targets) >= SEVERAL:
        near = Near(USUAL_RULE)
        change = f"{baseline_title(near.reference)}, at {100 * near.within:g}%"
        yield Step("Stay near", change, with_changes(question, near=near.written))


def _phases_fit(phases: Sequence[Phase], budget: float) -> bool:
    """Whether phases that count their tokens could still add up to another budget."""
    counts = [phase.tokens for phase in phases if phase.tokens is not None]
    rest = any(phase.is_rest for phase in phases)
    return not counts or (rest and sum(counts) < budget)


def _provenance(question: Mapping[str, Any], problem: MixProblem) -> Iterator[Step]:
    pools = question.get("pools", DEFAULT_CHOICE)
    chosen = pools.get("provenance", [])
    if not chosen:
        return
    here = {pool.provenance for pool in problem.inventory.pools}
    targets = set(problem.target_keys)
    of_targets = {p.provenance for p in problem.inventory.pools if p.language in targets}
    if _MACHINE in of_targets and _MACHINE not in chosen:
        changed = {**pools, "provenance": [*chosen, _MACHINE]}
        yield Step("Provenance", "translated text too", with_changes(question, pools=changed))
    if len(chosen) > 1 and "human" in chosen and "human" in here:
        changed = {**pools, "provenance": ["human"]}
        yield Step("Provenance", "human text alone", with_changes(question, pools=changed))


def _less(limits: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in limits.items() if key != name}


def _tidy(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _named(selection: str) -> str:
    if selection == EVERY_TARGET:
        return "every target"
    kind, colon, value = selection.partition(":")
    return f"{kind} {value}" if colon else name_of(selection)
