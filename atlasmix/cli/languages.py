"""``atlasmix languages``: find a language by any code or name."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json

if TYPE_CHECKING:
    from atlasmix.errors import UnknownLanguage
    from atlasmix.languages.language import Language

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
    keys, languages, refused = _look_up([word.rstrip(",") for word in options.query])
    if refused and not languages:
        raise refused[0]
    _print(keys, languages, options.json)
    # What is known comes first; then a sentence for each that is not, the last one from the door.
    sys.stdout.flush()
    for error in refused[:-1]:
        print(f"atlasmix: {error}", file=sys.stderr)
    if refused:
        raise refused[-1]
    return 0


def _print(keys: list[str], languages: list[Language], as_json: bool) -> None:
    from atlasmix.cli.terminal import print_json, print_text

    if as_json:
        print_json(
            [
                {"key": key, **dataclasses.asdict(each)}
                for key, each in zip(keys, languages, strict=True)
            ]
        )
        return
    from atlasmix.report.evidence import languages_table
    from atlasmix.report.words import language_text

    if len(languages) == 1:
        print_text(language_text(keys[0], languages[0]))
    else:
        print_text(languages_table(languages))


def _look_up(words: list[str]) -> tuple[list[str], list[Language], list[UnknownLanguage]]:
    from atlasmix.errors import UnknownLanguage
    from atlasmix.languages.catalogue import all_languages, language
    from atlasmix.languages.resolving import resolve

    if not words:
        every = all_languages()
        return [each.code for each in every], list(every), []
    keys: list[str] = []
    languages: list[Language] = []
    refused: list[UnknownLanguage] = []
    # "Scottish Gaelic" is one name, "cat spa" two codes: the whole is tried first.
    for word in [" ".join(words)] if len(words) > 1 and _resolves(" ".join(words)) else words:
        try:
            key = str(resolve(word))
            keys.append(key)
            languages.append(language(key))
        except UnknownLanguage as error:
            kin = [
                each
                for each in all_languages()
                if word.casefold() in (each.family.casefold(), each.genus.casefold())
            ]
            if not kin:
                refused.append(error)
            keys += [each.code for each in kin]
            languages += kin
    return keys, languages, refused


def _resolves(text: str) -> bool:
    from atlasmix.errors import UnknownLanguage
    from atlasmix.languages.resolving import resolve

    try:
        resolve(text)
    except UnknownLanguage:
        return False
    return True
