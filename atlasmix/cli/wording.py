"""How the command line words a refusal of the library: its sentence, and the option to change.

The library speaks of arguments and of the keys of a question. Here they have the names of options.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from atlasmix.cli.parsing import Parser
    from atlasmix.errors import AtlasMixError

OPTIONS: Final = {
    "targets": "--target",
    "groups": "--group",
    "guardrails": "--guardrail",
    "phases": "--phase",
    "form": "--from",
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
