"""What each numbered source of a Megatron log is: the order of the file that it was given."""

from __future__ import annotations

from pathlib import Path

from atlasmix.audit.run_verdict import Files, Watched, names_of
from atlasmix.errors import DataError
from atlasmix.evidence.mixture_file import GivenMixture, plain_prefix
from atlasmix.interop.importers import megatron
from atlasmix.interop.importers.listing import FILE_LIMIT
from atlasmix.io.files import read_file
from atlasmix.io.safe_yaml import decode


def sources_in_order(path: Path, files: Files, plan: GivenMixture) -> tuple[Watched, ...]:
    """What each entry of a data file is, in its order: a pool, or one of its files.

    Args:
        path: what Megatron was given.
        files: of an ``expected.json``; without any the plan has to know its own prefixes.
        plan: recipe or mixture.

    Raises:
        DataError: an unreadable file, or entries that no pool owns.
    """
    what = f"data file {path.name}"
    listing = megatron.read(decode(read_file(path, FILE_LIMIT), what, FILE_LIMIT), what)
    owner = names_of(plan, files)
    listed: list[Watched] = []
    faults: list[str] = []
    for entry in listing.entries:
        bare = plain_prefix(entry.prefix)
        known = owner.get(bare) or owner.get(bare.rpartition("/")[2])
        if known is None:
            faults.append(f"{entry.place}: {entry.prefix} is no pool of {plan.name}")
        else:
            listed.append(known)
    if faults:
        raise DataError(
            f"{what} has {len(faults)} prefixes that {plan.name} does not know: name the export's "
            "expected.json as the mapping",
            tuple(faults[:20]),
            field="mapping",
        )
    return tuple(listed)
