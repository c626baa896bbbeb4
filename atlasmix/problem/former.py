"""Recipes of the first version: their mixtures are mixtures still, their law is superseded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMER_SCHEMA: Final = "atlasmix/recipe/1"

_FORMER_LAW: Final = (
    "L = E + A/N^α + B/D_eff^β, in which capacity is free to share and a donor may take data away"
)


def is_former(content: Mapping[str, Any]) -> bool:
    """Whether plain data are a recipe of the first version."""
    return content.get("schema") == FORMER_SCHEMA


def superseded(question: Mapping[str, Any], name: str = "OLD.yaml") -> str:
    """Why the numbers of a recipe of the first version no longer hold, and what to do.

    Args:
        question: of the recipe.
        name: of its file.
    """
    to_change = [
        f"{key} ({words})"
        for key, words in (
            ("interference", "leave it out"),
            ("spend_all", "write tokens: exactly"),
        )
        if key in without_former_defaults(question)
    ]
    if question.get("objective") == "effective-data":
        to_change.append("objective (write loss)")
    first = f"; first change its {' and '.join(to_change)}" if to_change else ""
    return (
        f"its law is superseded: it was solved under {_FORMER_LAW}; its mixture can be read, its "
        f"predictions and its proof cannot: solve the question in {name} again{first}"
    )


def former_question(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The question in a recipe of any version, without what nobody asked in a former one."""
    question: Mapping[str, Any] = content["question"]
    return without_former_defaults(question) if is_former(content) else question


def without_former_defaults(question: Mapping[str, Any]) -> dict[str, Any]:
    """A former question without the keys of its law that only say what it did unasked."""
    usual = {"interference": 1, "spend_all": False}
    return {
        key: value for key, value in question.items() if key not in usual or value != usual[key]
    }
