"""The question as plain data: the format of ``problem.yaml`` and of a recipe's ``question``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import AtlasMixError, DataError, ProblemError, UnknownLanguage, about
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.pools import PROVENANCES, Pool
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.fitting.law_file import is_law_file, is_learned
from atlasmix.fitting.solving_law import laid_law, read_solving_law
from atlasmix.io.files import read_start
from atlasmix.io.plain_data import (
    as_list,
    as_mapping,
    as_number,
    as_text,
    as_word,
    refuse_unknown,
    shown,
)
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.languages.catalogue import language, name_of
from atlasmix.languages.language import SUBJECTS
from atlasmix.laws.cards import covariance_fault
from atlasmix.laws.kinds import DEFAULT_PHI, DEFAULT_PHI_RANGE, LOSS_CONSTANTS, LossLaw, TargetLaws
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW, load_law, shipped_names
from atlasmix.problem.baselines import USUAL_RULE, check_reference, reference_name
from atlasmix.problem.constraints import (
    AMONG_SYNTHETIC,
    EVERY_GENERATOR,
    GENERATOR,
    HUMAN_FLOORS,
    ORIGINS,
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    OriginLimit,
    Selection,
    ShareLimit,
    generator_of,
    key_of,
)
from atlasmix.problem.former import former_question
from atlasmix.problem.phases import Phase, check_phases
from atlasmix.problem.pool_choice import (
    DEFAULT_CHOICE,
    JOINT,
    check_axes,
    choice_of,
    choose_pools,
    joined_inventory,
)
from atlasmix.problem.problem import (
    DEFAULT_BUDGET,
    DEFAULT_EPOCHS,
    DEFAULT_PARAMS,
    DEFAULT_RISK_AVERSION,
    DEFAULT_SEED,
    DEFAULT_TAIL,
    DEFAULT_WITHIN,
    NO_TARGET,
    OBJECTIVES,
    UNDER_DRAWS,
    WORTH,
    MixProblem,
    Near,
    Objective,
    Target,
    check_problem,
)
from atlasmix.problem.vocabulary import EVERY_TARGET, Vocabulary, with_groups
from atlasmix.problem.worlds import draws_of
from atlasmix.quantities import parse_flops, parse_quantity, parse_share
from atlasmix.text import and_more, did_you_mean, first_few, listed, nearest

CONSTANTS: Final = LOSS_CONSTANTS
_NEEDED: Final = ("name", *CONSTANTS, "unit", "measured_on", "source")
_RANGES: Final = ("phi_range", "fitted_params", "fitted_tokens")
_KEYS: Final = (*_NEEDED, "note", "decay", "language", "phi", *_RANGES, "covariance")
_MOST_PHI: Final = 1.0


def read_law(value: object, store: Store) -> LossLaw:
    """The law that a question names or writes out.

    Args:
        value: a name of the shelf, a file, or a mapping of the constants; in a mapping ``phi`` and
            ``phi_range`` may be left out, and are then those of the default.
        store: where named laws are found.

    Raises:
        ProblemError: a key that is missing or unknown, or a constant that cannot be.
        DataError: no such law.
    """
    if not isinstance(value, dict):
        name = as_text(value, "law")
        laid = store.law_file(name) if isinstance(store, Overlay) else None
        if laid is not None:
            return laid_law(laid, name)
        path = store.path_of(name) if is_law_file(name) else None
        if path is not None and is_learned(path):
            return read_solving_law(path, name)
        return load_law(name, store)
    given = as_mapping(value, "law", "{name: mine, E: 1.9, ...}")
    refuse_unknown(given, _KEYS, "law")
    missing = [key for key in _NEEDED if key not in given]
    if missing:
        raise ProblemError(f"law lacks {', '.join(missing)}: expected {', '.join(_NEEDED)}")
    numbers: dict[str, Any] = {}
    for key in (*CONSTANTS, *(["decay"] if "decay" in given else [])):
        numbers[key] = as_number(given[key], f"law {key}", "0.35")
        if numbers[key] < 0 or (numbers[key] == 0 and key != "E"):
            raise ProblemError(f"law {key} is {numbers[key]:g}: expected a number above 0")
    for key in _RANGES[1:]:
        if key in given:
            numbers[key] = _range(given[key], f"law {key}", "[7.0e+6, 9.0e+9]")
    texts: dict[str, Any] = {
        key: str(given.get(key, ""))
        for key in ("name", "unit", "measured_on", "source", "note", "language")
    }
    if "covariance" in given:
        numbers["covariance"] = _covariance(given["covariance"], 5 + ("decay" in given))
    return LossLaw(**numbers, **texts, **_phi(given))


def _covariance(value: object, size: int) -> tuple[tuple[float, ...], ...]:
    fault = covariance_fault(value, size)
    if fault:
        raise ProblemError(
            f"law covariance: {fault}; it is of the logarithms of {', '.join(CONSTANTS)}"
            + (" and decay" if size > len(CONSTANTS) else "")
        )
    return tuple(tuple(map(float, row)) for row in cast(list[list[float]], value))


def write_law(law: LossLaw) -> object:
    """A shipped law by its name; any other in full, so that a recipe stands without its file."""
    if _ships(law):
        return law.name
    if isinstance(law, TargetLaws):
        return law.file
    written = {key: getattr(law, key) for key in _KEYS}
    return {
        key: _listed(value) if isinstance(value, tuple) else value
        for key, value in written.items()
        if key == "note" or value not in (None, "", ())
    }


def _listed(value: tuple[Any, ...]) -> list[Any]:
    return [list(each) if isinstance(each, tuple) else each for each in value]


def _ships(law: LossLaw) -> bool:
    if law.name.partition("/")[0] not in shipped_names():
        return False
    try:
        # A law that somebody wrote out may be called anything, a path too: none is opened.
        return load_law(law.name, Overlay()) == law
    except AtlasMixError:
        return False


def _phi(given: dict[str, object]) -> dict[str, Any]:
    """φ and its range; a range that nobody gives is as wide as the default's, in proportion."""
    if "phi" not in given:
        if "phi_range" in given:
            raise ProblemError("law phi_range is given without law phi: add phi")
        return {}
    phi = as_number(given["phi"], "law phi", str(DEFAULT_PHI))
    if not 0 <= phi <= _MOST_PHI:
        raise ProblemError(f"law phi is {phi:g}: expected 0 to {_MOST_PHI:g}, such as 0.11")
    if "phi_range" not in given:
        low, high = (phi * end / DEFAULT_PHI for end in DEFAULT_PHI_RANGE)
        return {"phi": phi, "phi_range": (low, high)}
    low, high = _range(given["phi_range"], "law phi_range", "[0.08, 0.17]")
    if not low <= phi <= high <= _MOST_PHI:
        raise ProblemError(
            f"law phi_range is [{low:g}, {high:g}]: expected two ends that hold phi, {phi:g}, and "
            f"at most {_MOST_PHI:g}"
        )
    return {"phi": phi, "phi_range": (low, high)}


