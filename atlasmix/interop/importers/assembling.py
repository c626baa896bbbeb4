"""From a framework's list to a mixture: what each prefix is, how much there is, what adds up."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.inventory import Inventory, Pool, pool_name
from atlasmix.evidence.mixture_file import BILLIONTHS, GivenMixture, GivenOther, GivenPool, Part
from atlasmix.interop.importers.counts import Count, Counts
from atlasmix.interop.importers.listing import Entry, Listing
from atlasmix.interop.importers.mapping import UNKNOWN, Meaning, Rule, meaning, plain_prefix, slug
from atlasmix.quantities import exact_parts
from atlasmix.version import __version__

_LISTED: Final = 5
"""Most prefixes that a note names."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says beside the framework's file.

    Attributes:
        name: of the mixture.
        rules: from prefix to pool, in order.
        mapping: what the origin calls the rules.
        provenance: where no rule says it.
        counts: unique tokens by prefix.
        inventory: unique tokens by pool, where no count says it; None for none.
        tokens: of the run, or None.
        tokens_per_document: mean for every source of a framework that draws documents, or None.
    """

    name: str
    rules: tuple[Rule, ...]
    mapping: str = ""
    provenance: str = UNKNOWN
    counts: Counts = field(default_factory=Counts)
    inventory: Inventory | None = None
    tokens: float | None = None
    tokens_per_document: float | None = None


@dataclass(slots=True)
class _Found:
    """An entry on its way."""

    entry: Entry
    meaning: Meaning
    count: Count | None
    share: float = 0.0


def assemble(listing: Listing, text: str, file: str, form: str, wishes: Wishes) -> GivenMixture:
    """The mixture that a list stands for.

    Args:
        listing: of the framework's file.
        text: of that file, for its hash.
        file: its name.
        form: of the framework.
        wishes: of the user.

    Raises:
        DataError, ProblemError: weights that cannot be told without counts.
    """
    found = [_found(entry, wishes) for entry in listing.entries]
    for one, share in zip(found, _token_shares(found, listing, wishes), strict=True):
        one.share = share
    groups: dict[str, list[_Found]] = {}
    for one in found:
        groups.setdefault(_name(one.meaning), []).append(one)
    whole = {name: math.fsum(one.share for one in members) for name, members in groups.items()}
    parts = exact_parts(whole, BILLIONTHS)
    ordered = sorted(groups, key=lambda name: (-parts[name], name))
    made = [_made(name, groups[name], parts[name], wishes) for name in ordered]
    tokens = wishes.tokens if wishes.tokens is not None else listing.tokens
    return GivenMixture(
        name=wishes.name,
        tokens=None if tokens is None else float(round(tokens)),
        pools=tuple(one for one in made if isinstance(one, GivenPool)),
        other=tuple(one for one in made if not isinstance(one, GivenPool)),
        origin={
            "atlasmix": __version__,
            "format": form,
            "file": file,
            "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "mapping": wishes.mapping,
            "counts": _sources_of_counts(wishes),
        },
        notes=(*listing.notes, *_notes(found, made, wishes)),
    )


def _found(entry: Entry, wishes: Wishes) -> _Found:
    meant = meaning(entry, wishes.rules, wishes.provenance, slug(wishes.name))
    if wishes.inventory is not None and meant.language:
        meant = _as_in_inventory(meant, wishes.inventory)
    names = (meant.counts,) if meant.counts else (entry.prefix, *entry.paths)
    counted = (wishes.counts.of(name) for name in names)
    return _Found(entry, meant, next((one for one in counted if one is not None), None))


def _as_in_inventory(meant: Meaning, inventory: Inventory) -> Meaning:
    """The same, with the corpus as the inventory writes it: ``hplt_v4`` for ``hplt-v4``."""
    known = {_folded(pool.corpus): pool.corpus for pool in inventory.pools}
    corpus = known.get(_folded(meant.corpus), meant.corpus)
    return replace(meant, corpus=corpus)


def _folded(corpus: str) -> str:
    return corpus.replace("-", "").replace("_", "").replace(".", "")


def _token_shares(found: Sequence[_Found], listing: Listing, wishes: Wishes) -> list[float]:
    """Shares of tokens, in any unit: from shares of tokens, of documents, or from sizes."""
    if any(one.entry.weight is None for one in found):
        lacking = [one.entry.prefix for one in found if one.count is None]
        if lacking:
            raise ProblemError(
                f"the file has no weights, so shares follow the sizes, and nobody counted "
                f"{_few(lacking)}: give --counts with the tokens of every prefix"
            )
        return [one.count.tokens for one in found if one.count is not None]
    weights = [one.entry.weight or 0.0 for one in found]
    if listing.unit == "tokens":
        return weights
    lengths = [_tokens_per_document(one, wishes) for one in found]
    lacking = [one.entry.prefix for one, mean in zip(found, lengths, strict=True) if mean is None]
    if lacking:
        raise ProblemError(
            f"the weights are shares of documents, and nobody says how long a document of "
            f"{_few(lacking)} is: give --counts with tokens and documents, --inventory, or "
            "--tokens-per-document"
        )
    return [weight * (mean or 0.0) for weight, mean in zip(weights, lengths, strict=True)]


def _tokens_per_document(one: _Found, wishes: Wishes) -> float | None:
    if one.count is not None and one.count.documents:
        return one.count.tokens / one.count.documents
    if one.meaning.tokens_per_document:
        return one.meaning.tokens_per_document
    pool = _pool_of(one.meaning, wishes.inventory)
    if pool is not None and pool.documents:
        return pool.unique_tokens / pool.documents
    return wishes.tokens_per_document


def _name(meant: Meaning) -> str:
    if meant.language:
        return pool_name(meant.language, meant.provenance, meant.corpus)
    return meant.other


def _pool_of(meant: Meaning, inventory: Inventory | None) -> Pool | None:
    if inventory is None or not meant.language:
        return None
    return next((pool for pool in inventory.pools if pool.name == _name(meant)), None)


def _made(name: str, members: Sequence[_Found], part: int, wishes: Wishes) -> GivenOther:
    """One pool, or one other source, from the entries that add up to it."""
    meant = members[0].meaning
    # The same prefix twice is the same text: it is weighted twice and counted once.
    by_text: dict[str, Count | None] = {}
    for one in members:
        by_text.setdefault(plain_prefix(one.entry.prefix), one.count)
    counts = [count for count in by_text.values() if count is not None]
    unique, unit, where, documents = None, "", "", None
    pool = _pool_of(meant, wishes.inventory)
    if counts and len(counts) == len(by_text):
        unique = sum(count.tokens for count in counts)
        units, places = {one.unit for one in counts}, {one.counted_in for one in counts}
        unit = units.pop() if len(units) == 1 else ""
        where = places.pop() if len(places) == 1 else f"{wishes.counts.what}, added up"
        known = [count.documents for count in counts]
        documents = None if None in known else sum(filter(None, known))
    elif meant.unique_tokens:
        unique, where = meant.unique_tokens, wishes.mapping
    elif pool is not None and wishes.inventory is not None:
        unique, unit, documents = pool.unique_tokens, pool.unit, pool.documents
        where = f"inventory {wishes.inventory.name}"
    caps = {one.entry.max_epochs for one in members}
    plain = GivenOther(
        name=name,
        proportion=part / BILLIONTHS,
        unique_tokens=unique or None,
        unit=unit if unique else "",
        counted_in=where if unique else "",
        documents=documents or None,
        max_epochs=min((cap for cap in caps if cap is not None), default=None),
        parts=tuple(_part(one) for one in members),
    )
    if not meant.language:
        return plain
    return GivenPool(
        **{key: getattr(plain, key) for key in GivenOther.__slots__},
        language=meant.language,
        provenance=meant.provenance,
        corpus=meant.corpus,
    )


def _part(one: _Found) -> Part:
    counted = one.count.tokens if one.count is not None and one.count.tokens > 0 else None
    # Where a file leaves its weights out, sizes are what a framework weighs with.
    return Part(one.entry.prefix, one.entry.weight or one.share, counted)


def _sources_of_counts(wishes: Wishes) -> str:
    named = [wishes.counts.what]
    named += [f"inventory {wishes.inventory.name}"] if wishes.inventory is not None else []
    return ", ".join(filter(None, named))


def _notes(found: Sequence[_Found], made: Sequence[GivenOther], wishes: Wishes) -> list[str]:
    notes = []
    doubts: dict[str, list[_Found]] = {}
    for one in found:
        if one.meaning.doubt:
            doubts.setdefault(one.meaning.doubt, []).append(one)
    for doubt, members in doubts.items():
        listed = _few([f"{one.entry.prefix} ({one.entry.place})" for one in members])
        notes.append(f"{_entries(len(members))} kept as other, {doubt}: {listed}")
    places: Mapping[str, list[str]] = _twice(found)
    notes += [
        f"{prefix} stands there {len(lines)} times ({', '.join(lines)}): its weights are added up, "
        "its text is counted once"
        for prefix, lines in places.items()
    ]
    return notes + _uncounted(found, made, wishes)


def _uncounted(found: Sequence[_Found], made: Sequence[GivenOther], wishes: Wishes) -> list[str]:
    bare = {part.prefix for one in made if one.unique_tokens is None for part in one.parts}
    lacking = [one for one in found if one.count is None and one.entry.prefix in bare]
    if not lacking or not wishes.counts.what:
        return []
    near = wishes.counts.nearest(lacking[0].entry.prefix)
    listed = _few([f"{one.entry.prefix} ({one.entry.place})" for one in lacking])
    hint = f"; the nearest count is {near}, say 'counts: {near}' in the mapping" if near else ""
    return [f"no count for {_entries(len(lacking))}, so their epochs stay unknown: {listed}{hint}"]


def _twice(found: Sequence[_Found]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for one in found:
        places.setdefault(plain_prefix(one.entry.prefix), []).append(one.entry.place)
    return {prefix: lines for prefix, lines in places.items() if len(lines) > 1}


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more


def refuse_empty(mixture: GivenMixture, what: str) -> None:
    """Refuse a mixture in which not one prefix was understood.

    Raises:
        DataError: none of its entries is a pool of a language.
    """
    if mixture.pools:
        return
    names = _few([one.name for one in mixture.other])
    raise DataError(
        f"{what}: no prefix names a language ({names}); give --pattern, for example "
        "'{corpus}/{language}_{script}', or a --mapping file"
    )
