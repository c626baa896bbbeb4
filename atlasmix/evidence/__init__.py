"""The shelf of evidence: transfer matrices, token inventories, their cards, published mixtures."""

from atlasmix.evidence.card import Card, read_card
from atlasmix.evidence.inventory import (
    OBTAINED,
    POOL_KINDS,
    PROVENANCES,
    Inventory,
    Pool,
    pool_name,
)
from atlasmix.evidence.published import PublishedMixture, list_published, published
from atlasmix.evidence.shelves import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.evidence.store import STORE_VARIABLE, Store, default_location
from atlasmix.evidence.summaries import InventorySummary, MatrixSummary
from atlasmix.evidence.transfer import Score, TransferMatrix

__all__ = [
    "DEFAULT_INVENTORY",
    "DEFAULT_MATRIX",
    "OBTAINED",
    "POOL_KINDS",
    "PROVENANCES",
    "STORE_VARIABLE",
    "Card",
    "Inventory",
    "InventorySummary",
    "MatrixSummary",
    "Pool",
    "PublishedMixture",
    "Score",
    "Store",
    "TransferMatrix",
    "default_location",
    "list_published",
    "pool_name",
    "published",
    "read_card",
]
