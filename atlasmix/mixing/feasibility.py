"""Why no mixture meets the limits: which of them collide, and by how much one would have to give.

Every limit gets a slack; the least sum of slacks, by linear program, says which must give. The
limits with a price in that program are the ones that collide.
"""

from __future__ import annotations

import numpy as np

from atlasmix.errors import Infeasible
from atlasmix.mixing.collisions import collisions
from atlasmix.mixing.compile import Compiled
from atlasmix.mixing.limits import Guardrail
from atlasmix.mixing.linear import LinearProgram, minimise
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.program import Program
from atlasmix.quantities import format_quantity
from atlasmix.scaling.saturation import Array


def check_feasible(problem: MixProblem, compiled: Compiled) -> None:
    """Refuse limits that no mixture meets.

    Raises:
        Infeasible: with the colliding limits in ``conflict``.
    """
    program = compiled.program
    full = float(np.minimum(program.upper, 1.0).sum())
    if program.spend_all and full < 1.0 - 1e-9:
        read = format_quantity(full * problem.budget)
        raise Infeasible(
            f"spending the whole budget of {format_quantity(problem.budget)} tokens collides with "
            f"the epoch cap of {problem.max_epochs:g}: the pools give at most {read} tokens; raise "
            "--max-epochs, add pools, or leave out --spend-all",
            ("spend-all", "max epochs"),
        )
    _check_harm(problem, program)
    if not program.rows.names:
        return
    conflict, slack = collisions(program)
    if conflict:
        relax = ", ".join(
            f"'{name}' by {_amount(kind, size, problem.budget)}" for name, kind, size in slack
        )
        raise Infeasible(
            f"these limits cannot all hold: {'; '.join(conflict)}; least change: relax {relax}",
            conflict,
        )


def _check_harm(problem: MixProblem, program: Program) -> None:
    """Refuse targets that harm one another so much that no mixture leaves data for all of them.

    Near zero every y_t is linear in x, so a linear program over the shares decides.
    """
    counted = program.coefficient > 0
    gain, harm = program.gain[counted], program.harm[counted]
    if counted.sum() < 2 or not harm.any() or _own_text_suffices(gain - harm):
        return
    if _best_worst(gain - harm) > 0:
        return
    raise Infeasible(
        f"no mixture leaves effective data for all {len(problem.targets)} targets: the negative "
        f"scores of {problem.matrix.name} were measured in pairs, and added up over so many "
        "languages they promise more harm than there is text; count them as 0 with "
        "--interference 0, or choose fewer targets",
        ("negative transfer",),
    )


def _own_text_suffices(weight: Array) -> bool:
    """Whether a mixture of each target's most useful column leaves data for all; spares the LP."""
    block = weight[:, weight.argmax(axis=1)]
    try:
        shares = np.linalg.solve(block, np.ones(block.shape[0]))
    except np.linalg.LinAlgError:
        return False
    return bool(np.all(shares > 0))


def _best_worst(weight: Array) -> float:
    """The largest share of the tokens that every target can have as effective data at once."""
    targets, n = weight.shape
    task = LinearProgram(
        cost=np.append(np.zeros(n), -1.0),
        rows=np.hstack([-weight, np.ones((targets, 1))]),
        bound=np.zeros(targets),
        low=np.append(np.zeros(n), -np.inf),
        high=np.append(np.ones(n), np.inf),
        equal=np.append(np.ones(n), 0.0)[None, :],
        level=np.ones(1),
    )
    return -minimise(task, "the check of negative transfer").value


def _amount(kind: str, size: float, budget: float) -> str:
    if kind == "keep":
        return f"{format_quantity(size * budget)} tokens"
    return f"{100 * size:.3g} points"


def explain_guardrails(problem: MixProblem, compiled: Compiled) -> Infeasible:
    """The refusal for guardrails that no mixture within the other limits can keep."""
    from atlasmix.mixing.conic import solve_conic

    answer = solve_conic(compiled.program, elastic=True)
    guards = {limit.language: limit for limit in problem.limits if isinstance(limit, Guardrail)}
    if answer is None or not guards:
        return Infeasible(
            "these limits cannot all hold: " + "; ".join(limit.name for limit in problem.limits),
            tuple(limit.name for limit in problem.limits),
        )
    broken = []
    for key, least, short in zip(
        compiled.rows_of, compiled.program.least, answer.slack, strict=True
    ):
        if key in guards and short > 1e-9:
            reach = max(least - short, 0.0) * problem.budget
            loss = problem.law.loss(problem.params, reach)
            asked = problem.law.loss(problem.params, least * problem.budget)
            broken.append(
                f"'{guards[key].name}' (asks for a loss of {asked:.4g}, the best "
                f"within the other limits is {loss:.4g})"
            )
    names = tuple(limit.name for limit in problem.limits)
    return Infeasible(
        f"these limits cannot all hold; what must give: {', '.join(broken) or 'a guardrail'}; "
        "give the guardrail more slack or relax another limit",
        names,
    )
