"""Levanter and Marin: ``data.train_weights``, one mapping or one for each stage.

Read from marin-community/levanter ``src/levanter/data/text.py`` (0c43d520) and ``mixture.py``:
weights are counted in whole sequences of a block, the largest source taking what is left;
``num_validation_sequences`` are held back, ``max_train_batches`` cuts a source, and
``experiment_budget`` beside ``target_budget`` leaves so much of every one.
"""

from __future__ import annotations

import math
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Entry,
    Listing,
    Marked,
    Stage,
    as_weight,
    finished,
    read_marked,
    run_tokens,
    texts,
    weight_fault,
)

NAME: Final = "Levanter"
MOST: Final = 65_535
"""Sequences of the largest block: Levanter numbers them in 16 bits."""

_BLOCK: Final = 2048


def read(text: str, what: str) -> Listing:
    """The components and their weights, as whole sequences of a block.

    Raises:
        DataError: naming every fault with its line.
    """
    whole = read_marked(text, what)
    data = whole.get("data") or whole
    weights = data.get("train_weights")
    if weights is None or weights.kind == "scalar":
        raise DataError(
            f"{what} has no data.train_weights: expected {{name: weight}}, or "
            "[[step, {...}], ...]"
        )
    faults: list[str] = []
    refusals: list[str] = []
    notes: list[str] = []
    block = _block(data, faults)
    limits = _Limits(whole, data, faults)
    named = data.get("components") or data.get("configs")
    stages: list[Stage] = []
    for first, mapping in _stages(weights, faults):
        numbers = _numbers(mapping, faults)
        unknown = [name for name in numbers if named is not None and named.get(name) is None]
        if unknown:
            refusals.append(
                f"{mapping.place}: {', '.join(unknown[:5])} has a weight and no component: "
                "Levanter stops there"
            )
        drawn = in_block({name: number for name, (number, _) in numbers.items()}, block)
        lost = [name for name, count in drawn.items() if not count]
        if lost:
            notes.append(
                f"in a block of {block:,} sequences there is none of {', '.join(lost[:5])}"
                f"{f' and {len(lost) - 5} more' if len(lost) > 5 else ''}: left out here, as "
                "Levanter leaves it out"
            )
        entries = tuple(
            limits.of(Entry(name, float(count), numbers[name][1], paths=_paths(named, name)))
            for name, count in drawn.items()
            if count
        )
        stages.append(Stage(f"step {first:g}", first, entries))
    stages.sort(key=lambda stage: stage.first_step)
    if stages and stages[0].first_step != 0:
        refusals.append(f"the first stage begins at step {stages[0].first_step:g}: expected 0")
    entries = stages[0].entries if stages else ()
    for stage in stages[1:]:
        finished(stage.entries, faults, what, NAME)
    steps = whole.get("trainer", "num_train_steps")
    factors = [("num_train_steps", steps), ("train_batch_size", limits.batch)]
    tokens = run_tokens([*factors, ("the sequence length", limits.length)], NAME, faults)
    return Listing(
        finished(entries, faults, what, NAME),
        tokens=tokens,
        notes=tuple(dict.fromkeys(notes)),
        refusals=tuple(refusals),
        stages=tuple(stages) if len(stages) > 1 else (),
        steps=_number(steps),
    )


def in_block(weights: dict[str, float], block: int) -> dict[str, int]:
    """Sequences of each source in a block: cut to whole ones, the rest to the largest.

    >>> in_block({"a": 0.6, "b": 0.4}, 4)
    {'a': 3, 'b': 1}
    """
    whole = math.fsum(weights.values())
    if not (math.isfinite(whole) and whole > 0):
        return dict.fromkeys(weights, 0)
    # A hair is added: 0.1 x 10 may be 0.999..., and a weight of our own is whole in its block.
    counts = {name: math.floor(part / whole * block + 1e-9) for name, part in weights.items()}
    largest = max(weights, key=lambda name: weights[name])
    counts[largest] += block - sum(counts.values())
    return counts


