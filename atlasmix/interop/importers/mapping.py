"""From a prefix to language, provenance and corpus: mapping file, one pattern, or a safe guess."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeGuard

from msgspec import UNSET, Struct, UnsetType

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.pools import PROVENANCES, Provenance
from atlasmix.interop.importers.listing import Entry, as_weight
from atlasmix.io.plain_data import shown
from atlasmix.io.schema import AtLeastOne, Positive, Text, faults_of
from atlasmix.io.tables import TABLE_LIMIT, Rows, read_file, read_rows, refuse
from atlasmix.languages.resolving import resolve
from atlasmix.text import did_you_mean, nearest

PLACEHOLDERS: Final = ("language", "script", "provenance", "corpus", "name")

_GROUPS: Final = {
    # A code or a name with its script, region or variant: ca, cat_Latn, zh-Hant, Catalan.
    "language": r"[A-Za-z]{2,}(?:[-_][A-Za-z0-9]{2,8})*?",
    "script": r"[A-Z][a-z]{3}",
    "provenance": "|".join(PROVENANCES),
    "corpus": r"[^/]+?",
    "name": r"[^/]+?",
}
_TOKEN = re.compile(r"\{(\w+)\}|\*\*|\*|\.\.\.")
_ENDINGS = re.compile(r"(_text_document|_text_sentence|_content_document)?(\.bin|\.idx)?$")
_SLASHES = re.compile(r"/{2,}")
_STRUCTURE: Final = frozenset({"", ".", "megatron-lm", "megatron", "counts", "release"})
"""Folders that say how a tree is kept, not what lies in it: ``hplt-3.0/megatron-lm/gle_Latn`` is
counted in ``hplt-3.0/counts/gle_Latn/release.json``."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to be matched.

    Attributes:
        text: as written.
        expression: the same as a regular expression.
    """

    text: str
    expression: re.Pattern[str]

    def match(self, prefix: str) -> dict[str, str] | None:
        """What the placeholders stand for in this prefix; None where it does not fit.

        Folders that only say how a tree is kept (``megatron-lm``) are passed over, unless the
        pattern names them.
        """
        bare = plain_prefix(prefix)
        root = "/" if bare.startswith("/") else ""
        for text in (root + "/".join(path_words(bare)), bare):
            match = self.expression.fullmatch(text)
            if match is not None:
                return match.groupdict()
        return None


def compile_pattern(text: str) -> Pattern:
    """A pattern from its text.

    ``{language}``, ``{script}``, ``{provenance}``, ``{corpus}`` and ``{name}`` stand for what they
    say, ``*`` for anything without a slash, ``**`` and ``...`` for anything at all. The rest is
    literal. A pattern is matched against the end of a prefix, from the beginning of a folder on, or
    from the very beginning where it starts with ``^``; ``_text_document`` at the end of a prefix
    and doubled slashes do not count.

    Raises:
        ProblemError: an unknown placeholder, one that stands twice, or an empty pattern.

    >>> compile_pattern("{corpus}/{language}_{script}").match("/data/hplt-3.0/gle_Latn")
    {'corpus': 'hplt-3.0', 'language': 'gle', 'script': 'Latn'}
    """
    if not text.strip():
        raise ProblemError("an empty pattern: expected for example '{corpus}/{language}_{script}'")
    anchored = text.startswith("^")
    parts: list[str] = []
    seen: set[str] = set()
    last = int(anchored)
    for token in _TOKEN.finditer(text):
        literal = text[last : token.start()]
        last = token.end()
        name = token[1]
        if name is None and token[0] != "*" and literal.endswith("/") and last == len(text):
            # dclm-1.0/** is the folder and all below it.
            parts.append(f"{re.escape(literal[:-1])}(?:/.*)?")
            continue
        parts.append(re.escape(literal))
        if name is None:
            parts.append("[^/]*" if token[0] == "*" else ".*")
            continue
        if name not in _GROUPS:
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise ProblemError(
                f"pattern {text[:80]!r} has the placeholder {{{name[:40]}}}: expected {known}"
            )
        # A word that stands twice has to be the same twice: {language}/{language}-train-*
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{_GROUPS[name]})")
        seen.add(name)
    parts.append(re.escape(text[last:]))
    before = "" if anchored else "(?:.*?/)??"
    return Pattern(text, re.compile(before + "".join(parts).lstrip("/")))


def plain_prefix(prefix: str) -> str:
    """A prefix without the endings that every tokenizer script adds, and without doubled slashes.

    >>> plain_prefix("/data//ca/ca-0_text_document")
    '/data/ca/ca-0'
    """
    return _ENDINGS.sub("", _SLASHES.sub("/", prefix.strip()), count=1).rstrip("/")


def path_words(prefix: str) -> tuple[str, ...]:
    """The folders of a prefix that say what lies in it.

    >>> path_words("/hplt-3.0/megatron-lm//gle_Latn_text_document")
    ('hplt-3.0', 'gle_Latn')
    """
    return tuple(word for word in plain_prefix(prefix).split("/") if word not in _STRUCTURE)


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
            match = rule.pattern.match(text)
            if match is not None:
                return _by_rule(rule, match, default, corpus)
    return Meaning(other=plain_prefix(entry.prefix), doubt="no rule fits")


def slug(text: str) -> str:
    """A text as the name of a corpus: small letters, digits, hyphens, at most 40.

    >>> slug("nemotron-cc-tower+-0.1"), slug("HPLT 3.0")
    ('nemotron-cc-tower-0-1', 'hplt-3-0')
    """
    bare = re.sub(r"-{2,}", "-", _SLUG.sub("-", text.lower())).strip("-_")
    return bare[:40].rstrip("-_") or "corpus"


def _by_rule(rule: Rule, parts: Mapping[str, str], default: str, corpus: str) -> Meaning:
    counts = _filled(rule.counts, parts)
    if rule.other:
        return Meaning(other=_filled(rule.other, parts), counts=counts)
    written = _filled(rule.language, parts) or parts["language"]
    if parts.get("script") and not rule.language:
        written = f"{written}_{parts['script']}"
    try:
        key = str(resolve(written))
    except DataError as error:
        return Meaning(other=written, counts=counts, doubt=str(error).partition(":")[0])
    return Meaning(
        language=key,
        provenance=_filled(rule.provenance, parts) or parts.get("provenance", "") or default,
        corpus=slug(_filled(rule.corpus, parts) or parts.get("corpus", "") or corpus),
        counts=counts,
        unique_tokens=rule.unique_tokens,
        tokens_per_document=rule.tokens_per_document,
    )


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return _FILL.sub(lambda word: parts[word[1]], text)


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


class ExpectedRun(Struct):
    """The run that an export was made for."""

    tokens: AtLeastOne


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


COUNT_FILES: Final = ("release.json", "source.json")
"""Which of several files in one folder counts: what is trained on, before what it was made from."""

_FILE_LIMIT: Final = 1024 * 1024
_MOST_FILES: Final = 100_000
_LARGEST: Final = 1e18
_FEW_TOKENS: Final = 1000.0
"""Below this a count that is no whole number is taken for billions: our choice."""

_PREFIX_COLUMNS: Final = ("prefix", "path", "source", "name")


@dataclass(frozen=True, slots=True)
class Count:
    """How much lies behind a prefix.

    Attributes:
        tokens: distinct tokens.
        documents: number of them, where counted.
        unit: whose tokens; empty where nobody says.
        counted_in: file, inside what the user named.
    """

    tokens: float
    documents: float | None = None
    unit: str = ""
    counted_in: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by the words of a path.

    Attributes:
        exact: path in words to its count.
        below: path in words to the counts of everything that lies below it.
        what: where they come from, for the origin; empty where there are none.
    """

    exact: Mapping[tuple[str, ...], Count] = field(default_factory=dict)
    below: Mapping[tuple[str, ...], tuple[Count, ...]] = field(default_factory=dict)
    what: str = ""

    def of(self, name: str) -> Count | None:
        """The count of a prefix: of its own path, of a path that it ends in, or the sum below it.

        ``/data/hplt-3.0/megatron-lm/gle_Latn_text_document`` is counted as ``hplt-3.0/gle_Latn``;
        ``dclm-1.0`` is the sum of ``dclm-1.0/shard-1``, ``dclm-1.0/shard-2``, ...
        """
        words = path_words(name)
        tails = [words[start:] for start in range(len(words))]
        for tail in tails:
            if tail in self.exact:
                return self.exact[tail]
        return next((_sum(self.below[tail]) for tail in tails if tail in self.below), None)

    def nearest(self, name: str) -> str:
        """The counted path that looks most like a prefix; empty where none does."""
        known = ["/".join(words) for words in self.exact]
        return next(iter(nearest("/".join(path_words(name)), known)), "")


