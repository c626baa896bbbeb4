"""From a prefix to language, provenance and corpus: mapping file, one pattern, or a safe guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence import PROVENANCES
from atlasmix.evidence.faults import refuse
from atlasmix.languages import resolve
from atlasmix.recipes.importers.listing import Entry
from atlasmix.recipes.importers.prefix_patterns import Pattern, compile_pattern, plain_prefix
from atlasmix.recipes.values import nearest, shown

UNKNOWN: Final = "unknown"
RULE_KEYS: Final = ("match", "language", "provenance", "corpus", "other", "counts")
_SLUG = re.compile(r"[^a-z0-9_-]+")
_FILL = re.compile(r"\{(\w+)\}")

GUESSES: Final[tuple[Mapping[str, str], ...]] = (
    {"match": "{language}__{provenance}__{corpus}"},
    {"match": "^{corpus}/**/{language}_{script}"},
    {"match": "{corpus}/{language}_{script}"},
    {"match": "{language}_{script}"},
)
"""Tried in turn where the user gives neither mapping nor pattern: the keys of AtlasMix's own
exports, then a last folder such as ``gle_Latn``, its corpus the first folder of a relative path and
the one before it of another. Two letters alone are never taken for a language."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What prefixes of one pattern are.

    Attributes:
        pattern: of the prefix.
        language, provenance, corpus: fixed, or empty where the pattern finds them; ``{...}`` in
            them is filled with what the pattern found.
        other: name of a source without a single language; empty for pools.
        counts: name of the prefix in the counts, where it is another; ``{...}`` is filled.
        unique_tokens, tokens_per_document: of the pool, from an ``expected.json``; else None.
    """

    pattern: Pattern
    language: str = ""
    provenance: str = ""
    corpus: str = ""
    other: str = ""
    counts: str = ""
    unique_tokens: float | None = None
    tokens_per_document: float | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one prefix is.

    Attributes:
        language: key; empty for what has no single language.
        provenance, corpus: of a pool.
        other: name of a source without a single language.
        counts: name in the counts; empty for the prefix itself.
        doubt: why it is no pool, in words for a note; empty where a rule says so.
        unique_tokens, tokens_per_document: of the pool, where the rule knows them.
    """

    language: str = ""
    provenance: str = ""
    corpus: str = ""
    other: str = ""
    counts: str = ""
    doubt: str = ""
    unique_tokens: float | None = None
    tokens_per_document: float | None = None


def read_rules(content: object, what: str) -> tuple[Rule, ...]:
    """The rules of a mapping file: ``rules: [{match: ..., corpus: ...}, ...]``, or the list alone.

    An ``expected.json`` of an export is read too: there every path and key names its pool.

    Raises:
        DataError: with every fault.
    """
    if isinstance(content, dict) and str(content.get("schema", "")).startswith(
        "atlasmix/expected/"
    ):
        return _expected_rules(content)
    rules = content.get("rules") if isinstance(content, dict) else content
    if not isinstance(rules, list) or not rules:
        raise DataError(
            f"{what} holds no rules: expected 'rules:' and below it lines such as "
            "'- {match: \"hplt-3.0/*/{language}_{script}\", provenance: human, corpus: hplt-v3}'"
        )
    found: list[Rule] = []
    faults: list[str] = []
    for number, rule in enumerate(rules, start=1):
        try:
            found.append(read_rule(rule))
        except AtlasMixError as error:
            faults.append(f"rule {number}: {error}")
    refuse(what, faults)
    return tuple(found)


def read_rule(rule: object) -> Rule:
    """One rule from plain data.

    Raises:
        ProblemError, DataError: with the first fault.
    """
    texts = _texts(rule)
    pattern = compile_pattern(texts.pop("match"))
    held = set(pattern.expression.groupindex)
    for key, text in texts.items():
        for word in _FILL.findall(text):
            if word not in held:
                raise ProblemError(f"{key} names {{{word}}}, which its pattern does not find")
    _check_kind(texts, held)
    language, provenance = texts["language"], texts["provenance"]
    if language and "{" not in language:
        resolve(language)
    if provenance and "{" not in provenance and provenance not in PROVENANCES:
        raise ProblemError(
            f"provenance {provenance!r}: {nearest(provenance, PROVENANCES)}expected one of "
            f"{', '.join(PROVENANCES)}"
        )
    return Rule(
        pattern,
        language=language,
        provenance=provenance,
        corpus=texts["corpus"],
        other=texts["other"],
        counts=texts["counts"],
    )


