"""Learn a law of every loss from frames of runs, and ask it for mixtures and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlasmix.errors import ProblemError
from atlasmix.evidence.mixture_file import dump_mixture
from atlasmix.fitting.given_law import given_law
from atlasmix.fitting.history import Batch, grow, history_data
from atlasmix.fitting.law_file import law_mapping, law_text
from atlasmix.fitting.learning import COMPARED, COVERAGE, Learned, LearnQuestion
from atlasmix.fitting.learning import learn as learn_runs
from atlasmix.fitting.mixing_law import MixingLaw
from atlasmix.fitting.mixture_tables import RunsReading, read_mixture_runs, read_mixtures
from atlasmix.fitting.solving_law import solving_draws
from atlasmix.interop.trackers.run_folder import read_runs as read_logs
from atlasmix.interop.trackers.run_table import LogReading, table_of_runs
from atlasmix.io.files import write_atomic
from atlasmix.io.tables import Rows, frame_rows, rows_of_frames
from atlasmix.mixture.learned_answer import (
    DRAWS,
    LearnedAnswer,
    MixtureWish,
    answer,
    mixture_file,
    plan,
)
from atlasmix.mixture.next_runs import RunSize
from atlasmix.report.learning import LearnedReport, learning_blocks
from atlasmix.report.terminal import terminal_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class LearnedMixture:
    """The best mixture under a learned law, its proof and its doubt.

    Attributes:
        learned: the laws and how they were judged.
        answer: all that is known of the mixture.
        tables: name and SHA-256 of each table of runs.
    """

    learned: Learned
    answer: LearnedAnswer
    tables: tuple[tuple[str, str], ...]

    @property
    def shares(self) -> dict[str, float]:
        """Source to its share of the training tokens."""
        shares = self.answer.mixture.shares.tolist()
        return dict(zip(self.learned.runs.sources, shares, strict=True))

    @property
    def losses(self) -> dict[str, float]:
        """Set to its predicted loss."""
        losses = self.answer.mixture.losses.tolist()
        return dict(zip(self.learned.runs.sets, losses, strict=True))

    @property
    def loss(self) -> float:
        """Predicted weighted mean of the losses."""
        return self.answer.mixture.loss

    @property
    def gap(self) -> float:
        """No mixture within the limits is predicted to be better by a larger part of the loss."""
        return self.answer.mixture.gap

    def to_frame(self) -> pd.DataFrame:
        """One row a source: share, where it is as good, and where the draws' optima lie."""
        import pandas as pd

        mixture, doubt = self.answer.mixture, self.answer.doubt
        columns = {
            "share": mixture.shares,
            "as_good_low": mixture.flat[:, 0],
            "as_good_high": mixture.flat[:, 1],
        }
        if doubt is not None:
            columns |= {"low": doubt.shares[:, 0], "high": doubt.shares[:, 1]}
        return pd.DataFrame(columns, pd.Index(self.learned.runs.sources, name="source"))

    def report(self) -> str:
        """What ``atlasmix learn`` prints, 80 columns wide."""
        return terminal_text(learning_blocks(LearnedReport(self.learned, self.answer, self.tables)))

    def save(self, path: str | Path) -> None:
        """Write the mixture as a file that ``lint`` and ``compare`` take.

        Raises:
            DataError: the file cannot be written.
        """
        name = Path(path).stem or "learned"
        given = mixture_file(self.learned, self.answer, name, self.tables)
        write_atomic(Path(path), dump_mixture(given))

    def __repr__(self) -> str:
        """The loss, and a line a source read, up to eight."""
        shares = sorted(self.shares.items(), key=lambda item: -item[1])
        read = [(name, share) for name, share in shares if share > 0]
        told = [f"LearnedMixture: loss {self.loss:.4f}, at most {self.gap:.1e} above the best"]
        told += [f"  {share:6.1%}  {name}" for name, share in read[:8]]
        return "\n".join([*told, *([f"  and {len(read) - 8} more"] * (len(read) > 8))])

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))


