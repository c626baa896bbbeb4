"""What a framework's file lists: prefixes or sources and their weights, in the file's order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import yaml

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import load_yaml, reads_as_number
from atlasmix.quantities import read_number

MOST_FAULTS: Final = 50
"""Faults that are named; a file with more is hardly of the format it is read as."""


LONGEST: Final = 4096
"""Characters of a prefix, our choice: the longest path that Linux opens."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list.

    Attributes:
        prefix: path without ending, or the name of a source.
        weight: the number beside it, above 0; None where the file leaves all weights out.
        place: where it stands, say ``line 12``.
        max_epochs: cap that the file sets for it, where it sets one.
        paths: files behind a named source.
        fraction: part of its text that the run may read at all, 0-1: what a split leaves.
        limit: most distinct tokens of it that the run may read; None for all of them.
        withheld: tokens of it that are kept for validation.
    """

    prefix: str
    weight: float | None
    place: str
    max_epochs: float | None = None
    paths: tuple[str, ...] = ()
    fraction: float = 1.0
    limit: float | None = None
    withheld: float = 0.0


Unit = Literal["tokens", "documents", "epochs"]
"""What a weight is a share of: tokens (sequences of one length), documents, or passes over the
text behind its entry."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is read from a step on.

    Attributes:
        name: of the stage.
        first_step: optimiser steps before it.
        entries: at least one.
    """

    name: str
    first_step: float
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole file.

    Attributes:
        entries: at least one; of a file with several stages those of the first.
        unit: what a weight is a share of.
        tokens: tokens of the run, where the file says so.
        counts: unique tokens by prefix, where the file holds them.
        notes: plain sentences on what the framework would make of the file.
        refusals: plain sentences on what the framework itself would stop at.
        stages: all of them in the order of training, where there are several.
        steps: of the run, where the file says so and has several stages.
    """

    entries: tuple[Entry, ...]
    unit: Unit = "tokens"
    tokens: float | None = None
    counts: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    steps: float | None = None


def as_weight(value: object) -> float | None:
    """The number that ``value`` is or spells; None where it is none.

    >>> as_weight("0.5"), as_weight(3), as_weight("hplt"), as_weight(True)
    (0.5, 3.0, None, None)
    """
    return read_number(value)


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


MOST_TOKENS: Final = 1e18
"""Most tokens of a run; above, a slip is taken for granted."""


def run_tokens(
    factors: Sequence[tuple[str, Marked | None]], framework: str, faults: list[str]
) -> float | None:
    """Steps x sequences a step x tokens a sequence, where a file writes all of them out.

    Args:
        factors: name of each setting and what stands there.
        framework: how messages call it.
        faults: what is wrong is added to them.

    Returns:
        Tokens; None where one is left out, filled in elsewhere, without an end (-1) or wrong.
    """
    left_out = any(
        node is None or node.kind != "scalar" or as_weight(node.value) in (None, -1.0)
        for _, node in factors
    )
    numbers = [
        read_above_zero(node, name, framework, faults)
        for name, node in factors
        if node is not None and as_weight(node.value) not in (None, -1.0)
    ]
    if left_out or None in numbers:
        return None
    tokens = math.prod(number or 0.0 for number in numbers)
    if not 1 <= tokens <= MOST_TOKENS:
        faults.append(f"steps x batch x length is {tokens:g} tokens: expected 1 to 1e18")
        return None
    return tokens


def paired(
    items: Sequence[tuple[object, str]], framework: str
) -> tuple[list[Entry], list[str], list[str]]:
    """Entries from ``weight prefix weight prefix ...``, as Megatron and NeMo read it.

    A list without any number is one of prefixes alone, each weighted by its size.

    Args:
        items: (value, place), in order; None for what is neither a text nor a number.
        framework: how messages call it.

    Returns:
        Entries, faults (what cannot be read) and notes.
    """
    nothing = [place for value, place in items if not isinstance(value, str | int | float)]
    if nothing:
        said = "expected a weight or a path, found a list, a mapping or nothing"
        return [], [f"{place}: {said}" for place in nothing], []
    numbers = [as_weight(value) for value, _ in items]
    odd = _odd_numbers(items, numbers, framework)
    if odd:
        return [], odd, []
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
        if not isinstance(prefix, str) or numbers[index + 1] is not None:
            faults.append(
                f"{prefix_place}: {str(prefix)[:80]!r} stands where a prefix should and looks like "
                f"a number, which {framework} takes for a weight"
            )
        fault = weight_fault(weight, place, framework)
        faults += [fault] if fault else []
        entries.append(Entry(str(prefix), weight, place))
        index += 2
    return entries, faults, []


_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_PERCENT: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?%", re.ASCII)


def _odd_numbers(
    items: Sequence[tuple[object, str]], numbers: Sequence[float | None], framework: str
) -> list[str]:
    """Numbers in a spelling that a framework takes for something else."""
    faults = []
    for (value, place), number in zip(items, numbers, strict=True):
        if not isinstance(value, str) or number is not None:
            continue
        if _DECIMAL_COMMA.fullmatch(value):
            why = f"{framework} takes it for a prefix; decimals take a point"
        elif _PERCENT.fullmatch(value):
            why = f"{framework} takes it for a prefix; write a plain number such as 0.5"
        elif reads_as_number(value):
            why = f"{framework} takes it for a weight; write a plain number, or another path"
        else:
            continue
        faults.append(f"{place}: {value[:40]!r} looks like a number, and {why}")
    return faults


