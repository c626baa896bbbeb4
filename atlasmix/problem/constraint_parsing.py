"""Limits that speak of no pool: what was typed, how it was read, and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from atlasmix.errors import ProblemError, about
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.io.plain_data import as_mapping, as_number, as_text, refuse_unknown
from atlasmix.languages.catalogue import name_of
from atlasmix.problem.constraints import (
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    Selection,
    ShareLimit,
    key_of,
)
from atlasmix.problem.problem import DEFAULT_EPOCHS
from atlasmix.problem.vocabulary import EVERY_TARGET, Vocabulary
from atlasmix.quantities import parse_quantity, parse_share
from atlasmix.text import nearest

_NAMED: Final = {"pool": "name", "corpus": "corpus"}
"""Kinds whose values are names in an inventory, and the field of a pool that holds them."""


def refuse_empty(
    typed: Sequence[tuple[str, Limit]], pools: Sequence[Pool], inventory: Inventory
) -> None:
    """Refuse a limit that selects none of the pools, in the words it was typed in.

    Args:
        typed: what a message calls the limit (``min rom``), and the limit.
        pools: those that the question may read.
        inventory: where they come from.

    Raises:
        ProblemError: a pool or corpus that the inventory does not have; a least share, kept tokens
            or an epoch cap of nothing. A greatest share of nothing is kept by every mixture.
    """
    for what, limit in typed:
        if isinstance(limit, Guardrail) or limit.selection.mask(pools).any():
            continue
        selection = limit.selection
        field = _NAMED.get(selection.kind)
        if field and selection.value not in {getattr(pool, field) for pool in inventory.pools}:
            raise ProblemError(_no_name(what, selection, inventory), field=key_of(limit))
        if isinstance(limit, ShareLimit) and (limit.bound == "max" or limit.share == 0):
            continue
        count = f"{len(pools)} pool{'s' * (len(pools) != 1)}"
        raise ProblemError(
            f"{what} selects none of the {count} of this question: {_advice(what, selection)}",
            field=key_of(limit),
        )


def _advice(what: str, selection: Selection) -> str:
    written = what.partition(" ")[2]
    if selection.kind == "language":
        name = name_of(selection.value)
        read = name if name == selection.value else f"{name} ({selection.value})"
        if written == EVERY_TARGET:
            return (
                f"{written!r} is every target, and {read} has no pool here; name the targets that "
                "have, or open more pools with inventory and pools"
            )
        return (
            f"{written!r} was read as the language {read}, which has no pool here; a group of that "
            "name needs its members, such as spa and fra, a language a pool by inventory and pools"
        )
    if selection.kind == "group":
        return (
            f"none of its members ({', '.join(selection.languages)}) has a pool here; choose "
            "others, or open more pools with inventory and pools"
        )
    return "name another, or open more pools with inventory and pools"


def _no_name(what: str, selection: Selection, inventory: Inventory) -> str:
    known = sorted({getattr(pool, _NAMED[selection.kind]) for pool in inventory.pools})
    start = selection.value.partition(".")[0]
    near = [*nearest(selection.value, known, 3)]
    near += [name for name in known if name.partition(".")[0] == start and name not in near]
    few = near[:4] or known[:4]
    return f"{what} names a {selection.kind} that inventory {inventory.name} does not have: " + (
        f"did you mean {' or '.join(few)}?" if near else f"it has {', '.join(few)} ..."
    )


DEFAULT: Final = "default"
"""The key of the cap that holds for every pool without one of its own."""

_BOUNDS: Final[tuple[Literal["min"], Literal["max"]]] = ("min", "max")


def read_limits(
    question: dict[str, object], words: Vocabulary, pools: Sequence[Pool], inventory: Inventory
) -> tuple[Limit, ...]:
    """Every limit of a question, in the order min, max, keep, max_epochs, guardrails.

    Args:
        question: the question.
        words: how languages, groups and selections are read.
        pools: those that the question may read.
        inventory: where they come from.

    Raises:
        ProblemError: a number or selection that cannot be read, or a selection of nothing.
        DataError: an unknown language.
    """
    typed: list[tuple[str, Limit]] = [*read_share_limits(question, words)]
    for written, tokens in _items(question, "keep", '{"provenance:human": 20B}'):
        what = f"keep {written}"
        with about("keep", tokens):
            selection = words.selection(written, what)
            typed.append((what, KeepTokens(selection, parse_quantity(tokens, what))))
    caps = question.get("max_epochs", DEFAULT_EPOCHS)
    if isinstance(caps, dict):
        for written, epochs in _items(question, "max_epochs", "{default: 4, cat: 8}"):
            what = f"max_epochs {written}"
            if written != DEFAULT:
                with about("max_epochs", epochs):
                    selection = words.selection(written, what)
                    typed.append((what, EpochCap(selection, as_number(epochs, what, "4"))))
    for written, rail in _items(question, "guardrails", "{eng: 1%}"):
        with about("guardrails", rail):
            typed.append((written, _read_guardrail(written, rail, words)))
    limits = tuple(limit for _, limit in typed)
    refuse_twice(limits)
    refuse_empty(typed, pools, inventory)
    return limits


def read_share_limits(
    question: dict[str, object], words: Vocabulary
) -> list[tuple[str, ShareLimit]]:
    """The limits of ``min`` and ``max``, each with what a message calls it: ``min rom``.

    ``*`` is one limit for every target that has none of its own.

    Raises:
        ProblemError: a share or selection that cannot be read.
        DataError: an unknown language.
    """
    typed: list[tuple[str, ShareLimit]] = []
    for bound in _BOUNDS:
        named: list[tuple[str, ShareLimit]] = []
        every: float | None = None
        for written, share in _items(question, bound, "{cat: 0.3}"):
            what = f"{bound} {written}"
            with about(bound, share):
                if written == EVERY_TARGET:
                    every = parse_share(share, what)
                    continue
                selection = words.selection(written, what)
                named.append((what, ShareLimit(bound, selection, parse_share(share, what))))
        own = {limit.selection for _, limit in named}
        spread = [
            (f"{bound} {EVERY_TARGET}", ShareLimit(bound, selection, every))
            for selection in (Selection("language", key) for key in words.targets)
            if every is not None and selection not in own
        ]
        typed += _targets_first([*spread, *named], words.targets)
    return typed


def _targets_first(
    typed: list[tuple[str, ShareLimit]], targets: Sequence[str]
) -> list[tuple[str, ShareLimit]]:
    """The same limits in the order in which they are read back, where they are written as ``*``."""
    limits = [limit for _, limit in typed]
    if _share_of_every(limits, targets) is None:
        return typed
    place = {Selection("language", key): number for number, key in enumerate(targets)}
    return sorted(typed, key=lambda each: place.get(each[1].selection, len(place)))


def _share_of_every(limits: Sequence[ShareLimit], targets: Sequence[str]) -> float | None:
    """The share that all targets have in common, of two at least, in limits of one bound."""
    shares = {limit.selection: limit.share for limit in limits}
    own = {shares.get(Selection("language", key)) for key in targets}
    return own.pop() if len(targets) > 1 and len(own) == 1 else None


def write_shares(limits: Sequence[Limit], targets: Sequence[str]) -> dict[str, dict[str, float]]:
    """The keys ``min`` and ``max`` that :func:`read_share_limits` reads back, where in use."""
    written: dict[str, dict[str, float]] = {}
    for bound in _BOUNDS:
        bounded = [
            limit for limit in limits if isinstance(limit, ShareLimit) and limit.bound == bound
        ]
        every = _share_of_every(bounded, targets)
        shares = {} if every is None else {EVERY_TARGET: every}
        own = set() if every is None else {Selection("language", key) for key in targets}
        shares |= {
            each.selection.label: each.share for each in bounded if each.selection not in own
        }
        if shares:
            written[bound] = shares
    return written


def read_cap(question: dict[str, object]) -> float:
    """The epoch cap of pools without one of their own.

    Raises:
        ProblemError: not a number.
    """
    caps = question.get("max_epochs", DEFAULT_EPOCHS)
    cap = caps.get(DEFAULT, DEFAULT_EPOCHS) if isinstance(caps, dict) else caps
    return as_number(cap, "max_epochs", "4")


def write_limits(
    limits: tuple[Limit, ...], cap: float, targets: Sequence[str] = ()
) -> dict[str, Any]:
    """The keys ``max_epochs``, ``min``, ``max``, ``keep``, ``groups``, ``guardrails`` in use."""
    written: dict[str, dict[str, Any]] = {name: {} for name in ("groups", "keep", "guardrails")}
    caps: dict[str, float] = {}
    for limit in limits:
        if isinstance(limit, Guardrail):
            rail = {"slack": limit.slack, "reference": limit.reference}
            written["guardrails"][limit.language] = rail
            continue
        selection = limit.selection
        if selection.kind == "group":
            written["groups"][selection.value] = list(selection.languages)
        if isinstance(limit, KeepTokens):
            written["keep"][selection.label] = tidy_number(limit.tokens)
        elif isinstance(limit, EpochCap):
            caps[selection.label] = tidy_number(limit.epochs)
    return {
        "max_epochs": {DEFAULT: tidy_number(cap), **caps} if caps else tidy_number(cap),
        **write_shares(limits, targets),
        **{name: value for name, value in written.items() if value},
    }


def tidy_number(number: float) -> float | int:
    """A whole number as an integer, so that no reader of YAML takes ``1e+11`` for a text."""
    return int(number) if float(number).is_integer() else float(number)


def _items(question: dict[str, object], key: str, example: str) -> list[tuple[str, object]]:
    with about(key, question.get(key)):
        return list(as_mapping(question.get(key, {}), key, example).items())


def _read_guardrail(written: str, rail: object, words: Vocabulary) -> Guardrail:
    if written == EVERY_TARGET:
        raise ProblemError("guardrails names '*': expected one language each, such as eng: 1%")
    return _guardrail(words.key(written, "guardrails"), rail)


def _guardrail(key: str, value: object) -> Guardrail:
    what = f"guardrail {key}"
    if isinstance(value, str) and ":" in value:
        slack, _, reference = value.partition(":")
        return Guardrail(key, parse_share(slack, what), as_text(reference, f"{what} reference"))
    if not isinstance(value, dict):
        return Guardrail(key, parse_share(value, what))
    rail = as_mapping(value, what, "{slack: 0.01, reference: natural}")
    refuse_unknown(rail, ("slack", "reference"), what)
    if "slack" not in rail:
        raise ProblemError(f"{what} has no slack: expected how much worse it may be, such as 1%")
    reference = as_text(rail.get("reference", "natural"), f"{what} reference")
    return Guardrail(key, parse_share(rail["slack"], what), reference)


def refuse_twice(limits: Sequence[Limit]) -> None:
    """Refuse two limits of one kind on the same pools.

    Raises:
        ProblemError: the second of them.
    """
    seen: set[tuple[str, str]] = set()
    for limit in limits:
        if isinstance(limit, Guardrail):
            subject = ("guardrail", limit.language)
        else:
            kind = limit.bound if isinstance(limit, ShareLimit) else type(limit).__name__
            subject = (kind, _label(limit.selection))
        if subject in seen:
            raise ProblemError(
                f"limit '{limit.name}' is the second for the same: keep one", field=key_of(limit)
            )
        seen.add(subject)


def _label(selection: Selection) -> str:
    return f"{selection.kind}:{selection.value}"
