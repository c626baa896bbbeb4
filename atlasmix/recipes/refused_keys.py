"""Keys of a question that are refused with a reason of their own, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from atlasmix.errors import ProblemError
from atlasmix.recipes.values import shown

FORMER_OBJECTIVE: Final = "effective-data"


def refuse_keys(asked: Mapping[str, object]) -> None:
    """Refuse what the law cannot answer or what an earlier law asked, whatever its value.

    Raises:
        ProblemError: the first of them.
    """
    for key, sentence in _SENTENCES.items():
        if key in asked:
            raise ProblemError(sentence(asked))
    if asked.get("objective") == FORMER_OBJECTIVE:
        raise ProblemError(
            f"objective {FORMER_OBJECTIVE} belonged to the law before this one: it left capacity "
            "out, so it filled budgets with donors; it is the limit of loss for ever larger "
            "models: write objective: loss"
        )


def _interference(_: Mapping[str, object]) -> str:
    return (
        "the question has the key 'interference', the part of every negative transfer weight that "
        "was believed under the law before this one: today no weight is negative, and what a donor "
        "costs is capacity (phi of the law); leave the key out"
    )


def _spend_all(_: Mapping[str, object]) -> str:
    return (
        "the question has the key 'spend_all', which read the whole budget under the law before "
        "this one: write tokens: exactly in the place of spend_all: true, and leave it out in the "
        "place of false"
    )


def _start(asked: Mapping[str, object]) -> str:
    targets = asked.get("targets")
    first = next(iter(targets), None) if isinstance(targets, dict | list | tuple) else targets
    name = str(first).split(",")[0].split(":")[0].strip() if first else "LANG"
    return (
        f"from is {shown(asked['from'])}: expected no such key, every run is planned from scratch; "
        "the law has no term for what a checkpoint has read already, it only knows from how many "
        "tokens on a run from scratch does better than one from a multilingual checkpoint (section "
        f"6 of ATLAS): leave the key out, and see 'atlasmix crossover --target {name[:40]}'"
    )


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, object]], str]]] = {
    "interference": _interference,
    "spend_all": _spend_all,
    "from": _start,
}
