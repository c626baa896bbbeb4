"""The options that ask a question, shared by ``solve`` and ``explain``; flags override a file."""

from __future__ import annotations

import argparse
from typing import Any

from atlasmix.cli.former_options import add_former_options, refuse_former_options
from atlasmix.cli.parsing import Parser
from atlasmix.cli.phase_options import add_phase_options, with_phases

_PLAIN = {
    "budget": "budget",
    "params": "params",
    "compute": "compute",
    "matrix": "matrix",
    "calibration": "calibration",
    "max_donors": "max_donors",
    "risk_aversion": "risk_aversion",
    "decay": "lambda",
    "objective": "objective",
    "law": "law",
}


def add_question_options(parser: Parser) -> None:
    """Every option that changes the question."""
    _add_targets(parser)
    _add_evidence(parser)
    _add_limits(parser)
    add_phase_options(parser)
    _add_mathematics(parser)
    add_former_options(parser)


def question_of(options: argparse.Namespace) -> dict[str, object]:
    """The question as plain data: the problem file, and the flags over it.

    Raises:
        DataError: the problem file cannot be read.
        ProblemError: a flag without its ``=``, or one that only the law before this one had.
    """
    asked: dict[str, Any] = {}
    if options.problem:
        from pathlib import Path

        from atlasmix.recipes.question import read_question

        asked = dict(read_question(Path(options.problem)))
    _drop_other_sizes(asked, options)
    for name, key in _PLAIN.items():
        if getattr(options, name) is not None:
            asked[key] = getattr(options, name)
    if options.target:
        asked["targets"] = ",".join(options.target)
    refuse_former_options(options, asked)
    if options.inventory:
        asked["inventory"] = ",".join(options.inventory)
    if options.pools or options.kind:
        asked["pools"] = _pools(asked.get("pools"), options)
    if options.tokens:
        asked["tokens"] = options.tokens.replace("-", " ")
    for key in ("min", "max", "keep", "worth"):
        _merge(asked, key, _pairs(getattr(options, key), f"--{key}"))
    groups = _pairs(options.group, "--group")
    _merge(asked, "groups", {name: members.split(",") for name, members in groups.items()})
    _merge(asked, "guardrails", _pairs(options.guardrail, "--guardrail"))
    if options.max_epochs:
        asked["max_epochs"] = _caps(asked.get("max_epochs"), options.max_epochs)
    phases = with_phases(asked.get("phases"), options)
    return asked if phases is None else {**asked, "phases": phases}


def _drop_other_sizes(asked: dict[str, Any], options: argparse.Namespace) -> None:
    """A compute budget on the command line replaces the size in the file, and the other way."""
    if options.compute is not None:
        for key in ("budget", "params"):
            asked.pop(key, None)
    elif options.budget is not None or options.params is not None:
        asked.pop("compute", None)


def _add_targets(parser: Parser) -> None:
    group = parser.add_argument_group("what is asked")
    add = group.add_argument
    add(
        "--target",
        metavar="LANG[:WEIGHT]",
        action="append",
        help="language whose loss counts, by code or name; repeatable, or with commas",
    )
    add("--budget", metavar="TOKENS", help="most tokens read, repeats included (default: 100B)")
    add(
        "--tokens",
        metavar="WORD",
        help="at-most (default: fewer than the budget where more would not help) or exactly",
    )
    add("--params", metavar="N", help="parameters with embeddings (default: 2B)")
    add(
        "--compute",
        metavar="FLOPS",
        help="choose parameters, tokens and mixture together for so many FLOPs, as 1e22",
    )
    add(
        "--objective",
        metavar="WORD",
        help="loss (default: weighted mean) or worst (largest loss against alone)",
    )
    add(
        "--from",
        dest="origin",
        metavar="CHECKPOINT",
        help="plan the continuation of a model, as checkpoint:unimax (refused: the law lacks it)",
    )
    add("--problem", metavar="FILE", help="the question as YAML; flags override it")


