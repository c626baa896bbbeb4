"""Every figure of a recipe beside the one that its own question gives today."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from atlasmix.evidence.published import list_published
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import shipped_names
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.recipe.recipe import Recipe, make_recipe, origin_of
from atlasmix.text import first_few
from atlasmix.version import __version__

SAME_DIGITS: Final = 1e-5
"""Numbers that differ by less, relatively, are the same: a recipe records six digits, of a mixture
that it records to a millionth."""

_SAME_GAP: Final = (0.1, 1e-7)
"""The same of gaps, relative and absolute: what a solver stops at differs between machines, and
none is told of a gap that is so small."""

_SAME_SHARE: Final = 1e-3
"""The same of shares that a solver finds where the objective is flat: the ends of ranges, and the
best mixtures of draws."""

_SAME_REGRET: Final = 0.01
"""The same of regret, relative: a small difference of large numbers."""

_SAME_COUNT: Final = (0.5, 1.0)
"""How often a solver tried, relative and absolute: the last digits decide when it stops."""

_SENTENCES: Final = ("drawn", "held")
"""Parts of what draws say that are sentences, and may be worded otherwise in another version."""

_MOST_TOLD: Final = 4


def same_number(then: Any, now: Any) -> bool:
    """Whether two facts of a recipe are the same, numbers to five digits."""
    if isinstance(then, bool) or isinstance(now, bool):
        return then is now
    if isinstance(then, int | float) and isinstance(now, int | float):
        # Counts below a millionth of a token come from the order of additions.
        return math.isclose(then, now, rel_tol=SAME_DIGITS, abs_tol=1e-9)
    return bool(then == now)


def today_of_recipe(recipe: Recipe, problem: MixProblem, mixture: Mixture) -> Recipe:
    """The record of today's answer, with the comparisons that a recipe has.

    Args:
        recipe: as it was read.
        problem: its question today.
        mixture: today's answer, with draws where the recipe has them.
    """
    named = {baseline.name for baseline in recipe.baselines}
    models = tuple(each for each in list_published() if each.name in named)
    comparisons = compare(problem, models) if named else ()
    return make_recipe(problem, mixture, comparisons)


_HASHES: Final = ("sha256", "prior_sha256")


def answer_changes(recipe: Recipe, today: Recipe) -> tuple[str, ...]:
    """What a recipe says beside its mixture and its targets that today's answer does not say.

    Proof, caveats, ranges, baselines, draws and warnings: a sentence each. A warning of another
    version may have been worded otherwise, and is not compared.
    """
    worded = recipe.origin["atlasmix"] == __version__
    said = [
        _section("the proof", _flat(recipe.certificate), _flat(today.certificate)),
        _section("the run", _run(recipe, worded), _run(today, worded)),
        _section("the ranges of shares", _named(recipe.flatness), _named(today.flatness)),
        *_baselines(recipe, today),
    ]
    if recipe.uncertainty is not None and today.uncertainty is not None:
        then, now = (_draws(each.uncertainty, worded) for each in (recipe, today))
        said.append(_section("what the draws say", then, now))
    if worded:
        said += [
            _lines("warning", recipe.warnings, today.warnings),
            _lines("caveat", _caveats(recipe), _caveats(today)),
        ]
    return tuple(filter(None, said))


def _run(recipe: Recipe, worded: bool) -> dict[str, Any]:
    chosen = recipe.allocation
    return {
        "params": recipe.params,
        "tokens": recipe.tokens,
        "unspent": recipe.unspent,
        **({"stopped": recipe.stopped} if worded else {}),
        **({} if chosen is None else _flat(chosen)),
    }


def _caveats(recipe: Recipe) -> tuple[str, ...]:
    return tuple(f"{each.kind}: {each.sentence}" for each in recipe.caveats)


def _draws(sure: Any, worded: bool) -> dict[str, Any]:
    told = _flat(sure)
    return {
        path: leaf for path, leaf in told.items() if worded or path.split()[0] not in _SENTENCES
    }


def _mapping_of(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]


def _flat(value: Any) -> dict[str, Any]:
    return dict(_leaves(_mapping_of(value), ""))


def _named(entries: tuple[Any, ...]) -> dict[str, Any]:
    """The leaves of entries of languages, whatever their order."""
    return {
        path: leaf
        for entry in entries
        for path, leaf in _leaves(_mapping_of(entry), name_of(entry.language))
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(Path in words, leaf); an entry of a list is known by what it is about, else by its place."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path} {key}".strip())
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            about = inner.get("language", inner.get("limit")) if isinstance(inner, dict) else None
            yield from _leaves(inner, f"{path} {place + 1 if about is None else about}")
    else:
        yield path, value


def _section(what: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs in one part, in a sentence; empty where nothing does."""
    apart = [
        f"{path.replace('_', ' ')} {_told(then.get(path, _ABSENT))}, today "
        f"{_told(now.get(path, _ABSENT))}"
        for path in dict.fromkeys([*then, *now])
        if not _same(path, then.get(path, _ABSENT), now.get(path, _ABSENT))
    ]
    return f"of {what} the recipe records {first_few(apart, _MOST_TOLD)}" if apart else ""


class _Absent:
    """Stands where only one of two has anything."""


_ABSENT: Final = _Absent()