@dataclass(frozen=True, eq=False, repr=False)
class LearnedLaw:
    """A law of every loss, learned from runs of mixtures.

    Attributes:
        learned: the laws and how they were judged on runs held out.
        tables: name and SHA-256 of each table of runs.
        history: what it foretold of runs that were added to it.

    >>> import numpy as np, pandas as pd
    >>> from atlasmix import learn
    >>> weights = np.random.default_rng(0).dirichlet([1, 1], 40)
    >>> loss = 2 + 0.5 / (0.01 + weights) ** 0.3
    >>> runs = pd.DataFrame({"w_web": weights[:, 0], "w_code": weights[:, 1]})
    >>> runs["loss_web"], runs["loss_code"] = loss.T
    >>> law = learn(runs, compare=())
    >>> round(law.best(draws=0).shares["web"], 1)
    0.5
    """

    learned: Learned
    tables: tuple[tuple[str, str], ...]
    history: tuple[Batch, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """How the runs were read, one sentence each."""
        return self.learned.runs.notes

    def to_frame(self) -> pd.DataFrame:
        """One row a law: error and rank correlation on runs held out, lowest error first."""
        import pandas as pd

        judged = sorted(self.learned.judged, key=lambda each: each.error)
        rows = [(each.error, each.rank, each.law.convex) for each in judged]
        index = pd.Index([each.name for each in judged], name="law")
        return pd.DataFrame(rows, index, ["error", "rank", "convex"])

    def predict(self, frame: pd.DataFrame, intervals: bool = False) -> pd.DataFrame:
        """The loss of every set in every mixture of a frame, in its order.

        Args:
            frame: columns ``w_SOURCE``, or another layout that ``learn`` reads.
            intervals: with ``low_SET`` and ``high_SET`` of each.

        Raises:
            DataError: no weights, or sources that the law does not know.
        """
        import pandas as pd

        law = self.learned.law
        losses = law.predict(read_mixtures(frame_rows(frame, "the frame"), law.sources))
        columns = {f"loss_{name}": losses[:, place] for place, name in enumerate(law.sets)}
        if intervals:
            for place, name in enumerate(law.sets):
                width = self.learned.half_width[place]
                columns[f"low_{name}"] = losses[:, place] - width
                columns[f"high_{name}"] = losses[:, place] + width
        return pd.DataFrame(columns, index=frame.index)

    def best(  # noqa: PLR0913  one keyword for each limit of a mixture
        self,
        targets: Mapping[str, float] | None = None,
        *,
        min: Mapping[str, float] | None = None,
        max: Mapping[str, float] | None = None,
        max_epochs: float | None = None,
        params: float | None = None,
        tokens: float | None = None,
        unique: Mapping[str, float] | None = None,
        near: tuple[str, float] | None = None,
        draws: int = DRAWS,
        seed: int = 0,
    ) -> LearnedMixture:
        """The mixture of least weighted loss.

        Args:
            targets: set to its weight; None: all alike.
            min: source to its least share.
            max: source to its most.
            max_epochs: passes over any source whose unique tokens are known.
            params: size of the model that it is for, where runs of several sizes tell.
            tokens: that it reads; None: as the runs.
            unique: source to its distinct tokens there.
            near: a reference (``best``, ``even``, ``mean``, a run's name) and the most KL
                divergence from it, in nats.
            draws: laws drawn for the doubt; 0: none.
            seed: of the draws.

        Raises:
            ProblemError: names that the law does not know, or a law that is not convex.
            Infeasible: limits that no mixture meets.
        """
        wish = MixtureWish(
            targets=targets or {},
            low=min or {},
            high=max or {},
            max_epochs=max_epochs,
            near=near,
            params=params,
            tokens=tokens,
            unique=unique or {},
            draws=draws,
            seed=seed,
        )
        return LearnedMixture(self.learned, answer(self.learned, wish), self.tables)

    def add(self, *frames: pd.DataFrame) -> LearnedLaw:
        """The law of these runs and of new ones, which this one foretold: see ``foretold``.

        Args:
            frames: the new runs, as :func:`learn` takes them.

        Raises:
            DataError: sources or sets that the runs before do not know.
        """
        tables = rows_of_frames(frames, "new runs")
        new = read_mixture_runs(tables, RunsReading(keep_diverged=True))
        grown = grow(
            (self.learned.runs, self.tables),
            [(new, _digests(tables))],
            self.learned.question,
            learned=self.learned,
        )
        learned = learn_runs(grown.runs, self.learned.question)
        return LearnedLaw(learned, grown.tables, (*self.history, *grown.history))

    def foretold(self) -> pd.DataFrame:
        """One row a loss of a run that was added: predicted, reached and its interval."""
        import pandas as pd

        rows = [
            (each.run, each.set, each.predicted, each.reached, each.half_width, each.inside)
            for batch in self.history
            for each in batch.outcomes
        ]
        columns = ["run", "set", "predicted", "reached", "half_width", "inside"]
        return pd.DataFrame(rows, columns=columns)

    def next_runs(
        self,
        count: int,
        targets: Mapping[str, float] | None = None,
        seed: int = 0,
        sizes: Mapping[tuple[float, float], float] | None = None,
    ) -> pd.DataFrame:
        """Mixtures whose runs would lower the regret of the best mixture most, one a row.

        Args:
            count: runs to plan.
            targets: set to its weight; None: all alike.
            seed: of draws and of the mixtures that are tried.
            sizes: parameters and tokens that a run may have, each with its cost in any unit: a run
                is chosen for what it takes off per cost; None: the middle of the runs so far.

        Returns:
            ``params`` and ``tokens`` where they are known, ``w_SOURCE`` of each, and
            ``regret_after`` it and those before it.

        Raises:
            ProblemError: no run, more than 64, or a size that the runs say nothing of.
        """
        import pandas as pd

        best = answer(self.learned, MixtureWish(targets=targets or {}, draws=0))
        offered = [RunSize(*size, cost) for size, cost in (sizes or {}).items()]
        planned = plan(self.learned, best, count, seed, offered)
        columns = {
            f"w_{name}": planned.mixtures[:, place] for place, name in enumerate(planned.sources)
        }
        index = pd.Index([f"next-{place + 1}" for place in range(count)], name="run")
        return pd.DataFrame(
            {**planned.size_columns, **columns, "regret_after": planned.after}, index
        )

    def plot(self) -> Any:
        """A Plotly figure: predicted against measured loss, every run unseen.

        Raises:
            DataError: Plotly is not installed.
        """
        from atlasmix.report.figures.learning import held_out_figure

        return held_out_figure(self.learned)

    def report(self) -> str:
        """What ``atlasmix learn`` prints of the law, 80 columns wide."""
        told = LearnedReport(
            self.learned, None, self.tables, history=self.history, fresh=len(self.history[-1:])
        )
        return terminal_text(learning_blocks(told))

    def save(self, path: str | Path, draws: int = DRAWS, seed: int = 0) -> None:
        """Write the law, whole or not at all; ``atlasmix learn`` predicts with the file.

        Args:
            path: of the file; ``Problem("cat", law=path)`` takes it where the law was learned with
                ``for_solve``.
            draws: of the law, which say in a solve how sure it is; 0: none.
            seed: of the draws.

        Raises:
            DataError: the file cannot be written.
            ProblemError: a law that is a model of a library.
        """
        name = Path(path).stem or "learned"
        drawn = solving_draws(self.learned, draws, seed)
        write_atomic(Path(path), law_text(self._mapping(name, drawn)))

    def _mapping(self, name: str, drawn: tuple[MixingLaw, ...]) -> dict[str, Any]:
        return law_mapping(self.learned, name, self.tables, drawn, history_data(self.history))

    def __repr__(self) -> str:
        """What it was learned from, and how well it foretells."""
        runs, chosen = self.learned.runs, self.learned.chosen
        return (
            f"LearnedLaw {chosen.name}: {len(runs.sets)} losses, {len(runs.sources)} sources, "
            f"{runs.count} runs; held out: error {chosen.error:.2f}, rank {chosen.rank:.3f}"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))


