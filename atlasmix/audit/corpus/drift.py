"""What moved between two audits: two crawls, two generations of one corpus, two weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from atlasmix.audit.corpus.audit_file import Audit
from atlasmix.audit.corpus.counts import refuse_other_words
from atlasmix.audit.corpus.labels import ORIGINS
from atlasmix.audit.corpus.summary import Estimate, LanguageSummary, summarise
from atlasmix.audit.corpus.warnings import EarlyWarning, early_warning

MOVED: Final = 0.01
"""Change of a share that is told as one: one point, our choice."""

SURE: Final = 4.0
"""Standard errors that a share of a sample moves by at least, to be told: as for a warning."""


@dataclass(frozen=True, slots=True)
class Move:
    """A share before and now.

    Attributes:
        what: of what, in words.
        before, now: the shares; None where it was not counted.
        moved: whether they differ by more than :data:`MOVED`, and by more than their error.
    """

    what: str
    before: float
    now: float
    moved: bool


@dataclass(frozen=True, slots=True)
class LanguageDrift:
    """How the text of one language moved.

    Attributes:
        language: its key.
        documents, words: before and now.
        moves: of shares.
        variety: the new text against the old one of the same length.
    """

    language: str
    documents: tuple[int, int]
    words: tuple[int, int]
    moves: tuple[Move, ...]
    variety: EarlyWarning

    @property
    def drifted(self) -> bool:
        """Whether anything moved."""
        return bool(self.variety.flagged) or any(move.moved for move in self.moves)


@dataclass(frozen=True, slots=True)
class Drift:
    """How a corpus moved.

    Attributes:
        before, now: what both were called.
        languages: that are in both, most bytes now first.
        new, gone: languages in one alone.
    """

    before: str
    now: str
    languages: tuple[LanguageDrift, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def drifted(self) -> tuple[LanguageDrift, ...]:
        """The languages in which anything moved."""
        return tuple(each for each in self.languages if each.drifted)


def drift_between(old: Audit, new: Audit) -> Drift:
    """What moved from one audit to another.

    Shares are compared as they are; variety as with a human reference, with the old text in its
    place: so a move of it is told only where it is large beside how parts of the old text differ.

    Raises:
        DataError: one of them was cut into other words.
    """
    refuse_other_words(new.counts, old.counts)
    alone = [
        summarise(Audit(audit.corpus, audit.counts, None, audit.shards)) for audit in (old, new)
    ]
    before = {each.language: each for each in alone[0].languages}
    now = {each.language: each for each in alone[1].languages}
    return Drift(
        before=old.corpus,
        now=new.corpus,
        languages=tuple(
            LanguageDrift(
                language=key,
                documents=(before[key].figures.documents, each.figures.documents),
                words=(before[key].figures.words, each.figures.words),
                moves=_moves(before[key], each),
                variety=early_warning(
                    new.counts.language(key).passages, old.counts.language(key).passages
                ),
            )
            for key, each in now.items()
            if key in before
        ),
        new=tuple(key for key in now if key not in before),
        gone=tuple(key for key in before if key not in now),
    )


def _moves(before: LanguageSummary, now: LanguageSummary) -> tuple[Move, ...]:
    moves = [
        _move(f"origin {origin}", _exact(before.origins, origin), _exact(now.origins, origin))
        for origin in ORIGINS
        if origin in before.origins or origin in now.origins
    ]
    names = {each.leading_generator[0] for each in (before, now) if each.leading_generator}
    if len(names) == 1:
        (name,) = names
        moves.append(
            _move(f"of synthetic words by {name}", *(_leading(each) for each in (before, now)))
        )
    for what, name in (
        ("exact duplicates", "duplicates"),
        ("near duplicates", "near_duplicates"),
        ("another script", "wrong_script"),
        ("another language", "wrong_language"),
    ):
        old, new = getattr(before, name), getattr(now, name)
        if old is not None and new is not None:
            moves.append(_move(what, old, new))
    return tuple(moves)


def _exact(shares: Mapping[str, float], name: str) -> Estimate:
    return Estimate(shares.get(name, 0.0))


def _leading(language: LanguageSummary) -> Estimate:
    return Estimate(language.leading_generator[1] if language.leading_generator else 0.0)


def _move(what: str, before: Estimate, now: Estimate) -> Move:
    off = abs(now.value - before.value)
    error = (before.error**2 + now.error**2) ** 0.5
    return Move(what, before.value, now.value, off >= MOVED and off >= SURE * error)


def drift_data(drift: Drift) -> dict[str, Any]:
    """The drift as plain data for JSON."""
    data = asdict(drift)
    for language, each in zip(data["languages"], drift.languages, strict=True):
        language["drifted"] = each.drifted
        language["variety"]["flagged"] = each.variety.flagged
    data["drifted"] = [each.language for each in drift.drifted]
    return data
