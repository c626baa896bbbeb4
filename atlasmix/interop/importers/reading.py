"""Reading a framework's file by its name, with the user's mapping and counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.mixture_file import GivenMixture
from atlasmix.evidence.pools import PROVENANCES
from atlasmix.interop.importers import hf, megatron, nemo, olmix, olmo_core, salamandra
from atlasmix.interop.importers.assembling import ImportOptions, assemble, refuse_empty
from atlasmix.interop.importers.counts import COUNT_FILES, counts_of, indexed, read_counts
from atlasmix.interop.importers.listing import FILE_LIMIT, Listing
from atlasmix.interop.importers.mapping import GUESSES, UNKNOWN, Rule, read_rule, read_rules
from atlasmix.io.safe_yaml import decode, load_yaml
from atlasmix.io.tables import read_file
from atlasmix.text import did_you_mean

_MAPPING_LIMIT: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A framework whose file can be read.

    Attributes:
        name: by which it is asked for.
        reads: what file, in words.
        read: from text and name to what it lists.
        mapping: rules that hold where the user gives none; None for the safe guesses.
    """

    name: str
    reads: str
    read: Callable[[str, str], Listing]
    mapping: Mapping[str, Any] | None = None


FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("megatron", "data-args text, per-split JSON or flat JSON list", megatron.read),
        Format("nemo", "YAML with model.data.data_prefix", nemo.read),
        Format("olmo-core", "YAML of a SourceMixtureList", olmo_core.read),
        Format("olmix", "YAML with a nested mix", olmix.read),
        Format("hf", "JSON or YAML of interleave_datasets' probabilities", hf.read),
        Format("salamandra", "BSC's NeMo YAML", salamandra.read, salamandra.MAPPING),
    )
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be read, and how.

    Attributes:
        path: of the framework's file.
        form: its format, a key of :data:`FORMATS`.
        mapping: a mapping file, or None.
        pattern: one pattern in the place of a mapping file; empty for none.
        provenance: of pools for which no rule says it.
        counts: folder or file of counts, or None.
        count_files: which JSON files of a folder count.
        inventory: for what no count says, or None.
        tokens: of the run, or None.
        tokens_per_document: for frameworks that draw documents, or None.
    """

    path: Path
    form: str
    mapping: Path | None = None
    pattern: str = ""
    provenance: str = UNKNOWN
    counts: Path | None = None
    count_files: tuple[str, ...] = COUNT_FILES
    inventory: Inventory | None = field(default=None, repr=False)
    tokens: float | None = None
    tokens_per_document: float | None = None


def import_mixture(request: Request) -> GivenMixture:
    """The mixture that a framework's file holds.

    Raises:
        DataError: a file that cannot be read, with every fault and its line.
        ProblemError: an unknown format, mapping and pattern together, or counts that are needed.
    """
    if request.form not in FORMATS:
        raise ProblemError(
            f"no format {request.form[:40]!r}: {did_you_mean(request.form, FORMATS, ' ')}"
            f"expected one of {', '.join(FORMATS)}",
            field="form",
            value=request.form,
        )
    if request.provenance not in PROVENANCES:
        raise ProblemError(
            f"provenance is {request.provenance[:40]!r}: "
            f"{did_you_mean(request.provenance, PROVENANCES, ' ')}"
            f"expected one of {', '.join(PROVENANCES)}",
            field="provenance",
            value=request.provenance,
        )
    what = f"{FORMATS[request.form].name} file {request.path.name or request.path}"
    text = decode(read_file(request.path, FILE_LIMIT), what, FILE_LIMIT)
    listing = FORMATS[request.form].read(text, what)
    rules, called, planned = _rules(request)
    own = counts_of(listing.counts, request.path.name)
    counts = own if request.counts is None else read_counts(request.counts, request.count_files)
    options = ImportOptions(
        name=request.path.name.partition(".")[0] or "mixture",
        rules=rules,
        mapping=called,
        provenance=request.provenance,
        counts=indexed({**own.exact, **counts.exact}, counts.what),
        inventory=request.inventory,
        tokens=request.tokens or planned,
        tokens_per_document=request.tokens_per_document,
    )
    mixture = assemble(listing, text, request.path.name, request.form, options)
    refuse_empty(mixture, what)
    return mixture


def _rules(request: Request) -> tuple[tuple[Rule, ...], str, float | None]:
    """The rules, what the origin calls them, and the tokens of the run that an export planned."""
    if request.mapping is not None and request.pattern:
        raise ProblemError(
            "a mapping and a pattern together: a mapping file may hold the pattern",
            field="pattern",
            value=request.pattern,
        )
    if request.pattern:
        rule = read_rule({"match": request.pattern})
        return (rule,), f"pattern {request.pattern}", None
    if request.mapping is not None:
        what = f"mapping {request.mapping.name}"
        content = load_yaml(read_file(request.mapping, _MAPPING_LIMIT), what, _MAPPING_LIMIT)
        rules = read_rules(content, what)
        run = content.get("run") if isinstance(content, dict) else None
        return rules, what, float(run["tokens"]) if run else None
    built_in = FORMATS[request.form].mapping
    if built_in is not None:
        return read_rules(built_in, request.form), f"built in for {request.form}", None
    return tuple(read_rule(rule) for rule in GUESSES), "guessed from the prefixes", None
