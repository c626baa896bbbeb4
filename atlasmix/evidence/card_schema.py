"""What may stand on a card: the type behind ``card.yaml``, for editors and for tests.

:func:`atlasmix.evidence.card.read_card` reads a card, more leniently in its spelling.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from atlasmix.evidence.card import CardKind
from atlasmix.io.schema import Digest, NotNegative, Positive

Label = Annotated[str, Meta(min_length=1, max_length=80)]

Text = str | UnsetType
"""A text that the card may leave out."""


class CardFile(Struct, forbid_unknown_fields=True):
    """The card beside a table: what its numbers mean, where they come from, what one may do."""

    schema: Literal["atlasmix/card/1"] | UnsetType = UNSET
    name: Text = UNSET
    kind: CardKind | UnsetType = UNSET
    title: Text = UNSET
    description: Text = UNSET
    axis: Literal["language", "domain"] | UnsetType = UNSET
    names: list[Label] | UnsetType = UNSET
    metric: Text = UNSET
    unit: Text = UNSET
    orientation: Text = UNSET
    direction: Literal["higher is better", "lower is better", "higher", "lower"] | UnsetType = UNSET
    range: (
        Annotated[
            list[float | None],
            Meta(min_length=2, max_length=2, description="null where there is no end"),
        ]
        | UnsetType
    ) = UNSET
    diagonal: float | Literal["table", "none"] | UnsetType = UNSET
    status: Literal["measured", "predicted", "own"] | UnsetType = UNSET
    stderr: dict[Literal["measured", "predicted", "own"], NotNegative] | UnsetType = UNSET
    stderr_note: Text = UNSET
    evidence: Text = UNSET
    prior: Text = UNSET
    rows: Literal["source", "target"] | UnsetType = UNSET
    parameters: Positive | UnsetType = UNSET
    tokens: Positive | UnsetType = UNSET
    tokenizer: Text = UNSET
    source: Text = UNSET
    citation: Text = UNSET
    licence: Text = UNSET
    licence_url: Text = UNSET
    derivation: Text = UNSET
    files: dict[str, Digest] | UnsetType = UNSET
    extra: dict[str, str] | UnsetType = UNSET
