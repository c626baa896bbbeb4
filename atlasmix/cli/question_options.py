"""The options that ask a question, shared by ``solve`` and ``explain``; flags override a file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from atlasmix.cli.parsing import Parser

if TYPE_CHECKING:
    from atlasmix.laws.hardware import Machine

_HIDDEN: Final = {"interference": "--interference", "spend_all": "--spend-all"}
"""Keys that a question refuses, and the options that set them."""


def add_former_options(parser: Parser) -> None:
    """The options, which no help text shows."""
    for key, option in _HIDDEN.items():
        parser.add_argument(option, dest=key, nargs="?", const="", help=argparse.SUPPRESS)


def refuse_former_options(options: argparse.Namespace, question: Mapping[str, Any]) -> None:
    """Refuse them, also where their value would do no harm.

    Args:
        options: as they were read.
        question: the question so far, whose target a sentence may name.

    Raises:
        ProblemError: the first that was given.
    """
    values = {key: getattr(options, key) for key in _HIDDEN} | {"from": options.origin}
    given = {key: value for key, value in values.items() if value is not None}
    if not given:
        return
    from atlasmix.problem.parsing import refuse_keys

    refuse_keys({"targets": question.get("targets"), **given})


def add_hardware_options(parser: Parser) -> None:
    """``--gpu``, ``--flops-per-gpu`` and ``--utilisation``."""
    group = parser.add_argument_group("hardware")
    group.add_argument("--gpu", metavar="NAME", help="H100, H100-PCIe, H200, A100, B200 or MI300X")
    group.add_argument("--flops-per-gpu", metavar="F", help="dense BF16 peak a second, as 989T")
    group.add_argument(
        "--utilisation", metavar="U", help="share of the peak that training gets (default: 0.4)"
    )


def add_draw_options(parser: Parser) -> None:
    """``--draws`` and ``--seed``."""
    group = parser.add_argument_group(
        "how sure", "the answer is tried in worlds drawn from what the evidence allows"
    )
    group.add_argument(
        "--draws",
        metavar="N",
        help="worlds drawn, such as 256, for intervals and regret (default: 32 where they take "
        "about a second, else none; 0: none)",
    )
    group.add_argument("--seed", metavar="K", help="seed of the draws (default: 1)")


def machine_of(options: argparse.Namespace) -> Machine | None:
    """The GPU that the options name; None where they name none.

    Raises:
        DataError: a GPU that is not in the table, and no peak.
        ProblemError: a number that cannot be read, or a utilisation of no GPU.
    """
    from atlasmix.errors import ProblemError
    from atlasmix.laws.hardware import DEFAULT_UTILISATION, machine
    from atlasmix.quantities import parse_quantity, parse_share

    peak, share = options.flops_per_gpu, options.utilisation
    if options.gpu is None and peak is None:
        if share is not None:
            raise ProblemError("--utilisation is of a GPU: name one with --gpu, such as H100")
        return None
    return machine(
        options.gpu,
        None if peak is None else parse_quantity(peak, "--flops-per-gpu"),
        DEFAULT_UTILISATION if share is None else parse_share(share, "--utilisation"),
    )


def add_phase_options(parser: Parser) -> None:
    """``--phase``, ``--phase-min``, ``--phase-max`` and ``--phase-max-epochs``."""
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
    add(
        "--phase-max-epochs",
        metavar="NAME[:WHAT]=N",
        action="append",
        help="most passes over a pool within a phase: anneal=2, or anneal:cat=1",
    )


def with_phases(in_file: object, options: argparse.Namespace) -> object:
    """The phases of a file and the flags over it, as a question writes them; None where none.

    Raises:
        ProblemError: a flag without its ``=`` or ``:``, one thing said twice, or a limit of a phase
            that there is not.
    """
    if not (options.phase or options.phase_min or options.phase_max or options.phase_max_epochs):
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
    option, example = "--phase-max-epochs", "anneal=2"
    for written, epochs in _read(options.phase_max_epochs, option, example).items():
        name, colon, what = (part.strip() for part in written.partition(":"))
        if not name or (colon and not what):
            raise _misread(option, f"{written}={epochs}", example)
        phase = _named(phases, name, option)
        phase["max_epochs"] = _caps(
            phase.get("max_epochs"), [f"{what}={epochs}" if colon else epochs]
        )
    return phases


def _copied(in_file: object) -> list[dict[str, Any]] | None:
    """The file's phases, free to change; None where they are no list of mappings."""
    if in_file is None:
        return []
    if not isinstance(in_file, list) or not all(isinstance(each, dict) for each in in_file):
        return None
    return [dict(each) for each in in_file]


