"""Lists in sentences, and the nearest of the words that somebody may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

_NEAR: Final = 0.6
"""Ratio of equal letters from which a word is near: difflib's own default."""


def likeness(word: str, known: Iterable[str], least: float) -> dict[str, float]:
    """How like ``word`` each known word is, from 0 to 1, where it is at least ``least``.

    The ratio of equal letters of :class:`difflib.SequenceMatcher`, whatever the case.

    >>> likeness("Budget", ["budget", "params"], 0.6)
    {'budget': 1.0}
    """
    from difflib import SequenceMatcher  # only a refusal needs it

    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word.casefold())
    ratios = {}
    for other in known:
        matcher.set_seq1(other.casefold())
        # Upper bounds first: they are cheap, and few words pass them.
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least:
            ratio = matcher.ratio()
            if ratio >= least:
                ratios[other] = ratio
    return ratios


def nearest(word: str, known: Iterable[str], most: int = 2) -> tuple[str, ...]:
    """The known words that look most like ``word``, nearest first; none where nothing does.

    >>> nearest("bugdet", ["budget", "params"])
    ('budget',)
    """
    alike = likeness(word, known, _NEAR)
    return tuple(sorted(alike, key=lambda other: (alike[other], other), reverse=True)[:most])


def did_you_mean(word: str, known: Collection[str], after: str = "") -> str:
    """``did you mean budget or params?`` and what stands ``after`` it; empty where nothing is near.

    >>> did_you_mean("bugdet", ["budget", "params"]), did_you_mean("x", ["budget"])
    ('did you mean budget?', '')
    """
    near = nearest(word, known)
    return f"did you mean {' or '.join(near)}?{after}" if near else ""


def listed(words: Sequence[str], most: int = 6) -> str:
    """``a, b and c``; of more than ``most`` the rest is counted.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], 2)
    ('a, b and c', 'a, b and 1 more')
    """
    if len(words) > most or len(words) < 2:
        return first_few(words, most)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def first_few(words: Sequence[str], most: int, of: str = "") -> str:
    """``a, b``, names rather than a sentence; of more than ``most`` the rest is counted.

    >>> first_few(["a", "b"], 2), first_few(["a", "b", "c"], 2, "pairs")
    ('a, b', 'a, b and 1 more pairs')
    """
    return ", ".join(words[:most]) + and_more(len(words) - most, of)


def and_more(left: int, of: str = "") -> str:
    """What stands after names of which ``left`` are not said; empty where all are.

    >>> and_more(3), and_more(3, "pairs"), and_more(0)
    (' and 3 more', ' and 3 more pairs', '')
    """
    return f" and {left} more{f' {of}' if of else ''}" if left > 0 else ""
