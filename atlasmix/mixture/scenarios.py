"""Scenarios with their answers: what each reads and gives, and what sets it apart from one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atlasmix.evidence.overlay import Overlay
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.diff import Diff, Side, diff, side_of_mixture
from atlasmix.mixture.mixture import Comparison, Mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.link import stranger_problem
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.scenarios import Scenario
from atlasmix.solver.compute import at_compute


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredScenario:
    """A scenario and its answer.

    Attributes:
        name: of the scenario.
        problem: its question, the size chosen.
        mixture: the answer.
        comparisons: baselines on its own objective.
    """

    name: str
    problem: MixProblem
    mixture: Mixture
    comparisons: tuple[Comparison, ...]

    @property
    def side(self) -> Side:
        """It as one side of a comparison."""
        return side_of_mixture(self.mixture, self.name, self.problem.law.unit)

    @property
    def best_alternative(self) -> Comparison | None:
        """The best baseline within the limits of its own question; None where none keeps them."""
        kept = [each for each in self.comparisons if each.within_limits]
        return min(kept, key=lambda each: each.value, default=None)

    @property
    def rests_on(self) -> tuple[str, str, str]:
        """Matrix, law and inventory by name: losses under others differ by them too."""
        return self.problem.matrix.name, self.problem.law.name, self.problem.inventory.name


def answer_scenario(scenario: Scenario, store: Overlay) -> AnsweredScenario:
    """Solve the question of a scenario and set it beside its baselines.

    Raises:
        ProblemError, DataError: as of any question from a stranger.
    """
    problem = at_compute(stranger_problem(scenario.question, store))
    return AnsweredScenario(scenario.name, problem, solve(problem), compare(problem))


def differences(scenarios: Sequence[AnsweredScenario], chosen: int) -> tuple[Diff | None, ...]:
    """What moved from the chosen scenario to each; None in its own place.

    Args:
        scenarios: side by side.
        chosen: place of the one that the others are compared with.
    """
    first = scenarios[chosen].side
    return tuple(
        None if place == chosen else diff(first, each.side) for place, each in enumerate(scenarios)
    )
