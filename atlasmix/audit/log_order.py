"""Which pool each numbered source of a Megatron log is: the order of the file it was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import GivenMixture
from atlasmix.interop.exporters.planning import safe_key
from atlasmix.interop.importers import megatron
from atlasmix.interop.importers.listing import FILE_LIMIT
from atlasmix.interop.importers.mapping import plain_prefix
from atlasmix.io.safe_yaml import decode
from atlasmix.io.tables import read_file


def pools_in_order(path: Path, keys: Mapping[str, str], plan: GivenMixture) -> tuple[str, ...]:
    """Name of the pool of each entry of a data file, in its order.

    Args:
        path: what Megatron was given.
        keys: path or key to name of the pool, from ``expected.json``; may be empty where the plan
            knows its own prefixes.
        plan: recipe or mixture.

    Raises:
        DataError: an unreadable file, or entries that no pool owns.
    """
    what = f"data file {path.name}"
    listing = megatron.read(decode(read_file(path, FILE_LIMIT), what, FILE_LIMIT), what)
    owner = {plain_prefix(word): name for word, name in keys.items()}
    for source in (*plan.pools, *plan.other):
        owner.setdefault(safe_key(source.name), source.name)
        for part in source.parts:
            owner.setdefault(plain_prefix(part.prefix), source.name)
    names: list[str] = []
    faults: list[str] = []
    for entry in listing.entries:
        bare = plain_prefix(entry.prefix)
        name = owner.get(bare) or owner.get(bare.rpartition("/")[2])
        if name is None:
            faults.append(f"{entry.place}: {entry.prefix} is no pool of {plan.name}")
        names.append(name or "")
    if faults:
        raise DataError(
            f"{what} has {len(faults)} prefixes that {plan.name} does not know: name the export's "
            "expected.json as the mapping",
            tuple(faults[:20]),
            field="mapping",
        )
    return tuple(names)