def indexed(exact: Mapping[tuple[str, ...], Count], what: str) -> Counts:
    """Counts that find what lies below a path as fast as what lies at it.

    Raises:
        DataError: fractions of a token, which look like billions.
    """
    refuse(
        f"counts {what}",
        [
            f"{'/'.join(words)}: {count.tokens:g} tokens: looks like billions typed as units; "
            "write the number of tokens in full"
            for words, count in exact.items()
            if 0 < count.tokens < _FEW_TOKENS and not float(count.tokens).is_integer()
        ],
    )
    below: dict[tuple[str, ...], list[Count]] = {}
    for words, count in exact.items():
        for end in range(1, len(words)):
            below.setdefault(words[:end], []).append(count)
    return Counts(exact, {words: tuple(counts) for words, counts in below.items()}, what)


def read_counts(path: Path, files: Sequence[str] = COUNT_FILES) -> Counts:
    """Counts from what a user named.

    Args:
        path: a folder, in which every ``*.json`` with a number ``tokens`` counts; a JSON file
            ``{prefix: tokens}`` or ``{prefix: {tokens, documents, tokenizer}}``; or a table with
            the columns ``prefix`` (or ``dataset`` and ``part``) and ``tokens``[, ``documents``,
            ``tokenizer``].
        files: names of the JSON files in a folder, the first that is there counts.

    Raises:
        DataError: nothing there, or with every fault.
    """
    if path.is_dir():
        return _folder(path, files)
    content = read_file(path, TABLE_LIMIT)
    if path.suffix == ".json":
        return _mapping(_json(content, f"counts {path.name}"), f"counts {path.name}", path.name)
    return _table(read_rows(content, f"counts {path.name}"), path.name)


