"""Thousands of random questions to the solver, each answer before the judge: run by hand.

    OPENBLAS_NUM_THREADS=1 python tests/solver/fuzz.py 10000 [first] [seconds]

Prints one line a fault and counts at the end; the exit status is 1 where there is a fault. A fault
is: a bound that a mixture beats, an answer that breaks a limit or is beaten by more than its gap, a
value that the judge does not confirm, an exception that is no ProblemError, a refusal where a
mixture exists, or more than 12 CPU seconds.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter

import numpy as np
from judge import (
    broken,
    donors_of,
    linear,
    mute,
    open_caps,
    own_share,
    reaches,
    reducible,
    samples,
    score,
    tokens_of,
    values,
)
from questions import question

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.baselines import baseline_tokens
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import MixProblem

SLOW = 12.0
FIXED, OVER_TOKENS = 1e-6, 1e-4


def faults_of(problem: MixProblem, mixture: Mixture, seed: int, count: int = 400) -> list[str]:
    """What the judge holds against one answer."""
    found = [f"breaks {name}" for name in broken(problem, tokens_of(mixture))]
    reach = reaches(problem) if problem.objective == "worst" else None
    proof, tokens = mixture.certificate, tokens_of(mixture)
    mine = float(score(problem, tokens, reach))
    part = max(reducible(problem, mine, reach), 1e-12)
    # What each target could have alone is a search of its own on either side.
    slack = (2e-6 if reach is not None else 1e-9) * mine + 1e-9 * part
    if not abs(mine - proof.value) <= slack + 1e-7 * part:
        found.append(f"says {proof.value:.9g}, is {mine:.9g}")
    if not proof.bound <= proof.value + 1e-12:
        found.append("bound above value")
    given = mixture.crumbs.worth if mixture.crumbs else 0.0
    if not proof.fixed_gap <= FIXED + given:
        found.append(f"fixed gap {proof.fixed_gap:.2g}")
    if problem.max_donors is None and not proof.gap <= OVER_TOKENS + given:
        found.append(f"gap {proof.gap:.2g}")
    others = samples(problem, count, seed, around=tokens)
    scores = score(problem, others, reach) if others.size else np.zeros(0)
    for place in np.argsort(scores):
        best = float(scores[place])
        if best >= proof.bound - slack:
            break
        # Corners come from linear programs in the budget's unit, which miss small limits.
        if not broken(problem, others[place]):
            found.append(f"bound beaten by {(proof.bound - best) / part:.2g} of the reducible loss")
            break
    return found


def refused_rightly(problem: MixProblem) -> bool | None:
    """Whether no mixture keeps the limits; None where the second solver cannot tell."""
    top = most_tokens(problem)
    if top is None or top < 1e-6 * problem.budget:
        return None if top is None else True
    guards = [limit for limit in problem.limits if isinstance(limit, Guardrail)]
    if not guards or any(speechless(problem, guard) for guard in guards):
        return bool(guards)
    if problem.max_donors is not None:
        return None
    from second import Model

    parts = [1.0] if problem.exact_tokens else np.geomspace(1.0, 1e-3, 12)
    reliefs = [Model(problem, top * part).relief() for part in parts]
    if any(relief < 1 - 1e-4 for relief in reliefs):
        return False
    return None if all(np.isnan(relief) for relief in reliefs) else True


def speechless(problem: MixProblem, guard: Guardrail) -> bool:
    """Whether there is no loss to guard: the reference gives the language no text or no data."""
    tokens = baseline_tokens(problem, guard.reference)
    reads = float(own_share(problem, tokens, guard.language))
    learns = float(values(problem, guard.language, False) @ tokens)
    return mute(problem, guard.language) or reads <= 0 or learns <= 0


def most_tokens(problem: MixProblem) -> float | None:
    """Most tokens that the linear limits and the number of donors allow; 0 where they collide.

    Every target has something to learn from. Limits are tightened by a hair: where even those leave
    a mixture a refusal is wrong.
    """
    from scipy.optimize import LinearConstraint, milp

    rows, bound, most = linear(problem, ease=-1e-6)
    if problem.exact_tokens:
        bound[-1] += 1e-9
    n, donors = most.size, donors_of(problem)
    switches = len(donors) if problem.max_donors is not None else 0
    if switches:
        read = [place for place, p in enumerate(problem.pools) if p.language in donors]
        link = np.zeros((len(read), switches))
        for row, place in enumerate(read):
            link[row, donors.index(problem.pools[place].language)] = -most[place]
        rows = np.block(
            [
                [rows, np.zeros((len(rows), switches))],
                [np.eye(n)[read], link],
                [np.zeros((1, n)), np.ones((1, switches))],
            ]
        )
        bound = np.concatenate([bound, np.zeros(len(read)), [problem.max_donors or 0]])
    floors = np.zeros((len(problem.target_keys), n + switches))
    for row, key in enumerate(problem.target_keys):
        floors[row, :n] = -1.0 * (values(problem, key, True) > 0)
    least = np.minimum(1e-3, -0.5 * floors[:, :n] @ np.minimum(most, 1.0))
    rows, bound = np.vstack([rows, floors]), np.concatenate([bound, -least])
    found = milp(
        np.append(np.full(n, -1.0), np.zeros(switches)),
        integrality=np.append(np.zeros(n), np.ones(switches)),
        bounds=(0, np.append(most, np.ones(switches))),
        constraints=LinearConstraint(rows, ub=bound),
    )
    if found.status == 2:
        return 0.0
    return None if found.x is None else float(found.x[:n].sum()) * problem.budget


def useless(problem: MixProblem) -> bool:
    """Whether some target has nothing that it could learn from."""
    return any(
        not np.any(values(problem, key, True) * open_caps(problem) > 0)
        for key in problem.target_keys
    )


def judge_one(number: int, count: int = 400) -> tuple[str, list[str], float]:
    """How one question ended, its faults and the CPU seconds of its solve.

    ``count`` mixtures are put beside its answer.
    """
    problem = question(number)
    start = time.process_time()
    try:
        mixture = solve(problem)
    except Infeasible as error:
        spent = time.process_time() - start
        wrong = refused_rightly(problem) is False
        return "infeasible", [f"refused wrongly: {str(error)[:200]}"] if wrong else [], spent
    except ProblemError as error:
        said = str(error)
        fine = useless(problem) or "none of the" in said
        return "refused", [] if fine else [said[:200]], time.process_time() - start
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__} at {where.name}: {str(error)[:200]}"
        return "failed", [said], time.process_time() - start
    spent = time.process_time() - start
    found = faults_of(problem, mixture, number, count)
    if spent > SLOW:
        found.append(f"{spent:.1f} CPU seconds")
    return mixture.certificate.engine, found, spent


def main(count: int, first: int = 0, seconds: float = float("inf")) -> int:
    ends: Counter[str] = Counter()
    times, bad, began = [], 0, time.time()
    for number in range(first, first + count):
        end, found, spent = judge_one(number)
        ends[end] += 1
        times.append(spent)
        if found:
            bad += 1
            print(f"{number}: {end}: {'; '.join(found)}", flush=True)
        if time.time() - began > seconds:
            break
    print(
        f"{len(times)} questions from {first}: {dict(ends)}, {bad} with faults, CPU seconds: "
        f"median {np.median(times):.2f}, 99 % {np.quantile(times, 0.99):.2f}, most {max(times):.2f}"
    )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
