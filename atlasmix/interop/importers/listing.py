"""What a framework's file lists: prefixes or sources and their weights, in the file's order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import load_yaml

MOST_FAULTS: Final = 50
"""Faults that are named; a file with more is hardly of the format it is read as."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list.

    Attributes:
        prefix: path without ending, or the name of a source.
        weight: the number beside it, above 0; None where the file leaves all weights out.
        place: where it stands, say ``line 12``.
        max_epochs: cap that the file sets for it, where it sets one.
        paths: files behind a named source.
    """

    prefix: str
    weight: float | None
    place: str
    max_epochs: float | None = None
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole file.

    Attributes:
        entries: at least one.
        unit: what a weight is a share of: ``tokens`` (sequences of one length) or ``documents``.
        tokens: tokens of the run, where the file says so.
        counts: unique tokens by prefix, where the file holds them.
        notes: plain sentences on what the framework would make of the file.
    """

    entries: tuple[Entry, ...]
    unit: Literal["tokens", "documents"] = "tokens"
    tokens: float | None = None
    counts: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


def as_weight(value: object) -> float | None:
    """The number that ``value`` is or spells; None where it is none.

    >>> as_weight("0.5"), as_weight(3), as_weight("hplt"), as_weight(True)
    (0.5, 3.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def weight_fault(weight: float, place: str, framework: str) -> str | None:
    """What is wrong with a weight; None where nothing is."""
    if math.isfinite(weight) and weight > 0:
        return None
    return f"{place}: weight {weight:g}; {framework} takes finite numbers above 0, drop the entry"


def read_above_zero(
    marked: Marked | None, name: str, framework: str, faults: list[str]
) -> float | None:
    """A setting that is a finite number above 0 where it stands; else None and a fault.

    Args:
        marked: what stands there; None where nothing does.
        name: of the setting, for the fault.
        framework: how messages call it.
        faults: what is wrong is added to them.
    """
    if marked is None or (marked.kind == "scalar" and marked.value is None):
        return None
    number = as_weight(marked.value) if marked.kind == "scalar" else None
    if number is not None and math.isfinite(number) and number > 0:
        return number
    written = marked.value if marked.kind == "scalar" else f"a {marked.kind}"
    faults.append(
        f"{marked.place}: {name} is {str(written)[:40]}; {framework} takes a finite number above 0"
    )
    return None


def paired(
    items: Sequence[tuple[object, str]], framework: str
) -> tuple[list[Entry], list[str], list[str]]:
    """Entries from ``weight prefix weight prefix ...``, as Megatron and NeMo read it.

    A list without any number is one of prefixes alone, each weighted by its size.

    Args:
        items: (value, place), in order.
        framework: how messages call it.

    Returns:
        Entries, faults (what cannot be read) and notes.
    """
    numbers = [as_weight(value) for value, _ in items]
    if items and all(number is None for number in numbers):
        bare = [Entry(str(value), None, place) for value, place in items]
        return bare, [], [f"no weights: {framework} then draws in proportion to size, one epoch"]
    entries: list[Entry] = []
    faults: list[str] = []
    index = 0
    while index < len(items):
        weight, place = numbers[index], items[index][1]
        if weight is None:
            faults.append(
                f"{place}: {str(items[index][0])[:80]!r} stands where a weight should; a path with "
                "a space, or a weight left out"
            )
            index += 1
            continue
        if index + 1 == len(items):
            faults.append(f"{place}: weight {weight:g} has no prefix after it")
            break
        prefix, prefix_place = items[index + 1]
        if not isinstance(prefix, str) or as_weight(prefix) is not None:
            faults.append(
                f"{prefix_place}: {str(prefix)[:80]!r} stands where a prefix should and looks like "
                f"a number, which {framework} takes for a weight"
            )
        fault = weight_fault(weight, place, framework)
        faults += [fault] if fault else []
        entries.append(Entry(str(prefix), weight, place))
        index += 2
    return entries, faults, []


def finished(
    entries: Sequence[Entry], faults: Sequence[str], what: str, framework: str
) -> tuple[Entry, ...]:
    """The entries of a file without faults.

    Every reader ends here, so what no framework can mean is refused here for all of them.

    Raises:
        DataError: with every fault, or where nothing is listed.
    """
    sentences = [*faults, *_nonsense(entries, faults, framework)]
    if not entries and not sentences:
        sentences.append(f"it lists nothing: expected what {framework} is given")
    if sentences:
        count = f"{len(sentences):,} fault{'s' * (len(sentences) > 1)}"
        if len(sentences) > MOST_FAULTS:
            rest = len(sentences) - MOST_FAULTS
            sentences = [
                *sentences[:MOST_FAULTS],
                f"and {rest:,} more; is it really {framework}'s file?",
            ]
        raise DataError(f"{what} has {count}: mend what follows and try again", tuple(sentences))
    return tuple(entries)


def _nonsense(entries: Sequence[Entry], faults: Sequence[str], framework: str) -> list[str]:
    """What cannot be meant of entries, beside what their reader has said of the same places."""
    said = []
    places = {fault.partition(":")[0] for fault in faults}
    for entry in entries:
        if entry.place in places:
            continue
        if not entry.prefix.strip(" /"):
            said.append(f"{entry.place}: {entry.prefix!r} is no name and no path; drop the entry")
        wrong = None if entry.weight is None else weight_fault(entry.weight, entry.place, framework)
        said += [wrong] if wrong else []
        cap = entry.max_epochs
        if cap is not None and not (math.isfinite(cap) and cap > 0):
            said.append(f"{entry.place}: {cap:g} epochs at most; expected a finite number above 0")
    if not (said or faults) and not math.isfinite(sum(entry.weight or 0.0 for entry in entries)):
        said.append("the weights add up to more than a number can hold; divide them all by one")
    return said


FILE_LIMIT: Final = 16 * 1024 * 1024
"""Most bytes of a framework's file."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Marked:
    """A value of a YAML or JSON file.

    Attributes:
        value: text, number, truth or None; for a mapping or list see ``items`` and ``members``.
        line: of the file, from 1.
        kind: ``mapping``, ``list`` or ``scalar``.
        content: (key, value) of a mapping, ("", value) of a list.
    """

    value: object
    line: int
    kind: str
    content: tuple[tuple[str, Marked], ...] = ()

    @property
    def place(self) -> str:
        """``line 12``."""
        return f"line {self.line}"

    def get(self, *keys: str) -> Marked | None:
        """What stands under these keys, one inside the other; None where one is missing."""
        marked: Marked | None = self
        for key in keys:
            if marked is None or marked.kind != "mapping":
                return None
            marked = dict(marked.content).get(key)
        return marked

    def items(self) -> Iterator[tuple[str, Marked]]:
        """Keys and values of a mapping."""
        yield from self.content if self.kind == "mapping" else ()

    def members(self) -> Iterator[Marked]:
        """Members of a list."""
        yield from (value for _, value in self.content) if self.kind == "list" else ()


def read_marked(text: str, what: str) -> Marked:
    """A YAML or JSON document with its lines.

    Raises:
        DataError: not plain YAML (see ``load_yaml``), or empty.
    """
    # JSON may be indented with tabs, which YAML refuses; in its texts a tab cannot stand.
    text = text.replace("\t", "  ") if text.lstrip()[:1] in {"{", "["} else text
    if load_yaml(text, what, FILE_LIMIT) is None:
        raise DataError(f"{what} is empty: expected what the framework is given")
    node = yaml.compose(text, Loader=_Loader)
    return _marked(node, _Loader(""))


def _marked(node: yaml.Node | None, loader: Any) -> Marked:
    assert node is not None
    line = int(node.start_mark.line) + 1
    if isinstance(node, yaml.MappingNode):
        content = tuple((str(key.value), _marked(value, loader)) for key, value in node.value)
        return Marked(None, line, "mapping", content)
    if isinstance(node, yaml.SequenceNode):
        return Marked(
            None, line, "list", tuple(("", _marked(value, loader)) for value in node.value)
        )
    return Marked(loader.construct_object(node), line, "scalar")
