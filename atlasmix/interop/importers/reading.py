"""Reading a framework's file by its name, with the user's mapping and counts, into pools."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.mixture_file import (
    BILLIONTHS,
    GivenMixture,
    GivenOther,
    GivenPool,
    Part,
    mixture_faults,
    plain_prefix,
)
from atlasmix.evidence.pools import Pool, Provenance, check_provenance, pool_name
from atlasmix.interop.importers import (
    gpt_neox,
    hf,
    levanter,
    llama_factory,
    maxtext,
    megatron,
    mosaicml,
    ms_swift,
    nanotron,
    nemo,
    olmix,
    olmo_core,
    regmix,
    salamandra,
    token_budget,
    weights,
)
from atlasmix.interop.importers.counts import (
    COUNT_FILES,
    Count,
    Counts,
    counts_of,
    indexed,
    read_counts,
)
from atlasmix.interop.importers.listing import FILE_LIMIT, Entry, Listing
from atlasmix.interop.importers.mapping import (
    GUESSES,
    UNKNOWN,
    AnyRule,
    Meaning,
    is_expected,
    meaning,
    read_rule,
    read_rules,
    slug,
)
from atlasmix.io.files import read_file
from atlasmix.io.safe_yaml import decode, load_yaml
from atlasmix.io.tables import TABLE_LIMIT, read_rows, refuse
from atlasmix.languages.catalogue import name_of
from atlasmix.quantities import exact_parts
from atlasmix.text import did_you_mean, first_few
from atlasmix.version import __version__

_LISTED: Final = 5
"""Most prefixes that a note names."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says beside the framework's file.

    Attributes:
        name: of the mixture.
        rules: from prefix to pool, in order.
        mapping: what the origin calls the rules.
        provenance: where no rule says it.
        counts: unique tokens by prefix.
        inventory: unique tokens by pool, where no count says it; None for none.
        tokens: of the run, or None.
        steps: of the run, for a file with stages that does not say it, or None.
        tokens_per_document: mean for every source of a framework that draws documents, or None.
    """

    name: str
    rules: tuple[AnyRule, ...]
    mapping: str = ""
    provenance: str = UNKNOWN
    counts: Counts = field(default_factory=Counts)
    inventory: Inventory | None = None
    tokens: float | None = None
    steps: float | None = None
    tokens_per_document: float | None = None


@dataclass(slots=True)
class _Placed:
    """An entry on its way."""

    entry: Entry
    meaning: Meaning
    count: Count | None
    share: float = 0.0


def assemble(
    listing: Listing, text: str | bytes, file: str, form: str, options: ImportOptions
) -> GivenMixture:
    """The mixture that a list stands for.

    Args:
        listing: of the framework's file.
        text: of that file, for its hash.
        file: its name.
        form: of the framework.
        options: of the user.

    Raises:
        DataError, ProblemError: weights that cannot be told without counts, a count that may be
            that of two entries, or several stages in a run of unknown length.
    """
    placed = _in_all_stages(listing, options)
    groups: dict[str, list[_Placed]] = {}
    for item in placed:
        groups.setdefault(_name(item.meaning), []).append(item)
    whole = {
        name: math.fsum(member.share for member in members) for name, members in groups.items()
    }
    parts = exact_parts(whole, BILLIONTHS)
    ordered = sorted(groups, key=lambda name: (-parts[name], name))
    made = [_made(name, groups[name], parts[name], options, listing.unit) for name in ordered]
    tokens = options.tokens if options.tokens is not None else listing.tokens
    content = text.encode("utf-8") if isinstance(text, str) else text
    return GivenMixture(
        name=options.name,
        tokens=None if tokens is None else float(round(tokens)),
        pools=tuple(each for each in made if isinstance(each, GivenPool)),
        other=tuple(each for each in made if not isinstance(each, GivenPool)),
        origin={
            "atlasmix": __version__,
            "format": form,
            "file": file,
            "sha256": hashlib.sha256(content).hexdigest(),
            "mapping": options.mapping,
            "counts": _sources_of_counts(options),
        },
        notes=(*listing.refusals, *listing.notes, *_notes(placed, made, options)),
        refusals=listing.refusals,
    )


def _in_all_stages(listing: Listing, options: ImportOptions) -> list[_Placed]:
    """Every entry with its share of the tokens of the whole run, all stages together."""
    entries = [entry for stage in listing.stages for entry in stage.entries] or listing.entries
    counts = _counts(entries, options)
    if not listing.stages:
        return _shared(_placed(listing.entries, counts, options), listing, options)
    lengths = _stage_lengths(listing, options)
    by_prefix: dict[str, _Placed] = {}
    for stage, length in zip(listing.stages, lengths, strict=True):
        for item in _shared(_placed(stage.entries, counts, options), listing, options):
            # The same text in two stages is one entry of the whole run.
            whole = by_prefix.setdefault(
                item.entry.prefix, _Placed(item.entry, item.meaning, item.count)
            )
            whole.share += item.share * length
    for item in by_prefix.values():
        item.entry = replace(item.entry, weight=None)
    return list(by_prefix.values())


def _stage_lengths(listing: Listing, options: ImportOptions) -> list[float]:
    """Part of the run that each stage is, 0-1."""
    steps = listing.steps or options.steps
    if steps is None:
        raise ProblemError(
            f"the file has {len(listing.stages)} stages and does not say how many steps the run "
            "has: write them into the file, or give the expected.json of its export as the mapping",
            field="mapping",
        )
    begins = [min(stage.first_step, steps) for stage in listing.stages]
    ends = [*begins[1:], steps]
    return [(end - begin) / steps for begin, end in zip(begins, ends, strict=True)]


def _placed(
    entries: Sequence[Entry], counts: Mapping[str, Count | None], options: ImportOptions
) -> list[_Placed]:
    placed = []
    for entry in entries:
        meant = _meant(entry, options)
        count = options.counts.of(meant.counts) if meant.counts else counts[_text(entry)]
        if count is None and meant.unique_tokens:
            count = Count(meant.unique_tokens, counted_in=options.mapping)
        placed.append(_Placed(entry, meant, _readable(count, entry)))
    return placed


def _meant(entry: Entry, options: ImportOptions) -> Meaning:
    meant = meaning(entry, options.rules, options.provenance, slug(options.name))
    if options.inventory is not None and meant.language:
        meant = _as_in_inventory(meant, options.inventory)
    return meant


def _text(entry: Entry) -> str:
    """What an entry's text is called, whoever writes it: the same twice is one text."""
    return plain_prefix(entry.prefix)


