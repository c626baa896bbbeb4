"""A Hugging Face dataset card: a README.md whose YAML the Hub reads, ``no`` in quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from atlasmix.interop.cards.facts import CardFacts, description
from atlasmix.io.safe_yaml import yaml_text
from atlasmix.languages.catalogue import language, name_of
from atlasmix.languages.tables import macrolanguages, short_codes
from atlasmix.quantities import significant

_SIZES: Final = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)
_LARGEST: Final = "n>1T"


def huggingface(facts: CardFacts) -> str:
    """The card as Markdown with YAML before it.

    ``language`` holds ISO 639-1 codes where there are any, as the Hub asks, else ISO 639-3;
    ``size_categories`` counts tokens, repeats included, as the cards of corpora for pretraining do;
    it is left out where they are unknown. The key ``atlasmix``
    holds what the Hub has no key for.
    """
    return f"---\n{yaml_text(card_data(facts))}---\n\n{_body(facts)}"


def card_data(facts: CardFacts) -> dict[str, Any]:
    """The YAML of the card as plain data."""
    data: dict[str, Any] = {
        "pretty_name": facts.name,
        "language": list(dict.fromkeys(hub_code(key) for key, _ in facts.languages)),
    }
    if facts.licence:
        data["license"] = facts.licence
    data |= {
        "task_categories": ["text-generation"],
        **({} if facts.tokens is None else {"size_categories": [_size(facts.tokens)]}),
        "tags": ["training-mixture", "multilingual", "atlasmix"],
        "atlasmix": {
            facts.kind: {"file": facts.file, "sha256": facts.sha256, "version": facts.made_with},
            "tokens": facts.tokens,
            "proportions": {key: _decimal(share) for key, share in facts.languages},
            "provenance": {key: _decimal(share) for key, share in facts.provenances},
        },
    }
    if facts.date:
        data["atlasmix"]["date"] = facts.date
    return data


def hub_code(key: str) -> str:
    """The code that the Hub files a language under: ISO 639-1, of the macrolanguage where the
    language stands for one, else ISO 639-3.

    >>> [hub_code(key) for key in ("cat", "nob", "als", "cmn_Hant", "ast")]
    ['ca', 'nb', 'sq', 'zh', 'ast']
    """
    entry = language(key.partition("_")[0])
    macro = macrolanguages().get(entry.macrolanguage)
    stands_for = macro is not None and macro.representative == entry.code
    wanted = entry.macrolanguage if stands_for else ""
    short = next((two for two, three in short_codes().items() if three == wanted), "")
    return entry.iso639_1 or short or entry.code


def _body(facts: CardFacts) -> str:
    lines = [f"# {facts.name}", "", description(facts), ""]
    lines += ["| language | share of training tokens |", "|---|---:|"]
    lines += [f"| {name_of(key)} ({key}) | {100 * share:.4g}% |" for key, share in facts.languages]
    lines += ["", "| provenance | share |", "|---|---:|"]
    lines += [f"| {key} | {100 * share:.4g}% |" for key, share in facts.provenances]
    lines += ["", "| corpus | share | source | licence |", "|---|---:|---|---|"]
    for corpus, share in facts.corpora:
        pools = [pool for pool in facts.pools if pool.corpus == corpus]
        sources = "; ".join(dict.fromkeys(filter(None, (pool.source for pool in pools))))
        licences = "; ".join(dict.fromkeys(filter(None, (pool.licence for pool in pools))))
        lines.append(
            f"| {_cell(corpus)} | {100 * share:.4g}% | {_cell(sources) or 'not stated'} | "
            f"{_cell(licences) or 'not stated'} |"
        )
    lines += ["", f"Made with AtlasMix {facts.made_with} from {facts.file} ({facts.sha256[:12]})."]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _decimal(share: float) -> Decimal:
    return Decimal(repr(significant(share, 9)))


def _size(tokens: int) -> str:
    return next((words for most, words in _SIZES if tokens < most), _LARGEST)
