"""Looking languages up once their code or key is known."""

from __future__ import annotations

from atlasmix.languages import tables
from atlasmix.languages.language import Language
from atlasmix.languages.resolving import resolve


def all_languages() -> tuple[Language, ...]:
    """Every individual language of the table, sorted by code."""
    return tuple(tables.languages().values())


def language(code_or_key: str) -> Language:
    """The language behind a code, a key or anything else that ``resolve`` takes.

    Raises:
        UnknownLanguage: as ``resolve``.
    """
    return tables.languages()[resolve(code_or_key).code]


def name_of(key: str) -> str:
    """The English name behind a key: ``Catalan``, ``Serbian (Latin)``.

    Only a key is read so, as ``str(tag)`` or ``tag.full`` write it. Anything else comes back as
    it is: on the axis of a domain matrix, ``books`` is called ``books``.
    """
    code, _, script = key.partition("_")
    entry = tables.languages().get(code)
    if entry is None:
        return key
    if key in (code, f"{code}_{entry.script}"):
        return entry.name
    return f"{entry.name} ({tables.script_names()[script]})" if script in entry.scripts else key


def branch_of(key: str) -> str:
    """The branch of the family that a language belongs to, the family where it has none.

    >>> branch_of("cat"), branch_of("fin"), branch_of("code")
    ('Romance', 'Finnic', 'no family')
    """
    entry = tables.languages().get(key.partition("_")[0])
    return "no family" if entry is None else entry.genus or entry.family or "no family"