def _range(value: object, what: str, example: str) -> tuple[float, float]:
    """Least and most, from a list of the two."""
    ends = as_list(value, what)
    if len(ends) != 2:
        raise ProblemError(f"{what} is {shown(value)}: expected least and most, such as {example}")
    low, high = (as_number(end, what, example) for end in ends)
    if not 0 <= low <= high:
        raise ProblemError(f"{what} is [{low:g}, {high:g}]: expected least before most, from 0 on")
    return low, high


_NAMED: Final = {"pool": "name", "corpus": "corpus"}
"""Kinds whose values are names in an inventory, and the field of a pool that holds them."""


def refuse_empty(
    typed: Sequence[tuple[str, Limit]], pools: Sequence[Pool], inventory: Inventory, store: Store
) -> None:
    """Refuse a limit that selects none of the pools, in the words it was typed in.

    Args:
        typed: what a message calls the limit (``min rom``), and the limit.
        pools: those that the question may read.
        inventory: where they come from.
        store: whose other inventories may have what this one lacks.

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
            f"{what} selects none of the {count} of this question: "
            + _advice(what, selection, inventory, store),
            field=key_of(limit),
        )


def _advice(what: str, selection: Selection, inventory: Inventory, store: Store) -> str:
    written = what.partition(" ")[2]
    if selection.kind == "language":
        key = selection.value
        name = name_of(key)
        read = name if name == key else f"{name} ({key})"
        if written == EVERY_TARGET:
            return (
                f"{written!r} is every target, and {read} has no pool here; name the targets that "
                "have, or open more pools with inventory and pools"
            )
        where = _elsewhere(key, inventory, store)
        if key in SUBJECTS:
            return f"it is {key}, {where}"
        return (
            f"{written!r} was read as the language {read}, {where}; a group of that name needs its "
            "members"
        )
    if selection.kind == "group":
        return (
            f"none of its members ({', '.join(selection.languages)}) has a pool here; choose "
            "others, or open more pools with inventory and pools"
        )
    return "name another, or open more pools with inventory and pools"


def _elsewhere(key: str, inventory: Inventory, store: Store) -> str:
    """Where text in a language is that no pool of the question holds."""
    if closed := inventory.select(languages={key}):
        provenances = " and ".join(dict.fromkeys(pool.provenance for pool in closed))
        return (
            f"of which inventory {inventory.name} has {provenances} text alone that is not read "
            "here: open it with pools or kinds"
        )
    lacking = f"of which inventory {inventory.name} has no text"
    others = _held(key, store)
    if not others:
        return f"{lacking}, nor has another on the shelf: add counts of your own"
    return f"{lacking}; {others}"


def _held(key: str, store: Store) -> str:
    """Which inventories of the shelf have text in a language, and what to do; empty: none has."""
    held = [name for name in store.inventory_names() if key in _languages(name, store)]
    if not held:
        return ""
    others = f"{held[0]} has: give it" if len(held) == 1 else f"{listed(held)} have: give one"
    return f"{others} beside it or in its place, with inventory"


@contextmanager
def _saying_where(inventory: Inventory, store: Store) -> Iterator[None]:
    """Add to the refusal of a target without text which inventories of the shelf have some."""
    try:
        yield
    except ProblemError as error:
        key = error.value
        if error.field == "targets" and isinstance(key, str) and key not in inventory.languages():
            others = _held(key, store)
            error.hint = f"{others}, {error.hint}" if others else error.hint
        raise


def _languages(name: str, store: Store) -> tuple[str, ...]:
    try:
        return store.inventory(name).languages()
    except DataError:  # a broken one of the reader's own is told where it is asked for
        return ()


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
    question: dict[str, object],
    words: Vocabulary,
    pools: Sequence[Pool],
    inventory: Inventory,
    store: Store,
) -> tuple[Limit, ...]:
    """Every limit of a question, in the order min, max, keep, max_epochs, guardrails.

    Args:
        question: the question.
        words: how languages, groups and selections are read.
        pools: those that the question may read.
        inventory: where they come from.
        store: says whether the reference of a guardrail may be a file.

    Raises:
        ProblemError: a number or selection that cannot be read, or a selection of nothing.
        DataError: an unknown language.
    """
    typed: list[tuple[str, Limit]] = [*read_share_limits(question, words)]
    typed += read_origin_limits(question, words, pools, inventory)
    for written, tokens in _items(question, "keep", '{"provenance:human": 20B}'):
        what = f"keep {written}"
        with about("keep", tokens):
            selection = words.selection(written, what)
            typed.append((what, KeepTokens(selection, parse_quantity(tokens, what))))
    typed += read_caps(question, words)
    for written, rail in _items(question, "guardrails", "{eng: 1%}"):
        with about("guardrails", rail):
            guardrail = _read_guardrail(written, rail, words)
            check_reference(guardrail.reference, store)
            typed.append((written, guardrail))
    refuse_empty(typed, pools, inventory, store)
    limits = _within_text(typed, question, pools)
    refuse_twice(limits)
    return limits


FLOOR_LEFT: Final = 0.99
"""Part of what caps let one read of a language that a floor for every target asks of it at most:
our choice, a hair less than all, which would leave the solver no room."""


def _within_text(
    typed: Sequence[tuple[str, Limit]], question: Mapping[str, object], pools: Sequence[Pool]
) -> tuple[Limit, ...]:
    """The limits, the floor of every target being all of its text where that is less.

    ``min '*' 0.05%`` of 8T tokens is 4B of each target. A language with 42M tokens cannot fill it
    in four epochs, and a run that was shrunk until it can would be one for that language alone: it
    is read as much as its caps let it. A floor that names the language is kept to the letter.
    """
    limits = tuple(limit for _, limit in typed)
    if "compute" in question or not any(what == _EVERY_FLOOR for what, _ in typed):
        return limits
    budget = _size(question.get("budget", DEFAULT_BUDGET), "budget", "tokens", "300B")
    most = _most_read(pools, limits, read_cap(dict(question)))
    shares: list[Limit] = []
    others: list[Limit] = []
    floors: dict[Selection, float] = {}
    for what, limit in typed:
        if what == _EVERY_FLOOR and isinstance(limit, ShareLimit):
            reach = FLOOR_LEFT * float(most[limit.selection.mask(pools)].sum())
            if limit.share * budget > reach:
                floors[limit.selection] = reach
                continue
        if isinstance(limit, KeepTokens) and limit.tokens < floors.get(limit.selection, 0.0):
            continue
        if isinstance(limit, KeepTokens):
            floors.pop(limit.selection, None)
        bounded = isinstance(limit, ShareLimit | OriginLimit)
        (shares if bounded else others).append(limit)
    kept = [KeepTokens(selection, reach) for selection, reach in floors.items()]
    # In the order in which the keys of a question are read.
    return (*shares, *kept, *others)


def _most_read(pools: Sequence[Pool], limits: Sequence[Limit], usual: float) -> NDArray[np.float64]:
    """Most tokens of each pool that caps let be read, without phases."""
    caps = np.full(len(pools), usual)
    for limit in limits:
        if isinstance(limit, EpochCap):
            caps[limit.selection.mask(pools)] = limit.epochs
    return np.asarray(caps * np.array([pool.unique_tokens for pool in pools]))


def _floors_fit(problem: MixProblem) -> bool:
    """Whether text and caps can fill every floor of a target, so that ``*`` reads back as it is.

    A floor that was set by name is kept to the letter and may shrink the run; written as ``*`` it
    would give way.
    """
    if problem.compute is not None:
        return True
    most = _most_read(problem.pools, problem.limits, problem.max_epochs)
    targets = {Selection("language", key) for key in problem.target_keys}
    return all(
        floor.share * problem.budget <= FLOOR_LEFT * most[floor.selection.mask(problem.pools)].sum()
        for floor in problem.limits
        if isinstance(floor, ShareLimit) and floor.bound == "min" and floor.selection in targets
    )


_EVERY_FLOOR: Final = f"min {EVERY_TARGET}"


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
            if origin_of(written):
                continue
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


def origin_of(written: str) -> str:
    """The origin of ``cat/human``, a share within a language; empty where it is no such share.

    >>> origin_of("cat/human"), origin_of("cat/synthetic/generator:facebook/nllb"), origin_of("cat")
    ('human', 'synthetic/generator:facebook/nllb', '')
    """
    within, slash, generator = written.partition(f"/{GENERATOR}")  # a name may hold a stroke
    if slash:
        among = AMONG_SYNTHETIC if f"{within}/".endswith(f"/{AMONG_SYNTHETIC}") else ""
        return f"{among}{GENERATOR}{generator}"
    origin = written.rpartition("/")[2] if "/" in written else ""
    return origin if origin in ORIGINS else ""


def read_origin_limits(
    question: dict[str, object],
    words: Vocabulary,
    pools: Sequence[Pool],
    inventory: Inventory,
) -> list[tuple[str, Limit]]:
    """Shares within a language: ``min: {cat/human: 40%}``, and the ``human_floor`` of all targets.

    A floor for every target is left out where it reads human text alone: it holds anyway.
    ``generator:*`` is one limit for each generator that the pools of the language name.

    Raises:
        ProblemError: a share or a preset that cannot be read, or a generator that no pool has.
        DataError: an unknown language.
    """
    typed: dict[tuple[str, str, str], tuple[str, Limit]] = {}
    floor = question.get("human_floor")
    if floor is not None:
        with about("human_floor", floor):
            least = _human_floor(floor)
        for key in words.targets:
            if any(p.language == key and p.provenance not in _WRITTEN for p in pools):
                limit = OriginLimit("min", key, "human", least)
                typed["min", key, "human"] = ("human_floor", limit)
    for bound in _BOUNDS:
        for written, share in _items(question, bound, "{cat/human: 40%}"):
            origin = origin_of(written)
            if not origin:
                continue
            what = f"{bound} {written}"
            language = written[: -len(origin) - 1]
            with about(bound, share):
                _check_generator(what, origin, inventory)
                least_or_most = parse_share(share, what, _OF_LANGUAGE)
                keys = words.targets if language == EVERY_TARGET else (words.key(language, what),)
                told = EVERY_TARGET not in (language, origin[-1])
                for key in keys:
                    for each in _each_origin(origin, key, pools):
                        if told or (bound, key, each) not in typed:
                            limit = OriginLimit(bound, key, each, least_or_most)
                            typed[bound, key, each] = (what, limit)
    return list(typed.values())


def _check_generator(what: str, origin: str, inventory: Inventory) -> None:
    """Refuse a generator that the inventory does not name, and a least share of every one."""
    _, prefix, generator = origin.partition(GENERATOR)
    if not prefix:
        return
    if prefix + generator == EVERY_GENERATOR:
        if what.startswith("min "):
            raise ProblemError(
                f"{what} is a least share of every generator: expected one by name, or max, which "
                "says how much any one of them may have written"
            )
        return
    known = sorted({generator_of(pool) for pool in inventory.pools} - {""})
    if generator not in known:
        there = f"it has {first_few(known, 4)}" if known else "its pools name none"
        raise ProblemError(
            f"{what} names a generator that inventory {inventory.name} does not have: "
            f"{did_you_mean(generator, known, ' ')}{there}"
        )


def _each_origin(origin: str, language: str, pools: Sequence[Pool]) -> tuple[str, ...]:
    """The origin, or one for every generator of the language's pools."""
    if not origin.endswith(EVERY_GENERATOR):
        return (origin,)
    among = origin.removesuffix(EVERY_GENERATOR)
    names = {generator_of(pool) for pool in pools if pool.language == language} - {""}
    return tuple(f"{among}{GENERATOR}{name}" for name in sorted(names))