def read_runs(  # noqa: PLR0913  one keyword for each thing that a log may hold elsewhere
    *paths: str | Path,
    metric: str | Sequence[str],
    weights: str = "",
    blends: str | Path | None = None,
    step: int | None = None,
    params: str = "",
    tokens: str = "",
    keep_unfinished: bool = False,
    kind: str = "",
) -> pd.DataFrame:
    """The logs of runs as a frame that :func:`learn` takes.

    Args:
        paths: folders of W&B, TensorBoard, MLflow, Trackio, Trainer, Megatron or OLMo-core logs,
            or files.
        metric: patterns of the losses, as ``eval/*_loss``: what ``*`` stands for names the set.
        weights: key of the runs' config that holds the mixture; without it and ``blends`` a frame
            of the mixtures goes to :func:`learn` as well.
        blends: folder with a file of weights and prefixes for each run, called as the run.
        step: whose losses are taken; None: the last of each run.
        params: key of the parameters, where it is none of the usual.
        tokens: key of the tokens read, where it is none of the usual.
        keep_unfinished: whether runs that failed or stopped early are kept.
        kind: of log, where several lie there.

    Returns:
        One row a run; ``attrs["notes"]`` says how they were read.

    Raises:
        DataError: no log, or none that is whole.
        ProblemError: metrics or keys that the logs do not have.

    >>> import json, pathlib, tempfile
    >>> from atlasmix import read_runs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "run-1", "trainer_state.json")
    ...     path.parent.mkdir()
    ...     entry = {"step": 9, "eval_web_loss": 2.5}
    ...     state = {"global_step": 9, "max_steps": 9, "log_history": [entry]}
    ...     _ = path.write_text(json.dumps(state))
    ...     read_runs(folder, metric="eval_*_loss").to_dict("records")
    [{'run': 'run-1', 'loss_web': 2.5}]
    """
    import pandas as pd

    patterns = (metric,) if isinstance(metric, str) else tuple(metric)
    how = LogReading(
        patterns, weights, Path(blends) if blends else None, params, tokens, step, keep_unfinished
    )
    runs, faults = read_logs([Path(path) for path in paths], kind, step)
    table, notes = table_of_runs(runs, how, "of logs", beside=True)
    columns = list(zip(*table.rows, strict=True))
    frame = pd.DataFrame({table.header[0]: columns[0]})
    for name, cells in zip(table.header[1:], columns[1:], strict=True):
        frame[name] = [float(cell) if cell else float("nan") for cell in cells]
    frame.attrs["notes"] = [*faults, *notes]
    return frame


