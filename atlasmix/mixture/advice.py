"""What to try instead: the changes that a caveat or a refusal calls for, each one solved before.

An advice is a :class:`~atlasmix.problem.steps.Step`: what changes, how, and the changed question as
plain data. The command line shows it as a command, the app as a button, and neither shows one whose
question has no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from atlasmix.errors import AtlasMixError, Infeasible
from atlasmix.evidence.store import Store
from atlasmix.fitting.law_file import is_law_file
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.kinds import FAR, TargetLaws
from atlasmix.mixture.caveats import LEAST_OWN, own_share, strangers
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import best
from atlasmix.problem.link import short_question
from atlasmix.problem.parsing import problem_from_mapping, read_law
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.steps import Step, eased, one_step, with_changes
from atlasmix.quantities import format_quantity
from atlasmix.solver.feasibility import least_change
from atlasmix.solver.patience import expired, within
from atlasmix.text import first_few

MOST: Final = 5
"""Changes that are offered at once: our choice, a line of buttons."""

SECONDS: Final = 5.0
"""Time for trying them all: our choice, what a visitor waits for a page."""

_FEW_TARGETS: Final = 8
_LOOSER: Final = frozenset({"without it", "as many as help", "no more than serves"})


def advise(problem: MixProblem, mixture: Mixture, store: Store) -> tuple[Step, ...]:
    """What the caveats of an answer call for; empty where it has none.

    Args:
        problem: the question.
        mixture: its answer.
        store: where its evidence is looked up by name.
    """
    return _solved(_after_caveats(problem, mixture, store), store)


def advise_after(
    question: Mapping[str, Any], error: AtlasMixError, store: Store
) -> tuple[Step, ...]:
    """What a question without an answer could be changed to, what the refusal names first.

    Args:
        question: as plain data; one that cannot be read has no advice, unless it is the law learned
            from runs that says nothing of what is asked.
        error: why it has no answer.
        store: where its evidence is looked up by name.
    """
    try:
        problem = problem_from_mapping(question, store)
        steps = list(one_step(problem))
    except AtlasMixError:
        return _solved(_around_a_law(question, store), store)
    named = error.conflict if isinstance(error, Infeasible) else ()
    keys = {name.partition(" ")[0] for name in named} | {error.field or ""}

    def rank(step: Step) -> tuple[bool, bool]:
        return not keys.intersection(_changed(question, step)), step.change not in _LOOSER

    steps.sort(key=rank)
    if named:
        steps = [*eased(problem, least_change(problem)), *steps]
    smaller = list(_smaller(question))
    # Where no limit is named the question is too large rather than impossible.
    ordered = [*steps, *smaller] if keys - {""} else [*smaller, *steps]
    return _solved(ordered, store)


def _changed(question: Mapping[str, Any], step: Step) -> set[str]:
    """The keys of the question that a step changes."""
    keys = {*question, *step.question}
    return {key for key in keys if question.get(key) != step.question.get(key)}


def _solved(steps: Iterable[Step], store: Store) -> tuple[Step, ...]:
    """The first few whose questions have an answer, as far as time allows to try."""
    answered: list[Step] = []
    with within(SECONDS):
        for step in steps:
            if len(answered) == MOST or expired():
                break
            try:
                best(problem_from_mapping(step.question, store))
            except AtlasMixError:
                continue
            if not expired():  # an answer cut short is one that may take too long again
                answered.append(step)
    return tuple(answered)


def _after_caveats(problem: MixProblem, mixture: Mixture, store: Store) -> Iterator[Step]:
    kinds = {caveat.kind for caveat in mixture.caveats}
    if not kinds:
        return
    question: dict[str, Any] = dict(short_question(problem))
    steps = one_step(problem)
    if kinds & {"shrunk", "unspent"}:
        yield from (
            step for step in steps if step.change == "without it" and _lifts(step, mixture, store)
        )
        yield from (step for step in steps if step.limit == "Epoch cap" and _raised(step, question))
        if not problem.exact_tokens:
            spend = with_changes(question, tokens="exactly")
            yield Step("Tokens read", "all of the budget", spend)
    if kinds & {"no text", "no loss"}:
        yield from (step for step in steps if step.limit == "Provenance" and "too" in step.change)
    if "drowned" in kinds and problem.compute is None:
        least = problem.budget * own_share(mixture) / LEAST_OWN
        budget = float(f"{least:.1e}")
        said = f"{format_quantity(problem.budget)} to {format_quantity(budget)}"
        yield Step("Budget", said, with_changes(question, budget=budget))
    if "strangers" in kinds:
        closed = {each.donor: 0 for each in strangers(problem, mixture)}
        names = ", ".join(map(name_of, closed))
        limits = {**question.get("max", {}), **closed}
        yield Step("Donors without kin", f"close {names}", with_changes(question, max=limits))
    if "worth" in kinds:
        yield from (step for step in steps if step.change == "human text alone")
    if "size" in kinds:
        yield from _nearer(problem, question)


def _lifts(step: Step, mixture: Mixture, store: Store) -> bool:
    """Whether a step takes away one of the limits that ended the run."""
    left = {limit.name for limit in problem_from_mapping(step.question, store).limits}
    return any(limit.name not in left for limit in mixture.stopped_by)


def _raised(step: Step, question: Mapping[str, Any]) -> bool:
    now, then = (str(each) for each in step.change.split(" to "))
    return float(then) > float(now)


def _nearer(problem: MixProblem, question: Mapping[str, Any]) -> Iterator[Step]:
    """The nearest size at which the law has been seen, or ten times beyond."""
    if problem.compute is not None:
        less = with_changes(question, compute=float(question["compute"]) / 10)
        yield Step("Compute", "a tenth of it", less)
        return
    for key, value, ends in (
        ("params", problem.params, problem.law.fitted_params),
        ("budget", problem.budget, problem.law.fitted_tokens),
    ):
        if ends is None:
            continue
        nearest = min(max(value, ends[0] / FAR), ends[1] * FAR)
        if nearest != value:
            said = f"{format_quantity(value)} to {format_quantity(nearest)}"
            name = "Parameters" if key == "params" else "Budget"
            yield Step(name, said, with_changes(question, **{key: nearest}))


def _around_a_law(question: Mapping[str, Any], store: Store) -> Iterator[Step]:
    """What a law learned from runs can be asked, or the usual law in its place."""
    named = question.get("law")
    if not isinstance(named, str) or not is_law_file(named):
        return
    kept = None if question.get("matrix") == named else question.get("matrix")
    try:
        law = read_law(named, store)
    except AtlasMixError:  # nobody brought its file
        law = None
    if isinstance(law, TargetLaws):
        yield from _of_the_runs(question, law, kept)
    yield Step("Loss law", "the usual one", with_changes(question, law=None, matrix=kept))


def _of_the_runs(question: Mapping[str, Any], law: TargetLaws, kept: object) -> Iterator[Step]:
    """The targets that the runs measured, and their size, in the place of others."""
    measured = [each.language for each in law.targets]
    given = question.get("targets")
    weights = dict(given) if isinstance(given, Mapping) else {}
    wanted = {key: weights[key] for key in weights if key in measured} or dict.fromkeys(measured, 1)
    others = with_changes(question, targets=wanted)
    sizes: dict[str, Any] = dict.fromkeys(("params", "budget", "tokens", "compute"))
    smaller = with_changes(others, matrix=kept, **sizes)
    named = f"only {first_few([name_of(key) for key in wanted], 4)}"
    if wanted != weights:
        yield Step("Targets", named, others)
    if smaller not in (question, others):
        said = f"{named}, at the size of the runs" if wanted != weights else "as the runs"
        yield Step("Size", said, smaller)


def _smaller(question: Mapping[str, Any]) -> Iterator[Step]:
    """Fewer targets, where a question is too large to be answered in time."""
    targets = question.get("targets")
    if isinstance(targets, Mapping) and len(targets) > _FEW_TARGETS:
        ranked = sorted(targets, key=lambda key: -float(targets[key]))
        kept = {key: targets[key] for key in targets if key in ranked[:_FEW_TARGETS]}
        change = f"{len(targets)} to the {_FEW_TARGETS} that weigh most"
        yield Step("Targets", change, with_changes(question, targets=kept))