_WRITTEN: Final = ("human", "human_edited")
_OF_LANGUAGE: Final = "what is read of a language"


def _human_floor(value: object) -> float:
    if isinstance(value, str) and value.strip().lower() in HUMAN_FLOORS:
        return HUMAN_FLOORS[value.strip().lower()]
    try:
        return parse_share(value, "human_floor", _OF_LANGUAGE)
    except ProblemError as error:
        raise ProblemError(
            f"{error}; or one of {', '.join(HUMAN_FLOORS)}", field="human_floor", value=value
        ) from None


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


def read_caps(question: dict[str, object], words: Vocabulary) -> list[tuple[str, EpochCap]]:
    """Caps of selections, each with how it was written; that of all others is :func:`read_cap`'s.

    Raises:
        ProblemError, DataError: a number or a selection that cannot be read.
    """
    typed: list[tuple[str, EpochCap]] = []
    if not isinstance(question.get("max_epochs"), dict):
        return typed
    for written, epochs in _items(question, "max_epochs", "{default: 4, cat: 8}"):
        what = f"max_epochs {written}"
        if written != DEFAULT:
            with about("max_epochs", epochs):
                selection = words.selection(written, what)
                typed.append((what, EpochCap(selection, as_number(epochs, what, "4"))))
    return typed