def _block(data: Marked, faults: list[str]) -> int:
    node = data.get("mixture_block_size")
    if node is None or node.value is None:
        return _BLOCK
    size = as_weight(node.value)
    if size is None or not size.is_integer() or not 1 <= size <= MOST:
        faults.append(
            f"{node.place}: mixture_block_size is {str(node.value)[:40]}; Levanter takes a whole "
            f"number from 1 to {MOST:,}"
        )
        return _BLOCK
    return int(size)


def _stages(weights: Marked, faults: list[str]) -> list[tuple[float, Marked]]:
    if weights.kind == "mapping":
        return [(0.0, weights)]
    stages = []
    for member in weights.members():
        pair = list(member.members())
        step = as_weight(pair[0].value) if len(pair) == 2 else None
        if step is None or step < 0 or pair[1].kind != "mapping":
            faults.append(f"{member.place}: expected [step, {{name: weight, ...}}]")
            continue
        stages.append((step, pair[1]))
    return stages


def _numbers(mapping: Marked, faults: list[str]) -> dict[str, tuple[float, str]]:
    numbers: dict[str, tuple[float, str]] = {}
    for name, node in mapping.items():
        number = as_weight(node.value) if node.kind == "scalar" else None
        if number is None:
            faults.append(f"{node.place}: {name[:60]} has no number as weight")
        elif number != 0:  # kept for evaluation alone
            fault = weight_fault(number, node.place, NAME)
            faults += [fault] if fault else []
            if fault is None:
                numbers[name] = number, node.place
    return numbers


def _paths(named: Marked | None, name: str) -> tuple[str, ...]:
    component = None if named is None else named.get(name)
    if component is None:
        return ()
    for keys in (("source", "train_urls"), ("train_urls",), ("source", "id"), ("id",)):
        listed = texts(component.get(*keys))
        if listed:
            return listed
    return texts(component.get("cache_dir")) or ()


def _number(node: Marked | None) -> float | None:
    number = as_weight(node.value) if node is not None and node.kind == "scalar" else None
    return number if number is not None and math.isfinite(number) and number > 0 else None


class _Limits:
    """What a configuration keeps from being read of each source."""

    def __init__(self, whole: Marked, data: Marked, faults: list[str]) -> None:
        lengths = (("train_seq_len",), ("model", "max_seq_len"), ("model", "seq_len"))
        self.length = next(filter(None, (whole.get(*keys) for keys in lengths)), None)
        self.batch = whole.get("trainer", "train_batch_size")
        budgets = [data.get(key) for key in ("experiment_budget", "target_budget")]
        own, target = (_number(node) for node in budgets)
        self.fraction = 1.0
        if own is not None and target is not None:
            if own > target:
                faults.append("experiment_budget is above target_budget: Levanter stops there")
            self.fraction = min(own / target, 1.0)
        self.most = self._sequences(data, "max_train_batches", faults)
        self.held = self._sequences(data, "num_validation_sequences", faults)
        if (self.most or self.held) and self.fraction != 1.0:
            faults.append(
                "max_train_batches or num_validation_sequences beside experiment_budget: Levanter "
                "takes one of them"
            )

    def _sequences(self, data: Marked, key: str, faults: list[str]) -> dict[str, float]:
        """Tokens by source, from sequences or batches of them."""
        node = data.get(key)
        if node is None or node.kind != "mapping":
            return {}
        batch = _number(self.batch) if key == "max_train_batches" else 1.0
        length = _number(self.length)
        counts = {name: as_weight(value.value) for name, value in node.items()}
        if not any(counts.values()):
            return {}
        wrong = [
            name
            for name, count in counts.items()
            if count is None or not (math.isfinite(count) and count >= 0)
        ]
        if wrong or length is None or batch is None:
            lacking = "a number of each" if wrong else "model.max_seq_len and train_batch_size"
            faults.append(
                f"{node.place}: {key} limits what is read, and how much that is needs {lacking}: "
                "write it into the file"
            )
            return {}
        return {name: (count or 0.0) * batch * length for name, count in counts.items()}

    def of(self, entry: Entry) -> Entry:
        """An entry with its limits."""
        return Entry(
            entry.prefix,
            entry.weight,
            entry.place,
            paths=entry.paths,
            fraction=self.fraction,
            limit=self.most.get(entry.prefix),
            withheld=self.held.get(entry.prefix, 0.0),
        )
