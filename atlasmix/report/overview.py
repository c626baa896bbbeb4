"""What stands over an answer: the mixture in one line, its key figures, what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.evidence.scores import SEEN
from atlasmix.languages.catalogue import branch_of, name_of
from atlasmix.laws.hardware import (
    FLOPS_PER_PARAM_TOKEN,
    USUAL_GPU,
    Machine,
    machine,
    training_flops,
)
from atlasmix.mixture.flows import donated_by_status, flows
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.prediction import drift_value
from atlasmix.problem.constraints import origin_words
from atlasmix.problem.parsing import origin_of, problem_to_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.vocabulary import EVERY_TARGET
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.answer_words import gap_text, loss_intervals
from atlasmix.report.blocks import Column, Fact, Row, Table
from atlasmix.report.recipes import phases_asked, short_value
from atlasmix.report.roles import branches, roles, shares_by_role
from atlasmix.report.words import loss_text, percent
from atlasmix.text import listed

MOST_PIECES: Final = 40
"""Our choice: so many pieces of three pixels, and what is between them, fit on a phone."""


FEW_PIECES: Final = 6
"""Pieces up to which each has room for its name, and is coloured by what it is read as."""

LEAST_PIECE: Final = 0.005
"""Share of a language, our choice, below which it is counted among the rest of the line."""

_SHORTEST: Final = 4
_NO_KIN: Final = "No language"
_KIN_COLOURS: Final = 3
"""Of branches, over again: as many as the figures have beside the orange of donors."""


class Piece(NamedTuple):
    """One piece of the line.

    Attributes:
        name: of the language, or how many others there are.
        share: of the tokens read, 0-1.
        words: name and share.
        role: ``target``, ``donor``, ``domain`` or ``rest``.
        code: of four letters at most, where there is no room for the name; may be empty.
        kin: the branch of its family, where the pieces are coloured by branch; else empty.
        colour: number of the colour of the branch, from 0; -1 where it has none.
    """

    name: str
    share: float
    words: str
    role: str
    code: str = ""
    kin: str = ""
    colour: int = -1


def mixture_strip(mixture: Mixture) -> tuple[Piece, ...]:
    """Languages by share, largest first, the small ones together at the end; shares sum to 1.

    Where they are too many for names, those of a branch stand side by side, the largest branch
    first: so the eye finds a branch of the legend by its place, whatever its colour.
    """
    known = roles(mixture)
    shares = list(mixture.proportions.items())
    large = sum(share >= LEAST_PIECE for _, share in shares) or FEW_PIECES
    all_fit = len(shares) <= MOST_PIECES and len(shares) - large < 2
    shown = shares if all_fit else shares[: min(large, MOST_PIECES - 1)]
    by_kin = len(shown) > FEW_PIECES
    order = branches(mixture.proportions)
    if by_kin:
        shown = sorted(shown, key=lambda each: order.index(branch_of(each[0])))
    pieces = [
        Piece(
            name_of(key),
            share,
            f"{name_of(key)} {percent(share)}",
            known[key],
            key.partition("_")[0] if len(key.partition("_")[0]) <= _SHORTEST else "",
            (_NO_KIN if known[key] == "domain" else branch_of(key)) if by_kin else "",
            order.index(branch_of(key)) % _KIN_COLOURS if by_kin else -1,
        )
        for key, share in shown
    ]
    rest = shares[len(shown) :]
    if rest:
        name, share = f"{len(rest)} more languages", sum(share for _, share in rest)
        pieces.append(Piece(name, share, f"{name} {percent(share)}", "rest"))
    return tuple(pieces)


class Kin(NamedTuple):
    """A line of the legend: a branch, or the rest.

    Attributes:
        piece: of its colour.
        title: name of the branch, and its share where it has several languages; empty for the rest.
        words: its pieces, largest first.
    """

    piece: Piece
    title: str
    words: tuple[str, ...]


def strip_legend(pieces: Sequence[Piece]) -> tuple[Kin, ...]:
    """A line a branch, in the order of the pieces, then the rest.

    Empty where the pieces have room for their names.
    """
    by_branch: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.kin or by_branch:  # the rest comes last, and is no branch
            by_branch.setdefault(piece.kin, []).append(piece)
    return tuple(_legend_line(kin, mine) for kin, mine in by_branch.items())


def _legend_line(kin: str, mine: Sequence[Piece]) -> Kin:
    whole = sum(piece.share for piece in mine)
    return Kin(
        next((piece for piece in mine if piece.role == "target"), mine[0]),
        f"{kin} {percent(whole)}:" if len(mine) > 1 else kin,
        tuple(f"{piece.words}{_AS_READ[piece.role]}" for piece in mine),
    )


_AS_READ: Final = {"target": "", "donor": " (donor)", "domain": "", "rest": ""}


class KeyFigure(NamedTuple):
    """A label, a value with its unit, and what it means."""

    label: str
    value: str
    meaning: str


def key_figures(
    problem: MixProblem, mixture: Mixture, gpu: Machine | None = None
) -> tuple[KeyFigure, ...]:
    """What is read, what it gives, what donors give, its proof, what speaks for it, its cost.

    Args:
        problem: the question.
        mixture: its answer.
        gpu: whose hours are told; None: an H100 at 40 % of its peak.
    """
    spent = f"{format_quantity(mixture.tokens)} tokens"
    read = KeyFigure(
        "Trained on",
        spent,
        f"Of a budget of {format_quantity(mixture.budget)} tokens, repeats included.",
    )
    parts = shares_by_role(mixture)
    beside = f" Code or another domain, no donor: {percent(parts['domain'])}."
    return (
        read,
        _effect(problem, mixture),
        KeyFigure(
            "From donors",
            percent(parts["donor"]),
            "Share of the tokens read that is in another language than the targets; what it gives "
            f"them stands in the sentence above.{beside if parts['domain'] else ''}",
        ),
        _proof(mixture),
        _evidence(problem, mixture),
        _cost(mixture, gpu or machine(USUAL_GPU, None)),
    )


_SAYS: Final = {
    "measured": "measured by a study",
    "own": "measured by you",
    "predicted": "predicted by a study",
    "completed": "completed from relatedness",
}


def _evidence(problem: MixProblem, mixture: Mixture) -> KeyFigure:
    """How much of what languages give one another somebody measured."""
    sums = donated_by_status(flows(problem, mixture))
    sums = dict(sorted(sums.items(), key=lambda each: -each[1]))
    whole, label = sum(sums.values()), "Transfer measured"
    if whole <= 0:
        return KeyFigure(
            label, "none needed", "Each target learns from its own text alone: no score was used."
        )
    seen = sum(given for status, given in sums.items() if status in SEEN)
    parts = [f"{percent(given / whole)} {_SAYS.get(key, key)}" for key, given in sums.items()]
    sure = mixture.uncertainty
    doubt = (
        "Own text needs no score."
        if sure is None
        else f"In {sure.draws} draws of what that leaves open, this mixture is "
        f"{percent(sure.regret.relative_expected)} of the reducible loss from the best on average."
    )
    return KeyFigure(
        label,
        percent(seen / whole),
        f"Of the {format_quantity(whole)} effective tokens that targets get of other languages: "
        f"{listed(parts)}. {doubt}",
    )


def _cost(mixture: Mixture, gpu: Machine) -> KeyFigure:
    flops = training_flops(mixture.params, mixture.tokens)
    return KeyFigure(
        "GPU-hours",
        format_quantity(gpu.hours(flops)),
        f"{format_flops(flops)} FLOPs (6ND) on {gpu.gpu.name}, {gpu.gpu.peak / 1e12:.4g} TFLOP/s "
        f"in dense BF16, of which training gets {gpu.utilisation:.0%}: a usual GPU and a usual "
        "share, unless the report names another.",
    )


def _proof(mixture: Mixture) -> KeyFigure:
    said = (
        "No mixture within these limits, of as many tokens or fewer, is better by more than this "
        "part of the reducible loss."
    )
    if mixture.caveats:
        label = "Best under the law to"
        said += " It is not one to act on as it stands: what stands over the answer says why."
    else:
        label = "Proved best to"
    return KeyFigure(label, gap_text(mixture.certificate.gap, "1"), said)


def _effect(problem: MixProblem, mixture: Mixture) -> KeyFigure:
    if len(mixture.targets) == 1:
        effect = mixture.targets[0]
        interval = loss_intervals(mixture).get(effect.language)
        return KeyFigure(
            "Predicted effective data",
            f"{format_quantity(effect.effective_data)} tokens",
            f"Worth as many fresh {name_of(effect.language)} tokens; predicted loss "
            f"{loss_text(effect.loss, interval)}, {problem.law.unit}.",
        )
    tokens = np.array([share.tokens for share in mixture.pools])
    value = mixture.certificate.value
    if problem.objective != "regret":
        value -= drift_value(problem, tokens)
    words = "donors counted less the doubt about them." if problem.charges_doubt else ""
    if problem.objective == "worst":
        return KeyFigure(
            "Worst target",
            f"{value:.3f} ×",
            f"Largest loss relative to the best alone{', ' if words else '.'}{words}",
        )
    if problem.objective == "regret":
        return KeyFigure(
            "Largest regret",
            loss_text(value),
            f"What the mean loss lies above the best of a matrix, by the worst of "
            f"{1 + len(problem.rivals)} matrices, {problem.law.unit}.",
        )
    over = {"expected": ", over draws", "cautious": ", in the worst draws"}
    words = f"{over.get(problem.objective, '')}{', ' if words else '.'}{words}"
    meaning = f"Weighted mean of {len(mixture.targets)} targets, {problem.law.unit}{words}"
    return KeyFigure("Predicted mean loss", loss_text(value), meaning)


_LABELS: Final = {
    "budget": "token budget",
    "params": "parameters",
    "lambda": "decay of repeats λ",
    "risk_aversion": "risk aversion κ",
    "box": "scores at the lower end of",
    "wrong_scores": "scores wrong at once",
    "drift_penalty": "drift penalty",
    "near": "nearest to, at a cost",
    "tail": "worst part of the draws",
    "max_epochs": "epoch cap",
    "min": "at least",
    "max": "at most",
    "keep": "read at least",
    "guardrails": "loss at most",
    "max_donors": "most donor languages",
    "tokens": "tokens read",
}


def question_table(before: MixProblem, after: MixProblem) -> Table:
    """The keys in which two questions differ; a dash where one does not have it.

    Where one states a compute budget, the size chosen for it stands beside the one stated.
    """
    questions = problem_to_mapping(before), problem_to_mapping(after)
    sizes = _sizes(before), _sizes(after)
    rows = []
    for key in dict.fromkeys((*questions[0], *questions[1])):
        old, new = (each.get(key) for each in questions)
        if old != new:
            said = (
                asked_words(key, each) if each is not None else size.get(key, "-")
                for each, size in zip((old, new), sizes, strict=True)
            )
            rows.append(Row((_LABELS.get(key, key.replace("_", " ")), *said)))
    columns = Column("asked"), Column("before"), Column("after")
    return Table(columns, tuple(rows), title="What was asked, before and after")


def question_facts(problem: MixProblem) -> tuple[Fact, ...]:
    """What was asked, key by key, its languages by name."""
    chosen = _sizes(problem) if problem.compute is not None else {}
    try:
        stated = problem_to_mapping(problem)
    except ProblemError as error:
        return (Fact("question", f"put together in Python; {error}"),)
    said = {key: asked_words(key, value) for key, value in stated.items() if value is not None}
    return tuple(
        Fact(_LABELS.get(key, key.replace("_", " ")), words)
        for key, words in {**said, **chosen}.items()
        if words not in ("", "-")
    )


def _sizes(problem: MixProblem) -> dict[str, str]:
    """Tokens and parameters that compute chose; the compute that both of them take."""
    if problem.compute is None:
        spent = FLOPS_PER_PARAM_TOKEN * problem.params * problem.budget
        return {"compute": f"{format_flops(spent)} (6ND)"}
    return {
        "budget": f"{format_quantity(problem.budget)} (chosen)",
        "params": f"{format_quantity(problem.params)} (chosen)",
    }


def selection_words(name: str) -> str:
    """What a limit speaks of: ``family Romance``, ``Catalan``, a group by its name.

    >>> selection_words("family:Romance"), selection_words("cat"), selection_words("*")
    ('family Romance', 'Catalan', 'every target')
    >>> selection_words("cat/human")
    'human within Catalan'
    >>> selection_words("cat/generator:nllb")
    'text of nllb within Catalan'
    """
    if name == EVERY_TARGET:
        return "every target"
    origin = origin_of(name)
    if origin:
        language = selection_words(name[: -len(origin) - 1])
        return f"{origin_words(origin).removesuffix(' in')} within {language}"
    kind, colon, value = name.partition(":")
    return f"{kind} {value}" if colon else name_of(name)


def share_words(value: object) -> str:
    """A share as it was asked, with no digit more; what is no number stays as it was written.

    >>> share_words(0.005), share_words(0.3), share_words("a tenth")
    ('0.5%', '30%', 'a tenth')
    """
    return f"{100 * value:.4g}%" if isinstance(value, int | float) else str(value)


def asked_words(key: str, value: Any) -> str:
    """The value of one key of a question, its languages by name.

    >>> asked_words("min", {"cat": 0.3, "family:Romance": 0.5})
    'Catalan 30%, family Romance 50%'
    >>> asked_words("max_epochs", {"default": 4, "cat": 8})
    '4, Catalan 8'
    """
    if key == "phases":
        return phases_asked(value, name_of)
    if value is True:
        return "yes"
    if key == "lambda" and isinstance(value, float):
        return f"{value:.3g}"
    if not isinstance(value, Mapping) or key in ("pools", "worth", "law"):
        return short_value(value)
    return ", ".join(_value_text(key, name, each) for name, each in value.items()) or "-"


def _value_text(key: str, name: str, value: Any) -> str:
    what = selection_words(name)
    if key == "targets":
        return what if value == 1 else f"{what} x{value:g}"
    if key in ("min", "max"):
        return f"{what} {share_words(value)}"
    if key == "keep":
        return f"{what} {format_quantity(value)} tokens"
    if key == "guardrails":
        return f"{what} {share_words(value['slack'])} above {value['reference']}"
    if key == "groups":
        return f"{name} ({', '.join(map(name_of, value))})"
    return str(value) if name == "default" else f"{what} {value}"