def write_caps(limits: Sequence[Limit], cap: float | None) -> float | int | dict[str, float]:
    """The value of ``max_epochs``: the cap of all pools, or a mapping where some have their own."""
    own = {
        limit.selection.label: tidy_number(limit.epochs)
        for limit in limits
        if isinstance(limit, EpochCap)
    }
    if cap is None:
        return own
    return {DEFAULT: tidy_number(cap), **own} if own else tidy_number(cap)


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
    within: dict[str, dict[str, float]] = {}
    for limit in limits:
        if isinstance(limit, Guardrail):
            rail = {"slack": limit.slack, "reference": limit.reference}
            written["guardrails"][limit.language] = rail
            continue
        if isinstance(limit, OriginLimit):
            within.setdefault(limit.bound, {})[limit.label] = limit.share
            continue
        selection = limit.selection
        if selection.kind == "group":
            written["groups"][selection.value] = list(selection.languages)
        if isinstance(limit, KeepTokens):
            written["keep"][selection.label] = tidy_number(limit.tokens)
    return {
        "max_epochs": write_caps(limits, cap),
        **_together(write_shares(limits, targets), within),
        **{name: value for name, value in written.items() if value},
    }


def _together(
    shares: dict[str, dict[str, float]], within: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """``min`` and ``max`` of all tokens, then those within a language."""
    return {
        bound: {**shares.get(bound, {}), **within.get(bound, {})}
        for bound in _BOUNDS
        if bound in shares or bound in within
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
        named = reference_name(reference, f"the reference of {what}")
        return Guardrail(key, parse_share(slack, what), named)
    if not isinstance(value, dict):
        return Guardrail(key, parse_share(value, what))
    rail = as_mapping(value, what, "{slack: 0.01, reference: natural}")
    refuse_unknown(rail, ("slack", "reference"), what)
    if "slack" not in rail:
        raise ProblemError(f"{what} has no slack: expected how much worse it may be, such as 1%")
    reference = reference_name(rail.get("reference", "natural"), f"the reference of {what}")
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
            if isinstance(limit, OriginLimit):
                subject = (limit.bound, limit.label)
        if subject in seen:
            raise ProblemError(
                f"limit '{limit.title}' is the second for the same: keep one", field=key_of(limit)
            )
        seen.add(subject)


def _label(selection: Selection) -> str:
    return f"{selection.kind}:{selection.value}"


PHASE_KEYS: Final = ("name", "tokens", "min", "max", "max_epochs")
REST: Final = "rest"
"""What is written where a phase reads what the others leave."""

_EXAMPLE: Final = "[{name: main, tokens: rest}, {name: anneal, tokens: 20%, min: {cat: 90%}}]"


def read_phases(
    value: object,
    words: Vocabulary,
    pools: Sequence[Pool],
    inventory: Inventory,
    store: Store,
) -> tuple[Phase, ...]:
    """The phases of a question, in the order of training.

    Args:
        value: a list of mappings with ``name``, ``tokens``, ``min``, ``max`` and ``max_epochs``;
            None is no phase.
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
        limits, cap = _limits(name, phase, words, pools, inventory, store)
        phases.append(Phase(name, share, tokens, limits, cap))
    return tuple(phases)


def write_phases(phases: Sequence[Phase], targets: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The phases as plain data that :func:`read_phases` reads back."""
    return [
        {
            "name": phase.name,
            "tokens": _written(phase),
            **write_shares(phase.limits, targets),
            **_capped(phase),
        }
        for phase in phases
    ]


def _capped(phase: Phase) -> dict[str, Any]:
    if not phase.is_capped:
        return {}
    return {"max_epochs": write_caps(phase.limits, phase.max_epochs)}


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


def _refuse_origins(question: dict[str, object]) -> None:
    for bound in _BOUNDS:
        for written, _ in _items(question, bound, "{cat: 30%}"):
            if origin_of(written):
                raise ProblemError(
                    f"{bound} {written} is a share within a language, which holds for the whole "
                    "run: state it beside the phases, not in one"
                )


def _limits(
    name: str,
    question: dict[str, object],
    words: Vocabulary,
    pools: Sequence[Pool],
    inventory: Inventory,
    store: Store,
) -> tuple[tuple[ShareLimit | EpochCap, ...], float | None]:
    """Limits of a phase, and its cap on pools that none of them caps; None where it has none."""
    try:
        _refuse_origins(question)
        typed: list[tuple[str, ShareLimit | EpochCap]] = [*read_share_limits(question, words)]
        typed += read_caps(question, words)
        limits = tuple(limit for _, limit in typed)
        refuse_twice(limits)
        refuse_empty(typed, pools, inventory, store)
        caps = question.get("max_epochs")
        stated = caps is not None and (not isinstance(caps, dict) or DEFAULT in caps)
        cap = read_cap(question) if stated else None
    except ProblemError as error:
        raise ProblemError(f"phase {name}: {error}", field="phases", value=error.value) from None
    return limits, cap


def _written(phase: Phase) -> float | int | str:
    if phase.share is not None:
        return phase.share if phase.share < 1 else "100%"
    return REST if phase.tokens is None else tidy_number(phase.tokens)


FORMER_OBJECTIVE: Final = "effective-data"

_Read = TypeVar("_Read")


def refuse_keys(question: Mapping[str, object]) -> None:
    """Refuse what the law cannot answer or what an earlier law asked, whatever its value.

    Raises:
        ProblemError: the first of them.
    """
    for key, sentence in _SENTENCES.items():
        if key in question:
            raise ProblemError(sentence(question), field=key, value=question[key])
    if question.get("objective") == FORMER_OBJECTIVE:
        raise ProblemError(
            f"objective {FORMER_OBJECTIVE} belonged to the law before this one: it left capacity "
            "out, so it filled budgets with donors; it is the limit of loss for ever larger "
            "models: write objective: loss",
            field="objective",
            value=FORMER_OBJECTIVE,
        )


def _interference(_: Mapping[str, object]) -> str:
    return (
        "the question has 'interference', the part of every negative transfer weight that was "
        "believed under the law before this one: today no weight is negative, and what a donor "
        "costs is capacity (phi of the law); leave it out"
    )


def _spend_all(_: Mapping[str, object]) -> str:
    return (
        "the question has 'spend_all', which read the whole budget under the law before this one: "
        "ask for tokens 'exactly' in the place of a true one, and leave a false one out"
    )


def _start(question: Mapping[str, object]) -> str:
    targets = question.get("targets")
    first = next(iter(targets), None) if isinstance(targets, dict | list | tuple) else targets
    name = str(first).split(",")[0].split(":")[0].strip() if first else "LANG"
    return (
        f"from is {shown(question['from'])}: expected no checkpoint, every run is planned from "
        "scratch; "
        "the law has no term for what a checkpoint has read already, it only knows from how many "
        "tokens on a run from scratch does better than one from a multilingual checkpoint (section "
        f"6 of ATLAS): leave it out, and ask for the crossover of {name[:40]}"
    )


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, object]], str]]] = {
    "interference": _interference,
    "spend_all": _spend_all,
    "from": _start,
}

