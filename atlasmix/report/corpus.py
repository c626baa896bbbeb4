"""What ``audit`` shows: how much by whom, what is off, what moved, what could not be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Final

from atlasmix.audit.corpus.drift import MOVED, Drift, LanguageDrift
from atlasmix.audit.corpus.labels import NO_LANGUAGE, ORIGINS
from atlasmix.audit.corpus.measures import MEASURES
from atlasmix.audit.corpus.summary import (
    AuditSummary,
    Estimate,
    GroupSummary,
    LanguageSummary,
)
from atlasmix.audit.corpus.warnings import ALARM, RESAMPLES, SHARED, EarlyWarning
from atlasmix.laws.collapse import least_human_share, type_retention
from atlasmix.quantities import format_quantity
from atlasmix.report.blocks import (
    Block,
    Caution,
    Cell,
    Column,
    Fact,
    Facts,
    Figure,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    Value,
    section,
)
from atlasmix.report.report import Report
from atlasmix.report.words import named, percent
from atlasmix.text import listed

_MOST_ROWS: Final = 15
_MOST_FAULTS: Final = 10
_WIDEST: Final = 28

MEASURE_WORDS: Final = {
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "hapax": "hapax share",
    "types": "types",
    "tail_coverage": "tail coverage",
    "entropy": "entropy",
    "compression": "compression",
}
_NOT_KNOWN: Final = (
    "No publication says at which value to act. The thresholds are our choice: "
    f"{ALARM:g} standard errors of human text, taken from {RESAMPLES} parts of the reference. A "
    "flag says that the text is unlike the reference, not why: another genre or topic does it too."
)


def audit_report(
    summary: AuditSummary, drift: Drift | None = None, every: bool = False, more: str = ""
) -> Report:
    """The report of an audit.

    Args:
        summary: what it says.
        drift: what moved since another audit.
        every: list everything on a terminal too.
        more: what a reader is told of what is left out there, say how to see it.
    """
    blocks: list[Block] = [*_cautions(summary)]
    blocks.append(Sentence(_headline(summary), strong=True))
    blocks.append(Sentence(_verdict(summary)))
    if summary.faulty:
        blocks.append(
            Sentence(
                f"{_count(summary.faulty, 'file')} with something that could not be read: see the "
                "end."
            )
        )
    if drift is not None:
        blocks.append(Sentence(_drift_verdict(drift)))
    blocks.append(_language_table(summary, every, more))
    blocks += section(Heading("Provenance"), _group_table(summary, every, more), *_by_whom(summary))
    blocks += section(Heading("Scores of a detector"), *_score_blocks(summary, every, more))
    blocks += section(Heading("Early warning"), *_warning_blocks(summary, every, more))
    if drift is not None:
        blocks += section(Heading(f"Since {drift.before}"), *_drift_blocks(drift))
    blocks += section(Heading("How much human text keeps its words"), *_floors(summary))
    blocks += section(Heading("What could not be read"), *_faults(summary, every, more))
    blocks += section(Heading("Figures", detail=True), *_figures(summary))
    blocks += section(Heading("How it was counted", detail=True), *_how(summary))
    return Report(f"Audit of {summary.corpus}", tuple(blocks))


def _cautions(summary: AuditSummary) -> list[Block]:
    if not summary.shards:
        return []
    parts = listed(summary.shards, 20)
    return [Caution(f"this is a part of the corpus: {parts}; merge it with the others first")]


def _headline(summary: AuditSummary) -> str:
    total = summary.total
    number = sum(each.language != NO_LANGUAGE for each in summary.languages)
    tokens = (
        f"{format_quantity(total.words)} words"
        if summary.tokens is None
        else f"{_with_error(summary.tokens)} tokens"
    )
    languages = f"{number:,} language" + ("" if number == 1 else "s")
    return (
        f"{summary.corpus}: {_count(total.documents, 'document')}, {_size(total.bytes)} of text, "
        f"{tokens} in {languages}"
    )


def _verdict(summary: AuditSummary) -> str:
    if not summary.referenced:
        return "There was no human reference, so nothing is said of variety."
    compared = [each for each in summary.languages if each.warning and each.warning.measures]
    flagged = [named(each.language) for each in summary.flagged]
    if flagged:
        return f"Unlike the human reference: {listed(flagged, 10)}."
    if not compared:
        return "No language has enough text, here and in the reference, to be compared."
    many = "language" if len(compared) == 1 else "languages"
    return (
        f"No measure of the {len(compared):,} {many} compared lies {ALARM:g} standard errors or "
        "more from the human reference."
    )


def _with_error(estimate: Estimate) -> str:
    error = f" ± {format_quantity(2 * estimate.error, 2)}" if estimate.error else ""
    return f"{format_quantity(estimate.value)}{error}"


def _count(number: int, word: str) -> str:
    return f"{format_quantity(number)} {word}" + ("" if number == 1 else "s")


def _size(size: float) -> str:
    """Bytes in powers of a thousand.

    >>> _size(1_234_000), _size(12)
    ('1.23 MB', '12 B')
    """
    if size < 1000:
        return f"{size:.0f} B"
    step = min(int(math.log10(size)) // 3, 5)
    return f"{size / 1000**step:.3g} {('B', 'kB', 'MB', 'GB', 'TB', 'PB')[step]}"


def _language_table(summary: AuditSummary, every: bool, more: str) -> Table:
    origins = [o for o in ORIGINS if any(o in each.origins for each in summary.languages)]
    near = any(each.near_duplicates for each in summary.languages)
    identified = any(each.wrong_language for each in summary.languages)
    unit = "words" if summary.tokens is None else "tokens"
    columns = [
        Column("language"),
        Column("documents", "tokens"),
        Column(unit, "tokens"),
        *(Column(origin.replace("_", " "), "share") for origin in origins),
        Column("copies", "share", "exact duplicates, of the documents"),
        *([Column("near", "share", "near duplicates, at least")] if near else []),
        Column("script", "share", "in no script of the language"),
        *([Column("other", "share", "told to be in another language")] if identified else []),
    ]
    rows = [
        Row(
            (
                _called(each.language),
                each.figures.documents,
                each.figures.words if each.tokens is None else each.tokens.value,
                *(each.origins.get(origin, 0.0) for origin in origins),
                _marked(each.duplicates),
                *([_marked(each.near_duplicates)] if near else []),
                _marked(each.wrong_script),
                *([_marked(each.wrong_language)] if identified else []),
            ),
            "chosen" if each in summary.flagged else "",
        )
        for each in summary.languages
    ]
    return Table(
        tuple(columns),
        tuple(rows),
        notes=("~ from a sample.",) if _sampled(summary) else (),
        brief=None if every else _brief(rows, more),
        title="Languages, most text first",
    )


def _sampled(summary: AuditSummary) -> bool:
    return any(
        estimate is not None and estimate.error > 0
        for each in summary.languages
        for estimate in (
            each.duplicates,
            each.near_duplicates,
            each.wrong_language,
        )
    )


def _marked(estimate: Estimate | None) -> Cell:
    if estimate is None:
        return Cell("-")
    return Cell(estimate.value, "~" if estimate.error else "")


def _called(key: str) -> str:
    return "no language named" if key == NO_LANGUAGE else named(key)


def _brief(rows: Sequence[Row], more: str) -> tuple[Row, ...] | None:
    if len(rows) <= _MOST_ROWS:
        return None
    left = len(rows) - _MOST_ROWS
    empty = (None,) * (len(rows[0].cells) - 1)
    return (*rows[:_MOST_ROWS], Row((f"and {left:,} more{more}", *empty)))


def _group_table(summary: AuditSummary, every: bool, more: str) -> Table:
    total = max(summary.total.words, 1)
    rows = [
        Row(
            (
                _called(group.label.language),
                group.label.origin.replace("_", " "),
                group.label.kind,
                _short(group.label.generator),
                _generation(group),
                group.figures.documents,
                group.figures.words,
                group.figures.words / total,
            )
        )
        for group in summary.groups
    ]
    return Table(
        (
            Column("language"),
            Column("origin"),
            Column("kind"),
            Column("generator"),
            Column("generation", "count", "models between it and human text"),
            Column("documents", "tokens"),
            Column("words", "tokens"),
            Column("share", "share", "of all words"),
        ),
        tuple(rows),
        brief=None if every else _brief(rows, more),
        title="By what the records say of their origin",
    )


def _generation(group: GroupSummary) -> Value:
    level = group.label.generation
    return "-" if level is None else level


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _by_whom(summary: AuditSummary) -> list[Block | str]:
    sentences = []
    for each in summary.languages:
        said = []
        if each.leading_generator:
            name, share = each.leading_generator
            said.append(f"{percent(share)} of the synthetic words are by {name}")
        if each.generations:
            depth = each.generations
            said.append(
                f"{percent(depth.known)} of what is not human says its generation, "
                f"{depth.mean:.2g} on average and {depth.deepest} at most"
            )
        if said:
            sentences.append(f"{_called(each.language)}: {'; '.join(said)}")
    return [Sentences(tuple(sentences[:_MOST_ROWS]))] if sentences else []


def _score_blocks(summary: AuditSummary, every: bool, more: str) -> list[Block | str]:
    """The scores that were imported; nothing where none were asked for."""
    if not summary.detector:
        return []
    rows = [
        Row(
            (
                _called(each.language),
                origin.replace("_", " "),
                told.documents,
                told.scored,
                told.mean,
                *told.reached,
            )
        )
        for each in summary.languages
        for origin, told in each.scores.items()
    ]
    if not rows:
        return [Sentence(f"No document has a score under {summary.detector}.")]
    table = Table(
        (
            Column("language"),
            Column("origin"),
            Column("documents", "tokens", "with a score"),
            Column("scored", "share", "of the documents"),
            Column("mean", "constant"),
            *(
                Column(f"≥ {threshold:g}", "share", "of the documents with a score")
                for threshold in summary.thresholds
            ),
        ),
        tuple(rows),
        brief=None if every else _brief(rows, more),
        title=f"Scores under {summary.detector}",
    )
    return [
        table,
        Sentence(
            "Read from the records, and not made here. What a score means, and from which on a "
            "text is taken for a machine's, is for the detector that gave it: no threshold is ours."
        ),
    ]


def _warning_blocks(summary: AuditSummary, every: bool, more: str) -> list[Block | str]:
    if not summary.referenced:
        return []
    rows: list[Row] = []
    missing = []
    for each in summary.languages:
        for part, warning in _parts(each):
            if not warning.measures:
                missing.append(f"{part}: {warning.missing}")
                continue
            rows += _measure_rows(part, warning)
    if not rows:
        return [Sentences(tuple(missing[:_MOST_ROWS]))] if missing else []
    flagged = [row for row in rows if row.weight == "chosen"]
    brief: tuple[Row, ...] | None = None
    if not every and len(flagged) < len(rows) and len(rows) > 2 * len(MEASURES):
        empty = (None,) * (len(rows[0].cells) - 1)
        left = len(rows) - len(flagged)
        brief = (*flagged, Row((f"{left:,} within human text{more}", *empty)))
    table = Table(
        (
            Column("text"),
            Column("measure"),
            Column("tokens", "tokens", "compared, of both"),
            Column("here", "constant"),
            Column("human", "constant", "mean of parts of the reference as long"),
            Column("z", "change", "standard errors of human text"),
        ),
        tuple(rows),
        brief=brief,
        title="Variety against the human reference, at the same number of tokens",
    )
    few = any(not w.whole_documents for each in summary.languages for _, w in _parts(each))
    note = (
        "Where the reference has fewer than 20 documents it was parted by passages, which "
        "understates how human texts differ."
        if few
        else ""
    )
    shared = [
        f"{part}: {percent(warning.shared)} of its passages begin in a document of the reference, "
        "so the tail is not compared"
        for each in summary.languages
        for part, warning in _parts(each)
        if warning.shared > SHARED
    ]
    told = (*missing, *shared)[:_MOST_ROWS]
    return [table, *([Sentences(told)] if told else []), note, _NOT_KNOWN]


def _parts(language: LanguageSummary) -> list[tuple[str, EarlyWarning]]:
    if language.warning is None:
        return []
    name = _called(language.language)
    parts = [(name, language.warning)]
    return parts + [
        (f"{name}, {origin.replace('_', ' ')}", each) for origin, each in language.warnings.items()
    ]


def _measure_rows(part: str, warning: EarlyWarning) -> list[Row]:
    return [
        Row(
            (
                part,
                MEASURE_WORDS[name],
                warning.tokens,
                each.text,
                each.human,
                each.z if math.isfinite(each.z) else "beyond all",
            ),
            "chosen" if each.flagged else "",
        )
        for name, each in warning.measures.items()
    ]


def _drift_verdict(drift: Drift) -> str:
    said = [named(each.language) for each in drift.drifted]
    parts = [f"Moved since {drift.before}: {listed(said, 10)}." if said else ""]
    if not said:
        parts = [f"Nothing moved since {drift.before}."]
    if drift.new:
        parts.append(f"New: {listed([_called(key) for key in drift.new], 10)}.")
    if drift.gone:
        parts.append(f"Gone: {listed([_called(key) for key in drift.gone], 10)}.")
    return " ".join(parts)


def _drift_blocks(drift: Drift) -> list[Block | str]:
    rows = [row for each in drift.languages for row in _drift_rows(each)]
    if not rows:
        return []
    table = Table(
        (
            Column("language"),
            Column("what"),
            Column("before"),
            Column("now"),
            Column("z", "change", "standard errors of the old text"),
        ),
        tuple(rows),
        title="What moved",
    )
    return [
        table,
        f"Told are shares that moved by {percent(MOVED)} or more of the whole and measures that "
        f"lie {ALARM:g} standard errors or more from the old text; both are our choice.",
    ]


def _drift_rows(drift: LanguageDrift) -> list[Row]:
    name = _called(drift.language)
    documents = tuple(map(format_quantity, drift.documents))
    rows = [Row((name, "documents", *documents, None))]
    rows += [
        Row((name, move.what, percent(move.before), percent(move.now), None), "chosen")
        for move in drift.moves
        if move.moved
    ]
    for measure in drift.variety.flagged:
        each = drift.variety.measures[measure]
        z: Value = each.z if math.isfinite(each.z) else "beyond all"
        rows.append(
            Row(
                (name, MEASURE_WORDS[measure], f"{each.human:.4g}", f"{each.text:.4g}", z), "chosen"
            )
        )
    return rows


GENERATIONS: Final = (5, 25)
KEPT: Final = 0.5
"""Part of the types that a floor is to keep: our choice, a half, where languages differ most."""


def _floors(summary: AuditSummary) -> list[Block | str]:
    """The least human share that keeps half of each language's types, from its own counts."""
    rows = []
    for language in summary.languages:
        spectrum = language.spectra.get("human") or language.spectra["all"]
        if not spectrum.counts:
            continue
        floors = [
            least_human_share(spectrum.counts, KEPT, generation, spectrum.types)
            for generation in GENERATIONS
        ]
        of = "human text" if "human" in language.spectra else "all of its text"
        told = ["not at any share" if floor is None else percent(floor) for floor in floors]
        left = type_retention(spectrum.counts, 0.0, GENERATIONS[-1], spectrum.types)
        rows.append(Row((named(language.language), of, *told, percent(left))))
    if not rows:
        return []
    table = Table(
        (
            Column("language"),
            Column("counted in"),
            *(Column(f"human share, generation {g}") for g in GENERATIONS),
            Column(
                "words left without any",
                meaning="types left at generation 25 without any human text",
            ),
        ),
        tuple(rows),
        title="Least human share that keeps half of the words",
    )
    return [
        table,
        "The least share of fresh human text, each generation, that keeps half of the distinct "
        "words of a text as large as this one, by a branching process on their counts (temperature "
        "1, no constant fitted; within 0.05 of simulated n-gram models up to a share of 0.2). It "
        "is a floor for the mixture: atlasmix solve takes it as a human floor.",
    ]