def _counts(entries: Sequence[Entry], options: ImportOptions) -> dict[str, Count | None]:
    """The count of every text; of what a rule counts under another name the rule says it."""
    return options.counts.of_each({_text(entry): entry.paths for entry in entries})


def _readable(count: Count | None, entry: Entry) -> Count | None:
    """What a run may read of a count: less what is split off, held back or cut."""
    if count is None or (entry.fraction, entry.limit, entry.withheld) == (1.0, None, 0.0):
        return count
    tokens = max(count.tokens * entry.fraction - entry.withheld, 0.0)
    tokens = tokens if entry.limit is None else min(tokens, entry.limit)
    documents = count.documents
    if documents is not None and count.tokens:
        documents = documents * tokens / count.tokens
    return replace(count, tokens=tokens, documents=documents)


def _as_in_inventory(meant: Meaning, inventory: Inventory) -> Meaning:
    """The same, with the corpus as the inventory writes it: ``hplt_v4`` for ``hplt-v4``."""
    known = {_folded(pool.corpus): pool.corpus for pool in inventory.pools}
    corpus = known.get(_folded(meant.corpus), meant.corpus)
    return replace(meant, corpus=corpus)


def _folded(corpus: str) -> str:
    return corpus.replace("-", "").replace("_", "").replace(".", "")


def _shared(placed: list[_Placed], listing: Listing, options: ImportOptions) -> list[_Placed]:
    """The same with shares of tokens that sum to 1."""
    shares = _token_shares(placed, listing, options)
    whole = math.fsum(shares)
    if not (math.isfinite(whole) and whole > 0):
        raise DataError(
            "the weights add up to no number above 0: nothing would be read; check the counts"
        )
    for item, share in zip(placed, shares, strict=True):
        item.share = share / whole
    return placed