QUESTION_LIMIT: Final = 1024 * 1024
"""Most bytes of a ``problem.yaml``."""

QUESTION_KEYS: Final = (
    "targets",
    "budget",
    "tokens",
    "params",
    "compute",
    "objective",
    "matrix",
    "rivals",
    "calibration",
    "inventory",
    "pools",
    "max_epochs",
    "lambda",
    "risk_aversion",
    "box",
    "wrong_scores",
    "unknown_human",
    "drift_penalty",
    "near",
    "law",
    "worth",
    "groups",
    "min",
    "max",
    "keep",
    "human_floor",
    "guardrails",
    "max_donors",
    "draws",
    "seed",
    "tail",
    "phases",
)
"""The keys of a question, in the order in which it is written. All but ``targets`` are optional."""

EXACTLY: Final = "exactly"
AT_MOST: Final = "at most"
"""Whether all tokens of the budget are read, or no more than serve: ``tokens``."""

_MOST_NAMED: Final = 8
_LEAST_SIZE: Final = 100_000.0
"""Parameters, or tokens read, below which a number is taken for a slip: our choice."""


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence that is at hand, in the place of what a question names; None: by name."""

    matrix: TransferMatrix | None = None
    rivals: tuple[TransferMatrix, ...] | None = None
    inventory: Inventory | None = None
    law: LossLaw | None = None


def problem_from_mapping(
    mapping: Mapping[str, object], store: Store | None = None, given: Evidence | None = None
) -> MixProblem:
    """The question that plain data asks; see :data:`QUESTION_KEYS`.

    Languages may be written in any way that ``languages.resolve`` takes, token counts as ``100B``,
    shares as ``0.3`` or ``30%``.

    Args:
        mapping: the question.
        store: where evidence is found; by default the user's own store and what ships.
        given: evidence that is used as it is, whatever the question names.

    Raises:
        ProblemError: an unknown key, a value that cannot be read, or a question without an answer.
        DataError: an unknown language, matrix, inventory or law.
    """
    question = as_mapping(mapping, "the question", "{targets: {cat: 1}}")
    refuse_keys(question)
    refuse_unknown(question, QUESTION_KEYS, "the question")
    store = store or Store()
    part = partial(_part, question)
    given = given or Evidence()
    law = given.law or part("law", DEFAULT_LAW, lambda law: read_law(law, store))
    matrix, rivals = _matrices(question, store, given, law)
    inventory = given.inventory or part(
        "inventory", DEFAULT_INVENTORY, lambda names: _inventory(names, store)
    )
    for each in (matrix, *rivals):
        check_axes(each, inventory)
    words = part("groups", {}, lambda groups: with_groups(Vocabulary(matrix), groups))
    pools = part(
        "pools", DEFAULT_CHOICE, lambda choice: choose_pools(choice, inventory, matrix, words)
    )
    targets = part("targets", None, lambda targets: _targets(targets, words))
    words = dataclasses.replace(words, targets=tuple(target.language for target in targets))
    usual = _usual(law)
    problem = MixProblem(
        targets=targets,
        pools=pools,
        matrix=matrix,
        rivals=rivals,
        calibration=part("calibration", None, _calibration),
        inventory=inventory,
        law=law,
        budget=part("budget", usual.tokens, lambda n: _size(n, "budget", "tokens", "300B")),
        params=part(
            "params",
            usual.params,
            lambda n: _size(n, "params", "parameters", "7B"),
        ),
        objective=part("objective", "regret" if rivals else "loss", _objective),
        decay=part("lambda", law.decay or DEFAULT_DECAY, lambda n: as_number(n, "lambda", "0.037")),
        risk_aversion=part(
            "risk_aversion", DEFAULT_RISK_AVERSION, lambda n: as_number(n, "risk_aversion", "1")
        ),
        box=part("box", None, _box),
        wrong_scores=part("wrong_scores", None, lambda n: _whole_or_none(n, "wrong_scores")),
        unknown_human=part("unknown_human", 0, lambda n: parse_share(n, "unknown_human", "text")),
        drift_penalty=part("drift_penalty", 0, lambda n: as_number(n, "drift_penalty", "0.05")),
        near=part("near", None, lambda value: _near(value, store)),
        max_epochs=part("max_epochs", None, lambda _: read_cap(question)),
        limits=read_limits(question, words, pools, inventory, store),
        max_donors=part("max_donors", None, lambda n: _whole_or_none(n, "max_donors")),
        draws=part("draws", None, lambda n: _whole_or_none(n, "draws")),
        seed=part("seed", DEFAULT_SEED, lambda n: _whole(n, "seed")),
        tail=part("tail", DEFAULT_TAIL, lambda n: parse_share(n, "tail", "the draws")),
        exact_tokens=part("tokens", usual.spends, _exact_tokens),
        worth=part("worth", {}, _worth),
        compute=part("compute", None, lambda _: _compute(question)),
        phases=part("phases", None, lambda it: read_phases(it, words, pools, inventory, store)),
    )
    with _saying_where(inventory, store):
        _check_question(problem)
    return problem


def _check_question(problem: MixProblem) -> None:
    """With a compute budget N and D are chosen later; what can be checked now is."""
    if problem.compute is None:
        check_problem(problem)
    else:
        check_problem(dataclasses.replace(problem, compute=None, phases=()))
        check_phases(problem.phases, problem.pools, math.inf)


class _Usual(NamedTuple):
    """The size that is asked for where nobody says one."""

    params: float
    tokens: float
    spends: str


def _usual(law: LossLaw) -> _Usual:
    """A law whose runs were of one size speaks of that size alone, and of all its tokens."""
    if not isinstance(law, TargetLaws):
        return _Usual(DEFAULT_PARAMS, DEFAULT_BUDGET, AT_MOST)
    return _Usual(
        DEFAULT_PARAMS if law.params_vary else law.params or DEFAULT_PARAMS,
        DEFAULT_BUDGET if law.tokens_vary else law.tokens,
        AT_MOST if law.tokens_vary else EXACTLY,
    )


def _part(
    question: Mapping[str, object], key: str, default: object, read: Callable[[Any], _Read]
) -> _Read:
    """What ``read`` makes of one key of a question; what it refuses is about that key."""
    value = question.get(key, default)
    with about(key, value):
        return read(value)


def _inventory(names: object, store: Store) -> Inventory:
    return joined_inventory(
        [as_text(name, "inventory") for name in as_list(names, "inventory")], store
    )


def _matrices(
    question: Mapping[str, object], store: Store, given: Evidence, law: LossLaw
) -> tuple[TransferMatrix, tuple[TransferMatrix, ...]]:
    """The matrix that everything is told by, and its rivals; a learned law brings its own."""

    def read(name: str) -> TransferMatrix:
        path = store.path_of(name)
        if path is not None and is_learned(path):
            raise ProblemError(
                f"{name} is a law learned from runs, and no matrix: its weights come with it",
                field="law",
                hint=f"say {name} as the law, and leave the matrix out",
                value=name,
            )
        return store.matrix(name)

    def rivals(names: object) -> tuple[TransferMatrix, ...]:
        several = () if names is None else as_list(names, "rivals")
        return tuple(read(as_text(name, "rivals")) for name in several)

    matrix = given.matrix
    if matrix is None and isinstance(law, TargetLaws):
        matrix = law.transfer if question.get("matrix", law.file) == law.file else None
    if matrix is None:
        matrix = _part(
            question, "matrix", DEFAULT_MATRIX, lambda name: read(as_text(name, "matrix"))
        )
    if given.rivals is not None:
        return matrix, given.rivals
    return matrix, _part(question, "rivals", None, rivals)


def _calibration(value: object) -> str | None:
    return None if value is None else as_text(value, "calibration")


def _whole_or_none(value: object, what: str) -> int | None:
    return None if value is None else _whole(value, what)


def _box(value: object) -> float | None:
    return None if value is None else parse_share(value, "box", "what may be")


def _near(value: object, store: Store) -> Near | None:
    """``0.5%:REFERENCE``, or the reference alone."""
    if value is None:
        return None
    told = reference_name(
        value, "near", f", and where it may cost more or less that before it: 1%:{USUAL_RULE}"
    )
    first, _, rest = told.partition(":")
    within, reference = (first, rest) if rest else (f"{100 * DEFAULT_WITHIN:g}%", first)
    check_reference(reference, store)
    return Near(reference, parse_share(within, "near", "the reducible loss"))


def problem_to_mapping(problem: MixProblem) -> dict[str, object]:
    """The question as plain data, with every default written out, in a fixed order.

    ``problem_from_mapping`` reads it back to the same question.

    Raises:
        ProblemError: pools that the question's inventory does not have.
    """
    together = problem.target_keys if _floors_fit(problem) else ()
    limits = write_limits(problem.limits, problem.max_epochs, together)
    inventories = problem.inventory.name.split(JOINT)
    written: dict[str, object] = {
        "targets": {target.language: tidy_number(target.weight) for target in problem.targets},
        **_written_size(problem),
        "objective": str(problem.objective),
        "matrix": problem.matrix.name,
        "calibration": problem.transfer.calibration,
        "inventory": inventories[0] if len(inventories) == 1 else inventories,
        "pools": choice_of(problem.pools, problem.inventory, problem.matrix),
        "lambda": tidy_number(problem.decay),
        "risk_aversion": tidy_number(problem.risk_aversion),
        "law": write_law(problem.law),
        "worth": {name: tidy_number(problem.worth[name]) for name in sorted(problem.worth)},
        **limits,
    }
    if problem.max_donors is not None:
        written["max_donors"] = problem.max_donors
    written |= _written_doubt(problem)
    if problem.unknown_human:
        written["unknown_human"] = tidy_number(problem.unknown_human)
    if problem.drift_penalty:
        written["drift_penalty"] = tidy_number(problem.drift_penalty)
    if problem.near is not None:
        written["near"] = problem.near.written
    if problem.exact_tokens:
        written["tokens"] = EXACTLY
    if problem.phases:
        written["phases"] = write_phases(problem.phases, problem.target_keys)
    groups = dict(limits.get("groups", {})) | phase_groups(problem.phases)
    if groups:
        written["groups"] = groups
    return {key: written[key] for key in QUESTION_KEYS if key in written}


def read_question(path: Path) -> dict[str, object]:
    """The mapping in a ``problem.yaml``, or the question of a recipe.

    Raises:
        DataError: unreadable, too large, not plain YAML, or not a mapping.
    """
    what = f"problem file {path.name or path}"
    content = load_yaml(read_start(path, QUESTION_LIMIT, what), what, QUESTION_LIMIT)
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} holds no question: expected lines such as 'targets: [cat]'")
    question: Mapping[str, object] = content
    if "schema" in content and isinstance(content.get("question"), dict):
        question = former_question(content)
    return as_mapping(question, what, "{targets: {cat: 1}}")


def _targets(value: object, words: Vocabulary) -> tuple[Target, ...]:
    if value is None:
        raise ProblemError(NO_TARGET, field="targets")
    if isinstance(value, dict):
        items = list(as_mapping(value, "targets", "{cat: 1}").items())
    else:
        items = [_weighted(each, words) for each in as_list(value, "targets")]
    targets = []
    for name, weight in items:
        key = words.key(name, "target")
        # Of languages' matrices no study measured code; a team's own runs or domains may have.
        measured = words.matrix.card.axis == "domain" or is_law_file(words.matrix.name)
        if key in SUBJECTS and not measured:
            raise ProblemError(
                f"target {key}: expected a language; nobody measured what helps {key}, so it is "
                f"read as much as a limit says, such as min {key} 15%, from an inventory that has "
                "it, such as code-math-2023",
                field="targets",
                value=key,
            )
        if key not in words.matrix.keys:
            raise _not_scored(key, words.matrix)
        targets.append(Target(key, as_number(weight, f"weight of target {name}", "2")))
    return tuple(targets)


def _not_scored(key: str, matrix: TransferMatrix) -> DataError:
    kin = [other for other in matrix.keys if _is_kin(key, other)] or list(matrix.keys)
    named = sorted(map(name_of, kin))[:_MOST_NAMED]
    rest = len(matrix.keys) - len(named)
    if is_law_file(matrix.name):
        return UnknownLanguage(
            f"target {name_of(key)} ({key}) is no source of the runs behind law {matrix.name}, "
            f"which mixed {', '.join(named)}{and_more(rest)}: choose one of them, or another "
            "law",
            field="law",
            value=matrix.name,
        )
    more = and_more(rest, f"(atlasmix matrices show {matrix.name})")
    return UnknownLanguage(
        f"target {name_of(key)} ({key}) is not in matrix {matrix.name}, which has scores for "
        f"{', '.join(named)}{more}: choose one of them, or another matrix that has it"
    )


def _is_kin(key: str, other: str) -> bool:
    """Whether two languages are of one genus; labels of a domain are not."""
    try:
        return language(key).genus == language(other).genus
    except DataError:
        return False


def _weighted(written: object, words: Vocabulary) -> tuple[Any, object]:
    """``eng:2`` as a name and a weight; anything that is no text is left for the name's reader."""
    if not isinstance(written, str) or written in words.matrix.keys:
        return written, 1.0
    name, colon, weight = written.rpartition(":")
    return (name.strip(), weight) if colon else (written, 1.0)