def counts_of(pairs: Iterable[tuple[str, float]], what: str) -> Counts:
    """Counts that a framework's own file holds."""
    counts = {path_words(name): Count(tokens, counted_in=what) for name, tokens in pairs}
    return indexed(counts, what if counts else "")


def _folder(path: Path, files: Sequence[str]) -> Counts:
    counts: dict[tuple[str, ...], Count] = {}
    rank: dict[tuple[str, ...], int] = {}
    faults: list[str] = []
    listed = sorted(path.rglob("*.json"))
    if len(listed) > _MOST_FILES:
        raise DataError(f"counts folder {path.name} has over {_MOST_FILES:,} files: name a smaller")
    for file in listed:
        if file.name not in files:
            continue
        name = file.relative_to(path).as_posix()
        words = path_words(file.relative_to(path).parent.as_posix())
        if rank.get(words, len(files)) <= files.index(file.name):
            continue
        content = _json(read_file(file, _FILE_LIMIT), name)
        count = _count(content, name) if isinstance(content, dict) else None
        if count is None:
            faults.append(f"{name}: no number 'tokens' of at least 0")
            continue
        counts[words], rank[words] = count, files.index(file.name)
    refuse(f"counts folder {path.name}", faults)
    if not counts:
        raise DataError(
            f"counts folder {path.name} holds no {' and no '.join(files)}: expected files such as "
            'hplt-3.0/counts/gle_Latn/release.json with {"tokens": ...}'
        )
    return indexed(counts, path.name)


def _mapping(content: object, what: str, name: str) -> Counts:
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} is no mapping: expected {{prefix: tokens}}")
    counts: dict[tuple[str, ...], Count] = {}
    faults: list[str] = []
    for prefix, value in content.items():
        entry = value if isinstance(value, dict) else {"tokens": value}
        count = _count(entry, name)
        if count is None:
            faults.append(f"{prefix}: no number of tokens of at least 0")
        else:
            counts[path_words(prefix)] = count
    refuse(what, faults)
    return indexed(counts, name)


def _table(rows: Rows, name: str) -> Counts:
    header = tuple(column.lower() for column in rows.header)
    prefix = next((column for column in _PREFIX_COLUMNS if column in header), None)
    if "tokens" not in header or (prefix is None and not {"dataset", "part"} <= set(header)):
        raise DataError(
            f"{rows.what} has the columns {', '.join(rows.header)[:200]}: expected prefix (or "
            "dataset and part) and tokens; rename the column that counts what is trained on"
        )
    counts: dict[tuple[str, ...], Count] = {}
    faults: list[str] = []
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        written = cells.get(prefix, "") if prefix else f"{cells['dataset']}/{cells.get('part', '')}"
        entry = {key: cells.get(key, "").replace(",", "") for key in ("tokens", "documents")}
        count = _count({**entry, "tokenizer": cells.get("tokenizer", "")}, name)
        if count is None:
            faults.append(
                f"row {line}: tokens {cells.get('tokens', '')!r}: expected a number from 0"
            )
        elif path_words(written) in counts:
            faults.append(f"row {line}: {written} stands there twice; keep one")
        else:
            counts[path_words(written)] = count
    refuse(rows.what, faults)
    return indexed(counts, name)


def _count(entry: Mapping[str, Any], where: str) -> Count | None:
    tokens, documents = as_weight(entry.get("tokens")), as_weight(entry.get("documents"))
    if tokens is None or not 0 <= tokens <= _LARGEST:
        return None
    unit = entry.get("tokenizer") or entry.get("unit") or ""
    return Count(
        tokens,
        documents if documents and 0 < documents <= _LARGEST else None,
        f"tokens of {unit}" if entry.get("tokenizer") else str(unit),
        where,
    )


def _sum(counts: Sequence[Count]) -> Count:
    known = [count.documents for count in counts]
    units = {count.unit for count in counts}
    return Count(
        tokens=sum(count.tokens for count in counts),
        documents=None if None in known else sum(filter(None, known)),
        unit=units.pop() if len(units) == 1 else "",
        counted_in=f"{len(counts)} files, added up",
    )


def _json(content: bytes, what: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{what} is not JSON ({error}): mend the file or leave it out") from error
