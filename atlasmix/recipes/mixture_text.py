"""A mixture of others written as its YAML file: fixed order, plain decimals, the same bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from atlasmix.evidence.mixture_file import (
    BILLIONTHS,
    MIXTURE_SCHEMA,
    GivenMixture,
    GivenOther,
    GivenPool,
)
from atlasmix.recipes.yaml_text import yaml_text

_HEADER: Final = """\
# What a model is trained on, as its framework was given it, pool by pool.
# atlasmix lint FILE says what to look at before it is trained on.
"""


def dump_mixture(mixture: GivenMixture) -> str:
    """The mixture as YAML; ``load_mixture`` reads it back to the same."""
    return _HEADER + yaml_text(mixture_mapping(mixture))


def mixture_mapping(mixture: GivenMixture) -> dict[str, Any]:
    """The mixture as plain data, in the order in which it is written."""
    return {
        "schema": MIXTURE_SCHEMA,
        "name": mixture.name,
        "tokens": None if mixture.tokens is None else round(mixture.tokens),
        "pools": [_pool(pool) for pool in mixture.pools],
        "other": [_other(one) for one in mixture.other],
        "notes": list(mixture.notes),
        "origin": dict(mixture.origin),
    }


def _pool(pool: GivenPool) -> dict[str, Any]:
    written = _other(pool)
    name = written.pop("name")
    who = {"language": pool.language, "provenance": pool.provenance, "corpus": pool.corpus}
    return {"name": name, **who, **written}


def _other(one: GivenOther) -> dict[str, Any]:
    return {
        "name": one.name,
        # A float would be written 1.0e-06, which OmegaConf and YAML 1.2 read and people do not.
        "proportion": Decimal(round(one.proportion * BILLIONTHS)) / BILLIONTHS,
        "unique_tokens": _number(one.unique_tokens),
        "unit": one.unit,
        "counted_in": one.counted_in,
        "documents": _number(one.documents),
        "max_epochs": _number(one.max_epochs),
        "parts": [
            {
                "prefix": part.prefix,
                "weight": _number(part.weight),
                "unique_tokens": _number(part.unique_tokens),
            }
            for part in one.parts
        ],
    }


def _number(value: float | None) -> Decimal | int | None:
    """A whole number as an integer, any other in plain digits."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else Decimal(repr(float(value)))
