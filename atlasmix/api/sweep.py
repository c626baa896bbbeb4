"""The same problem over several values of some arguments, and all answers in one frame."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from atlasmix.api.problem import Problem
from atlasmix.api.solution import Solution
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.parsing import Evidence, problem_from_mapping
from atlasmix.problem.pool_choice import joined_inventory
from atlasmix.processes import side_by_side, usable_cores
from atlasmix.quantities import format_quantity, parse_quantity
from atlasmix.solver.compute import at_compute

if TYPE_CHECKING:
    import pandas as pd

_MOST: Final = 10_000
"""Problems of one sweep: more are taken for a slip."""

_SIZES: Final = ("budget", "params")


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The answers of a sweep, in the order of its values, the last axis fastest.

    Attributes:
        axes: what varies.
        values: of each answer, one value an axis.
        solutions: the answers; None where no mixture meets all constraints.
        refusals: why, for those; else empty.

    >>> from atlasmix import Problem, sweep
    >>> swept = sweep(Problem("cat"), params=["1B", "4B"])
    >>> list(swept.to_frame()["params"])
    [1000000000.0, 4000000000.0]
    """

    axes: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    solutions: tuple[Solution | None, ...]
    refusals: tuple[str, ...]

    def __len__(self) -> int:
        """How many problems were asked."""
        return len(self.values)

    def __iter__(self) -> Iterator[Solution | None]:
        """The answers in order."""
        return iter(self.solutions)

    @property
    def value_name(self) -> str:
        """What the value of the objective is called beside the axes."""
        return "value" if "objective" in self.axes else "objective"

    def to_frame(self) -> pd.DataFrame:
        """One row an answer: axes, objective, tokens, a loss a target and a share a language.

        Budgets and parameters are numbers, whatever they were written as. Where no mixture meets
        all constraints the row is empty but for ``refused``.
        """
        import pandas as pd

        solved = [each for each in self.solutions if each is not None]
        keys = list(dict.fromkeys(key for each in solved for key in each.proportions))
        targets = list(dict.fromkeys(effect.language for each in solved for effect in each.targets))
        rows = []
        for values, solution, refused in zip(
            self.values, self.solutions, self.refusals, strict=True
        ):
            row: dict[str, Any] = {
                axis: parse_quantity(value, axis) if axis in _SIZES else _cell(value)
                for axis, value in zip(self.axes, values, strict=True)
            }
            if solution is not None:
                row |= {self.value_name: solution.certificate.value, "read": solution.tokens}
                row |= {f"loss {effect.language}": effect.loss for effect in solution.targets}
                row |= {f"share {key}": solution.proportions.get(key, 0.0) for key in keys}
            row["refused"] = refused
            rows.append(row)
        columns = [*self.axes, self.value_name, "read"]
        columns += [f"loss {key}" for key in targets] + [f"share {key}" for key in keys]
        return pd.DataFrame(rows).reindex(columns=[*columns, "refused"])

    def plot(self) -> Any:
        """A Plotly figure of every language's share over the first axis, a line a language.

        Raises:
            ProblemError: more than one axis, or values that are no numbers.
            DataError: Plotly is not installed.
        """
        from atlasmix.report.figures.sweep import sweep_figure

        frame = self.to_frame()
        if len(self.axes) != 1 or frame[self.axes[0]].dtype.kind not in "iuf":
            raise ProblemError(
                f"this sweep varies {', '.join(self.axes)}: a figure needs one axis of numbers; "
                "draw to_frame() instead"
            )
        axis = self.axes[0]
        shares = {
            name.removeprefix("share "): frame[name].tolist()
            for name in frame.columns
            if str(name).startswith("share ")
        }
        return sweep_figure(axis, frame[axis].tolist(), shares)

    def __repr__(self) -> str:
        """One line an axis."""
        refused = sum(each is None for each in self.solutions)
        told = [f"Sweep of {len(self)} problems" + (f", {refused} refused" if refused else "")]
        for place, axis in enumerate(self.axes):
            seen = dict.fromkeys(_text(values[place]) for values in self.values)
            few = list(seen)[:6]
            told.append(f"  {axis}: {', '.join(few)}" + (" ..." if len(seen) > len(few) else ""))
        return "\n".join(told)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20, max_cols=12))


