"""A law by its name, whose constants are taken where runs tell none."""

from __future__ import annotations

import hashlib
from pathlib import Path

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.fitting.assumed import GivenLaw
from atlasmix.fitting.law_file import is_learned
from atlasmix.laws.shelf import card_bytes, load_law


def given_law(name: str, store: Store | None = None) -> GivenLaw:
    """The law of a name from the shelf, or of a card's path.

    Raises:
        DataError: no such law, or a file that is not one.
        ProblemError: a law without the constants of a loss.
    """
    if is_learned(Path(name)):
        raise ProblemError(
            f"{name} was learned from runs of mixtures and has constants for each of its losses: "
            "expected a law of one loss, such as 'atlasmix fit' writes and 'atlasmix laws list' "
            "names",
            field="constants_from",
            value=name,
        )
    law = load_law(name, store)
    return GivenLaw(law, hashlib.sha256(card_bytes(name, store)).hexdigest())
