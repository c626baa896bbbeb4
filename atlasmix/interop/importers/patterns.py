"""Patterns of prefixes: placeholders, stars and literal text, matched in time that is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import plain_prefix
from atlasmix.evidence.pools import PROVENANCES

PLACEHOLDERS: Final = ("language", "script", "provenance", "corpus", "name")
LONGEST: Final = 500
"""Characters of a pattern: our choice, a path and its placeholders."""

_GROUPS: Final = {
    # A code or a name with its script, region or variant: ca, cat_Latn, zh-Hant, Catalan.
    "language": r"[A-Za-z]{2,}(?:[-_][A-Za-z0-9]{2,8})*?",
    "script": r"[A-Z][a-z]{3}",
    "provenance": "|".join(PROVENANCES),
    "corpus": r"[^/]+?",
    "name": r"[^/]+?",
}
_TOKEN = re.compile(r"\{(\w+)\}|\*\*|\*|\.\.\.")
_STRUCTURE: Final = frozenset({"", ".", "megatron-lm", "megatron", "counts", "release"})
"""Folders that say how a tree is kept, not what lies in it: ``hplt-3.0/megatron-lm/gle_Latn`` is
counted in ``hplt-3.0/counts/gle_Latn/release.json``."""

_CHEAP: Final = 20_000
"""Steps up to which a regular expression is asked: it backtracks, and is fast where it cannot."""

_MOST_VALUES: Final = 300
_LONGEST_LANGUAGE: Final = 100

Kind = Literal["text", "star", "deep", "below", "group", "again"]


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a pattern.

    Attributes:
        kind: ``text``; ``star`` and ``deep``, anything without and with slashes; ``below``, a
            folder and all in it; ``group``, a placeholder; ``again``, the same for a second time.
        text: the literal, or the name of the placeholder.
    """

    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to be matched.

    Attributes:
        text: as written.
        tokens: its parts.
        anchored: whether it begins where the prefix does.
        expression: the same as a regular expression.
    """

    text: str
    tokens: tuple[Token, ...]
    anchored: bool
    expression: re.Pattern[str]

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset(token.text for token in self.tokens if token.kind == "group")

    def match(self, prefix: str) -> dict[str, str] | None:
        """What the placeholders stand for in this prefix; None where it does not fit.

        Folders that only say how a tree is kept (``megatron-lm``) are passed over, unless the
        pattern names them.

        Raises:
            ProblemError: a placeholder that stands twice may be too many words of the prefix.
        """
        bare = plain_prefix(prefix)
        root = "/" if bare.startswith("/") else ""
        for text in dict.fromkeys((root + "/".join(words_of(bare)), bare)):
            held = self._match(text)
            if held is not None:
                return held
        return None

    def _match(self, text: str) -> dict[str, str] | None:
        if _steps(self, text) <= _CHEAP:
            match = self.expression.fullmatch(text)
            return None if match is None else match.groupdict()
        return scan(self, text)


def _steps(pattern: Pattern, text: str) -> int:
    """Most ways in which a regular expression might try a pattern."""
    words = text.split("/")
    steps, longest = len(words), max(map(len, words)) + 1
    for token in pattern.tokens:
        if token.kind in ("deep", "below"):
            steps *= len(text) + 1
        elif token.kind == "star" or token.text in ("language", "corpus", "name"):
            steps *= longest
        if steps > _CHEAP:
            break
    return steps


def compile_pattern(text: str) -> Pattern:
    """A pattern from its text.

    ``{language}``, ``{script}``, ``{provenance}``, ``{corpus}`` and ``{name}`` stand for what they
    say, ``*`` for anything without a slash, ``**`` and ``...`` for anything at all. The rest is
    literal. A pattern is matched against the end of a prefix, from the beginning of a folder on, or
    from the very beginning where it starts with ``^``; ``_text_document`` at the end of a prefix
    and doubled slashes do not count.

    Raises:
        ProblemError: an unknown placeholder, or an empty or endless pattern.

    >>> compile_pattern("{corpus}/{language}_{script}").match("/data/hplt-3.0/gle_Latn")
    {'corpus': 'hplt-3.0', 'language': 'gle', 'script': 'Latn'}
    """
    if not text.strip():
        raise ProblemError("an empty pattern: expected for example '{corpus}/{language}_{script}'")
    if len(text) > LONGEST:
        raise ProblemError(
            f"a pattern of {len(text):,} characters: expected at most {LONGEST}; write a rule for "
            "each kind of prefix"
        )
    anchored = text.startswith("^")
    tokens: list[Token] = []
    seen: set[str] = set()
    last = int(anchored)
    for held in _TOKEN.finditer(text):
        literal = text[last : held.start()]
        last = held.end()
        name = held[1]
        if name is None and held[0] != "*" and literal.endswith("/") and last == len(text):
            # dclm-1.0/** is the folder and all below it.
            tokens.append(Token("below", literal[:-1]))
            continue
        tokens.append(Token("text", literal))
        if name is None:
            tokens.append(Token("star" if held[0] == "*" else "deep"))
            continue
        if name not in _GROUPS:
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise ProblemError(
                f"pattern {text[:80]!r} has the placeholder {{{name[:40]}}}: expected {known}"
            )
        # A word that stands twice has to be the same twice: {language}/{language}-train-*
        tokens.append(Token("again" if name in seen else "group", name))
        seen.add(name)
    tokens.append(Token("text", text[last:]))
    kept = [token for token in tokens if token != Token("text", "")]
    if kept and kept[0].kind in ("text", "below"):
        kept[0] = Token(kept[0].kind, kept[0].text.lstrip("/"))
    return Pattern(text, tuple(kept), anchored, _expression(kept, anchored))


def _expression(tokens: Sequence[Token], anchored: bool) -> re.Pattern[str]:
    before = "" if anchored else "(?:.*?/)??"
    return re.compile(before + "".join(map(_written, tokens)))


def _written(token: Token) -> str:
    """A token as a regular expression writes it."""
    literal = re.escape(token.text)
    return {
        "star": "[^/]*",
        "deep": ".*",
        "text": literal,
        "below": f"{literal}(?:/.*)?",
        "group": f"(?P<{token.text}>{_GROUPS.get(token.text, '')})",
        "again": f"(?P={token.text})",
    }[token.kind]


def path_words(prefix: str) -> tuple[str, ...]:
    """The folders of a prefix that say what lies in it.

    >>> path_words("/hplt-3.0/megatron-lm//gle_Latn_text_document")
    ('hplt-3.0', 'gle_Latn')
    """
    return words_of(plain_prefix(prefix))


def words_of(bare: str) -> tuple[str, ...]:
    """The same of a prefix that is plain already."""
    return tuple([word for word in bare.split("/") if word not in _STRUCTURE])


def scan(pattern: Pattern, text: str) -> dict[str, str] | None:
    """What the regular expression of a pattern finds, without its backtracking.

    From the end backwards: where a match of the rest may begin. Then forwards, at each token the
    first choice that such a place follows. The time grows with tokens x characters; of a
    placeholder that stands twice, every word that it may be is tried.

    Raises:
        ProblemError: that are too many words.
    """
    twice = next((token.text for token in pattern.tokens if token.kind == "again"), None)
    if twice is None:
        return _scan_once(pattern.tokens, pattern.anchored, text)
    for number, value in enumerate(_values(twice, text)):
        if number >= _MOST_VALUES:
            raise ProblemError(
                f"pattern {pattern.text[:80]!r} has {{{twice}}} twice, which may be too many words "
                f"of {text[:80]!r}: begin it with ^, or leave one of the two out"
            )
        same = Token("text", value)
        tokens = [
            same if token in (Token("group", twice), Token("again", twice)) else token
            for token in pattern.tokens
        ]
        held = scan(Pattern(pattern.text, tuple(tokens), pattern.anchored, _NEVER), text)
        if held is not None:
            return {**held, twice: value}
    return None


_NEVER: Final = re.compile(r"(?!)")


def _values(name: str, text: str) -> Iterator[str]:
    """Every word that a placeholder may stand for, and that stands in the text twice."""
    values = dict.fromkeys(
        text[start:end] for start in range(len(text)) for end in _ends(name, text, start)
    )
    yield from (value for value in values if text.count(value) > 1)


def _scan_once(tokens: Sequence[Token], anchored: bool, text: str) -> dict[str, str] | None:
    """A pattern without a placeholder that stands twice."""
    places: list[bytearray] = [bytearray(len(text) + 1) for _ in range(len(tokens) + 1)]
    places[-1][len(text)] = 1
    for number in range(len(tokens) - 1, -1, -1):
        _begins(tokens[number], text, places[number], places[number + 1])
    starts = [0] if anchored else [0, *(at + 1 for at, sign in enumerate(text) if sign == "/")]
    start = next((at for at in starts if places[0][at]), None)
    if start is None:
        return None
    held: dict[str, str] = {}
    for token, after in zip(tokens, places[1:], strict=True):
        end = next(end for end in _choices(token, text, start) if after[end])
        if token.kind == "group":
            held[token.text] = text[start:end]
        start = end
    return held


def _begins(token: Token, text: str, here: bytearray, after: bytearray) -> None:
    """Mark where a token may begin, so that what follows it fits."""
    if token.kind == "star" or (token.kind == "group" and token.text in ("corpus", "name")):
        _run(text, here, after, "/", at_least=int(token.kind == "group"))
    elif token.kind == "deep":
        _run(text, here, after, "\n", at_least=0)
    elif token.kind == "text":
        at = text.find(token.text)
        while at >= 0:
            here[at] = after[at + len(token.text)]
            at = text.find(token.text, at + 1)
    else:
        for start in range(len(text) + 1):
            here[start] = any(after[end] for end in _choices(token, text, start))


def _run(text: str, here: bytearray, after: bytearray, stop: str, at_least: int) -> None:
    """Mark where any number of signs that are not ``stop`` may begin."""
    reached = 0
    for start in range(len(text), -1, -1):
        further = start < len(text) and text[start] != stop and reached
        # ``reached`` is where none or more signs may begin, one place further on.
        here[start] = bool(further if at_least else after[start] or further)
        reached = after[start] or further


def _choices(token: Token, text: str, start: int) -> Iterator[int]:
    """Where a token that begins here may end, in the order of the regular expression."""
    if token.kind == "text":
        if text.startswith(token.text, start):
            yield start + len(token.text)
    elif token.kind == "below":
        end = start + len(token.text)
        if text.startswith(token.text, start):
            if text[end : end + 1] == "/" and "\n" not in text[end:]:
                yield len(text)
            yield end
    elif token.kind in ("star", "deep"):
        end = text.find("/" if token.kind == "star" else "\n", start)
        yield from range(len(text) if end < 0 else end, start - 1, -1)
    else:
        yield from _ends(token.text, text, start)


def _ends(name: str, text: str, start: int) -> Iterator[int]:
    """Where a placeholder that begins here may end, in the order of its regular expression."""
    if name == "script":
        if re.compile(_GROUPS["script"]).match(text, start):
            yield start + 4
    elif name == "provenance":
        yield from (start + len(word) for word in PROVENANCES if text.startswith(word, start))
    elif name == "language":
        yield from _language_ends(text, start)
    else:
        end = text.find("/", start)
        yield from range(start + 1, (len(text) if end < 0 else end) + 1)


_LETTERS = re.compile(r"[A-Za-z]{0,100}", re.ASCII)
_SUBTAG = re.compile(r"[A-Za-z0-9]{2,8}", re.ASCII)


def _language_ends(text: str, start: int) -> Iterator[int]:
    match = _LETTERS.match(text, start)
    letters = match.end() if match else start
    for end in range(letters, start + 1, -1):
        yield end
        yield from _subtag_ends(text, end, start + _LONGEST_LANGUAGE)


def _subtag_ends(text: str, start: int, most: int) -> Iterator[int]:
    """Ends of one, two, ... subtags behind a language; each as long as it can be, first."""
    if start >= most or text[start : start + 1] not in ("-", "_"):
        return
    match = _SUBTAG.match(text, start + 1)
    if match is None:
        return
    for end in range(match.end(), start + 2, -1):
        yield end
        yield from _subtag_ends(text, end, most)
