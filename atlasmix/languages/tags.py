"""A language in a script, and the key it is filed under: ``cat``, ``srp_Latn``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from atlasmix.languages.tables import languages

# Variants are named one by one: else the end of a misspelt name would pass for one.
_VARIANTS = (
    "valencia|tarask|ekavsk|ijekavsk|pinyin|jyutping|polyton|monoton|oxendict|scotland|"
    r"[a-z0-9]*\d[a-z0-9]*"
)
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})"
    r"(?:[-_](?P<extended>[a-z]{3}))?"
    r"(?:[-_](?P<script>[a-z]{4}))?"
    r"(?:[-_](?P<region>[a-z]{2}|\d{3}))?"
    rf"(?:[-_](?=[a-z0-9]{{4,8}}(?:[-_]|$))(?:{_VARIANTS}))*"
    r"(?:[-_][a-z0-9](?:[-_][a-z0-9]{1,8})+)*",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Subtags:
    """The parts of a tag that say which language in which script; empty where not given."""

    language: str
    extended: str
    script: str
    region: str


def read_subtags(text: str) -> Subtags | None:
    """The parts of ``text``, or None where it has not the form of a tag.

    Variants and extensions (``-1996``, ``-u-…``, ``-x-…``) are read over: they change neither
    language nor script.
    """
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    return Subtags(
        language=match["language"].lower(),
        extended=(match["extended"] or "").lower(),
        script=(match["script"] or "").title(),
        region=(match["region"] or "").upper(),
    )


# ISO 3166-1, with what the IANA registry has beside it: reserved, withdrawn, supranational codes.
_REGION_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
    "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP "
    "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
    "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
    "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
    "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
    "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW AC AN BU CP CS DD DG EA EU EZ FX IC "
    "NT SU TA TP UK UN XK YD YU ZR"
)
_REGIONS = frozenset(_REGION_CODES.split())


def is_region(subtag: str) -> bool:
    """Whether a subtag names a region: ISO 3166-1 or, by three digits, UN M.49.

    >>> is_region("mx"), is_region("419"), is_region("qq")
    (True, True, False)
    """
    return subtag.isdigit() or subtag.upper() in _REGIONS


def is_locale(language: str, region: str) -> bool:
    """Whether systems know a language in a region as a locale, as they do ``pt`` in ``br``.

    >>> is_locale("pt", "br"), is_locale("de", "fr")
    (True, False)
    """
    import locale

    return f"{language.lower()}_{region.lower()}" in locale.locale_alias


# What corpora write for a script that ISO 15924 splits or joins otherwise.
_JOINED = {
    "Hang": "Kore",
    "Hrkt": "Jpan",
    "Hira": "Jpan",
    "Kana": "Jpan",
    "Aran": "Arab",
    "Latf": "Latn",
    "Cyrs": "Cyrl",
    "Syre": "Syrc",
    "Syrj": "Syrc",
    "Syrn": "Syrc",
}
_HAN = ("Hans", "Hant")


@dataclass(frozen=True, slots=True, order=True)
class LanguageTag:
    """An individual language of ISO 639-3 in one ISO 15924 script.

    ``str(tag)`` is the *key* under which evidence is joined: the code alone where the script is
    the language's usual one (``cat``; ``srp`` is Serbian in Cyrillic), code and script where it
    is another (``srp_Latn``). Sorts by code, then script.

    >>> from atlasmix.languages.resolving import resolve
    >>> str(resolve("sr-Latn")), resolve("català").full
    ('srp_Latn', 'cat_Latn')
    """

    code: str
    script: str

    @property
    def full(self) -> str:
        """Code and script, whether the script is the usual one or not: ``cat_Latn``."""
        return f"{self.code}_{self.script}"

    def __str__(self) -> str:
        """The key."""
        entry = languages().get(self.code)
        return self.code if entry is not None and entry.script == self.script else self.full


def attested_script(code: str, script: str) -> str:
    """``script`` as the language's table has it, or ``""`` where it is not attested.

    Any case; ``Hani`` becomes the language's first Han script (``cmn``: Hans, ``yue``: Hant),
    ``Hang`` Kore, the syllabaries of Japanese Jpan.
    """
    scripts = languages()[code].scripts
    wanted = script.title()
    if wanted in scripts:
        return wanted
    if wanted == "Hani":
        return next((each for each in scripts if each in _HAN), "")
    joined = _JOINED.get(wanted, "")
    return joined if joined in scripts else ""
