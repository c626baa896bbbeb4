"""What to look at before training on a mixture: epochs, caps, what vanishes, who gets little."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from atlasmix.audit.lint_rows import DEFAULT_BLOCK, Row, Sizes, Vanishing, rows_of, vanishing
from atlasmix.audit.solving_again import Resolved
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.mixture_file import GivenMixture, plain_prefix
from atlasmix.interop.exporters.plan import DEFAULT_SEQUENCE_LENGTH
from atlasmix.interop.importers.counts import Counts
from atlasmix.languages.catalogue import name_of
from atlasmix.problem.problem import DEFAULT_EPOCHS
from atlasmix.quantities import format_quantity
from atlasmix.text import first_few

Level = Literal["fault", "note"]
Kind = Literal[
    "epochs", "vanishes", "floor", "duplicate", "refused", "uncounted", "budget", "reading"
]
FAULTS: Final = ("epochs", "vanishes", "floor", "duplicate", "refused")
"""Kinds that a strict check does not let pass. Our choice: what changes what is trained on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        level: ``fault`` or ``note``.
        kind: of what sort.
        subject: source or language it speaks of; empty for the whole.
        sentence: in words.
    """

    level: Level
    kind: Kind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """One language: its share of training tokens (0-1), and how many sources it has."""

    language: str
    share: float
    sources: int
    below_floor: bool


@dataclass(frozen=True, slots=True)
class Standard:
    """What a mixture is held against.

    Attributes:
        tokens: of the run; None where nobody says.
        cap: most epochs of a source that sets none of its own.
        floor: least share of a language, 0-1; 0 for none.
        sequence_length: tokens a sample.
        block: Levanter's mixture block, in sequences.
        counts: unique tokens by prefix.
        inventory: unique tokens by pool and language, or None.
    """

    tokens: float | None = None
    cap: float = DEFAULT_EPOCHS
    floor: float = 0.0
    sequence_length: int = DEFAULT_SEQUENCE_LENGTH
    block: int = DEFAULT_BLOCK
    counts: Counts = field(default_factory=Counts)
    inventory: Inventory | None = None


@dataclass(frozen=True, slots=True)
class LintReport:
    """Everything that was found.

    Attributes:
        name: of the mixture.
        tokens: of the run, or None.
        entries: how many entries the framework was given.
        rows: every source with its epochs, largest share first.
        languages: every language, largest share first.
        provenances: (provenance, share); ``other`` is what has no single language.
        vanishing: what each way of drawing leaves out.
        findings: faults first.
        resolved: what solving again would change; None where that was not asked.
    """

    name: str
    tokens: float | None
    entries: int
    rows: tuple[Row, ...]
    languages: tuple[LanguageShare, ...]
    provenances: tuple[tuple[str, float], ...]
    vanishing: tuple[Vanishing, ...]
    findings: tuple[Finding, ...]
    resolved: Resolved | None = None

    @property
    def faults(self) -> int:
        """How many findings are faults."""
        return sum(finding.level == "fault" for finding in self.findings)

    def over(self, epochs: float) -> int:
        """How many sources are read more than so many times."""
        return sum(row.epochs is not None and row.epochs > epochs for row in self.rows)


def lint(mixture: GivenMixture, standard: Standard) -> LintReport:
    """Hold a mixture against what there is and what frameworks can draw.

    Raises:
        ProblemError: a sequence length or block that is none.
    """
    tokens = standard.tokens if standard.tokens is not None else mixture.tokens
    rows = rows_of(mixture, tokens, standard.cap, Sizes(standard.counts, standard.inventory))
    lost = vanishing(rows, tokens, standard.sequence_length, standard.block)
    languages = _languages(mixture, standard.floor)
    findings = [
        *_epochs(rows),
        *_vanish(lost, rows, tokens),
        *_floor(languages, standard.floor),
        *_duplicates(mixture),
        *_unknown(rows, tokens),
        *(_finding("refused", "", said) for said in mixture.refusals),
        *(_finding("reading", "", note) for note in mixture.notes if note not in mixture.refusals),
    ]
    return LintReport(
        name=mixture.name,
        tokens=tokens,
        entries=sum(max(len(each.parts), 1) for each in (*mixture.pools, *mixture.other)),
        rows=rows,
        languages=languages,
        provenances=_provenances(mixture),
        vanishing=lost,
        findings=tuple(sorted(findings, key=lambda each: each.level != "fault")),
    )


def with_resolved(report: LintReport, resolved: Resolved | None) -> LintReport:
    """The same report with what solving again would change."""
    return dataclasses.replace(report, resolved=resolved)


def _finding(kind: Kind, subject: str, sentence: str) -> Finding:
    return Finding("fault" if kind in FAULTS else "note", kind, subject, sentence)


def _epochs(rows: Sequence[Row]) -> list[Finding]:
    over = sorted((row for row in rows if row.over), key=lambda row: (-(row.epochs or 0), row.name))
    findings: dict[str, Finding] = {}
    for row in over:
        # Sources that share the text of a language are read as often, all of them.
        shared = row.basis == "whole language"
        name = row.name
        if shared:
            name = f"{name_of(row.language)} text of {row.provenance} provenance"
        wanted = "" if shared else f" and is asked for {format_quantity(row.tokens or 0)}"
        where = " in the inventory, all sources of it together" if shared else ""
        sentence = (
            f"{name} would be read {row.epochs:.3g} times, the cap is {row.cap:g}: it has "
            f"{format_quantity(row.unique_tokens or 0)} unique tokens{where}{wanted}"
        )
        findings.setdefault(name, _finding("epochs", row.name, sentence))
    return list(findings.values())


def _vanish(lost: Sequence[Vanishing], rows: Sequence[Row], tokens: float | None) -> list[Finding]:
    findings = []
    for number, each in enumerate(lost):
        if not each.names:
            continue
        # The run's own resolution holds whatever the framework; the others only in that one.
        own = number == 0 and tokens is not None
        sentence = (
            f"{each.where}: {len(each.names)} of {len(rows)} sources would not be drawn at all; "
            f"{each.remedy}"
        )
        findings.append(Finding("fault" if own else "note", "vanishes", each.where, sentence))
    return findings


def _languages(mixture: GivenMixture, floor: float) -> tuple[LanguageShare, ...]:
    counted: dict[str, int] = {}
    for pool in mixture.pools:
        counted[pool.language] = counted.get(pool.language, 0) + max(len(pool.parts), 1)
    return tuple(
        LanguageShare(key, share, counted[key], share < floor)
        for key, share in mixture.proportions.items()
    )


def _floor(languages: Sequence[LanguageShare], floor: float) -> list[Finding]:
    return [
        _finding(
            "floor",
            each.language,
            f"{name_of(each.language)} ({each.language}) has {100 * each.share:.4g}% of the "
            f"tokens, below the floor of {100 * floor:g}%",
        )
        for each in languages
        if each.below_floor
    ]


def _provenances(mixture: GivenMixture) -> tuple[tuple[str, float], ...]:
    shares: dict[str, float] = {}
    for pool in mixture.pools:
        shares[pool.provenance] = shares.get(pool.provenance, 0.0) + pool.proportion
    rest = sum(each.proportion for each in mixture.other)
    if rest:
        shares["other"] = rest
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _duplicates(mixture: GivenMixture) -> list[Finding]:
    seen: dict[str, list[str]] = {}
    for entry in (*mixture.pools, *mixture.other):
        for part in entry.parts:
            seen.setdefault(plain_prefix(part.prefix), []).append(part.prefix)
    return [
        _finding(
            "duplicate",
            prefix,
            f"{prefix} stands there {len(written)} times"
            + (f", as {' and '.join(sorted(set(written)))}" if len(set(written)) > 1 else "")
            + ": the framework opens it as often and shuffles each by itself",
        )
        for prefix, written in seen.items()
        if len(written) > 1
    ]


def _unknown(rows: Sequence[Row], tokens: float | None) -> list[Finding]:
    findings = []
    if tokens is None:
        findings.append(_finding("budget", "", "no budget: epochs need one; give a budget, as 10T"))
    bare = [row for row in rows if row.unique_tokens is None]
    if bare:
        share = sum(row.share for row in bare)
        names = first_few([row.name for row in bare], 5)
        findings.append(
            _finding(
                "uncounted",
                "",
                f"{len(bare)} of {len(rows)} sources ({100 * share:.3g}% of the tokens) have no "
                f"count, so their epochs are unknown: {names}; give counts or an inventory",
            )
        )
    return findings
