"""From a prefix to language, provenance and corpus: mapping file, one pattern, or a safe guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeGuard

from msgspec import UNSET, Struct, UnsetType

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.mixture_file import plain_prefix
from atlasmix.evidence.pools import PROVENANCES, Provenance
from atlasmix.interop.importers.listing import Entry
from atlasmix.interop.importers.patterns import Pattern, compile_pattern, words_of
from atlasmix.io.plain_data import shown
from atlasmix.io.schema import AtLeastOne, Positive, Share, Text, faults_of
from atlasmix.io.tables import refuse
from atlasmix.languages.corpora import doubt_of, is_parallel, resolve_in
from atlasmix.languages.pairs import pair_of
from atlasmix.languages.resolving import resolve
from atlasmix.text import did_you_mean

UNKNOWN: Final = "unknown"
RULE_KEYS: Final = ("match", "language", "provenance", "corpus", "other", "counts")
_SLUG = re.compile(r"[^a-z0-9_-]+")
_FILL = re.compile(r"\{(\w+)\}")

GUESSES: Final[tuple[Mapping[str, str], ...]] = (
    {"match": "{language}__{provenance}__{corpus}"},
    {"match": "{language}.{provenance}.{corpus}"},
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
        unique_tokens: of what it fits, from an ``expected.json``; else None.
        pool_tokens, tokens_per_document: of the whole pool, from there too.
    """

    pattern: Pattern
    language: str = ""
    provenance: str = ""
    corpus: str = ""
    other: str = ""
    counts: str = ""
    unique_tokens: float | None = None
    pool_tokens: float | None = None
    tokens_per_document: float | None = None

    def fits(self, prefix: str) -> tuple[Rule, Mapping[str, str]] | None:
        """This rule and what its placeholders stand for; None where it does not fit."""
        parts = self.pattern.match(prefix)
        return None if parts is None else (self, parts)


@dataclass(frozen=True, slots=True)
class LiteralRules:
    """Rules for paths and keys as they stand, thousands of them looked up at once.

    Attributes:
        known: path or key, without ending and first slash, to its rule.
    """

    known: Mapping[str, Rule]

    def fits(self, prefix: str) -> tuple[Rule, Mapping[str, str]] | None:
        """The rule of the path or of the longest known path that it ends in."""
        bare = plain_prefix(prefix)
        for text in dict.fromkeys((bare.lstrip("/"), "/".join(words_of(bare)))):
            words = text.split("/")
            for start in range(len(words)):
                rule = self.known.get("/".join(words[start:]))
                if rule is not None:
                    return rule, {}
        return None


