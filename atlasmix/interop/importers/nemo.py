"""NeMo 1 and NeMo 2: ``model.data.data_prefix`` or ``paths`` of a YAML, as Megatron's blend.

Read from nemo_toolkit 1.23.0 (``collections/nlp/data/language_modeling/megatron``) and, for
``paths``, ``weights`` and ``split`` of ``PreTrainingDataModule``, NeMo 2.0
(``collections/llm/gpt/data/pre_training.py``).
"""

from __future__ import annotations

from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import (
    Listing,
    Marked,
    blend,
    finished,
    paired,
    read_marked,
    run_tokens,
    split_fraction,
    two_lists,
    with_fraction,
)

NAME: Final = "NeMo"
_PLACES: Final = (("model", "data", "data_prefix"), ("data", "data_prefix"), ("data_prefix",))
_PATHS: Final = (("data", "paths"), ("paths",))
"""NeMo 2 calls the same list ``paths``."""


def read(text: str, what: str) -> Listing:
    """The training blend, and the tokens of the run where steps, batch and length are written out.

    A list that ``splits_string`` (``split`` in NeMo 2) cuts is read but for what is held out.

    Raises:
        DataError: naming every fault with its line.
    """
    content = read_marked(text, what)
    keys = next((keys for keys in (*_PLACES, *_PATHS) if content.get(*keys)), None)
    listed_at = None if keys is None else content.get(*keys)
    train = (
        listed_at.get("train")
        if listed_at is not None and listed_at.kind == "mapping"
        else listed_at
    )
    if keys is None or train is None or not (train.kind == "list" or isinstance(train.value, str)):
        raise DataError(
            f"{what} has no model.data.data_prefix: expected a list of weights and paths there, "
            "or under its key 'train'"
        )
    faults: list[str] = []
    data = content.get(*keys[:-1]) if keys[:-1] else content
    assert data is not None
    split, fraction = data.get("splits_string") or data.get("split"), 1.0
    if train is listed_at:
        fraction = split_fraction(split, faults, NAME)
    weights = data.get("weights")
    made_up = data.get("data_impl")
    if made_up is not None and made_up.value == "mock":
        faults.append("data_impl is mock: NeMo then trains on made-up tokens and reads no path")
    if train.kind == "list" and weights is not None and weights.kind == "list":
        entries, wrong, notes = two_lists(train, weights, NAME)
    elif train.kind == "list":
        entries, wrong, notes = blend(train, NAME)
    else:
        words = [(word, train.place) for word in str(train.value).split()]
        entries, wrong, notes = paired(words, NAME)
    tokens = _tokens(content, data, faults)
    listed = with_fraction(finished(entries, [*faults, *wrong], what, NAME), fraction)
    return Listing(listed, tokens=tokens, notes=tuple(notes))


def _tokens(content: Marked, data: Marked, faults: list[str]) -> float | None:
    """Steps x sequences a step x tokens a sequence, in tokens."""
    batch = content.get("model", "global_batch_size") or data.get("global_batch_size")
    length = content.get("model", "encoder_seq_length") or data.get("seq_length")
    steps = content.get("trainer", "max_steps")
    factors = (("max_steps", steps), ("global_batch_size", batch), ("seq_length", length))
    return run_tokens(factors, NAME, faults)
