"""The command that asks a question again, with options or, where they do not suffice, a file.

The one place below ``cli/`` that knows options: the app, which does not
import the command line, shows the command that reproduces its answer.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.shelf import DEFAULT_MATRIX
from atlasmix.problem.pool_choice import DEFAULT_CHOICE
from atlasmix.quantities import format_quantity, parse_quantity, parse_share

_OPTIONS: Final = {
    "budget": "--budget",
    "tokens": "--tokens",
    "params": "--params",
    "compute": "--compute",
    "objective": "--objective",
    "calibration": "--calibration",
    "lambda": "--lambda",
    "risk_aversion": "--risk-aversion",
    "box": "--box",
    "wrong_scores": "--wrong-scores",
    "unknown_human": "--unknown-human",
    "human_floor": "--human-floor",
    "drift_penalty": "--drift-penalty",
    "near": "--near",
    "law": "--law",
    "max_donors": "--max-donors",
    "draws": "--draws",
    "seed": "--seed",
    "tail": "--tail",
}
_PAIRS: Final = {"min": "--min", "max": "--max", "keep": "--keep", "worth": "--worth"}
_READABLE: Final = frozenset({"provenance", "kind"})
FILE: Final = "problem.yaml"
_LONGEST: Final = 600


def solve_command(question: Mapping[str, Any], output: str = "recipe.yaml") -> str:
    """The shell command whose recipe is the answer to this question.

    Args:
        question: as ``question_link.short_question`` writes it.
        output: file for the recipe.

    Returns:
        Options alone where they can say it in 600 characters, else a command that reads
        ``problem.yaml``; :func:`needs_file` tells.
    """
    words = ["atlasmix", "solve", *_words(question), "--output", output]
    if needs_file(question):
        words = ["atlasmix", "solve", "--problem", FILE, "--output", output]
    return shlex.join(words)


def needs_file(question: Mapping[str, Any]) -> bool:
    """Whether options alone cannot ask this question, or only at a length nobody reads."""
    pools = question.get("pools", {})
    if isinstance(question.get("law"), dict) or not set(pools) <= _READABLE:
        return True
    if any("=" in str(name) for key in (*_PAIRS, "guardrails") for name in question.get(key, {})):
        return True
    if any("=" in str(name) for _, _, name, _ in _phase_limits(question)):
        return True
    if any("=" in str(name) for _, name, _ in _phase_caps(question)):
        return True
    members = [name for group in question.get("groups", {}).values() for name in group]
    if any(set(name) & set(",:=") for name in (*question["targets"], *members)):
        return True
    return len(shlex.join(_words(question))) > _LONGEST


def phase_amount(value: object) -> str:
    """Tokens of a phase as an option writes them, read back alike: ``20%``, ``80B``, ``rest``.

    Args:
        value: as a question has it: a share up to 1, a count above it, or a text.
    """
    if isinstance(value, int | float):
        return _share(value) if value <= 1 else _value(value, "budget")
    return str(value)


def _words(question: Mapping[str, Any]) -> list[str]:
    targets = [
        key if weight == 1 else f"{key}:{weight:.15g}"
        for key, weight in question["targets"].items()
    ]
    words = ["--target", ",".join(targets)]
    for key, option in _OPTIONS.items():
        if key in question:
            words += [option, _value(question[key], key)]
    words += _matrices(question)
    for name in _listed(question.get("inventory", [])):
        words += ["--inventory", name]
    pools = question.get("pools", {})
    if pools:
        words += ["--pools", ",".join(pools.get("provenance", ["human"]))]
        words += ["--kind", ",".join(pools.get("kind", DEFAULT_CHOICE["kind"]))]
    for name, cap in _caps(question):
        words += ["--max-epochs", f"{cap:.15g}" if name == "default" else f"{name}={cap:.15g}"]
    for name, members in question.get("groups", {}).items():
        words += ["--group", f"{name}={','.join(members)}"]
    for key, option in _PAIRS.items():
        for name, value in question.get(key, {}).items():
            words += [option, f"{name}={_value(value, key)}"]
    for key, rail in question.get("guardrails", {}).items():
        words += ["--guardrail", f"{key}={rail['slack']:.15g}:{rail['reference']}"]
    return words + _phase_words(question)


def _matrices(question: Mapping[str, Any]) -> list[str]:
    """Every matrix of the question; the first one is named where rivals follow it."""
    rivals = _listed(question.get("rivals", []))
    first = question.get("matrix", DEFAULT_MATRIX if rivals else None)
    return [word for name in (first, *rivals) if name for word in ("--matrix", str(name))]


def _phase_words(question: Mapping[str, Any]) -> list[str]:
    words = []
    for phase in question.get("phases", ()):
        words += ["--phase", f"{phase['name']}={phase_amount(phase['tokens'])}"]
    for name, bound, what, share in _phase_limits(question):
        words += [f"--phase-{bound}", f"{name}:{what}={_share(share)}"]
    for name, what, cap in _phase_caps(question):
        whose = name if what == "default" else f"{name}:{what}"
        words += ["--phase-max-epochs", f"{whose}={cap:.15g}"]
    return words


def _phase_limits(question: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    """(phase, min or max, selection, share) of every limit of every phase."""
    for phase in question.get("phases", ()):
        for bound in ("min", "max"):
            for what, share in phase.get(bound, {}).items():
                yield phase["name"], bound, what, share


def _phase_caps(question: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """(phase, selection or ``default``, epochs) of every cap of every phase."""
    for phase in question.get("phases", ()):
        for what, cap in _caps(phase):
            yield phase["name"], what, cap


def _caps(question: Mapping[str, Any]) -> list[tuple[str, float]]:
    """(selection or ``default``, epochs) of every cap of a question or of one of its phases."""
    caps = question.get("max_epochs", {})
    return list(caps.items()) if isinstance(caps, dict) else [("default", caps)]


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _share(share: float) -> str:
    """``90%`` where that is read as the same number, else all its digits."""
    short = f"{100 * share:.6g}%"
    return short if parse_share(short, "share") == share else f"{share:.15g}"


def _value(value: object, key: str) -> str:
    if key in {"budget", "params", "keep"} and isinstance(value, int | float):
        short = format_quantity(value, 6)
        try:
            same = parse_quantity(short, key) == value
        except ProblemError:
            same = False
        return short if same else f"{value:.15g}"
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)