def _same(path: str, then: Any, now: Any) -> bool:
    """Whether two leaves are the same, as closely as two machines would find them."""
    if {type(then), type(now)} & {_Absent}:
        # What nobody reads here or in any draw may stand in one list and not in the other.
        value = now if isinstance(then, _Absent) else then
        return path.startswith("shares") and isinstance(value, float) and value <= _SAME_SHARE
    if not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (then, now)
    ):
        return bool(then == now)
    relative, absolute = _tolerance(path)
    return math.isclose(then, now, rel_tol=relative, abs_tol=absolute)


def _tolerance(path: str) -> tuple[float, float]:
    """Relative and absolute difference within which two machines find a number of that name."""
    last = path.rpartition(" ")[2]
    if last in ("gap", "fixed_gap"):
        return _SAME_GAP
    if last == "solves":
        return _SAME_COUNT
    if path.startswith("regret"):
        return _SAME_REGRET, _SAME_SHARE
    if last in ("least_tokens", "most_tokens"):
        return _SAME_REGRET, 1.0
    if last in ("share", "low", "middle", "high", "read", "kept") and not path.startswith("losses"):
        return 0.0, _SAME_SHARE
    # Counts below a millionth of a token come from the order of additions.
    return SAME_DIGITS, 1e-9


def _baselines(recipe: Recipe, today: Recipe) -> Iterator[str]:
    """Baselines by name: all of today's, where the recipe has any, and published mixtures."""
    now = {baseline.name: baseline for baseline in today.baselines}
    seen: set[str] = set()
    for old in recipe.baselines:
        if old.name in seen:
            yield f"baseline {old.name[:60]} stands there twice"
        elif old.name not in now:
            yield (
                f"baseline {old.name[:60]} is none of today's and no published mixture, so its "
                "figures cannot be worked out again"
            )
        else:
            yield _section(f"baseline {old.name}", _flat(old), _flat(now[old.name]))
        seen.add(old.name)
    missing = [name for name in now if name not in seen]
    if seen and missing:
        yield f"the recipe lacks the baselines {', '.join(missing)}"


def _lines(what: str, then: tuple[str, ...], now: tuple[str, ...]) -> str:
    """Sentences that only one of two has."""
    gone = [line for line in then if line not in now]
    new = [line for line in now if line not in then]
    said = [f"has the {what} '{line[:80]}', which nothing gives today" for line in gone]
    said += [f"lacks the {what} '{line[:80]}'" for line in new]
    if not said and then != now:
        said = [f"has its {what}s in another order or twice"]
    return f"the recipe {first_few(said, 2)}" if said else ""


def _told(value: Any) -> str:
    if isinstance(value, _Absent):
        return "not at all"
    if value is None:
        return "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:60]


def origin_edits(recipe: Recipe, problem: MixProblem, mixture: Mixture) -> list[str]:
    """What a recipe says of its origin that its own question, answer and version rule out."""
    then, now = recipe.origin, origin_of(problem, mixture, {pool.name for pool in recipe.pools})
    same_version = then["atlasmix"] == __version__
    said = [
        f"it names {what} {', '.join(map(str, old))}, its question {', '.join(map(str, new))}"
        for what, old, new in _names(then, now)
        if old != new
    ]
    facts: list[tuple[str, Any, Any]] = []
    if all(then["matrix"].get(k) == now["matrix"].get(k) for k in _HASHES) and same_version:
        keys = ("metric", "source", "licence", "prior")
        recorded, named = then["matrix"], now["matrix"]
        facts += [(f"matrix {key}", recorded.get(key), named.get(key)) for key in keys]
    fixed = isinstance(recipe.question.get("law"), Mapping) or problem.law.name in shipped_names()
    if fixed and same_version:  # the constants stand in the question, or ship with this version
        law = dict.fromkeys([*then["law"], *now["law"]])
        facts += [(f"law {key}", then["law"].get(key), now["law"].get(key)) for key in law]
    if same_version and then["solver"]["engine"] == now["solver"]["engine"]:
        facts.append(("solver version", then["solver"]["version"], now["solver"]["version"]))
    facts.append(("solver engine", then["solver"]["engine"], recipe.certificate.engine))
    said += [
        f"it gives {what.replace('_', ' ')} as {_told(old)}, what it names as {_told(new)}"
        for what, old, new in facts
        if not _all_same(old, new)
    ]
    return said


def _names(
    then: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """(What, as recorded, as the question has it) of everything that the origin names."""
    for what, key in (("the matrix", "name"), ("the calibration", "calibration")):
        yield what, [then["matrix"][key]], [now["matrix"][key]]
    rivals = [[each["name"] for each in origin.get("rivals", ())] for origin in (then, now)]
    yield "the rivals", rivals[0], rivals[1]
    yield "the law", [then["law"]["name"]], [now["law"]["name"]]
    for what, part, key in (
        ("the inventories", "inventories", "name"),
        ("the targets", "targets", "language"),
        ("the pools", "pools", "name"),
    ):
        yield what, [each[key] for each in then[part]], [each[key] for each in now[part]]


def _all_same(then: Any, now: Any) -> bool:
    if isinstance(then, list | tuple) and isinstance(now, list | tuple):
        return len(then) == len(now) and all(map(_all_same, then, now))
    return same_number(then, now)