def _exact_tokens(value: object) -> bool:
    if value in (EXACTLY, AT_MOST):
        return value == EXACTLY
    raise ProblemError(
        f"tokens is {shown(value)}: expected '{EXACTLY}' (all of the budget is read) or "
        f"'{AT_MOST}' (no more than serves); a number of tokens is the budget"
    )


def _objective(value: object) -> Objective:
    return cast(Objective, as_word(value, "objective", OBJECTIVES))


def _size(value: object, what: str, unit: str, example: str) -> float:
    """N or D as somebody typed it; a few are billions typed as units, which would be answered."""
    size = parse_quantity(value, what)
    if 0 < size < _LEAST_SIZE:
        raise ProblemError(
            f"{what} is {size:g}: expected at least {_LEAST_SIZE:,.0f} {unit}, less than any model "
            f"has; if billions are meant write for example {example}"
        )
    return size


def _whole(value: object, what: str) -> int:
    number = as_number(value, what, "3")
    if not number.is_integer() or number < 0:
        raise ProblemError(f"{what} is {number:g}: expected a whole number from 0")
    return int(number)


def _worth(value: object) -> dict[str, float]:
    given = as_mapping(value, "worth", "{translated: 0.5}")
    refuse_unknown(given, PROVENANCES, "worth")
    read = {name: as_number(worth, f"worth of {name}", "0.5") for name, worth in given.items()}
    return {**WORTH, **read}


