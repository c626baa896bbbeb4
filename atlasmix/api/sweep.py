"""The same problem over several values of some arguments, and all answers in one frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlasmix.api.constraints import with_limit
from atlasmix.api.partials import Answer, Partials
from atlasmix.api.problem import Problem
from atlasmix.api.solution import Solution
from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.kinds import LossLaw
from atlasmix.mixture.curve import Curve, CurvePoint, curve_of
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.problem import MixProblem
from atlasmix.processes import as_ready, check_engine, on_dask, usable_cores
from atlasmix.quantities import format_value, parse_quantity
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
        taken_over: answers that an earlier sweep had kept.

    >>> from atlasmix import Problem, sweep
    >>> swept = sweep(Problem("cat"), params=["1B", "4B"])
    >>> list(swept.to_frame()["params"])
    [1000000000.0, 4000000000.0]
    """

    axes: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    solutions: tuple[Solution | None, ...]
    refusals: tuple[str, ...]
    taken_over: int = 0

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

    @property
    def curves(self) -> tuple[tuple[str, Curve], ...]:
        """The answers over the axis of numbers with most values: words for the rest, and a curve.

        Where all axes were taken together (``paired``) it is one curve over that axis.

        Raises:
            ProblemError: no axis of numbers.
            Infeasible: no value has an answer.
        """
        columns = dict(zip(self.axes, zip(*self.values, strict=True), strict=True))
        axis = figure_axis(columns)
        others = [name for name in self.axes if name != axis]
        groups: dict[str, list[int]] = {}
        for place in range(len(self)):
            words = ", ".join(f"{name} {_text(columns[name][place])}" for name in others)
            groups.setdefault(words, []).append(place)
        if max(map(len, groups.values())) == 1:
            groups = {"": list(range(len(self)))}
        return tuple(
            (words, self._curve(axis, places))
            for words, places in groups.items()
            if any(self.solutions[place] is not None for place in places)
        ) or (("", self._curve(axis, list(range(len(self))))),)

    def _curve(self, axis: str, places: Sequence[int]) -> Curve:
        at = self.axes.index(axis)
        solved = [self.solutions[place] for place in places]
        question = next((each.question for each in solved if each is not None), None)
        if question is None:
            raise Infeasible(f"no value of {axis} has an answer: {self.refusals[places[0]]}")
        points = [
            CurvePoint(
                _number(self.values[place][at]) or 0.0,
                None if each is None else each.mixture,
                self.refusals[place],
            )
            for place, each in zip(places, solved, strict=True)
        ]
        return curve_of(question, axis, points)

    def plot(self) -> Any:
        """A Plotly figure of shares, losses and epochs over one axis of numbers.

        Of several axes it is the one with most values; a list in the figure chooses the others.

        Raises:
            ProblemError: no axis of numbers.
            Infeasible: no value has an answer.
            DataError: Plotly is not installed.
        """
        from atlasmix.report.figures.curve import curves_figure

        return curves_figure(self.curves)

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


def sweep(  # noqa: PLR0913  all but the first are keywords
    problem: Problem,
    cores: int | None = 1,
    advance: Callable[[int], None] | None = None,
    *,
    paired: bool = False,
    engine: str = "loky",
    scheduler: str = "",
    partials: str | Path | None = None,
    **axes: Sequence[Any],
) -> Sweep:
    """Solve a problem over all combinations of some arguments.

    Evidence is read once, and sent once to every process.

    Args:
        problem: the problem to vary.
        cores: processes at most, None: as many as this process may use. They change no number.
        advance: called with the number of problems that have become ready.
        paired: take the first value of every axis together, then the second, in the place of all
            combinations.
        engine: ``loky``, processes of this machine, or ``dask``, the workers of a cluster that have
            AtlasMix installed. It changes no number.
        scheduler: address of a Dask scheduler, as ``tcp://10.0.0.1:8786``.
        partials: folder where every answer is kept as soon as it is there, and from which answers
            to the same question by the same evidence are taken over; None: none are kept.
        axes: an argument of Problem and its values, as ``budget=["100B", "1T"]``; or a constraint
            as a question writes it: ``max_epochs``, ``max_donors``, and by ``**{"max:eng": [...]}``
            ``min``, ``max``, ``keep`` and ``max_epochs`` of a selection.

    Raises:
        ProblemError: no axis, no such argument, or a value that cannot be asked. Constraints that
            cannot all hold at some values are no error: see ``Sweep.refusals``.
        DataError: an engine that is none or is not there, or partials that cannot be written.

    >>> from atlasmix import Problem, sweep
    >>> tried = sweep(Problem("cat"), budget=["20B", "100B"])
    >>> tried
    Sweep of 2 problems
      budget: 20B, 100B
    >>> tried.to_frame()["share spa"].is_monotonic_increasing
    True
    """
    check_engine(engine, scheduler)
    combined = _combined(axes, paired)
    # All are read before the first is solved: a slip in the last value costs no hour.
    base = problem.question
    evidence = {"matrix": base.matrix, "inventory": base.inventory, "law": base.law}
    if "law" in axes and problem.matrix is None:
        del evidence["matrix"]  # a law that was learned brings its own
    if base.rivals:
        evidence["rivals"] = base.rivals
    problem = problem.with_(**evidence)
    read: dict[tuple[str, str], Any] = {}
    questions = [
        _question(problem, dict(zip(axes, values, strict=True)), read) for values in combined
    ]
    step = advance or (lambda count: None)
    kept = None if partials is None else Partials(Path(partials))
    answers: dict[int, Answer] = {}
    paths = [] if kept is None else [kept.path(question) for question in questions]
    if kept is not None:
        for place, question in enumerate(questions):
            taken = kept.take(question, paths[place])
            if taken is not None:
                answers[place] = taken
                step(1)
    taken_over = len(answers)
    left = [place for place in range(len(questions)) if place not in answers]
    grounds, items = _items([questions[place] for place in left])
    ready = (
        on_dask(_answer, grounds, items, scheduler)
        if engine == "dask" and items
        else as_ready(_answer, grounds, items, cores or usable_cores())
    )
    with closing(ready):
        for number, answer in ready:
            place = left[number]
            answers[place] = answer
            if kept is not None:
                kept.keep(questions[place], answer, paths[place])
            step(1)
    ordered = [answers[place] for place in range(len(questions))]
    solutions = tuple(
        None if each.mixture is None else Solution(each.sized(question), each.mixture)
        for question, each in zip(questions, ordered, strict=True)
    )
    refusals = tuple(each.refusal for each in ordered)
    return Sweep(tuple(axes), combined, solutions, refusals, taken_over)


