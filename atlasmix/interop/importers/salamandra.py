"""BSC's Salamandra and ALIA: a NeMo YAML whose prefixes are ``.../ca/ca-train-optimized-0_...``.

Format read from ``langtech-bsc/salamandra: configs/bsc_7b.yaml`` (commit d74d3c69). Languages are
folders by ISO 639-1; ``no`` is Bokmål and unspecified Norwegian, ``sh`` Serbo-Croatian in Latin
script as OSCAR has it.
"""

from __future__ import annotations

from typing import Any, Final

from atlasmix.interop.importers import nemo
from atlasmix.interop.importers.listing import Listing

MAPPING: Final[dict[str, Any]] = {
    "rules": [
        {"match": "**/code/*", "other": "code"},
        {"match": "**/{language}/*-train-optimized-*", "corpus": "salamandra"},
        {"match": "**/{language}/*", "corpus": "salamandra"},
    ]
}


def read(text: str, what: str) -> Listing:
    """See :func:`atlasmix.interop.importers.nemo.read`."""
    return nemo.read(text, what)
