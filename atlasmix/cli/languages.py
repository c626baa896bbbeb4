"""``atlasmix languages``: find a language by any code or name."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json

if TYPE_CHECKING:
    from atlasmix.languages import Language

EXAMPLE = "atlasmix languages català"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "query",
        nargs="*",
        metavar="QUERY",
        help="code (ca, cat, cat_Latn, zh-Hant), name, endonym, or a family such as Romance",
    )
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print the languages asked for, or all."""
    from atlasmix.cli.printing import print_json, print_text

    keys, found = _found([word.rstrip(",") for word in options.query])
    if options.json:
        print_json(
            [{"key": key, **dataclasses.asdict(one)} for key, one in zip(keys, found, strict=True)]
        )
        return 0
    from atlasmix.views.evidence_tables import languages_table
    from atlasmix.views.languages import language_text

    if len(found) == 1:
        print_text(language_text(keys[0], found[0]))
    else:
        print_text(languages_table(found))
    return 0


def _found(words: list[str]) -> tuple[list[str], list[Language]]:
    from atlasmix.errors import UnknownLanguage
    from atlasmix.languages import all_languages, language, resolve

    if not words:
        every = all_languages()
        return [one.code for one in every], list(every)
    keys: list[str] = []
    found: list[Language] = []
    # "Scottish Gaelic" is one name, "cat spa" two codes: the whole is tried first.
    for word in [" ".join(words)] if len(words) > 1 and _resolves(" ".join(words)) else words:
        try:
            key = str(resolve(word))
            keys.append(key)
            found.append(language(key))
        except UnknownLanguage:
            kin = [
                one
                for one in all_languages()
                if word.casefold() in (one.family.casefold(), one.genus.casefold())
            ]
            if not kin:
                raise
            keys += [one.code for one in kin]
            found += kin
    return keys, found


def _resolves(text: str) -> bool:
    from atlasmix.errors import UnknownLanguage
    from atlasmix.languages import resolve

    try:
        resolve(text)
    except UnknownLanguage:
        return False
    return True
