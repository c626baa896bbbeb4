"""A folder of counted text as a token inventory: what each prefix is, by ``import``'s rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.pools import check_provenance
from atlasmix.interop.corpora import hplt_analytics, megatron_index
from atlasmix.interop.importers.listing import Entry
from atlasmix.interop.importers.mapping import AnyRule, Meaning, meaning, slug
from atlasmix.interop.importers.reading import Request, rules_of
from atlasmix.io.safe_yaml import yaml_text
from atlasmix.io.tables import refuse, to_csv
from atlasmix.languages.corpora import resolve_in
from atlasmix.text import did_you_mean, first_few

FORMS: Final = {
    "megatron-idx": "*.idx",
    "hplt-analytics": "*.yaml",
}
"""What a folder may hold, and the files that count it."""

COLUMNS: Final = (
    "language", "provenance", "corpus", "unique_tokens", "unit", "obtained", "documents",
)  # fmt: skip
_MOST_FILES: Final = 200_000


@dataclass(frozen=True, slots=True)
class CountedFolder:
    """What the user says of a folder.

    Attributes:
        path: of it.
        form: a key of :data:`FORMS`.
        tokenizer: whose tokens an index counts.
        mapping: file of rules from prefix to pool.
        pattern: one rule instead.
        provenance: of pools for which no rule says it.
    """

    path: Path
    form: str
    tokenizer: str = ""
    mapping: Path | None = None
    pattern: str = ""
    provenance: str = "unknown"


@dataclass(frozen=True, slots=True)
class CorpusInventory:
    """An inventory that is ready for the shelf.

    Attributes:
        table: CSV of its pools.
        card: YAML.
        notes: plain sentences on what was added up or left out.
    """

    table: bytes
    card: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    prefix: str
    meaning: Meaning
    tokens: int
    documents: int | None


def inventory_of(folder: CountedFolder) -> CorpusInventory:
    """The pools of a folder: prefixes of one language, provenance and corpus are added up.

    Raises:
        DataError: no folder, nothing in it, or every file that cannot be read or placed.
        ProblemError: a form or provenance that nobody knows, or no tokenizer.
    """
    _check(folder)
    files = _files(folder)
    counted: list[_Counted] = []
    faults: list[str] = []
    unplaced: list[str] = []
    notes: list[str] = []
    read = _indexed if folder.form == "megatron-idx" else _reported
    rules = rules_of(_request(folder))[0]
    for path in files:
        prefix = path.relative_to(folder.path).with_suffix("").as_posix()
        try:
            each = read(path, prefix)
        except DataError as error:
            faults.append(error.sentence)
            continue
        meant = _meant(each, rules, folder)
        if meant.language:
            counted.append(replace(each, meaning=meant))
        elif meant.doubt:
            unplaced.append(f"{prefix}: {meant.doubt}")
        else:
            notes.append(f"{prefix} has no single language ({meant.other}); left out")
    refuse(f"{folder.path.name} ({folder.form})", faults)
    if unplaced:
        raise DataError(
            f"{len(unplaced)} of {len(files)} prefixes in {folder.path.name} name no language that "
            "is known",
            tuple(unplaced[:20]),
            field="mapping",
            hint="say in a mapping what they are, as import takes it",
        )
    if not counted:
        raise DataError(f"{folder.path.name} holds no pool of one language", tuple(notes[:20]))
    return CorpusInventory(_table(folder, counted, notes), _card(folder, len(files)), tuple(notes))


def check_form(form: str, known: Collection[str] = FORMS) -> None:
    """Refuse a form that nobody knows.

    Args:
        form: of what is to be counted.
        known: the forms, where there are others than those of folders.

    Raises:
        ProblemError: suggests the nearest.
    """
    if form not in known:
        raise ProblemError(
            f"no form {form[:40]!r}: {did_you_mean(form, known, ' ')}expected one of "
            f"{', '.join(known)}",
            field="form",
            value=form,
        )


def _check(folder: CountedFolder) -> None:
    check_form(folder.form)
    check_provenance(folder.provenance)
    if folder.form == "megatron-idx" and not folder.tokenizer.strip():
        raise ProblemError(
            "whose tokens are they? An index does not say: name the tokenizer, as gemma-3",
            field="tokenizer",
        )


def _files(folder: CountedFolder) -> list[Path]:
    if not folder.path.is_dir():
        raise DataError(f"no folder {folder.path}: expected one with {FORMS[folder.form]} in it")
    files = [path for path in sorted(folder.path.rglob(FORMS[folder.form])) if path.is_file()]
    if len(files) > _MOST_FILES:
        raise DataError(f"{folder.path.name} has over {_MOST_FILES:,} files: name a part of it")
    if not files:
        raise DataError(
            f"{folder.path.name} holds no {FORMS[folder.form]}: expected the folder of a corpus"
        )
    return files


def _request(folder: CountedFolder) -> Request:
    return Request(
        path=folder.path,
        form="megatron",
        mapping=folder.mapping,
        pattern=folder.pattern,
        provenance=folder.provenance,
    )


def _indexed(path: Path, prefix: str) -> _Counted:
    count = megatron_index.read_index(path)
    return _Counted(prefix, Meaning(), count.tokens, count.documents)


def _reported(path: Path, prefix: str) -> _Counted:
    count = hplt_analytics.read_report(path)
    meant = Meaning(other="parallel text") if count.parallel else Meaning(counts=count.language)
    return _Counted(prefix, meant, count.tokens, count.documents)


def _meant(each: _Counted, rules: Sequence[AnyRule], folder: CountedFolder) -> Meaning:
    """What a prefix is: by rule; of a report for which none was given, by what it says itself."""
    own = each.meaning
    if own.other:
        return own
    default = slug(folder.path.resolve().name)
    if own.counts and folder.mapping is None and not folder.pattern:
        # The language that the report names; its script stands in the name of the file alone.
        words = each.prefix.replace("-", ".").replace("/", ".").split(".")
        written = next((word for word in words if word.startswith(f"{own.counts}_")), own.counts)
        try:
            language = str(resolve_in(written, default))
        except DataError as error:
            return Meaning(doubt=error.sentence)
        return Meaning(language=language, provenance=folder.provenance, corpus=default)
    entry = Entry(each.prefix, None, each.prefix)
    return meaning(entry, rules, folder.provenance, default)


def _table(folder: CountedFolder, counted: Sequence[_Counted], notes: list[str]) -> bytes:
    pools: dict[tuple[str, str, str], list[_Counted]] = {}
    for each in counted:
        meant = each.meaning
        pools.setdefault((meant.language, meant.provenance, meant.corpus), []).append(each)
    unit = f"tokens of {folder.tokenizer}" if folder.tokenizer else hplt_analytics.UNIT
    rows = []
    for key, parts in sorted(pools.items()):
        if len(parts) > 1:
            shown = first_few([part.prefix for part in parts], 3)
            notes.append(f"{'.'.join(key)} is {len(parts)} prefixes added up: {shown}")
        documents = [part.documents for part in parts]
        known = [number for number in documents if number is not None]
        rows.append(
            (
                *key,
                # A small number alone would be taken for billions.
                f"{sum(part.tokens for part in parts)} tokens",
                unit,
                "counted",
                str(sum(known)) if len(known) == len(documents) else "",
            )
        )
    return to_csv(COLUMNS, tuple(rows))


def _card(folder: CountedFolder, files: int) -> str:
    name = slug(folder.path.resolve().name)
    how = {
        "megatron-idx": "The lengths in Megatron's .idx files were added up; text that repeats "
        "within them is not taken off.",
        "hplt-analytics": "Lengths of segments in the reports were added up, each segment that is "
        "there several times once where a report says so.",
    }[folder.form]
    card: Mapping[str, object] = {
        "name": name,
        "kind": "token inventory",
        "title": f"Tokens of {name}, by {folder.form}",
        "unit": f"tokens of {folder.tokenizer}" if folder.tokenizer else hplt_analytics.UNIT,
        "source": f"{files} {FORMS[folder.form]} files of {name}",
        "licence": "not stated",
        "derivation": how,
    }
    return yaml_text(card)
