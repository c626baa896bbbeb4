"""The same problem over several values of some arguments, and all answers in one frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from atlasmix.api.problem import Problem
from atlasmix.api.solution import Solution
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.quantities import format_quantity, parse_quantity

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
                row |= {"objective": solution.certificate.value, "read": solution.tokens}
                row |= {f"loss {effect.language}": effect.loss for effect in solution.targets}
                row |= {f"share {key}": solution.proportions.get(key, 0.0) for key in keys}
            row["refused"] = refused
            rows.append(row)
        columns = [*self.axes, "objective", "read"]
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


def sweep(problem: Problem, **axes: Sequence[Any]) -> Sweep:
    """Solve a problem over all combinations of some arguments.

    Args:
        problem: the problem to vary.
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
    results = [problem.with_(**dict(zip(axes, values, strict=True))) for values in combined]
    solutions: list[Solution | None] = []
    refusals: list[str] = []
    for each in results:
        try:
            solutions.append(each.solve())
            refusals.append("")
        except Infeasible as error:
            solutions.append(None)
            refusals.append(str(error))
    return Sweep(tuple(axes), combined, tuple(solutions), tuple(refusals))


def _cell(value: Any) -> Any:
    """A value as a cell of a frame: evidence by its name."""
    return getattr(value, "name", value if isinstance(value, int | float | str) else repr(value))


def _text(value: Any) -> str:
    if isinstance(value, int | float) and abs(value) >= 1e6:
        return format_quantity(value)
    return str(_cell(value))