def _token_shares(
    placed: Sequence[_Placed], listing: Listing, options: ImportOptions
) -> list[float]:
    """Shares of tokens, in any unit: of tokens, of documents, of passes, or from sizes."""
    if any(each.entry.weight is None for each in placed):
        _refuse_uncounted(placed, "the file has no weights, so shares follow the sizes")
        return [each.count.tokens for each in placed if each.count is not None]
    weights = [each.entry.weight or 0.0 for each in placed]
    if listing.unit == "tokens":
        return weights
    if listing.unit == "epochs":
        _refuse_uncounted(placed, "the file says how often a source is read, not how much")
        return [
            weight * (0.0 if each.count is None else each.count.tokens)
            for weight, each in zip(weights, placed, strict=True)
        ]
    lengths = [_tokens_per_document(each, options) for each in placed]
    lacking = [
        each.entry.prefix for each, mean in zip(placed, lengths, strict=True) if mean is None
    ]
    if lacking:
        raise ProblemError(
            f"the weights are shares of documents, and nobody says how long a document of "
            f"{first_few(lacking, _LISTED)} is: give counts of tokens and documents, an "
            "inventory, or the tokens per document",
            field="counts",
        )
    return [weight * (mean or 0.0) for weight, mean in zip(weights, lengths, strict=True)]


def _refuse_uncounted(placed: Sequence[_Placed], why: str) -> None:
    lacking = [each.entry.prefix for each in placed if each.count is None]
    if lacking:
        raise ProblemError(
            f"{why}, and nobody counted {first_few(lacking, _LISTED)}: give counts with the tokens "
            "of every prefix",
            field="counts",
        )


def _tokens_per_document(placed: _Placed, options: ImportOptions) -> float | None:
    if placed.count is not None and placed.count.documents and placed.count.tokens:
        return placed.count.tokens / placed.count.documents
    if placed.meaning.tokens_per_document:
        return placed.meaning.tokens_per_document
    pool = _pool_of(placed.meaning, options.inventory)
    if pool is not None and pool.documents:
        return pool.unique_tokens / pool.documents
    return options.tokens_per_document


def _name(meant: Meaning) -> str:
    if meant.language:
        return pool_name(meant.language, meant.provenance, meant.corpus)
    return meant.other


def _pool_of(meant: Meaning, inventory: Inventory | None) -> Pool | None:
    if inventory is None or not meant.language:
        return None
    return next((pool for pool in inventory.pools if pool.name == _name(meant)), None)


def _made(
    name: str, members: Sequence[_Placed], part: int, options: ImportOptions, unit_of_weights: str
) -> GivenOther:
    """One pool, or one other source, from the entries that add up to it."""
    meant = members[0].meaning
    # The same prefix twice is the same text: it is weighted twice and counted once.
    by_text: dict[str, Count | None] = {}
    for member in members:
        by_text.setdefault(_text(member.entry), member.count)
    counts = [count for count in by_text.values() if count is not None]
    unique, unit, where, documents = None, "", "", None
    pool = _pool_of(meant, options.inventory)
    if counts and len(counts) == len(by_text):
        unique = math.fsum(count.tokens for count in counts)
        units, places = {each.unit for each in counts}, {each.counted_in for each in counts}
        unit = units.pop() if len(units) == 1 else ""
        where = places.pop() if len(places) == 1 else f"{options.counts.what}, added up"
        known = [count.documents for count in counts]
        documents = None if None in known else math.fsum(filter(None, known))
    elif meant.pool_tokens:
        unique, where = meant.pool_tokens, options.mapping
    elif pool is not None and options.inventory is not None:
        unique, unit, documents = pool.unique_tokens, pool.unit, pool.documents
        where = f"inventory {options.inventory.name}"
    caps = {each.entry.max_epochs for each in members}
    bare = GivenOther(
        name=name,
        proportion=part / BILLIONTHS,
        unique_tokens=unique or None,
        unit=unit if unique else "",
        counted_in=where if unique else "",
        documents=documents or None,
        max_epochs=min((cap for cap in caps if cap is not None), default=None),
        parts=tuple(_part(member, unit_of_weights) for member in members if member.share > 0),
    )
    if not meant.language:
        return bare
    return GivenPool(
        **{key: getattr(bare, key) for key in GivenOther.__slots__},
        language=meant.language,
        provenance=cast(Provenance, meant.provenance),
        corpus=meant.corpus,
    )


def _part(placed: _Placed, unit: str) -> Part:
    counted = placed.count.tokens if placed.count is not None and placed.count.tokens > 0 else None
    # A weight in documents, passes or one stage says nothing of the files of a pool beside each
    # other: what stands there then is the share of tokens, as where a file leaves its weights out.
    own = placed.entry.weight if unit == "tokens" else None
    return Part(placed.entry.prefix, own or placed.share, counted)


def _sources_of_counts(options: ImportOptions) -> str:
    named = [options.counts.what]
    named += [f"inventory {options.inventory.name}"] if options.inventory is not None else []
    return ", ".join(filter(None, named))


