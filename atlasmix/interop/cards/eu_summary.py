"""The numbers of the EU's public summary of training content, as Markdown to paste into its form.

Template of the European Commission of 2025-07-24 for Article 53(1)(d) of Regulation (EU) 2024/1689:
1 general information, 2 list of data sources, 3 data processing. Filled in is what a mixture knows:
size band and languages (1.3), the corpora with their shares (2.1-2.3, the provider says which
list), and synthetic data (2.5). The rest is for the provider, and named so.
"""

from __future__ import annotations

from typing import Final

from atlasmix.interop.cards.facts import NOT_A_POOL, SYNTHETIC, CardFacts
from atlasmix.languages.catalogue import name_of
from atlasmix.quantities import format_quantity

BANDS: Final = (
    (1e9, "less than 1 billion tokens"),
    (1e13, "1 billion to 10 trillion tokens"),
)
LARGEST_BAND: Final = "more than 10 trillion tokens"
PROVIDER: Final = "_for the provider_"


def eu_summary(facts: CardFacts) -> str:
    """The table as Markdown."""
    return "\n".join([*_head(facts), *_general(facts), *_sources(facts), *_processing()]) + "\n"


def band(tokens: float | None) -> str:
    """The template's range of the size of text data.

    >>> band(2e9), band(None)
    ('1 billion to 10 trillion tokens', '_for the provider_')
    """
    if tokens is None:
        return PROVIDER
    return next((words for most, words in BANDS if tokens <= most), LARGEST_BAND)


def distinct(facts: CardFacts) -> int | None:
    """Tokens that are read at least once: of a file at most its unique tokens; None if unknown."""
    read = [pool.read_once for pool in facts.pools]
    return None if None in read else sum(filter(None, read))


def _head(facts: CardFacts) -> list[str]:
    dated = f", {facts.date}" if facts.date else ""
    return [
        f"# Numbers for the public summary of training content: {facts.name}",
        "",
        f"From {facts.file} (SHA-256 {facts.sha256[:12]}), AtlasMix {facts.made_with}{dated}. "
        "Section numbers are those of the Commission's template of 2025-07-24. A mixture plans a "
        "run: compare it with what was trained on (atlasmix verify-run) before it is published.",
        "",
    ]


def _general(facts: CardFacts) -> list[str]:
    once, run = distinct(facts), facts.tokens
    rows = [
        ("1.1 Provider, 1.2 Model", PROVIDER),
        ("1.3 Modality", "text"),
        ("1.3 Size of the text data", band(once if once is not None else run)),
        ("Distinct tokens read", _count(once)),
        ("Tokens read in training, repeats included", _count(run)),
        ("Whose tokens", "; ".join(_distinct_texts(facts, "unit")) or PROVIDER),
        ("1.3 Languages", f"{len(facts.languages)}, listed below"),
        ("1.3 Latest date of data acquisition", PROVIDER),
    ]
    lines = ["## 1 General information", "", "| item | value |", "|---|---|"]
    lines += [f"| {item} | {value} |" for item, value in rows]
    lines += ["", "| language | share of training tokens |", "|---|---:|"]
    lines += [f"| {name_of(key)} ({key}) | {100 * share:.4g}% |" for key, share in facts.languages]
    rest = dict(facts.provenances).get(NOT_A_POOL)
    if rest:
        lines.append(f"| {NOT_A_POOL} (code, mathematics, ...) | {100 * rest:.4g}% |")
    return [*lines, ""]


def _sources(facts: CardFacts) -> list[str]:
    lines = [
        "## 2 List of data sources",
        "",
        "Whether a corpus is a publicly available dataset (2.1), licensed or obtained from third "
        "parties (2.2) or crawled by the provider (2.3) is for the provider to say.",
        "",
        "| corpus | share of training tokens | provenance | source of the count | licence stated |",
        "|---|---:|---|---|---|",
    ]
    for corpus, share in facts.corpora:
        pools = [pool for pool in facts.pools if pool.corpus == corpus]
        kinds = ", ".join(dict.fromkeys(pool.provenance for pool in pools))
        cells = [
            "; ".join(dict.fromkeys(getattr(pool, key) for pool in pools if getattr(pool, key)))
            for key in ("source", "licence")
        ]
        told = [cell.replace("|", "\\|") or "not stated" for cell in cells]
        lines.append(f"| {corpus} | {100 * share:.4g}% | {kinds} | {told[0]} | {told[1]} |")
    lines += ["", f"2.4 User data: {PROVIDER}. 2.6 Other sources: {PROVIDER}.", ""]
    lines += ["### 2.5 Synthetic data", "", *_synthetic(facts), ""]
    return lines


def _synthetic(facts: CardFacts) -> list[str]:
    shares = dict(facts.provenances)
    run = facts.tokens
    lines = ["| written by a model | share of training tokens | tokens |", "|---|---:|---:|"]
    for kind in SYNTHETIC:
        share = shares.get(kind, 0.0)
        lines.append(
            f"| {kind} | {100 * share:.4g}% | {_count(None if run is None else share * run)} |"
        )
    total = facts.synthetic
    lines.append(
        f"| **together** | {100 * total:.4g}% | {_count(None if run is None else total * run)} |"
    )
    doubtful = shares.get("unknown", 0.0) + shares.get(NOT_A_POOL, 0.0)
    if doubtful:
        lines += [
            "",
            f"Of {100 * doubtful:.4g}% of the tokens the provenance is not known: synthetic text "
            "may be more.",
        ]
    if shares.get("human_edited"):
        lines += ["", f"human_edited: {100 * shares['human_edited']:.4g}%, counted apart."]
    return [*lines, "", f"Models that generated it: {PROVIDER}."]


def _processing() -> list[str]:
    return [
        "## 3 Data processing",
        "",
        f"3.1 Reservation of rights, 3.2 Removal of illegal content: {PROVIDER}.",
    ]


def _distinct_texts(facts: CardFacts, key: str) -> list[str]:
    return list(dict.fromkeys(getattr(pool, key) for pool in facts.pools if getattr(pool, key)))


def _count(tokens: float | None) -> str:
    if tokens is None:
        return "not known"
    return f"{round(tokens):,} ({format_quantity(tokens)})" if tokens else "0"
