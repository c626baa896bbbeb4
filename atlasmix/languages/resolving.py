"""From what people write for a language to the one tag it means."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NoReturn

from atlasmix.errors import UnknownLanguage
from atlasmix.languages.folding import fold
from atlasmix.languages.pairs import pair_of
from atlasmix.languages.tables import (
    Alias,
    aliases,
    languages,
    macrolanguages,
    region_scripts,
    script_names,
    short_codes,
)
from atlasmix.languages.tags import LanguageTag, Subtags, attested_script, is_region, read_subtags
from atlasmix.text import likeness

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
    near = _near_names(wanted)
    head = wanted.split(" ")[0]
    return near or (_near_codes(head) if len(head) <= 3 else ())


def named(codes: tuple[str, ...]) -> str:
    """Codes with their names, for a sentence: ``cat (Catalan), spa (Spanish)``."""
    return ", ".join(f"{code} ({languages()[code].name})" for code in codes)


def _individual(code: str) -> str:
    return macrolanguages()[code].representative if code in macrolanguages() else code


def _near_codes(wanted: str) -> tuple[str, ...]:
    """Codes one slip away, the languages with most speakers first, as slips are by many."""
    candidates: dict[str, str] = dict(short_codes())
    candidates.update({code: code for code in (*languages(), *macrolanguages())})
    codes = {_individual(code) for short, code in candidates.items() if _one_slip(wanted, short)}
    codes.update(alias.code for alias in aliases().get(wanted, ()))
    listed = [code for code in codes if code in languages()]
    return tuple(
        sorted(listed, key=lambda code: (-(languages()[code].speakers or 0), code))[:_MOST]
    )


def _one_slip(text: str, other: str) -> bool:
    """Whether two codes differ by one letter changed, or by two neighbours swapped."""
    if len(text) != len(other) or len(text) < 2:
        return False
    wrong = [place for place, letter in enumerate(text) if letter != other[place]]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return text[wrong[0]] == other[wrong[1]] and text[wrong[1]] == other[wrong[0]]
    return len(wrong) <= 1 and len(text) > 2


def _near_names(wanted: str) -> tuple[str, ...]:
    best: dict[str, float] = {}
    for folded, alike in likeness(wanted, aliases(), _ALIKE).items():
        for entry in aliases()[folded]:
            if entry.code in languages():
                best[entry.code] = max(alike, best.get(entry.code, 0.0))
    least = max(best.values(), default=0.0) - _SPREAD
    ranked = sorted((code for code in best if best[code] >= least), key=lambda c: (-best[c], c))
    return tuple(ranked[:_MOST])


_LONGEST = 100  # characters; the longest name in the tables has half of that
_BRACKETED = re.compile(r"(.*\S)\s*\(([^()]+)\)")


def resolve(text: str) -> LanguageTag:
    """The language that ``text`` means, in its script.

    Takes ISO 639-1, 639-2 (B and T) and 639-3, BCP 47 (regions and variants are dropped, after
    a region has said which script it implies: ``zh-TW`` is Chinese in Traditional script),
    ``cat_Latn``, English names, endonyms and aliases, in any case and with or without accents.
    A macrolanguage becomes the language that stands for it (``no`` is ``nob``). Two or three
    plain letters in one case are always a code: ``mon`` is Mongolian, not the language Mon.

    >>> [str(resolve(text)) for text in ("ca", "Català", "no", "nan", "sr-Latn", "zh-Hant")]
    ['cat', 'cat', 'nob', 'nan', 'srp_Latn', 'cmn_Hant']

    Raises:
        UnknownLanguage: nothing in the tables is called so, or several languages are, or the
            language is not attested in that script; ``suggestions`` holds the nearest codes.
    """
    written = _as_text(text)
    tag = _tag_meant(written)
    if tag is not None:
        return tag
    _refuse_pair(_trimmed(written))
    _refuse(written)


def resolve_list(text: str) -> tuple[LanguageTag | str, ...]:
    """The languages of a list as people paste it: by commas, lines, tabs, or words alone.

    A text that is one language is that, whatever stands in it. Between commas and other marks,
    words are taken together as long as they are one name; quotes, bullets, numbers and ``and`` are
    no names; what is no language comes back as it stands, in its place, for the caller to refuse.

    >>> [str(each) for each in resolve_list("Spanish, English\tpt")]
    ['spa', 'eng', 'por']
    >>> [str(each) for each in resolve_list("Scottish Gaelic Irish Elvish")]
    ['gla', 'gle', 'Elvish']
    """
    whole = _resolved_or_none(text)
    if whole is not None:
        return (whole,)
    read: list[LanguageTag | str] = []
    for part in filter(None, map(str.strip, _BETWEEN.split(text[:_LONGEST_LIST]))):
        words = part.split()
        while words:
            for count in range(min(len(words), _MOST_WORDS), 0, -1):
                name = " ".join(words[:count])
                tag = _resolved_or_none(name) or _resolved_or_none(name.strip(_AROUND))
                if tag is None and count == 1 and _FILLER.fullmatch(name):
                    words = words[1:]
                    break
                if tag is not None or count == 1:
                    read.append(name if tag is None else tag)
                    words = words[count:]
                    break
    return tuple(read)


_BETWEEN = re.compile(r"[,;|/\t\r\n\u3001\uff0c\u060c]")
_AROUND = "\"'“”‘’«».:()[]•*-–"
"""Marks in which a list sets its names, or after which it begins them."""
_FILLER = re.compile(rf"(?:and|&|\+|\d{{0,4}}[{re.escape(_AROUND)}]*)")
"""What stands between or before the names of a list and is none: a word, a bullet, a number."""
_LONGEST_LIST = 10_000
_MOST_WORDS = 6


def _resolved_or_none(text: str) -> LanguageTag | None:
    """As :func:`resolve`, without looking through all names for what was perhaps meant."""
    try:
        return _tag_meant(text)
    except UnknownLanguage:
        return None


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | float):
        raise UnknownLanguage(
            f"no language {value!r}: expected text, but the file probably has an unquoted no, yes "
            'or nan (or nothing) there, which was read as another type; put it in quotes, as "no"'
        )
    raise UnknownLanguage(
        f"no language in a value of type {type(value).__name__}: expected text such as 'cat', "
        "'ca' or 'Catalan'"
    )


def _trimmed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\ufeff", "").strip()


@lru_cache(maxsize=4096)
def _tag_meant(text: str) -> LanguageTag | None:
    """What a text means; None where nothing is called so.

    Raises:
        UnknownLanguage: too long or empty, or several are called so.
    """
    if len(text) > _LONGEST:
        raise UnknownLanguage(
            f"no language {text[:40]!r}…: expected at most {_LONGEST} characters, found {len(text)}"
        )
    trimmed = _trimmed(text)
    if not fold(trimmed):
        raise UnknownLanguage(
            f"no language {text!r}: expected a code or a name, such as 'cat' or 'Catalan'"
        )
    return (
        _by_code(trimmed)
        or _by_name(trimmed)
        or _by_subtags(trimmed)
        or _by_name_and_script(trimmed)
    )


def _refuse(text: str) -> NoReturn:
    near = suggestions(text)
    if near:
        raise UnknownLanguage(f"no language {text!r}: did you mean {named(near)}?", near)
    raise UnknownLanguage(
        f"no language {text!r} among the {len(languages())} of the table: expected an ISO 639 "
        "code, a BCP 47 tag, an English name or an endonym; check the spelling or try the code"
    )


def _is_code_shaped(text: str) -> bool:
    return len(text) in (2, 3) and text.isascii() and text.isalpha()


def _code_of(text: str) -> str:
    """The code of three letters that a code of two or three stands for, or ``""``."""
    short = text.lower()
    if short in languages() or short in macrolanguages():
        return short
    if short in short_codes():
        return short_codes()[short]
    return next((old.code for old in aliases().get(short, ()) if old.kind == "code"), "")


def _by_code(text: str) -> LanguageTag | None:
    if not _is_code_shaped(text):
        return None
    code = _code_of(text)
    if not code:
        return None
    usual = _usual(code)
    for name in aliases().get(text.lower(), ()):
        if name.kind == "code" and name.script and name.code == code:
            return _tag_of(name)  # zht, as ROOTS writes Chinese in Traditional script
        # "Mon" written as a name, while mon is the code of another language.
        if name.alias == text and name.kind != "code" and name.code != usual.code:
            _ambiguous(text, (name.code, usual.code))
    return usual


def _by_name(text: str) -> LanguageTag | None:
    if _is_code_shaped(text) and (text.islower() or text.isupper()):
        return None  # "tay" is the code of a language that is not listed, never the name Tày
    entries = aliases().get(fold(text), ())
    if not entries:
        return None
    codes = tuple(dict.fromkeys(entry.code for entry in entries))
    if len(codes) > 1:
        _ambiguous(text, codes)
    return _tag_of(entries[0])


def _tag_of(entry: Alias) -> LanguageTag:
    return LanguageTag(entry.code, entry.script) if entry.script else _usual(entry.code)


def _ambiguous(text: str, codes: tuple[str, ...]) -> NoReturn:
    raise UnknownLanguage(
        f"the name {text!r} belongs to {named(codes)}: write one of these codes", codes
    )


def _usual(code: str) -> LanguageTag:
    """The tag of a code of three letters in its usual script, macrolanguages folded."""
    if code in languages():
        return LanguageTag(code, languages()[code].script)
    macro = macrolanguages()[code]
    if not macro.representative:
        raise UnknownLanguage(
            f"{code!r} is {macro.name}, a group for which no single language stands: "
            f"name one of it, as {named(macro.members)}",
            macro.members,
        )
    return LanguageTag(macro.representative, macro.script)


def _by_subtags(text: str) -> LanguageTag | None:
    parts = read_subtags(text)
    if parts is None:
        return None
    code = _code_of(parts.language)
    if not code:
        return None
    if parts.extended:
        code = _extended(code, parts.extended)
        if not code:
            return None
    if parts.region:
        _refuse_region(text, parts)
    if parts.script:
        return _in_script(code, parts.script, text)
    return _in_region(code, parts)


def _refuse_pair(text: str) -> None:
    """Refuse two languages in one word: parallel text has no single language."""
    pair = pair_of(text)
    if pair is None:
        return
    first, other = (languages()[_usual(_code_of(code)).code] for code in pair)
    tag = f"{pair[0]}-{pair[1].upper()}"
    region = f" Or {tag}, as in that region?"
    raise UnknownLanguage(
        f"{text!r} is a pair of languages, {first.name} ({first.code}) and {other.name} "
        f"({other.code}), and parallel text has no single one: did you mean {first.code} "
        f"({first.name}) alone?" + (region if len(pair[1]) == 2 and is_region(pair[1]) else ""),
        (first.code, other.code),
    )


def _refuse_region(text: str, parts: Subtags) -> None:
    """Refuse a region that is none, and one that may as well be a second language.

    Raises:
        UnknownLanguage: ``es-qq``; ``de-fr``, which names a language with no locale there.
    """
    if not parts.script:
        _refuse_pair(text)
    first = languages()[_usual(_code_of(parts.language)).code]
    if not is_region(parts.region):
        raise UnknownLanguage(
            f"no region {parts.region!r} in {text!r}: expected a code of ISO 3166-1; for "
            f"{first.name} write {first.code!r}",
            (first.code,),
        )


def _extended(code: str, extended: str) -> str:
    """``yue`` of ``zh-yue``: a language listed as one of the macrolanguage before it."""
    entry = languages().get(extended)
    return extended if entry is not None and entry.macrolanguage == code else ""


def _in_region(code: str, parts: Subtags) -> LanguageTag:
    usual = _usual(code)
    implied = region_scripts().get((usual.code, parts.region.upper()), "")
    return (_scripted(code, implied) if implied else None) or usual


def _in_script(code: str, script: str, text: str) -> LanguageTag:
    tag = _scripted(code, script)
    if tag is not None:
        return tag
    others = _members_written_in(code, script)
    if others:
        raise UnknownLanguage(f"{text!r} may be {named(others)}: write one of these codes", others)
    entry = languages()[_usual(code).code]
    scripts = ", ".join(f"{each} ({script_names()[each]})" for each in entry.scripts)
    raise UnknownLanguage(
        f"no language {text!r}: {entry.name} ({entry.code}) is attested in {scripts}, not in "
        f"{script.title()}; write {entry.code!r} for its usual script",
        (entry.code,),
    )


def _scripted(code: str, script: str) -> LanguageTag | None:
    """``code`` in ``script``, where attested.

    A macrolanguage in a script that its representative lacks is the one other member written
    so: Azerbaijani in Arabic script is South Azerbaijani.
    """
    usual = _usual(code).code
    attested = attested_script(usual, script)
    if attested:
        return LanguageTag(usual, attested)
    others = _members_written_in(code, script)
    return _usual(others[0]) if len(others) == 1 else None


def _members_written_in(code: str, script: str) -> tuple[str, ...]:
    members = macrolanguages()[code].members if code in macrolanguages() else ()
    return tuple(
        member
        for member in members
        if attested_script(member, script) == languages()[member].script
    )


def _by_name_and_script(text: str) -> LanguageTag | None:
    """``Serbian (Latin)``, as ``name_of`` writes it."""
    match = _BRACKETED.fullmatch(text)
    if match is None:
        return None
    script = _scripts_by_name().get(fold(match[2]), "")
    tag = (_by_code(match[1]) or _by_name(match[1])) if script else None
    return None if tag is None else _in_script(tag.code, script, text)


@cache
def _scripts_by_name() -> dict[str, str]:
    named_so = {fold(name): code for code, name in script_names().items()}
    return {**named_so, **{code.lower(): code for code in script_names()}}