def _notes(
    placed: Sequence[_Placed], made: Sequence[GivenOther], options: ImportOptions
) -> list[str]:
    notes = []
    doubts: dict[str, list[_Placed]] = {}
    for each in placed:
        if each.meaning.doubt:
            doubts.setdefault(each.meaning.doubt, []).append(each)
    for doubt, members in doubts.items():
        listed = first_few(
            [f"{member.entry.prefix} ({member.entry.place})" for member in members], _LISTED
        )
        notes.append(f"{_entries(len(members))} kept as other, {doubt}: {listed}")
    notes += _parallel(placed) + _remarks(placed)
    places: Mapping[str, list[str]] = _twice(placed)
    notes += [
        f"{prefix} stands there {len(lines)} times ({', '.join(lines)}): its weights are added up, "
        "its text is counted once"
        for prefix, lines in places.items()
    ]
    return notes + _uncounted(placed, made, options)


def _parallel(placed: Sequence[_Placed]) -> list[str]:
    pairs = [each for each in placed if each.meaning.pair]
    if not pairs:
        return []
    listed = first_few(
        [
            f"{each.entry.prefix} ({' and '.join(map(name_of, each.meaning.pair))})"
            for each in pairs
        ],
        _LISTED,
    )
    return [f"{_entries(len(pairs))} in two languages each, kept as parallel text: {listed}"]


def _remarks(placed: Sequence[_Placed]) -> list[str]:
    remarks: dict[str, list[str]] = {}
    for each in placed:
        if each.meaning.remark:
            remarks.setdefault(each.meaning.remark, []).append(each.entry.prefix)
    return [
        f"{first_few(prefixes, _LISTED)}: read as {remark}; name the corpus, or write the language "
        "into a mapping"
        for remark, prefixes in remarks.items()
    ]


def _uncounted(
    placed: Sequence[_Placed], made: Sequence[GivenOther], options: ImportOptions
) -> list[str]:
    bare = {part.prefix for each in made if each.unique_tokens is None for part in each.parts}
    lacking = [each for each in placed if each.count is None and each.entry.prefix in bare]
    if not lacking or not options.counts.what:
        return []
    near = options.counts.nearest(lacking[0].entry.prefix)
    listed = first_few([f"{each.entry.prefix} ({each.entry.place})" for each in lacking], _LISTED)
    hint = f"; the nearest count is {near}, say 'counts: {near}' in the mapping" if near else ""
    return [f"no count for {_entries(len(lacking))}, so their epochs stay unknown: {listed}{hint}"]


