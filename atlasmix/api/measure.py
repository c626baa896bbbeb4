"""Measure transfer from own loss curves, or a proxy of it from own texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atlasmix.errors import ProblemError
from atlasmix.evidence.new_matrix import NewMatrix, Origin, write_matrix
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.evidence.trigrams import read_texts
from atlasmix.fitting.curve_matrix import score_matrix
from atlasmix.fitting.curve_scores import CurveQuestion, CurveScores, scores_of_curves
from atlasmix.fitting.loss_curves import read_curves
from atlasmix.io.tables import joined, rows_of_frames
from atlasmix.languages.resolving import resolve
from atlasmix.quantities import parse_quantity
from atlasmix.report.curves import curve_blocks
from atlasmix.report.proxies import proxy_blocks
from atlasmix.report.terminal import terminal_text
from atlasmix.transfer.proxy_matrix import calibrate, calibrated_matrix, proxy_matrix
from atlasmix.transfer.text_proxy import SEEDS, TRAINED, TextProxies, text_proxies

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
        return TransferMatrix.of_table("measured", *self._matrix())

    def _matrix(self) -> NewMatrix:
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


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredProxies:
    """Proxies of transfer from texts alone: an order of donors, and no transfer score.

    Attributes:
        proxies: all that is known of them.
        origin: the texts, the source and the licence.
    """

    proxies: TextProxies
    origin: Origin

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes proxies doubtful, one sentence each."""
        return self.proxies.warnings

    @property
    def matrix(self) -> TransferMatrix:
        """The proxies between their controls, in the metric ``proxy``; a solve does not take them.

        Raises:
            DataError: no two languages write in the same letters.
        """
        return TransferMatrix.of_table("proxies", *proxy_matrix(self.proxies, self.origin))

    def predicted(self, matrix: TransferMatrix) -> TransferMatrix:
        """BTS predicted from the proxies, by a line fitted on what a matrix has measured.

        Args:
            matrix: BTS, eight of these pairs measured and of three targets at least.

        Raises:
            ProblemError: a matrix of another metric, or too few measured pairs.
            DataError: the proxies foretell measured pairs no better than their mean.
        """
        line = calibrate(self.proxies, matrix)
        made = calibrated_matrix(self.proxies, line, matrix, self.origin)
        return TransferMatrix.of_table("predicted", *made)

    def to_frame(self) -> pd.DataFrame:
        """A row a pair: outcome, raw proxy, proxy between controls, errors, cosine of trigrams."""
        import pandas as pd

        return pd.DataFrame([asdict(each) for each in self.proxies.scores])

    def report(self) -> str:
        """What ``atlasmix measure text`` prints, 80 columns wide."""
        return terminal_text(proxy_blocks(self.proxies))

    def save(self, path: str | Path) -> None:
        """Write the matrix, and ``NAME.card.yaml`` beside it, as ``matrices add`` takes them.

        Raises:
            DataError: no pair can be measured, or the files cannot be written.
        """
        write_matrix(Path(path), proxy_matrix(self.proxies, self.origin))

    def __repr__(self) -> str:
        """What was worked out."""
        count = sum(each.outcome == "measured" for each in self.proxies.scores)
        return f"MeasuredProxies: {count} pairs of {len(self.proxies.controls)} languages"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))


def measure_text(
    texts: Mapping[str, str | Path],
    *,
    characters: int = TRAINED,
    seeds: int = SEEDS,
    allow_parallel: bool = False,
    source: str = "",
    licence: str = "",
) -> MeasuredProxies:
    """Proxies of transfer between languages from samples of text, in seconds a pair.

    Args:
        texts: language to the path of a plain text in UTF-8, sentences or paragraphs on lines of
            their own, no translations of each other.
        characters: read of each language.
        seeds: samples that are drawn.
        allow_parallel: whether translations line by line are only warned of.
        source, licence: of the texts, for the card.

    Raises:
        DataError: a text that cannot be read or is too short, or texts that are translations.
        ProblemError: fewer than two languages.

    >>> import random, tempfile
    >>> from atlasmix import measure_text
    >>> draw = random.Random(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = {"cat": Path(folder, "a.txt"), "spa": Path(folder, "b.txt")}
    ...     for path, words in zip(paths.values(), ("casa gat nit", "casa perro noche")):
    ...         lines = (" ".join(draw.choices(words.split(), k=9)) for _ in range(1500))
    ...         _ = path.write_text("\\n".join(lines))
    ...     proxies = measure_text(paths, characters=20_000)
    >>> proxies
    MeasuredProxies: 2 pairs of 2 languages
    """
    named = {str(resolve(key)): Path(path) for key, path in texts.items()}
    read, digests = read_texts(named)
    proxies = text_proxies(read, characters, seeds, allow_parallel)
    return MeasuredProxies(proxies, Origin(digests, source, licence))


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
    tables = rows_of_frames(frames, "frame")
    digests = tuple((table.what, table.sha256) for table in tables)
    given = (at,) if isinstance(at, str | int | float) else tuple(at)
    anchors = tuple(parse_quantity(each, "at") for each in given)
    size = None if params is None else parse_quantity(params, "params")
    read = read_curves(joined(tables, "the frames"), columns)
    scores = scores_of_curves(read, CurveQuestion(anchors, size))
    return MeasuredScores(scores, Origin(digests, source, licence))