AnyRule = Rule | LiteralRules


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one prefix is.

    Attributes:
        language: key; empty for what has no single language.
        provenance, corpus: of a pool.
        other: name of a source without a single language.
        counts: name in the counts; empty for the prefix itself.
        doubt: why it is no pool, in words for a note; empty where a rule says so.
        pair: both languages of parallel text; else empty.
        remark: what to say of a code that might mean another language; empty where it is clear.
        unique_tokens: of this prefix, where the rule knows them.
        pool_tokens, tokens_per_document: of the pool, where the rule knows them.
    """

    language: str = ""
    provenance: str = ""
    corpus: str = ""
    other: str = ""
    counts: str = ""
    doubt: str = ""
    pair: tuple[str, ...] = ()
    remark: str = ""
    unique_tokens: float | None = None
    pool_tokens: float | None = None
    tokens_per_document: float | None = None


def read_rules(content: object, what: str) -> tuple[AnyRule, ...]:
    """The rules of a mapping file: ``rules: [{match: ..., corpus: ...}, ...]``, or the list alone.

    An ``expected.json`` of an export is read too: there every path and key names its pool.

    Raises:
        DataError: with every fault.
    """
    if is_expected(content):
        refuse(what, faults_of(content, ExpectedFile, "expected.json"))
        return _expected_rules(content)
    rules = content.get("rules") if isinstance(content, dict) else content
    if not isinstance(rules, list) or not rules:
        raise DataError(
            f"{what} holds no rules: expected 'rules:' and below it lines such as "
            "'- {match: \"hplt-3.0/*/{language}_{script}\", provenance: human, corpus: hplt-v3}'"
        )
    parsed: list[Rule] = []
    faults: list[str] = []
    for number, rule in enumerate(rules, start=1):
        try:
            parsed.append(read_rule(rule))
        except AtlasMixError as error:
            faults.append(f"rule {number}: {error}")
    refuse(what, faults)
    return tuple(parsed)


def read_rule(rule: object) -> Rule:
    """One rule from plain data.

    Raises:
        ProblemError, DataError: with the first fault.
    """
    texts = _texts(rule)
    pattern = compile_pattern(texts.pop("match"))
    held = set(pattern.names)
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
            f"provenance {provenance!r}: {did_you_mean(provenance, PROVENANCES, ' ')}"
            f"expected one of {', '.join(PROVENANCES)}"
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
                f"no key {key!r}: {did_you_mean(str(key), RULE_KEYS, ' ')}"
                f"expected {', '.join(RULE_KEYS)}"
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


def meaning(entry: Entry, rules: Sequence[AnyRule], default: str, corpus: str) -> Meaning:
    """What an entry is, by the first rule that fits its prefix, or else its paths.

    Args:
        entry: of the framework's list.
        rules: in the order in which they are tried.
        default: provenance where no rule says it.
        corpus: corpus where no rule says it.
    """
    named = _of_text(entry.prefix, rules, default, corpus)
    if named is not None:
        return named
    paths = [_of_text(path, rules, default, corpus) for path in entry.paths]
    kinds = {(each.language, each.provenance, each.corpus, each.other) for each in paths if each}
    bare = plain_prefix(entry.prefix)
    if len(kinds) > 1 or (kinds and None in paths):
        return Meaning(other=bare, doubt="its paths are not of one pool")
    return next(filter(None, paths), None) or Meaning(other=bare, doubt="no rule fits")


def _of_text(text: str, rules: Sequence[AnyRule], default: str, corpus: str) -> Meaning | None:
    for rule in rules:
        fitting = rule.fits(text)
        if fitting is not None:
            return _by_rule(*fitting, text=text, default=default, corpus=corpus)
    return None


@lru_cache(maxsize=1024)
def slug(text: str) -> str:
    """A text as the name of a corpus: small letters, digits, hyphens, at most 40.

    >>> slug("nemotron-cc-tower+-0.1"), slug("HPLT 3.0")
    ('nemotron-cc-tower-0-1', 'hplt-3-0')
    """
    bare = re.sub(r"-{2,}", "-", _SLUG.sub("-", text.lower())).strip("-_")
    return bare[:40].rstrip("-_") or "corpus"


def _by_rule(rule: Rule, parts: Mapping[str, str], text: str, default: str, corpus: str) -> Meaning:
    counts = _filled(rule.counts, parts)
    if rule.other:
        return Meaning(other=_filled(rule.other, parts), counts=counts)
    written = _filled(rule.language, parts) or parts["language"]
    # A code means what its corpus means by it, whether a rule or the path names the corpus.
    named = _filled(rule.corpus, parts) or parts.get("corpus", "")
    where = f"{named} {text}"
    of_corpus = slug(named or corpus)
    if rule.unique_tokens is None and rule.pool_tokens is None:
        pair = pair_of(written, is_parallel(where))
        if pair is not None:
            both = [str(resolve(code)) for code in pair]
            return Meaning(
                other=f"parallel.{'-'.join(both)}.{of_corpus}", counts=counts, pair=tuple(both)
            )
    doubtful = written
    if parts.get("script") and not rule.language:
        written = f"{written}_{parts['script']}"
        doubtful = ""
    try:
        key = str(resolve_in(written, where))
    except DataError as error:
        return Meaning(other=written, counts=counts, doubt=str(error).partition(":")[0])
    return Meaning(
        language=key,
        provenance=_filled(rule.provenance, parts) or parts.get("provenance", "") or default,
        corpus=of_corpus,
        counts=counts,
        remark=doubt_of(doubtful, where),
        unique_tokens=rule.unique_tokens,
        pool_tokens=rule.pool_tokens,
        tokens_per_document=rule.tokens_per_document,
    )


def _filled(text: str, parts: Mapping[str, str]) -> str:
    # A rule of an expected.json is no pattern: what stands in braces there is a name as it is.
    return _FILL.sub(lambda word: parts.get(word[1], word[0]), text) if "{" in text else text


class ExpectedName(Struct):
    """A pool of an export, and what it is called there."""

    pool: Text
    key: Text
    paths: list[Text]


class ExpectedPool(ExpectedName):
    """A pool of an export with what is known of it."""

    language: Text
    provenance: Provenance
    corpus: Text
    unique_tokens: Positive | None = None
    tokens_per_document: Positive | None = None
    parts: list[Share] | UnsetType = UNSET


class ExpectedRun(Struct):
    """The run that an export was made for."""

    tokens: AtLeastOne
    steps: AtLeastOne | UnsetType = UNSET


class ExpectedFile(Struct):
    """What an ``expected.json`` says of the pools; the rest is left open."""

    schema: Text
    pools: list[ExpectedPool]
    run: ExpectedRun | UnsetType = UNSET


def is_expected(content: object) -> TypeGuard[dict[str, Any]]:
    """Whether plain data call themselves an export's ``expected.json``."""
    return isinstance(content, dict) and str(content.get("schema", "")).startswith(
        "atlasmix/expected/"
    )


def expected_parts(pool: Mapping[str, Any]) -> tuple[float | None, ...]:
    """Share of a pool's text behind each of its paths; None where nobody says."""
    paths = pool["paths"]
    if len(paths) == 1:
        return (1.0,)
    parts = pool.get("parts")
    known = parts if isinstance(parts, list) and len(parts) == len(paths) else [None] * len(paths)
    return tuple(known)


def _expected_rules(content: dict[str, Any]) -> tuple[LiteralRules]:
    """Every path and key of an export's ``expected.json``, each a rule of its own."""
    known: dict[str, Rule] = {}
    alone: dict[str, list[Rule]] = {}
    for pool in content["pools"]:
        whole = pool.get("unique_tokens")
        own = Rule(
            _NOTHING,
            pool["language"],
            pool["provenance"],
            pool["corpus"],
            unique_tokens=whole,
            pool_tokens=whole,
            tokens_per_document=pool.get("tokens_per_document"),
        )
        for text in (pool["key"], pool["pool"]):
            known.setdefault(plain_prefix(text).lstrip("/"), own)
        for number, (path, part) in enumerate(
            zip(pool["paths"], expected_parts(pool), strict=True), start=1
        ):
            # A pool with several paths has its key with a number behind it in some files.
            rule = replace(own, unique_tokens=whole * part if whole and part else None)
            bare = plain_prefix(path).lstrip("/")
            alone.setdefault(bare.rpartition("/")[2], []).append(rule)
            for text in (bare, f"{pool['key']}__{number}"):
                known.setdefault(text, rule)
    # RegMix is told the folder apart: there a name stands alone, where it is one path's alone.
    for name, rules in alone.items():
        if len(rules) == 1:
            known.setdefault(name, rules[0])
    return (LiteralRules(known),)


_NOTHING: Final = Pattern("", (), True, re.compile(r"(?!)"))
"""The pattern of a rule that is looked up, and fits nothing by itself."""
