"""The options that divide a run into phases; flags override the phases of a file by name."""

from __future__ import annotations

import argparse
from typing import Any

from atlasmix.cli.parsing import Parser


def add_phase_options(parser: Parser) -> None:
    """``--phase``, ``--phase-min`` and ``--phase-max``."""
    group = parser.add_argument_group(
        "phases of the run, in the order given",
        "they divide what the best mixture reads and leave its totals as they are;\n"
        "every option is repeatable",
    )
    add = group.add_argument
    add(
        "--phase",
        metavar="NAME=TOKENS",
        action="append",
        help="a phase and what it reads: 80%% of the tokens, 80B of them, or rest",
    )
    add(
        "--phase-min",
        metavar="NAME:WHAT=SHARE",
        action="append",
        help="least share of a phase's tokens: anneal:cat=90%%",
    )
    add(
        "--phase-max",
        metavar="NAME:WHAT=SHARE",
        action="append",
        help="most share of a phase's tokens: anneal:script:Cyrl=5%%",
    )


def with_phases(in_file: object, options: argparse.Namespace) -> object:
    """The phases of a file and the flags over it, as a question writes them; None where none.

    Raises:
        ProblemError: a flag without its ``=`` or ``:``, one thing said twice, or a limit of a phase
            that there is not.
    """
    if not (options.phase or options.phase_min or options.phase_max):
        return in_file
    phases = _copied(in_file)
    if phases is None:
        # What is no list of phases is refused later, with its own sentence.
        return in_file
    for name, tokens in _read(options.phase, "--phase", "anneal=20%").items():
        _phase(phases, name, tokens)
    for bound in ("min", "max"):
        option = f"--phase-{bound}"
        example = "anneal:cat=90%"
        for written, share in _read(getattr(options, f"phase_{bound}"), option, example).items():
            name, colon, what = (part.strip() for part in written.partition(":"))
            if not (name and colon and what):
                raise _misread(option, f"{written}={share}", example)
            _limit(phases, (name, bound), what, share)
    return phases


def _copied(in_file: object) -> list[dict[str, Any]] | None:
    """The file's phases, free to change; None where they are no list of mappings."""
    if in_file is None:
        return []
    if not isinstance(in_file, list) or not all(isinstance(one, dict) for one in in_file):
        return None
    return [dict(one) for one in in_file]


def _phase(phases: list[dict[str, Any]], name: str, tokens: str) -> None:
    """One more phase, or other tokens for the one of that name."""
    for phase in phases:
        if phase.get("name") == name:
            phase["tokens"] = tokens
            return
    phases.append({"name": name, "tokens": tokens})


def _limit(phases: list[dict[str, Any]], place: tuple[str, str], what: str, share: str) -> None:
    from atlasmix.errors import ProblemError
    from atlasmix.recipes.values import nearest

    name, bound = place
    for phase in phases:
        if phase.get("name") == name and isinstance(phase.get(bound, {}), dict):
            phase[bound] = {**phase.get(bound, {}), what: share}
            return
    known = [str(phase.get("name")) for phase in phases]
    there = f"{nearest(name, known)}there {'are' if len(known) > 1 else 'is'} {', '.join(known)}"
    raise ProblemError(
        f"--phase-{bound} names phase {name[:40]!r}: "
        f"{there if known else 'there is none'}; add one with --phase {name[:40]}=20%"
    )


def _read(given: list[str] | None, option: str, example: str) -> dict[str, str]:
    from atlasmix.errors import ProblemError

    found: dict[str, str] = {}
    for text in given or []:
        name, equals, value = (part.strip() for part in text.rpartition("="))
        if not (name and equals and value):
            raise _misread(option, text, example)
        if name in found:
            raise ProblemError(f"{option} names {name[:60]!r} twice: keep one")
        found[name] = value
    return found


def _misread(option: str, text: str, example: str) -> Exception:
    from atlasmix.errors import ProblemError

    return ProblemError(f"{option} is {text[:60]!r}: expected for example {option} {example}")