def sweep(
    problem: Problem,
    cores: int | None = 1,
    advance: Callable[[int], None] | None = None,
    **axes: Sequence[Any],
) -> Sweep:
    """Solve a problem over all combinations of some arguments.

    Evidence that no axis varies is read once, and once in every process.

    Args:
        problem: the problem to vary.
        cores: processes at most, None: as many as this process may use. They change no number.
            Evidence that lies in memory and on no shelf is not sent to others: then it is 1.
        advance: called with the number of problems that have become ready.
        axes: an argument of Problem and its values, as ``budget=["100B", "1T"]``.

    Raises:
        ProblemError: no axis, no such argument, or a value that cannot be asked. Constraints that
            cannot all hold at some values are no error: see ``Sweep.refusals``.

    >>> from atlasmix import Problem, sweep
    >>> tried = sweep(Problem("cat"), budget=["20B", "100B"])
    >>> tried
    Sweep of 2 problems
      budget: 20B, 100B
    >>> tried.to_frame()["share spa"].is_monotonic_increasing
    True
    """
    if not axes:
        raise ProblemError("a sweep varies nothing: name an argument, as budget=['100B', '1T']")
    for name, values in axes.items():
        if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
            raise ProblemError(
                f"{name} is {values!r}: expected a list of values, as ['100B', '1T']", field=name
            )
    combined = tuple(product(*axes.values()))
    if len(combined) > _MOST:
        raise ProblemError(f"a sweep of {len(combined):,} problems: at most {_MOST:,} are solved")
    # All are read before the first is solved: a slip in the last value costs no hour.
    base = problem.question
    evidence = {"matrix": base.matrix, "inventory": base.inventory, "law": base.law}
    read = {name: value for name, value in evidence.items() if name not in axes}
    problems = [
        problem.with_(**read, **dict(zip(axes, values, strict=True))) for values in combined
    ]
    location = None if problem.store is None else problem.store.location
    items = [_Item(each.to_mapping(), location) for each in problems]
    held = any(not isinstance(getattr(problem, name), str | None) for name in _EVIDENCE)
    cores = 1 if held or problem.rivals else cores or usable_cores()
    solutions: list[Solution | None] = []
    refusals: list[str] = []
    with closing(side_by_side(_answer, items, cores)) as answers:
        for each, (mixture, refusal) in zip(
            problems, answers if cores > 1 else map(_solved, problems), strict=True
        ):
            question = each.question
            if mixture is not None:
                question = at_compute(question)
            solutions.append(None if mixture is None else Solution(question, mixture))
            refusals.append(refusal)
            if advance is not None:
                advance(1)
    return Sweep(tuple(axes), combined, tuple(solutions), tuple(refusals))


_EVIDENCE: Final = ("matrix", "inventory", "law")


@dataclass(frozen=True, slots=True)
class _Item:
    """A problem for another process: the question as plain data, and where its evidence lies."""

    question: dict[str, object]
    location: str | None


def _solved(problem: Problem) -> tuple[Mixture | None, str]:
    """The answer, or why there is none."""
    try:
        return problem.solve().mixture, ""
    except Infeasible as error:
        return None, str(error)


def _answer(item: _Item) -> tuple[Mixture | None, str]:
    """The same in another process, which keeps what it has read."""
    names = (item.question["matrix"], item.question["inventory"])
    given = _evidence(item.location, str(names[0]), repr(names[1]))
    question = problem_from_mapping(item.question, given[0], given[1])
    try:
        question = at_compute(question)
        mixture = solve(question)
    except Infeasible as error:
        return None, str(error)
    return (with_uncertainty(question, mixture) if question.draws else mixture), ""


@lru_cache(maxsize=4)
def _evidence(location: str | None, matrix: str, inventory: str) -> tuple[Store, Evidence]:
    """What a process has read already."""
    store = Store(location)
    names = ast.literal_eval(inventory)
    listed = [names] if isinstance(names, str) else list(names)
    return store, Evidence(store.matrix(matrix), None, joined_inventory(listed, store))


def _cell(value: Any) -> Any:
    """A value as a cell of a frame: evidence by its name."""
    return getattr(value, "name", value if isinstance(value, int | float | str) else repr(value))


def _text(value: Any) -> str:
    if isinstance(value, int | float) and abs(value) >= 1e6:
        return format_quantity(value)
    return str(_cell(value))