def _texts(rule: object) -> dict[str, str]:
    """Every key of a rule as a text, empty where it is not there."""
    if not isinstance(rule, Mapping):
        raise ProblemError(f"{shown(rule)}: expected a mapping with 'match'")
    for key, value in rule.items():
        if key not in RULE_KEYS:
            raise ProblemError(
                f"no key {key!r}: {nearest(str(key), RULE_KEYS)}expected {', '.join(RULE_KEYS)}"
            )
        if not isinstance(value, str) or not value.strip():
            raise ProblemError(f"{key} is {shown(value)}: expected a text; quote it if it is one")
    if "match" not in rule:
        raise ProblemError("no 'match': expected a pattern such as 'hplt-3.0/**/{language}'")
    return {key: rule.get(key, "").strip() for key in RULE_KEYS}


def _check_kind(texts: Mapping[str, str], held: set[str]) -> None:
    """A rule speaks of pools, and then of a language, or of an other source."""
    if not texts["other"]:
        if not texts["language"] and "language" not in held:
            raise ProblemError(
                "no language: expected {language} in the pattern, 'language: cat', or 'other: code'"
            )
        return
    extra = [key for key in ("language", "provenance", "corpus") if texts[key]]
    if extra:
        raise ProblemError(f"both 'other' and '{extra[0]}': a source is a pool or it is not")


def meaning(entry: Entry, rules: Sequence[Rule], default: str, corpus: str) -> Meaning:
    """What an entry is, by the first rule that fits its prefix, or else one of its paths.

    Args:
        entry: of the framework's list.
        rules: in the order in which they are tried.
        default: provenance where no rule says it.
        corpus: corpus where no rule says it.
    """
    for text in (entry.prefix, *entry.paths[:1]):
        for rule in rules:
            found = rule.pattern.match(text)
            if found is not None:
                return _by_rule(rule, found, default, corpus)
    return Meaning(other=plain_prefix(entry.prefix), doubt="no rule fits")


def slug(text: str) -> str:
    """A text as the name of a corpus: small letters, digits, hyphens, at most 40.

    >>> slug("nemotron-cc-tower+-0.1"), slug("HPLT 3.0")
    ('nemotron-cc-tower-0-1', 'hplt-3-0')
    """
    plain = re.sub(r"-{2,}", "-", _SLUG.sub("-", text.lower())).strip("-_")
    return plain[:40].rstrip("-_") or "corpus"


def _by_rule(rule: Rule, found: Mapping[str, str], default: str, corpus: str) -> Meaning:
    counts = _filled(rule.counts, found)
    if rule.other:
        return Meaning(other=_filled(rule.other, found), counts=counts)
    written = _filled(rule.language, found) or found["language"]
    if found.get("script") and not rule.language:
        written = f"{written}_{found['script']}"
    try:
        key = str(resolve(written))
    except DataError as error:
        return Meaning(other=written, counts=counts, doubt=str(error).partition(":")[0])
    return Meaning(
        language=key,
        provenance=_filled(rule.provenance, found) or found.get("provenance", "") or default,
        corpus=slug(_filled(rule.corpus, found) or found.get("corpus", "") or corpus),
        counts=counts,
        unique_tokens=rule.unique_tokens,
        tokens_per_document=rule.tokens_per_document,
    )


def _filled(text: str, found: Mapping[str, str]) -> str:
    return _FILL.sub(lambda word: found[word[1]], text)


def _expected_rules(content: dict[str, Any]) -> tuple[Rule, ...]:
    """Every path and key of an export's ``expected.json``, each a rule of its own."""
    rules = []
    for pool in content.get("pools", []):
        for text in (*pool.get("paths", []), pool["key"]):
            # A literal text: braces and stars in it are no placeholders. A pool with several
            # paths has its key with a number behind it in some frameworks' files.
            literal = re.escape(plain_prefix(text).lstrip("/"))
            pattern = Pattern(text, re.compile(rf"(?:.*/)?{literal}(?:__\d+)?"))
            rules.append(
                Rule(
                    pattern,
                    pool["language"],
                    pool["provenance"],
                    pool["corpus"],
                    unique_tokens=pool.get("unique_tokens"),
                    tokens_per_document=pool.get("tokens_per_document"),
                )
            )
    return tuple(rules)
