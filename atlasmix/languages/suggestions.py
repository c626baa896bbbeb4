"""The languages a misspelt name or code was probably meant to be."""

from __future__ import annotations

from atlasmix.languages.folding import fold
from atlasmix.languages.tables import aliases, languages, macrolanguages, short_codes

_MOST = 3  # suggestions in one sentence
_ALIKE = (
    0.72  # ratio from which two names are taken for alike: our choice, one slip in five letters
)
_SPREAD = 0.08  # how far below the best the others may lie: our choice


def suggestions(text: str) -> tuple[str, ...]:
    """At most three ISO 639-3 codes near ``text``, nearest first; none if nothing is near."""
    wanted = fold(text)
    if len(wanted) <= 3:
        return _near_codes(wanted)
    found = _near_names(wanted)
    head = wanted.split(" ")[0]
    return found or (_near_codes(head) if len(head) <= 3 else ())


def named(codes: tuple[str, ...]) -> str:
    """Codes with their names, for a sentence: ``cat (Catalan), spa (Spanish)``."""
    return ", ".join(f"{code} ({languages()[code].name})" for code in codes)


def _individual(code: str) -> str:
    return macrolanguages()[code].representative if code in macrolanguages() else code


def _near_codes(wanted: str) -> tuple[str, ...]:
    """Codes one slip away, the languages with most speakers first, as slips are by many."""
    candidates: dict[str, str] = dict(short_codes())
    candidates.update({code: code for code in (*languages(), *macrolanguages())})
    found = {_individual(code) for short, code in candidates.items() if _one_slip(wanted, short)}
    found.update(alias.code for alias in aliases().get(wanted, ()))
    listed = [code for code in found if code in languages()]
    return tuple(
        sorted(listed, key=lambda code: (-(languages()[code].speakers or 0), code))[:_MOST]
    )


def _one_slip(one: str, other: str) -> bool:
    """Whether two codes differ by one letter changed, or by two neighbours swapped."""
    if len(one) != len(other) or len(one) < 2:
        return False
    wrong = [place for place, letter in enumerate(one) if letter != other[place]]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
    return len(wrong) <= 1 and len(one) > 2


def _near_names(wanted: str) -> tuple[str, ...]:
    from difflib import SequenceMatcher  # only a refusal needs it

    best: dict[str, float] = {}
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    for folded, entries in aliases().items():
        matcher.set_seq1(folded)
        if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
            continue
        alike = matcher.ratio()
        if alike >= _ALIKE:
            for entry in entries:
                if entry.code in languages():
                    best[entry.code] = max(alike, best.get(entry.code, 0.0))
    least = max(best.values(), default=0.0) - _SPREAD
    ranked = sorted((code for code in best if best[code] >= least), key=lambda c: (-best[c], c))
    return tuple(ranked[:_MOST])
