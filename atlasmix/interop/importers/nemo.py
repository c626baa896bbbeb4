"""NeMo 1 and NeMo 2: ``model.data.data_prefix`` of a YAML, as Megatron's blend with splits."""

from __future__ import annotations

import math
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Listing,
    Marked,
    as_weight,
    finished,
    paired,
    read_above_zero,
    read_marked,
)

NAME: Final = "NeMo"
_MOST_TOKENS: Final = 1e18
_PLACES: Final = (("model", "data", "data_prefix"), ("data", "data_prefix"), ("data_prefix",))
_PATHS: Final = (("data", "paths"), ("paths",))
"""NeMo 2 calls the same list ``paths``."""


def read(text: str, what: str) -> Listing:
    """The training blend, and the tokens of the run where steps, batch and length are written out.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    blend = next(filter(None, (content.get(*keys) for keys in (*_PLACES, *_PATHS))), None)
    if blend is not None and blend.kind == "mapping":
        blend = blend.get("train")
    if blend is None or blend.kind != "list":
        raise DataError(
            f"{what} has no model.data.data_prefix: expected a list of weights and paths there, "
            "or under its key 'train'"
        )
    entries, faults, notes = paired(
        [(member.value, member.place) for member in blend.members()], NAME
    )
    tokens = _tokens(content, faults)
    return Listing(finished(entries, faults, what, NAME), tokens=tokens, notes=tuple(notes))


def _tokens(content: Marked, faults: list[str]) -> float | None:
    """trainer.max_steps x model.global_batch_size x model.encoder_seq_length, in tokens."""
    product = 1.0
    for keys in (
        ("trainer", "max_steps"),
        ("model", "global_batch_size"),
        ("model", "encoder_seq_length"),
    ):
        setting = content.get(*keys)
        if setting is None or as_weight(setting.value) in (None, -1.0):
            return None  # left out, filled in elsewhere, or without an end
        product *= read_above_zero(setting, ".".join(keys), NAME, faults) or math.nan
    if math.isnan(product):
        return None
    if not 1 <= product <= _MOST_TOKENS:
        faults.append(f"steps x batch x length is {product:g} tokens: expected 1 to 1e18")
        return None
    return product
