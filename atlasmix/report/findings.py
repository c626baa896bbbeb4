"""What is worked out about an answer beside the answer: baselines, models, reasons, ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from atlasmix.evidence.published import PublishedMixture, list_published
from atlasmix.laws.hardware import Machine
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.explain import explain
from atlasmix.mixture.mixture import Comparison, Mixture, Reason, SensitivityStep
from atlasmix.mixture.sensitivity import sensitivity
from atlasmix.mixture.shares import ShareReason, explain_shares
from atlasmix.problem.baselines import unique_by_language
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.steps import Step
from atlasmix.report.answer_tables import is_baseline

_MOST_MODELS: Final = 5
"""Published mixtures that a page tells of where nobody chose: our choice, as many as stand side by
side on a sheet of paper."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was worked out about an answer, beside the answer; what is empty is not told.

    Attributes:
        comparisons: baselines on the same objective, and published mixtures that were asked for.
        reasons: why each donor is read or not.
        steps: the answer over the ranges of λ, φ and the worth of synthetic text.
        published: further published mixtures on the same objective, for a whole page.
        shares: why each language has its share, no more and no less.
        advice: what its caveats call for, each with an answer.
        machine: the GPU whose hours are told; None: FLOPs alone.
        command: what asks the question again, as one types it.
    """

    comparisons: tuple[Comparison, ...] = ()
    reasons: tuple[Reason, ...] = ()
    steps: tuple[SensitivityStep, ...] = ()
    published: tuple[Comparison, ...] = ()
    shares: tuple[ShareReason, ...] = ()
    advice: tuple[Step, ...] = ()
    machine: Machine | None = None
    command: str = ""

    @property
    def baselines(self) -> tuple[Comparison, ...]:
        """The comparisons that are no published mixtures."""
        return tuple(comparison for comparison in self.comparisons if is_baseline(comparison.name))

    @property
    def models(self) -> tuple[Comparison, ...]:
        """The published mixtures, those that were asked for first."""
        chosen = tuple(
            comparison for comparison in self.comparisons if not is_baseline(comparison.name)
        )
        names = {each.name for each in chosen}
        return (*chosen, *(each for each in self.published if each.name not in names))


def findings_of(
    problem: MixProblem, mixture: Mixture, published: tuple[PublishedMixture, ...] = ()
) -> Findings:
    """Everything that a whole page tells; takes seconds, for the question is solved many times.

    Args:
        problem: the question, its size chosen.
        mixture: its answer.
        published: mixtures to compare with; empty: see :func:`models_beside`.
    """
    return Findings(
        comparisons=compare(problem, published),
        reasons=explain(problem, mixture),
        steps=sensitivity(problem),
        published=() if published else models_beside(problem),
        shares=explain_shares(problem, mixture),
    )


def models_beside(problem: MixProblem) -> tuple[Comparison, ...]:
    """The published mixtures that say most of the targets, the latest first, on this objective.

    At most five, of those that name a target and have a pool here.
    """
    weights = {target.language: target.weight for target in problem.targets}
    pools = unique_by_language(problem)

    def told(model: PublishedMixture) -> float:
        return sum(weights.get(key, 0.0) for key, _ in model.shares if key in pools)

    known = [each for each in list_published() if told(each) > 0]
    known.sort(key=lambda each: (-told(each), -each.year, each.name))
    judged = compare(problem, tuple(known[:_MOST_MODELS]))
    return tuple(each for each in judged if not is_baseline(each.name))