def _add_evidence(parser: Parser) -> None:
    group = parser.add_argument_group("evidence")
    add = group.add_argument
    add("--matrix", metavar="NAME", help="transfer matrix (default: atlas-2025)")
    add(
        "--calibration",
        metavar="MAP",
        help="from score to transfer weight: bts, weight or affine:SLOPE,INTERCEPT",
    )
    add(
        "--inventory",
        metavar="NAME",
        action="append",
        help="token inventory (default: web-2026); repeatable",
    )
    add(
        "--pools",
        metavar="WORDS",
        help="provenances read: human (default), translated, ... with commas, or all",
    )
    add("--kind", metavar="WORDS", help="web (default), pdf, encyclopedia, other, or all")
    add("--worth", metavar="PROVENANCE=Q", action="append", help="worth of a token against human")


def _add_limits(parser: Parser) -> None:
    group = parser.add_argument_group(
        "limits",
        "WHAT is a language, a group, family:..., script:..., provenance:...,\n"
        "corpus:... or pool:...; every option with = is repeatable",
    )
    add = group.add_argument
    add(
        "--max-epochs",
        metavar="[WHAT=]N",
        action="append",
        help="most passes over a pool (default: 4, at most 16)",
    )
    add("--min", metavar="WHAT=SHARE", action="append", help="least share of training tokens")
    add("--max", metavar="WHAT=SHARE", action="append", help="most share of training tokens")
    add("--keep", metavar="WHAT=TOKENS", action="append", help="read at least so many tokens")
    add("--group", metavar="NAME=LANGS", action="append", help="name several: romance=spa,fra")
    add(
        "--guardrail",
        metavar="LANG=SLACK[:MIX]",
        action="append",
        help="loss at most so much above a reference mixture: eng=1%%:natural",
    )
    add("--max-donors", metavar="K", help="most languages read beside the targets")


def _add_mathematics(parser: Parser) -> None:
    group = parser.add_argument_group("mathematics")
    add = group.add_argument
    add(
        "--risk-aversion",
        metavar="K",
        help="standard errors taken off every donor's weight (default: 1; 0 trusts every score)",
    )
    add(
        "--lambda",
        dest="decay",
        metavar="L",
        help="decay of repeated tokens (default: the law's own if it has one, else 0.037)",
    )
    add(
        "--law",
        metavar="NAME",
        help="loss law, by name (atlasmix laws list) or file (default: "
        "datablations-2023-one-stage)",
    )


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    from atlasmix.errors import ProblemError

    pairs: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            example = {
                "--group": "romance=spa,fra",
                "--keep": "cat=10B",
                "--guardrail": "eng=1%",
            }.get(option, "cat=0.3")
            raise ProblemError(
                f"{option} is {text[:60]!r}: expected for example {option} {example}"
            )
        if name.strip() in pairs:
            raise ProblemError(f"{option} names {name.strip()!r} twice: keep one")
        pairs[name.strip()] = value.strip()
    return pairs


def _caps(in_file: object, given: list[str]) -> object:
    caps: dict[str, object] = {}
    if isinstance(in_file, dict):
        caps = dict(in_file)
    elif in_file is not None:
        caps = {"default": in_file}
    for text in given:
        name, equals, value = text.rpartition("=")
        caps[name.strip() if equals else "default"] = value.strip()
    return caps


def _pools(in_file: object, options: argparse.Namespace) -> object:
    if not isinstance(in_file, dict | None):
        in_file = {"provenance": in_file}
    choice = dict(in_file or {})
    choice.pop("name", None)
    if options.pools:
        choice["provenance"] = options.pools
    if options.kind:
        choice["kind"] = options.kind
    return choice


def _merge(asked: dict[str, Any], key: str, flags: dict[str, Any]) -> None:
    if not flags:
        return
    in_file = asked.get(key)
    if isinstance(in_file, dict) or in_file is None:
        asked[key] = {**(in_file or {}), **flags}
    else:
        # A file whose part is no mapping is refused later, with its own sentence.
        asked[key] = in_file