def _phase(phases: list[dict[str, Any]], name: str, tokens: str) -> None:
    """One more phase, or other tokens for the one of that name."""
    for phase in phases:
        if phase.get("name") == name:
            phase["tokens"] = tokens
            return
    phases.append({"name": name, "tokens": tokens})


def _limit(phases: list[dict[str, Any]], place: tuple[str, str], what: str, share: str) -> None:
    name, bound = place
    phase = _named(phases, name, f"--phase-{bound}")
    if isinstance(phase.get(bound, {}), dict):
        # What is no mapping is refused later, with its own sentence.
        phase[bound] = {**phase.get(bound, {}), what: share}


def _named(phases: list[dict[str, Any]], name: str, option: str) -> dict[str, Any]:
    """The phase of that name, free to change.

    Raises:
        ProblemError: there is none.
    """
    from atlasmix.errors import ProblemError
    from atlasmix.text import did_you_mean

    for phase in phases:
        if phase.get("name") == name:
            return phase
    known = [str(phase.get("name")) for phase in phases]
    there = did_you_mean(name, known, " ")
    there += f"there {'are' if len(known) > 1 else 'is'} {', '.join(known)}"
    raise ProblemError(
        f"{option} names phase {name[:40]!r}: "
        f"{there if known else 'there is none'}; add one with --phase {name[:40]}=20%"
    )


def _read(given: list[str] | None, option: str, example: str) -> dict[str, str]:
    from atlasmix.errors import ProblemError

    values: dict[str, str] = {}
    for text in given or []:
        name, equals, value = (part.strip() for part in text.rpartition("="))
        if not (name and equals and value):
            raise _misread(option, text, example)
        if name in values:
            raise ProblemError(f"{option} names {name[:60]!r} twice: keep one")
        values[name] = value
    return values


def _misread(option: str, text: str, example: str) -> Exception:
    from atlasmix.errors import ProblemError

    return ProblemError(f"{option} is {text[:60]!r}: expected for example {option} {example}")


