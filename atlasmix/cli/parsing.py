"""The parser of every command, and what the command line says of a mistake.

A slip of the keyboard is one sentence with the nearest right word. A refusal of the library, which
speaks of arguments and of the keys of a question, is its sentence with the option to change.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from atlasmix.cli.terminal import say

if TYPE_CHECKING:
    from atlasmix.errors import AtlasMixError

_NEGATIVE = re.compile(r"-(\d|\.\d|inf|nan)", re.IGNORECASE)


class Parser(argparse.ArgumentParser):
    """``argparse`` with an example under every help text and "did you mean" on a slip."""

    def __init__(self, prog: str, summary: str, example: str) -> None:
        """A parser for ``prog``; ``summary`` is its line in the list of commands."""
        super().__init__(
            prog=prog,
            description=summary[0].upper() + summary[1:] + ".",
            epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()),
            formatter_class=_Help,
            allow_abbrev=False,
        )

    def read(self, given: Sequence[str]) -> argparse.Namespace:
        """The options; SystemExit 2 after a sentence on stderr where they cannot be read."""
        options, left = self.parse_known_args(_join_negatives(given))
        if left:
            reader: Parser = getattr(options, "parser", self)
            reader.refuse_leftovers(left)
        if getattr(options, "output", None) == "":
            self.error("--output is empty: name a file or folder")
        return options

    @property
    def option_words(self) -> tuple[str, ...]:
        """Every option, as it is written."""
        return tuple(self._option_string_actions)

    def refuse_leftovers(self, left: Sequence[str]) -> NoReturn:
        """Say that nobody reads these words."""
        from atlasmix.text import did_you_mean

        word = next((each for each in left if each.startswith("-")), left[0]).partition("=")[0]
        told = [action for action in self._actions if action.help != argparse.SUPPRESS]
        known = [text for action in told for text in action.option_strings]
        hint = did_you_mean(word, known)
        if word.startswith("-"):
            self.error(f"no option {word}" + (f": {hint}" if hint else ""))
        self.error(f"{word!r} is one argument too many")

    def error(self, message: str) -> NoReturn:
        """One sentence on stderr and exit status 2."""
        say(f"{message.removeprefix('argument ')}; see {self.prog} --help")
        sys.exit(2)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse a word that is none of an option's choices, with the nearest that is one."""
        if action.choices is None or value in action.choices:
            return
        from atlasmix.text import did_you_mean

        known = [str(choice) for choice in action.choices]
        hint = did_you_mean(str(value), known) or f"expected {', '.join(known)}"
        raise argparse.ArgumentError(action, f"no {value!r}: {hint}")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        # Without this argparse asks shutil, which costs more than the rest of --help.
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() else 80
        super().__init__(prog, max_help_position=26, width=max(min(width, 100) - 2, 40))


def add_actions(parser: Parser, actions: dict[str, tuple[str, str]]) -> dict[str, Parser]:
    """Parsers of ``atlasmix matrices list``, ``... show`` and so on, by name.

    Args:
        parser: of the command.
        actions: name: (summary, example).
    """
    group = parser.add_subparsers(
        metavar="ACTION", required=True, dest="action", parser_class=Parser
    )
    made: dict[str, Parser] = {}
    for name, (summary, example) in actions.items():
        made[name] = group.add_parser(name, help=summary, summary=summary, example=example)
        made[name].set_defaults(parser=made[name])
    return made


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON for another program")


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--store``."""
    parser.add_argument(
        "--store",
        metavar="PLACE",
        help="folder or URL of your own evidence (default: $ATLASMIX_STORE, else the system's "
        "folder for your data, on Linux ~/.local/share/atlasmix)",
    )


def _join_negatives(given: Sequence[str]) -> list[str]:
    """``--budget -5B`` as ``--budget=-5B``, which argparse would take for a missing value."""
    joined: list[str] = []
    for word in given:
        before = joined[-1] if joined else ""
        if _NEGATIVE.match(word) and before.startswith("--") and "=" not in before:
            joined[-1] = f"{before}={word}"
        else:
            joined.append(word)
    return joined


OPTIONS: Final = {
    "targets": "--target",
    "groups": "--group",
    "guardrails": "--guardrail",
    "phases": "--phase",
    "rivals": "--matrix",
    "form": "--from",
    "study": "--with",
}
"""Fields that an option has another word for; every other is its own: ``max_epochs`` is
``--max-epochs``."""


def option_of(field: str) -> str:
    """The option that sets a field.

    >>> option_of("max_epochs"), option_of("targets")
    ('--max-epochs', '--target')
    """
    return OPTIONS.get(field, f"--{field.replace('_', '-')}")


def options_read(parser: Parser, given: Sequence[str]) -> tuple[str, ...]:
    """The options of a command, or of that action of it which the words given name."""
    action: Parser = getattr(parser.read(given), "parser", parser)
    return action.option_words


def worded(error: AtlasMixError, known: Collection[str] = ()) -> str:
    """The refusal for a terminal: its sentence, the option to change, then every fault.

    Args:
        error: the refusal.
        known: options of the command that was refused; one that it lacks is not named.
    """
    sentence, *faults = str(error).split("\n  - ")
    option = option_of(error.field) if error.field else ""
    if option in known and option not in _words(sentence):
        body = sentence.rstrip(":")
        sentence = f"{body} ({option}){sentence[len(body) :]}"
    return "\n  - ".join((sentence, *faults))


def _words(sentence: str) -> list[str]:
    return [word.strip("'\"`.,;:()") for word in sentence.split()]
