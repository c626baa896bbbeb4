"""olmix: a nested ``mix`` whose leaves weigh the product of the weights along their path.

Read from ``allenai/olmix`` (git 9586977, 2026-03); a leaf is called ``source:topic:quality``, as
olmix's own ``priors.token_counts`` call it.
"""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    as_weight,
    finished,
    read_above_zero,
    read_marked,
    weight_fault,
)

NAME: Final = "olmix"
_OWN: Final = ("weight", "repetition_factor")
JOINT: Final = ":"


def read(text: str, what: str) -> Listing:
    """The leaves of ``mix`` with their caps, paths and prior token counts.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    mix = content.get("mix")
    if mix is None or mix.kind != "mapping":
        raise DataError(
            f"{what} has no mapping 'mix': expected 'mix: {{source: {{weight: 0.6, "
            "repetition_factor: 1.0}}}}'"
        )
    entries: list[Entry] = []
    faults: list[str] = []
    _leaves(mix, (), 1.0, _paths(content), entries, faults)
    counts = content.get("priors", "token_counts")
    sizes = {
        name: read_above_zero(count, f"the count of {name}", NAME, faults)
        for name, count in (counts.items() if counts else ())
        if as_weight(count.value) != 0  # of an empty source
    }
    return Listing(
        finished(entries, faults, what, NAME),
        counts=tuple((name, size) for name, size in sizes.items() if size is not None),
    )


def _leaves(
    node: Marked,
    path: tuple[str, ...],
    weight: float,
    paths: dict[str, tuple[str, ...]],
    entries: list[Entry],
    faults: list[str],
) -> None:
    """Collect the leaves below ``node``; a bare number stands for ``{weight: number}``."""
    for name, child in node.items():
        if name in _OWN:
            continue
        here = (*path, name)
        own = child if child.kind == "scalar" else child.get("weight")
        number = None if own is None else as_weight(own.value)
        if number is None:
            faults.append(f"{child.place}: {JOINT.join(here)} has no number as weight")
            continue
        if number == 0:
            continue  # and all that is below it
        fault = weight_fault(number, child.place, NAME)
        if fault:
            faults.append(fault)
            continue
        inner = [each for each in child.items() if each[0] not in _OWN]
        if inner:
            _leaves(child, here, weight * number, paths, entries, faults)
            continue
        cap = child.get("repetition_factor")
        key = JOINT.join(here)
        entries.append(
            Entry(
                key,
                weight * number,
                child.place,
                max_epochs=read_above_zero(cap, "repetition_factor", NAME, faults),
                paths=paths.get(key, ()),
            )
        )


def _paths(content: Marked) -> dict[str, tuple[str, ...]]:
    """Paths of every source, topic and quality in ``data.sources``, by name."""
    paths: dict[str, tuple[str, ...]] = {}
    sources = content.get("data", "sources")
    queue: list[tuple[tuple[str, ...], Marked]] = []
    queue += [((), each) for each in sources.members()] if sources else []
    while queue:
        path, node = queue.pop()
        name = node.get("name")
        if name is None:
            continue
        here: tuple[str, ...] = (*path, str(name.value))
        listed = node.get("paths")
        if listed is not None:
            paths[JOINT.join(here)] = tuple(str(each.value) for each in listed.members())
        for inner in ("topics", "quality"):
            below = node.get(inner)
            queue += [(here, member) for member in below.members()] if below else []
    return paths