def _compute(question: Mapping[str, object]) -> float | None:
    if question.get("compute") is None:
        return None
    stated = [key for key in ("budget", "params") if key in question]
    if stated:
        raise ProblemError(
            f"compute and {' and '.join(stated)} are both given: compute divides itself between "
            "parameters and tokens; leave one of them out",
            field="compute",
            value=question["compute"],
        )
    return parse_flops(question["compute"], "compute")


def _written_doubt(problem: MixProblem) -> dict[str, object]:
    """How doubt is weighed, where it is not as usual."""
    written: dict[str, object] = {}
    if problem.rivals:
        written["rivals"] = [matrix.name for matrix in problem.rivals]
    if problem.box is not None:
        written["box"] = tidy_number(problem.box)
    if problem.wrong_scores is not None:
        written["wrong_scores"] = problem.wrong_scores
    if problem.draws is not None or problem.objective in UNDER_DRAWS:
        written |= {"draws": draws_of(problem), "seed": problem.seed}
    if problem.objective == "cautious":
        written["tail"] = tidy_number(problem.tail)
    return written


def _written_size(problem: MixProblem) -> dict[str, object]:
    """What the user fixed: N and D, or the compute that pays for both."""
    if problem.compute is not None:
        return {"compute": float(problem.compute)}
    return {"budget": tidy_number(problem.budget), "params": tidy_number(problem.params)}