def learn(  # noqa: PLR0913  one keyword for each choice
    *frames: pd.DataFrame,
    law: str = "",
    compare: Sequence[str] = COMPARED,
    own: Mapping[str, str] | None = None,
    keep_diverged: bool = False,
    coverage: float = COVERAGE,
    seed: int = 0,
    for_solve: bool = False,
    constants_from: str | None = None,
) -> LearnedLaw:
    """Learn a law of every loss from runs of mixtures.

    Args:
        frames: one with ``w_SOURCE`` and ``loss_SET``, or several joined on the run's id.
        law: that answers; empty: the mixing law.
        compare: others that are judged on the same runs held out.
        own: set to its own source (empty: none) where the name does not tell.
        keep_diverged: whether runs far above the others are kept.
        coverage: of the intervals.
        seed: of folds; the same seed, the same numbers.
        for_solve: whether the mixing law keeps to the form that a solve takes (γ = 1, ε = 0).
        constants_from: name or card of a law whose exponents count where the runs, being of one
            size, tell none: assumed, not learned.

    Raises:
        DataError: columns that are missing, every fault of a table with its row, or too few runs.
        ProblemError: a law, set or source that nobody knows, or a law of another unit.

    >>> import numpy as np, pandas as pd
    >>> from atlasmix import learn
    >>> weights = np.random.default_rng(0).dirichlet([1, 1], 40)
    >>> runs = pd.DataFrame({"w_web": weights[:, 0], "w_code": weights[:, 1]})
    >>> runs["loss_web"] = 2 + 0.5 / (0.01 + weights[:, 0]) ** 0.3
    >>> law = learn(runs, compare=())
    >>> bool(abs(law.predict(runs)["loss_web"] - runs["loss_web"]).max() < 0.05)
    True
    """
    if not frames:
        raise ProblemError("no frame of runs: expected one with w_SOURCE and loss_SET")
    tables = rows_of_frames(frames, "frame")
    how = RunsReading(own=tuple((own or {}).items()), keep_diverged=keep_diverged)
    given = None if constants_from is None else given_law(constants_from)
    question = LearnQuestion(law, tuple(compare), seed, coverage, for_solve, given)
    return LearnedLaw(learn_runs(read_mixture_runs(tables, how), question), _digests(tables))


def _digests(tables: Sequence[Rows]) -> tuple[tuple[str, str], ...]:
    return tuple((table.what, table.sha256) for table in tables)