def _twice(placed: Sequence[_Placed]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for each in placed:
        places.setdefault(_text(each.entry), []).append(each.entry.place)
    return {prefix: lines for prefix, lines in places.items() if len(lines) > 1}


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def refuse_empty(mixture: GivenMixture, what: str) -> None:
    """Refuse a mixture in which not one prefix was understood.

    Raises:
        DataError: none of its entries is a pool of a language.
    """
    if mixture.pools:
        return
    names = first_few([each.name[:60] for each in mixture.other], _LISTED)
    raise DataError(
        f"{what}: no prefix names a language ({names}); give a pattern, for example "
        "'{corpus}/{language}_{script}', or a mapping file",
        tuple(mixture.notes[:_LISTED]),
        field="pattern",
    )


_MAPPING_LIMIT: Final = 4 * 1024 * 1024


_BY_LANGUAGE: Final[Mapping[str, Any]] = {"rules": [*GUESSES, {"match": "^{language}"}]}
"""Whoever keeps a plain list often calls its rows by their language alone."""


def _no_meaning(text: str, what: str) -> Listing:
    return weights.read(text, what, "")


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
        Format(
            "megatron",
            "data-args text, per-split JSON, blends, weighted split paths",
            megatron.read,
        ),
        Format("nemo", "YAML with model.data.data_prefix, or NeMo 2's paths", nemo.read),
        Format("olmo-core", "YAML of a SourceMixtureList", olmo_core.read),
        Format("olmix", "YAML with a nested mix", olmix.read),
        Format("hf", "JSON or YAML of interleave_datasets' probabilities", hf.read),
        Format("mosaicml", "YAML with train_loader.dataset.streams", mosaicml.read),
        Format("gpt-neox", "YAML with train_data_paths and train_data_weights", gpt_neox.read),
        Format("regmix", "YAML with train: {name: weight}", regmix.read),
        Format("maxtext", "JSON of named datasets, or path,weight;path,weight", maxtext.read),
        Format("nanotron", "YAML with data_stages", nanotron.read),
        Format("levanter", "YAML with data.train_weights", levanter.read),
        Format(
            "llama-factory",
            "dataset_info.json, or arguments with interleave_probs",
            llama_factory.read,
        ),
        Format("ms-swift", "path#count words, or the YAML of its arguments", ms_swift.read),
        Format("token-budget", "token_budget.json of an export", token_budget.read),
        Format("salamandra", "BSC's NeMo YAML", salamandra.read, salamandra.MAPPING),
        Format("weights", "YAML or JSON {name: weight}, or a table", _no_meaning, _BY_LANGUAGE),
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
        weights_are: what plain weights are, one of :data:`weights.MEANINGS`; else empty.
        columns: what a table calls its columns: ``source`` and ``weight`` of plain weights, those
            of :data:`counts.COUNT_COLUMNS` of counts.
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
    weights_are: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


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
    check_provenance(request.provenance)
    what = f"{FORMATS[request.form].name} file {request.path.name or request.path}"
    content = read_file(request.path, TABLE_LIMIT)
    listing = _listing(content, what, request)
    rules, called, planned = rules_of(request)
    own = counts_of(listing.counts, request.path.name)
    counts = own
    if request.counts is not None:
        columns = {k: name for k, name in request.columns.items() if k not in _OF_WEIGHTS}
        counts = read_counts(request.counts, request.count_files, columns)
    options = ImportOptions(
        name=request.path.name.partition(".")[0] or "mixture",
        rules=rules,
        mapping=called,
        provenance=request.provenance,
        counts=indexed({**own.exact, **counts.exact}, counts.what) if own.exact else counts,
        inventory=request.inventory,
        tokens=request.tokens or planned.tokens,
        steps=planned.steps,
        tokens_per_document=request.tokens_per_document,
    )
    mixture = assemble(listing, content, request.path.name, request.form, options)
    refuse_empty(mixture, what)
    # Nothing leaves here that could not be read again, whatever a mapping or a count has said.
    refuse(what, mixture_faults(mixture))
    return mixture


_OF_WEIGHTS: Final = ("source", "weight")
_TABLES: Final = (".csv", ".parquet")


def _listing(content: bytes, what: str, request: Request) -> Listing:
    """What the file lists; plain weights may stand in a table."""
    columns = {key: name for key, name in request.columns.items() if key in _OF_WEIGHTS}
    is_plain_list = request.form == "weights"
    if request.weights_are and not is_plain_list:
        raise ProblemError(
            f"what weights are is said of plain weights alone: {request.form} says it itself",
            field="weights_are",
        )
    table = request.path.suffix.lower() in _TABLES
    if columns and not (is_plain_list and table):
        raise ProblemError(
            "source and weight are columns of a table of plain weights: expected a .csv or "
            ".parquet file, and the format weights",
            field="column",
        )
    if is_plain_list and table:
        return weights.read_table(read_rows(content, what), request.weights_are, columns)
    text = decode(content, what, FILE_LIMIT)
    if is_plain_list:
        return weights.read(text, what, request.weights_are)
    return FORMATS[request.form].read(text, what)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What an export's ``expected.json`` says of its run; None where there is none."""

    tokens: float | None = None
    steps: float | None = None


def rules_of(request: Request) -> tuple[tuple[AnyRule, ...], str, _Planned]:
    """The rules, what the origin calls them, and the tokens of the run that an export planned."""
    if request.mapping is not None and request.pattern:
        raise ProblemError(
            "a mapping and a pattern together: a mapping file may hold the pattern",
            field="pattern",
            value=request.pattern,
        )
    if request.pattern:
        rule = read_rule({"match": request.pattern})
        return (rule,), f"pattern {request.pattern}", _Planned()
    if request.mapping is not None:
        what = f"mapping {request.mapping.name}"
        content = load_yaml(read_file(request.mapping, _MAPPING_LIMIT), what, _MAPPING_LIMIT)
        rules = read_rules(content, what)
        run = content.get("run") if is_expected(content) else None
        planned = _Planned(float(run["tokens"]), run.get("steps")) if run else _Planned()
        return rules, what, planned
    built_in = FORMATS[request.form].mapping
    if built_in is not None:
        return read_rules(built_in, request.form), f"built in for {request.form}", _Planned()
    return tuple(read_rule(rule) for rule in GUESSES), "guessed from the prefixes", _Planned()