_AS_WRITTEN = {
    "budget": "budget",
    "params": "params",
    "compute": "compute",
    "calibration": "calibration",
    "max_donors": "max_donors",
    "draws": "draws",
    "seed": "seed",
    "risk_aversion": "risk_aversion",
    "box": "box",
    "wrong_scores": "wrong_scores",
    "tail": "tail",
    "human_floor": "human_floor",
    "unknown_human": "unknown_human",
    "drift_penalty": "drift_penalty",
    "near": "near",
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
    question: dict[str, Any] = {}
    if options.problem:
        from pathlib import Path

        from atlasmix.problem.parsing import read_question

        question = dict(read_question(Path(options.problem)))
    _drop_other_sizes(question, options)
    for name, key in _AS_WRITTEN.items():
        if getattr(options, name, None) is not None:
            question[key] = getattr(options, name)
    if options.target:
        question["targets"] = ",".join(options.target)
    refuse_former_options(options, question)
    _add_matrices(question, options.matrix or [])
    if options.inventory:
        question["inventory"] = ",".join(options.inventory)
    if options.pools or options.kind:
        question["pools"] = _pools(question.get("pools"), options)
    if options.tokens:
        question["tokens"] = options.tokens.replace("-", " ")
    for key in ("min", "max", "keep", "worth"):
        _merge(question, key, _pairs(getattr(options, key), f"--{key}"))
    groups = _pairs(options.group, "--group")
    _merge(question, "groups", {name: members.split(",") for name, members in groups.items()})
    _merge(question, "guardrails", _pairs(options.guardrail, "--guardrail"))
    if options.max_epochs:
        question["max_epochs"] = _caps(question.get("max_epochs"), options.max_epochs)
    phases = with_phases(question.get("phases"), options)
    return question if phases is None else {**question, "phases": phases}


def _add_matrices(question: dict[str, Any], names: list[str]) -> None:
    """The first one named is the matrix, all others are its rivals."""
    if names:
        question["matrix"] = names[0]
        question.pop("rivals", None)
    if len(names) > 1:
        question["rivals"] = names[1:]


def _drop_other_sizes(question: dict[str, Any], options: argparse.Namespace) -> None:
    """A compute budget on the command line replaces the size in the file, and the other way."""
    if options.compute is not None:
        for key in ("budget", "params"):
            question.pop(key, None)
    elif options.budget is not None or options.params is not None:
        question.pop("compute", None)


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
        help="loss (default: weighted mean), worst (largest loss against alone), expected (mean "
        "over draws of what the scores leave open), cautious (mean of the worst fifth of them) or "
        "regret (over several matrices)",
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
    add(
        "--matrix",
        metavar="NAME",
        action="append",
        help="transfer matrix (default: atlasmix-2026); repeatable: then the largest regret over "
        "them is made least",
    )
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
        "corpus:... or pool:...; every option with = is repeatable. For --min and\n"
        "--max also a share within a language: cat/human, '*/translated',\n"
        "cat/generator:NAME, '*/synthetic/generator:*' (any one generator)",
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
    add(
        "--human-floor",
        metavar="SHARE",
        help="least share of human text in what is read of every target: conservative (2/3), "
        "balanced (0.374), articles (0.25, no paper behind it) or a share; --min cat/human=40%% "
        "for one",
    )
    add(
        "--unknown-human",
        metavar="SHARE",
        help="part of text of unknown origin that people wrote, at least (default: 0)",
    )
    add("--group", metavar="NAME=LANGS", action="append", help="name several: romance=spa,fra")
    add(
        "--guardrail",
        metavar="LANG=SLACK[:MIX]",
        action="append",
        help="loss at most so much above a reference mixture: eng=1%%:natural",
    )
    add(
        "--near",
        metavar="[COST:]MIX",
        help="of the mixtures at most so much worse than the best (0.5%% of the reducible loss "
        "unless said), the one nearest to a reference: 1%%:targets-temperature-3.33",
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
        "--box",
        metavar="LEVEL",
        help="count every donor with the lower end of its interval at this level, as 90%%, in the "
        "place of standard errors",
    )
    add(
        "--wrong-scores",
        metavar="N",
        help="count with the lower end only those N donors of each target that harm the mixture "
        "most (box: 90%% unless stated)",
    )
    add(
        "--drift-penalty",
        metavar="WEIGHT",
        help="loss given for one unit less of excess error amplification a(h) - 1, h the human "
        "share of a target, over the tokens of the budget (default: 0, no such term)",
    )
    add(
        "--tail",
        metavar="PART",
        help="part of the draws whose mean the objective cautious minimises (default: 20%%)",
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
        help="loss law, by name (atlasmix laws list) or file, one that learn --for-solve saved too "
        "(default: datablations-2023-one-stage)",
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


def _merge(question: dict[str, Any], key: str, flags: dict[str, Any]) -> None:
    if not flags:
        return
    in_file = question.get(key)
    if isinstance(in_file, dict) or in_file is None:
        question[key] = {**(in_file or {}), **flags}
    else:
        # A file whose part is no mapping is refused later, with its own sentence.
        question[key] = in_file
