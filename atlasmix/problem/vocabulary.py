"""The words of a question for what it speaks of: languages or labels, groups, selections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.pools import PROVENANCES
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.io.plain_data import as_list, as_mapping
from atlasmix.languages.catalogue import all_languages, language
from atlasmix.languages.language import SUBJECTS
from atlasmix.languages.resolving import resolve
from atlasmix.languages.tables import script_names
from atlasmix.problem.constraints import KINDS, Kind, Selection
from atlasmix.text import did_you_mean, nearest

EVERY_TARGET: Final = "*"
"""What a least or greatest share is written for, where it is one and the same for every target."""

_PREFIXED: Final = KINDS[2:]
_TRAITS: Final = ("family", "script")
"""Kinds whose values are the same in every inventory: what languages have."""
_GROUP_NAME = re.compile(r"[^\W\d_][\w .-]{0,59}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What names mean in one question.

    Attributes:
        matrix: whose card says whether names are languages or labels.
        groups: the question's own groups, keys sorted as given.
        targets: the question's targets, which ``*`` stands for.
    """

    matrix: TransferMatrix
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()

    def key(self, written: object, what: str) -> str:
        """The language key (any door of ``languages.resolve``) or label that ``written`` means.

        Raises:
            UnknownLanguage: no such language; suggests.
            DataError: no such label on the card of a domain matrix.
        """
        card = self.matrix.card
        if card.axis == "language" and str(written).strip().lower() in SUBJECTS:
            return str(written).strip().lower()
        if card.axis == "language":
            # resolve has the sentence for what YAML made of an unquoted no, yes or nan.
            return str(resolve(written))  # type: ignore[arg-type]
        label = written.strip() if isinstance(written, str) else str(written)
        if label in card.names:
            return label
        raise DataError(
            f"{what}: no label {label[:60]!r} among the names of matrix '{self.matrix.name}': "
            f"{did_you_mean(label, card.names, ' ')}they are {', '.join(card.names)}"
        )

    def selection(self, written: str, what: str) -> Selection:
        """The pools that ``cat``, ``romance`` (a group), ``family:Romance`` ... speak of.

        Raises:
            ProblemError: an unknown kind before the colon, or no such provenance, family or script.
            DataError: no such language or label.
        """
        if written in self.groups:
            return Selection("group", written, self.groups[written])
        if written == EVERY_TARGET:
            raise ProblemError(
                f"{what} is for every target, which only min and max can say: name each language "
                "or group"
            )
        kind, colon, value = written.partition(":")
        kind, value = kind.strip(), value.strip()
        if not colon or (self.matrix.card.axis == "domain" and written in self.matrix.card.names):
            return Selection("language", self._language_or_group(written, what))
        if kind == "language":
            return Selection("language", self.key(value, what))
        if kind == "group":
            raise ProblemError(self._no_group(value, what))
        if kind not in _PREFIXED or not value:
            raise ProblemError(
                f"{what} names {written[:60]!r}: {did_you_mean(kind, _PREFIXED, ' ')}"
                "expected a language, a group, or one of "
                f"{', '.join(f'{each}:...' for each in _PREFIXED)}"
            )
        if kind == "provenance" and value not in PROVENANCES:
            raise ProblemError(
                f"{what} names provenance {value[:40]!r}: {did_you_mean(value, PROVENANCES, ' ')}"
                f"expected one of {', '.join(PROVENANCES)}"
            )
        if kind in _TRAITS:
            value = self._trait(kind, value, what)
        return Selection(_kind(kind), value)

    def _trait(self, kind: str, written: str, what: str) -> str:
        """A family or script as the tables write it.

        Raises:
            ProblemError: no language has it, or the matrix is of labels, which have none.
        """
        if self.matrix.card.axis != "language":
            raise ProblemError(
                f"{what} names a {kind}, which the labels of matrix '{self.matrix.name}' do not "
                "have: name labels, or a group of them"
            )
        known = _families() if kind == "family" else tuple(script_names())
        name = {each.casefold(): each for each in known}.get(written.casefold())
        if name is not None:
            return name
        called = {name.casefold(): code for code, name in script_names().items()}
        code = called.get(written.casefold()) if kind == "script" else None
        hint = f"did you mean {code}? " if code else did_you_mean(written, known, " ")
        example = "as Glottolog and WALS name it, such as Romance or Indo-European"
        if kind == "script":
            example = "by its code in ISO 15924, such as Latn or Cyrl"
        raise ProblemError(
            f"{what} names the {kind} {written[:40]!r}, which no language has: {hint}expected one "
            f"{example}"
        )

    def _language_or_group(self, written: str, what: str) -> str:
        try:
            return self.key(written, what)
        except DataError as error:
            if nearest(written, self.groups):
                raise ProblemError(self._no_group(written, what)) from error
            kind = self._other_kind(written)
            if kind:
                raise ProblemError(
                    f"{what} names {written[:60]!r}, which is no language but a {kind}: write "
                    f"{kind}:{written}"
                ) from error
            raise

    def _other_kind(self, written: str) -> str:
        """What a word names that is no language: a provenance, a family, a script; or nothing."""
        if written in PROVENANCES:
            return "provenance"
        if self.matrix.card.axis != "language":
            return ""
        word = written.casefold()
        spoken = [language(key) for key in self.matrix.keys if key not in SUBJECTS]
        if any(word in (each.family.casefold(), each.genus.casefold()) for each in spoken):
            return "family"
        return "script" if any(word == each.script.casefold() for each in spoken) else ""

    def _no_group(self, written: str, what: str) -> str:
        return (
            f"{what} names {written[:60]!r}: {did_you_mean(written, self.groups, ' ')}"
            f"the groups are {', '.join(self.groups) or 'none; name one with its members'}"
        )


def with_groups(words: Vocabulary, value: object) -> Vocabulary:
    """The vocabulary with the groups of a question: ``{romance: [spa, fra, ita]}``.

    Raises:
        ProblemError: a name that a language has, or that is no name.
        DataError: an unknown member.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in as_mapping(value, "groups", "{romance: [spa, fra, ita]}").items():
        if not _GROUP_NAME.fullmatch(name) or name == "default":
            raise ProblemError(
                f"groups has the name {name[:40]!r}: expected letters, digits, spaces, dots and "
                "hyphens, beginning with a letter, and not 'default'"
            )
        if name in words.matrix.keys:
            raise ProblemError(
                f"group {name!r} has the name of a language of matrix '{words.matrix.name}': "
                "choose another name"
            )
        what = f"group {name}"
        keys = [words.key(member, what) for member in as_list(members, what)]
        groups[name] = tuple(dict.fromkeys(keys))
    return Vocabulary(words.matrix, groups)


@cache
def _families() -> tuple[str, ...]:
    """Families and genera of all languages, sorted."""
    named = {name for each in all_languages() for name in (each.family, each.genus)}
    return tuple(sorted(named - {""}))


def _kind(word: str) -> Kind:
    known: Kind = next(kind for kind in KINDS if kind == word)
    return known
