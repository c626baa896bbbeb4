"""Names of pools that YAML, Hydra, Megatron and a shell all take for a plain word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from atlasmix.errors import DataError

PARTS: Final = "__"
"""Stands between language, provenance and corpus, where a pool's name has dots: a dot in a key
breaks Hydra's overrides (``data.sources.cat.human.weight=0.5``)."""


def safe_key(name: str) -> str:
    """A pool's name in letters, digits and underscores, beginning with a letter.

    Such a word is no number and no truth value to any reader of YAML: a pool's name has three
    parts, and one word alone, such as ``no``, gets an underscore.

    >>> safe_key("cat.human.hplt-v4"), safe_key("srp_Cyrl.human.2023"), safe_key("no")
    ('cat__human__hplt_v4', 'srp_Cyrl__human__2023', 'no_')
    """
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    key = re.sub(r"[^A-Za-z0-9_]", "_", bare.replace(".", PARTS)) or "pool"
    if not key[0].isalpha():
        key = f"p_{key}"
    return key if PARTS in key else f"{key}_"


def safe_keys(names: Iterable[str]) -> dict[str, str]:
    """Name to key, for all pools of one export.

    Raises:
        DataError: two names that become one key.
    """
    keys = {name: safe_key(name) for name in names}
    by_key: dict[str, list[str]] = {}
    for name, key in keys.items():
        by_key.setdefault(key, []).append(name)
    doubled = [f"{key}: {' and '.join(each)}" for key, each in by_key.items() if len(each) > 1]
    if doubled:
        raise DataError(
            f"{len(doubled)} names of pools are the same in letters, digits and underscores: "
            "expected one name a pool; rename a corpus in the inventory",
            tuple(doubled),
        )
    return keys
