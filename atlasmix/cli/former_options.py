"""Options of the law before this one: hidden, and refused with what to write instead."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

from atlasmix.cli.parsing import Parser

_HIDDEN: Final = {"interference": "--interference", "spend_all": "--spend-all"}
"""Keys that a question refuses, and the options that set them."""

_IN_OPTIONS: Final = (
    ("the question has the key 'interference'", "there is no option --interference"),
    ("the question has the key 'spend_all'", "there is no option --spend-all"),
    (
        "write tokens: exactly in the place of spend_all: true, and leave it out in the place of "
        "false",
        "write --tokens exactly in its place",
    ),
    ("from is ", "--from is "),
    ("no such key", "no checkpoint"),
    ("leave the key out", "leave the option out"),
)
"""What the sentences of the library say of a key, and how the command line says it."""


def add_former_options(parser: Parser) -> None:
    """The options, which no help text shows."""
    for key, option in _HIDDEN.items():
        parser.add_argument(option, dest=key, nargs="?", const="", help=argparse.SUPPRESS)


def refuse_former_options(options: argparse.Namespace, asked: Mapping[str, Any]) -> None:
    """Refuse them in the words of the command line.

    Args:
        options: as they were read.
        asked: the question so far, whose target a sentence may name.

    Raises:
        ProblemError: the first that was given.
    """
    found = {key: getattr(options, key) for key in _HIDDEN} | {"from": options.origin}
    given = {key: value for key, value in found.items() if value is not None}
    if not given:
        return
    from atlasmix.errors import ProblemError
    from atlasmix.recipes.refused_keys import refuse_keys

    try:
        refuse_keys({"targets": asked.get("targets"), **given})
    except ProblemError as error:
        raise ProblemError(in_options(str(error))) from None


def in_options(sentence: str) -> str:
    """A sentence about a refused key as one about the option.

    >>> in_options("from is 'x': expected no such key, so leave the key out")
    "--from is 'x': expected no checkpoint, so leave the option out"
    """
    for key_words, option_words in _IN_OPTIONS:
        sentence = sentence.replace(key_words, option_words, 1)
    return sentence
