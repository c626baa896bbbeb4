"""How a compute budget was divided between parameters and tokens, in words and a table."""

from __future__ import annotations

from atlasmix.mixing.allocation import Allocation
from atlasmix.mixing.problem import MixProblem
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.views.answer_words import gap_text
from atlasmix.views.fitting import FittingTable
from atlasmix.views.words import number_text


def size_sentence(found: Allocation) -> str:
    """The size in one sentence."""
    ratio = _ratio(found.tokens, found.params)
    return (
        f"Spend {format_flops(found.compute)} FLOPs on {format_quantity(found.params)} parameters "
        f"and {format_quantity(found.tokens)} tokens ({ratio} tokens a parameter)."
    )


def size_proof(found: Allocation) -> str:
    """How good that division is proved to be."""
    words = gap_text(found.gap)
    if found.proved:
        return (
            f"No other number of parameters, with its own best mixture, takes more than {words} "
            "off the reducible loss."
        )
    limits = "; ".join(f"'{name}'" for name in found.without)
    return (
        f"Even without {limits}, left out of this bound because the search over sizes is not "
        f"convex with it, no size and mixture takes more than {words} off the reducible loss."
    )


def sizes_table(found: Allocation) -> FittingTable:
    """Other sizes at the same compute, each with its own best mixture."""
    table = FittingTable(">parameters", ">tokens", ">tokens a parameter", ">loss", ">worse by")
    smaller = [one for one in found.others if one.params < found.params]
    larger = [one for one in found.others if one.params >= found.params]
    for one in smaller:
        table.add_row(*_row(one.params, one.tokens, one.loss, found.loss))
    table.add_row(*_row(found.params, found.tokens, found.loss, None), style="bold")
    for one in larger:
        table.add_row(*_row(one.params, one.tokens, one.loss, found.loss))
    return table


def charged_sentence(problem: MixProblem) -> str:
    """That the losses of the table are those of the choice; empty where nothing was charged."""
    if problem.risk_aversion <= 0:
        return ""
    return (
        "These losses count donors less the doubt about their scores, as the choice did; the loss "
        "above counts them whole."
    )


def closed_form_sentence(problem: MixProblem, found: Allocation) -> str:
    """What the law alone would say, without repetition and transfer."""
    tokens = found.compute / (6 * found.fresh_params)
    return (
        f"With unlimited fresh text of one kind, law {problem.law.name} would say "
        f"{format_quantity(found.fresh_params)} parameters and {format_quantity(tokens)} tokens."
    )


def _ratio(tokens: float, params: float) -> str:
    """Tokens a parameter, in three digits and never with an exponent."""
    return number_text(tokens / params, 3)


def _row(params: float, tokens: float, loss: float, best: float | None) -> list[str]:
    return [
        format_quantity(params),
        format_quantity(tokens),
        _ratio(tokens, params),
        f"{loss:.4f}",
        "" if best is None else f"{loss - best:+.4f}",
    ]