def _faults(summary: AuditSummary, every: bool, more: str) -> list[Block | str]:
    told = [f"{name}: {sentence}" for name, each in summary.faults.items() for sentence in each]
    shown = told if every else told[:_MOST_FAULTS]
    left = len(told) - len(shown)
    beyond = summary.faulty - len(summary.faults)
    others = [f"{number:,} files *{ending}" for ending, number in summary.left.items()]
    return [
        *([Sentences(tuple(shown))] if shown else []),
        f"and {left:,} more{more}" if left else "",
        f"and {beyond:,} more files" if beyond else "",
        f"Not read, for no format of texts has such names: {listed(others, 8)}." if others else "",
    ]


def _how(summary: AuditSummary) -> list[Block | str]:
    facts = [
        Fact(
            "files",
            f"{summary.files:,}",
            f"{_size(summary.packed_bytes)} on disk; long ones by parts",
        ),
        Fact("unit", summary.unit, "by a sample of documents" if summary.tokens else ""),
        Fact("origin", "as the records say", "what says nothing is unknown, never human"),
        Fact("exact duplicates", "of the documents", "by a hash of their text"),
        Fact(
            "script",
            "of most letters",
            "of every third character, in documents of 30 letters and more",
        ),
    ]
    meanings = tuple(f"{MEASURE_WORDS[name]}: {said}" for name, said in MEASURES.items())
    return [Facts(tuple(facts)), Sentences(meanings)]


def _figures(summary: AuditSummary) -> list[Block | str]:
    from atlasmix.report.figures.corpus import origins_figure, spectrum_figure, warning_figure

    shown = [each for each in summary.languages if each.figures.words][:30]
    if not shown:
        return []
    figures: list[Block | str] = [
        Figure(
            "origins",
            "Who wrote it, as the records say",
            "One bar a language: the shares of its words by origin.",
            partial(origins_figure, shown),
        ),
        Figure(
            "spectra",
            "How often words stand",
            "One line a language: the share of its distinct words that stand so often or more.",
            partial(spectrum_figure, shown[:6]),
        ),
    ]
    if any(each.warning and each.warning.measures for each in shown):
        figures.append(
            Figure(
                "variety",
                "Variety against human text",
                "One point a measure and language: how many standard errors it lies from the "
                "human reference.",
                partial(warning_figure, [e for e in shown if e.warning and e.warning.measures]),
            )
        )
    return figures
