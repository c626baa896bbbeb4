"""The door of the command line: finds the command, loads it alone, and turns errors to sentences.

Nothing heavy is imported here: ``atlasmix --help`` answers within a few milliseconds.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlasmix.cli.parsing import Parser

COMMANDS = {
    "solve": "the best mixture for your targets, with its proof",
    "explain": "why each share is what it is, and what would push a donor out",
    "check": "whether a recipe still holds with today's evidence",
    "compare": "two recipes or mixtures side by side",
    "capacity": "what serving more languages costs at equal loss",
    "crossover": "train from scratch, or finetune a multilingual checkpoint",
    "sweep": "one question over budgets, sizes or other values, in one table",
    "route": "donor or synthetic: what the next tokens of every kind are worth",
    "fit": "the constants of a scaling law from your own runs, and how sure",
    "design": "mixtures for first runs, before any evidence, as files to train on",
    "learn": "a law of every loss from runs of mixtures, and the best mixture",
    "measure": "transfer of your own, from loss curves or from texts",
    "export": "a recipe as the files that a training framework loads",
    "import": "a framework's mixture as pools of language, provenance, corpus",
    "lint": "epochs, caps, vanishing sources and shares of a mixture",
    "audit": "what a corpus holds, by whom, and how varied it is",
    "verify-run": "whether a training run reads what its recipe says",
    "cards": "a recipe as a data card: Croissant, SPDX, Hugging Face, PROV, EU",
    "matrices": "transfer matrices: list, show, add, verify, remove",
    "inventory": "token inventories: list, show, add, verify, remove",
    "laws": "scaling laws: list, show, add, remove",
    "mixtures": "published mixtures of real models: list, show",
    "languages": "languages by any code or name",
    "explore": "all of it in the browser: look, try, take a recipe home",
}
MODULES = {"import": "import_mixture", "verify-run": "verify_run"}
"""Commands whose word cannot be the name of a module."""

INTERRUPTED = 130
BROKEN_PIPE = 141


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 (refused), 2 (misuse) or 130 (Ctrl-C)."""
    given = sys.argv[1:] if arguments is None else arguments
    # Read when numpy is first imported. The systems solved here have tens of unknowns: threads wait
    # for each other longer than they work (34 languages: half the CPU time on two cores with one).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        status = _dispatch(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _say("stopped; nothing was written", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except Exception as error:
        status = _refused(error, given)
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
    return status


def _drop_output() -> None:
    # What cannot be written is still held: Python would try once more, and complain, at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(given: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # λ and é in a terminal that has no such letter: a question mark, not a crash.
            stream.reconfigure(errors="replace")
    if given[:1] in (["--version"], ["-V"]):
        from atlasmix.version import __version__

        print(f"atlasmix {__version__}")
        return 0
    if not given or given[0] in ("-h", "--help", "help"):
        if given[:1] == ["help"] and given[1:2] and given[1] in COMMANDS:
            return _dispatch([given[1], "--help"])
        print(help_text())
        return 0 if given else 2
    name = given[0]
    if name not in COMMANDS:
        return _unknown(name)
    command, parser = command_of(name)
    try:
        options = parser.read(given[1:])
    except SystemExit as stop:
        return int(stop.code or 0)
    status: int = options.execute(options) if "execute" in options else command.execute(options)
    return status


def command_of(name: str) -> tuple[Any, Parser]:
    """The module of a command, and the parser of its options."""
    from importlib import import_module

    from atlasmix.cli.parsing import Parser

    command = import_module(f"atlasmix.cli.{MODULES.get(name, name)}")
    parser = Parser(f"atlasmix {name}", COMMANDS[name], command.EXAMPLE)
    command.add_arguments(parser)
    return command, parser


def help_text() -> str:
    """What ``atlasmix --help`` prints."""
    lines = [
        "usage: atlasmix COMMAND [OPTIONS]",
        "",
        "Decides what a multilingual language model trains on: transfer, tokens and scaling laws",
        "in, a mixture with its proof and a recipe out.",
        "",
        "commands:",
        *(f"  {name:<12}{summary}" for name, summary in COMMANDS.items()),
        "",
        "options:",
        "  -h, --help     this text; after a command, its options",
        "  -V, --version  the version",
        "",
        "example:",
        "  atlasmix solve --target cat --budget 100B --output recipe.yaml",
    ]
    return "\n".join(lines)


def _unknown(name: str) -> int:
    from atlasmix.text import did_you_mean

    if name.startswith("-"):
        return _say(f"no option {name} before the command: see atlasmix --help", 2)
    hint = did_you_mean(name, COMMANDS) or f"expected {', '.join(COMMANDS)}"
    return _say(f"no command {name[:60]!r}: {hint}", 2)


def _refused(error: Exception, given: list[str]) -> int:
    from atlasmix.cli.parsing import options_read, worded
    from atlasmix.errors import AtlasMixError, SolverFailed

    if os.environ.get("ATLASMIX_DEBUG"):
        import traceback

        traceback.print_exc()
    if isinstance(error, AtlasMixError) and not isinstance(error, SolverFailed):
        known = options_read(command_of(given[0])[1], given[1:]) if given else ()
        return _say(worded(error, known), 1)
    if isinstance(error, OSError):
        # The library speaks for its own files; what is left is mostly a full disk under stdout.
        where = error.filename or "the output"
        return _say(f"{where}: {error.strerror or error}; the result is not complete", 1)
    if isinstance(error, MemoryError):
        return _say("out of memory: ask a smaller question or use a larger machine", 1)
    how = "with the command and what it prints when ATLASMIX_DEBUG=1 is set"
    if isinstance(error, SolverFailed):
        return _say(f"{error} ({how})", 1)
    fault = f"{type(error).__name__}: {str(error)[:300]}"
    return _say(f"a fault of AtlasMix ({fault}); please report it, {how}", 1)


def _say(sentence: str, status: int) -> int:
    from atlasmix.cli.terminal import say

    say(sentence)
    return status