def _combined(axes: Mapping[str, Sequence[Any]], paired: bool) -> tuple[tuple[Any, ...], ...]:
    if not axes:
        raise ProblemError("a sweep varies nothing: name an argument, as budget=['100B', '1T']")
    for name, values in axes.items():
        if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
            raise ProblemError(
                f"{name} is {values!r}: expected a list of values, as ['100B', '1T']", field=name
            )
    counts = {name: len(values) for name, values in axes.items()}
    if paired and len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ProblemError(f"paired values: expected as many of every argument, and {told}")
    total = min(counts.values()) if paired else math.prod(counts.values())
    if total > _MOST:
        raise ProblemError(f"a sweep of {total:,} problems: at most {_MOST:,} are solved")
    return tuple(zip(*axes.values(), strict=True) if paired else product(*axes.values()))


_EVIDENCE: Final = ("matrix", "inventory", "law")


def _question(
    problem: Problem, values: Mapping[str, Any], read: dict[tuple[str, str], Any]
) -> MixProblem:
    """The problem with other arguments or limits; ``read`` keeps evidence once it was read."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        given = changes.get("constraints", problem.constraints)
        limits = with_limit(given, name, value)
        known = read.get((name, repr(value)), value)
        changes |= {name: known} if limits is None else {"constraints": limits}
    question = problem.with_(**changes).question
    for name in _EVIDENCE:
        if name in values:
            read.setdefault((name, repr(values[name])), getattr(question, name))
    return question


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What many problems of a sweep have in common, by far the most of them."""

    matrix: TransferMatrix
    rivals: tuple[TransferMatrix, ...]
    inventory: Inventory
    law: LossLaw
    pools: tuple[Pool, ...]

    def holds(self, question: MixProblem) -> bool:
        return (
            self.matrix is question.matrix
            and self.rivals == question.rivals
            and self.inventory == question.inventory
            and self.law == question.law
            and self.pools == question.pools
        )


_Item = tuple[int, dict[str, Any]]
"""Which ground a problem stands on, and its other fields."""


def _items(questions: Sequence[MixProblem]) -> tuple[tuple[_Ground, ...], list[_Item]]:
    grounds: list[_Ground] = []
    items = []
    shared = {each.name for each in fields(_Ground)}
    for question in questions:
        place = next((n for n, each in enumerate(grounds) if each.holds(question)), len(grounds))
        if place == len(grounds):
            grounds.append(_Ground(**{name: getattr(question, name) for name in shared}))
        rest = {each.name: getattr(question, each.name) for each in fields(question)}
        items.append((place, {name: value for name, value in rest.items() if name not in shared}))
    return tuple(grounds), items


def _answer(grounds: tuple[_Ground, ...], item: _Item) -> Answer:
    """The answer, or why there is none."""
    place, rest = item
    ground = {each.name: getattr(grounds[place], each.name) for each in fields(_Ground)}
    question = MixProblem(**ground, **rest)
    try:
        question = at_compute(question)
        mixture = solve(question)
    except Infeasible as error:
        return Answer(None, str(error))
    if question.draws:
        mixture = with_uncertainty(question, mixture, cores=1)
    return Answer(mixture, allocation=question.allocation)


def figure_axis(axes: Mapping[str, Sequence[Any]]) -> str:
    """The axis that a figure of a sweep is drawn over: of those of numbers the one with most.

    Raises:
        ProblemError: none is of numbers.
    """
    read = {axis: set(map(_number, values)) for axis, values in axes.items()}
    counts = {axis: len(numbers) for axis, numbers in read.items() if None not in numbers}
    if not counts:
        raise ProblemError(
            f"this sweep varies {', '.join(axes)}: a figure needs an axis of numbers; leave the "
            "figure out, or draw to_frame() instead"
        )
    return max(counts, key=lambda axis: counts[axis])


def _number(value: Any) -> float | None:
    """A value as a number, written as ``100B`` or ``10%`` too; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    try:
        return float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        pass
    try:
        return parse_quantity(text, "value")
    except ProblemError:
        return None


def _cell(value: Any) -> Any:
    """A value as a cell of a frame: evidence by its name."""
    return getattr(value, "name", value if isinstance(value, int | float | str) else repr(value))


def _text(value: Any) -> str:
    if isinstance(value, int | float) and abs(value) >= 1e6:
        return format_value(value)
    return str(_cell(value))
