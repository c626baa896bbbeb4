"""Measure transfer from own loss curves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlasmix.errors import ProblemError
from atlasmix.evidence.scores import scores_csv
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.fitting.curve_matrix import Matrix, Origin, score_matrix, write_matrix
from atlasmix.fitting.curve_scores import CurveQuestion, CurveScores, scores_of_curves
from atlasmix.fitting.loss_curves import read_curves
from atlasmix.io.tables import frame_rows, joined, to_csv
from atlasmix.quantities import parse_quantity
from atlasmix.report.curves import curve_blocks
from atlasmix.report.terminal import terminal_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredScores:
    """Bilingual Transfer Scores read off loss curves.

    Attributes:
        measured: all that is known of them.
        origin: the tables, the source and the licence.
    """

    measured: CurveScores
    origin: Origin

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes scores doubtful, or was left out, one sentence each."""
        return self.measured.warnings

    @property
    def matrix(self) -> TransferMatrix:
        """The scores at the first anchor, for ``Problem(..., matrix=...)``.

        Raises:
            DataError: no pair has a score there.
        """
        card, table = self._matrix()
        digest = hashlib.sha256(scores_csv(table)).hexdigest()
        return TransferMatrix("measured", *table, card, digest)

    def _matrix(self) -> Matrix:
        return score_matrix(self.measured, self.origin)

    def to_frame(self) -> pd.DataFrame:
        """A row a pair and anchor: outcome, score (or bound), errors, interval, tokens."""
        import pandas as pd

        rows = [
            {
                "source": each.source,
                "target": each.target,
                "anchor": each.anchor,
                "outcome": each.outcome,
                "score": each.score,
                "stderr": each.stderr,
                "shared_stderr": each.shared,
                "low": each.interval[0],
                "high": each.interval[1],
                "tokens": each.tokens,
            }
            for each in self.measured.scores
        ]
        return pd.DataFrame(rows)

    def report(self) -> str:
        """What ``atlasmix measure curves`` prints, 80 columns wide."""
        return terminal_text(curve_blocks(self.measured))

    def save(self, path: str | Path) -> None:
        """Write the matrix, and ``NAME.card.yaml`` beside it, as ``matrices add`` takes them.

        Raises:
            DataError: no pair has a score, or the files cannot be written.
        """
        write_matrix(Path(path), self._matrix())

    def __repr__(self) -> str:
        """A line a pair at the first anchor, up to eight."""
        here = self.measured.at(self.measured.anchors[0])
        known = [each for each in here if each.outcome == "scored"]
        told = [f"MeasuredScores: {len(known)} of {len(here)} pairs have a score"]
        told += [
            f"  {each.source} to {each.target}  {each.score:.2f} ±{each.stderr:.2g}"
            for each in known[:8]
        ]
        return "\n".join([*told, *([f"  and {len(known) - 8} more"] if len(known) > 8 else [])])

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))


def measure_curves(
    *frames: pd.DataFrame,
    at: float | str | Sequence[float | str] = (),
    params: float | str | None = None,
    columns: Mapping[str, str] | None = None,
    source: str = "",
    licence: str = "",
) -> MeasuredScores:
    """Read Bilingual Transfer Scores off loss curves of runs on one and on two languages.

    Args:
        frames: a row a checkpoint: languages (``cat``, ``cat+spa``), tokens of all languages, and
            language and loss, or ``loss_LANG``; run, seed, params, phase, batch, vocabulary and
            ``share_LANG`` where there are any.
        at: d_mono, one or several; empty: the last tokens that every target has alone, their half
            and quarter.
        params: of the runs, where the frames do not say.
        columns: field to column, where the name is not a known one.
        source, licence: of the scores, for the card.

    Raises:
        DataError: every fault of a table with its row, or no pair to score.
        ProblemError: several sizes and none chosen, or an anchor beyond the runs.

    >>> import numpy as np, pandas as pd
    >>> from atlasmix import measure_curves
    >>> tokens = np.linspace(1e9, 20e9, 20)
    >>> alone = pd.DataFrame({"languages": "cat", "tokens": tokens})
    >>> alone["loss_cat"] = 2 + 500 / tokens**0.3
    >>> both = pd.DataFrame({"languages": "cat+spa", "tokens": tokens})
    >>> both["loss_cat"] = 2 + 500 / (0.8 * tokens) ** 0.3
    >>> round(measure_curves(alone, both, at="10B").measured.scores[0].score, 2)
    0.75
    """
    if not frames:
        raise ProblemError("no frame of curves: expected one row a checkpoint")
    tables = [
        frame_rows(frame, f"frame {place + 1}" if len(frames) > 1 else "frame")
        for place, frame in enumerate(frames)
    ]
    digests = tuple(
        (table.what, hashlib.sha256(to_csv(table.header, table.rows)).hexdigest())
        for table in tables
    )
    given = (at,) if isinstance(at, str | int | float) else tuple(at)
    anchors = tuple(parse_quantity(each, "at") for each in given)
    size = None if params is None else parse_quantity(params, "params")
    read = read_curves(joined(tables, "the frames"), columns)
    scores = scores_of_curves(read, CurveQuestion(anchors, size))
    return MeasuredScores(scores, Origin(digests, source, licence))