def blend(marked: Marked, framework: str) -> tuple[list[Entry], list[str], list[str]]:
    """Entries of a blend: ``[weight, path, ...]``, or ``[[path, ...], [weight, ...]]`` as Bridge
    and Megatron-Core keep it.

    Args:
        marked: the list.
        framework: how messages call it.

    Returns:
        Entries, faults and notes, as :func:`paired`.
    """
    members = list(marked.members())
    if len(members) == 2 and members[0].kind == "list":
        return two_lists(members[0], members[1], framework)
    return paired(
        [(member.value if member.kind == "scalar" else None, member.place) for member in members],
        framework,
    )


def two_lists(
    paths: Marked, weights: Marked, framework: str
) -> tuple[list[Entry], list[str], list[str]]:
    """Entries from a list of paths and one of as many weights; as :func:`paired`."""
    members = list(paths.members())
    faults = [
        f"{path.place}: expected a path, found {_in_words(path)}"
        for path in members
        if not isinstance(path.value, str)
    ]
    if faults:
        return [], faults, []
    if weights.kind == "scalar" and weights.value is None:
        bare = [Entry(str(path.value), None, path.place) for path in members]
        return bare, [], [f"no weights: {framework} then draws in proportion to size, one epoch"]
    numbers = list(weights.members())
    if weights.kind != "list" or len(numbers) != len(members):
        in_place = f"{len(numbers)} weights" if weights.kind == "list" else _in_words(weights)
        said = f"{weights.place}: {len(members)} paths and {in_place}; expected as many weights"
        return [], [said], []
    entries = []
    for path, written in zip(members, numbers, strict=True):
        number = as_weight(written.value) if written.kind == "scalar" else None
        if number is None:
            faults.append(
                f"{written.place}: weight {_in_words(written)}; expected a number above 0"
            )
            continue
        fault = weight_fault(number, path.place, framework)
        faults += [fault] if fault else []
        entries.append(Entry(str(path.value), number, path.place))
    return entries, faults, []


def _in_words(marked: Marked) -> str:
    if marked.kind != "scalar":
        return f"a {marked.kind}"
    return "nothing" if marked.value is None else repr(marked.value)[:40]


def read_number_at(
    node: Marked | None, faults: list[str], what: str, place: str = "line 1"
) -> float | None:
    """A finite number above 0 that has to be there; else None and a fault."""
    number = as_weight(node.value) if node is not None and node.kind == "scalar" else None
    if number is not None and math.isfinite(number) and number > 0:
        return number
    in_place = "nothing" if node is None else _in_words(node)
    where = place if node is None else node.place
    faults.append(f"{where}: {what} is {in_place}; expected a finite number above 0")
    return None


def read_text(node: Marked | None) -> str | None:
    """The text that stands there; None where none does."""
    return node.value if node is not None and isinstance(node.value, str) else None


def texts(node: Marked | None) -> tuple[str, ...] | None:
    """A text or a list of texts as texts; None for anything else, a list with a number included."""
    if node is None:
        return None
    if isinstance(node.value, str):
        return (node.value,)
    members = [member.value for member in node.members()]
    if not members or not all(isinstance(member, str) for member in members):
        return None
    return tuple(str(member) for member in members)


def split_fraction(node: Marked | None, faults: list[str], framework: str) -> float:
    """What ``969,30,1`` leaves for training, 0-1; 1 where nothing stands there."""
    if node is None or (node.kind == "scalar" and node.value is None):
        return 1.0
    written = str(node.value) if node.kind == "scalar" else ""
    parts = [as_weight(part) for part in written.replace("/", ",").split(",") if part.strip()]
    known = [part for part in parts if part is not None and math.isfinite(part) and part >= 0]
    if not parts or len(known) < len(parts) or len(parts) > 3 or not known[0] > 0:
        faults.append(
            f"{node.place}: split {written[:40]!r}; {framework} takes up to three numbers from 0, "
            "as 969,30,1, the first of them above 0"
        )
        return 1.0
    return known[0] / math.fsum(known)


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
        if len(entry.prefix) > LONGEST:
            said.append(
                f"{entry.place}: a prefix of {len(entry.prefix):,} characters; expected at most "
                f"{LONGEST:,}"
            )
            continue
        if not entry.prefix.strip(" /"):
            said.append(f"{entry.place}: {entry.prefix!r} is no name and no path; drop the entry")
        if "\0" in entry.prefix:
            said.append(f"{entry.place}: {entry.prefix[:60]!r} has a zero byte; no path does")
        wrong = None if entry.weight is None else weight_fault(entry.weight, entry.place, framework)
        said += [wrong] if wrong else []
        cap = entry.max_epochs
        if cap is not None and not (math.isfinite(cap) and cap > 0):
            said.append(f"{entry.place}: {cap:g} epochs at most; expected a finite number above 0")
    if not (said or faults) and not math.isfinite(sum(entry.weight or 0.0 for entry in entries)):
        said.append("the weights add up to more than a number can hold; divide them all by one")
    return said


def with_fraction(entries: tuple[Entry, ...], fraction: float) -> tuple[Entry, ...]:
    """The same entries, of each of which a split leaves so much."""
    if fraction == 1.0:
        return entries
    return tuple(replace(entry, fraction=entry.fraction * fraction) for entry in entries)


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
