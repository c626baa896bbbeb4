"""Loss curves of runs of one language and of two: a table of checkpoints, read strictly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError
from atlasmix.fitting.runs import frozen
from atlasmix.fitting.tables import (
    FIELDS,
    Column,
    Numbers,
    check_present,
    find_columns,
    is_bits_per_byte,
    is_perplexity,
)
from atlasmix.io.tables import Rows, refuse
from atlasmix.languages.pairs import pair_of
from atlasmix.languages.resolving import resolve
from atlasmix.quantities import read_number
from atlasmix.text import first_few

Array = NDArray[np.float64]

CURVE_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "run": FIELDS["run"],
    "languages": ("langs", "trained_on", "train_languages", "training_languages", "sources"),
    "tokens": FIELDS["tokens"],
    "language": (*FIELDS["language"], "evaluation_language", "evaluated_on", "eval_lang"),
    "loss": FIELDS["loss"],
    "params": FIELDS["params"],
    "seed": ("random_seed", "data_seed"),
    "phase": ("stage", "schedule", "cooldown", "cool_down", "annealed", "decay"),
    "batch": ("batch_size", "global_batch_size", "train_batch_size", "batch_tokens"),
    "vocabulary": ("vocab", "vocab_size", "vocabulary_size", "tokenizer"),
}
"""Fields of a table of curves and the other names that their columns are known by."""

HALF_WITHIN: Final = 0.01
"""How far from a half the share of each language may lie: our choice, a hundredth, by which a
score moves by about a fiftieth."""

_LOSS: Final = re.compile(
    r"(?:(?:eval|val|valid|validation|test)[_/. ])?(loss|bpb|ppl|perplexity)[_/.: ](.+)",
    re.IGNORECASE,
)
_KINDS: Final = {"loss": "loss", "bpb": "bpb", "ppl": "ppl", "perplexity": "ppl"}
_SHARE: Final = re.compile(r"(?:share|weight|w)[_/.: ](.+)", re.IGNORECASE)
_APART: Final = re.compile(r"[+,/;&|]|\s+and\s+")
_STABLE: Final = frozenset(
    ("", "stable", "constant", "main", "train", "warmup", "no", "false", "0", "0.0")
)
_ANNEALED: Final = frozenset(
    (
        "cooldown",
        "cool-down",
        "cooled",
        "decay",
        "decayed",
        "anneal",
        "annealed",
        "annealing",
        "final",
        "yes",
        "true",
        "1",
        "1.0",
    )
)
_MOST_POINTS: Final = 1_000_000
_MOST_CURVES: Final = 5_000
MOST_CHECKPOINTS: Final = 300
"""Of a curve; more, as where every step was logged, are joined by neighbours (our choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class LossCurve:
    """The loss of one run on the held-out text of one language, as training goes on.

    Attributes:
        run: its name.
        languages: that it trains on, sorted.
        target: whose held-out text it is.
        tokens: (n,) all tokens read by each checkpoint, of every language, ascending.
        loss: (n,) in the unit of the table; perplexities as their logarithm.
        annealed: whether these are checkpoints after a cool-down of the learning rate.
        shares: share of each of ``languages``; empty where the table does not say, which is half
            and half.
        params: parameters; 0 where the table does not say.
        batch, vocabulary: as the table writes them; empty where it does not.
    """

    run: str
    languages: tuple[str, ...]
    target: str
    tokens: Array
    loss: Array
    annealed: bool = False
    shares: tuple[float, ...] = ()
    params: float = 0.0
    batch: str = ""
    vocabulary: str = ""

    @property
    def even(self) -> bool:
        """Whether every language has the same share, as a Bilingual Transfer Score asks."""
        part = 1 / len(self.languages)
        return all(abs(share - part) <= HALF_WITHIN for share in self.shares)


@dataclass(frozen=True, slots=True, eq=False)
class LossCurves:
    """Every curve of a table.

    Attributes:
        curves: by run and language of the loss, in the order of the table.
        what: how messages name the table.
        notes: how it was read, one sentence each.
        bits: whether losses are in bits per byte, which vocabularies do not change.
    """

    curves: tuple[LossCurve, ...]
    what: str
    notes: tuple[str, ...] = ()
    bits: bool = False


def read_curves(table: Rows, columns: Mapping[str, str] | None = None) -> LossCurves:
    """The curves of a table with a row for each checkpoint.

    Args:
        table: long, with the columns languages (trained on, as ``cat`` or ``cat+spa``), tokens,
            language (evaluated) and loss; or wide, with ``loss_LANG`` in the place of the last two.
            Beside them run, seed, params, phase (stable or cooldown), batch, vocabulary and
            ``share_LANG``.
        columns: field to the name of its column, where it is not a known one.

    Raises:
        DataError: with every fault of the table in ``faults``, each with its row.

    >>> rows = (("cat", "1e9", "3.1"), ("cat", "2e9", "2.9"))
    >>> table = Rows("t.csv", ("languages", "tokens", "loss_cat"), (2, 3), rows)
    >>> read_curves(table).curves[0].loss.tolist()
    [3.1, 2.9]
    """
    table, kind = _long(table)
    known = find_columns(table.header, dict(columns or {}), CURVE_FIELDS)
    check_present(table.header, known, ["languages", "tokens", "language", "loss"])
    notes: list[str] = []
    numbers = Numbers(table, known, drop_incomplete=True)
    logarithm = kind == "ppl" or is_perplexity(known["loss"].name)
    if logarithm:
        notes.append("losses are the logarithms of perplexities")
    points = _points(numbers, logarithm)
    labels = _labels(table, known, numbers.faults)
    refuse(table.what, numbers.faults)
    kept = numbers.kept(notes)
    if not kept.any():
        raise DataError(f"{table.what} has no row with a finite loss: expected checkpoints")
    places: dict[tuple[object, ...], list[int]] = {}
    for row in np.flatnonzero(kept).tolist():
        label = labels[row]
        # Without names of runs, and of cool-downs, sizes and shares tell them apart.
        apart = (label.params, label.shares) if not label.named else ()
        places.setdefault((label.run, label.target, *apart), []).append(row)
    if len(places) > _MOST_CURVES:
        raise DataError(
            f"{table.what} has {len(places):,} curves: at most {_MOST_CURVES:,} are read",
            field="curves",
        )
    long = sum(len(rows) > MOST_CHECKPOINTS for rows in places.values())
    if long:
        notes.append(
            f"{long} curves of over {MOST_CHECKPOINTS} checkpoints: neighbours were joined, each "
            "group by its means"
        )
    faults: list[str] = []
    curves = [_curve(table, rows, labels, points, faults) for rows in places.values()]
    refuse(table.what, faults)
    bits = kind == "bpb" or is_bits_per_byte(known["loss"].name)
    return LossCurves(tuple(curves), table.what, tuple(notes), bits)


class _Points(NamedTuple):
    """Numbers of every row."""

    tokens: Array
    loss: Array
    params: Array


def _points(numbers: Numbers, logarithm: bool) -> _Points:
    """Tokens, losses and sizes; a size that no row says is 0."""
    tokens, loss = numbers.column("tokens"), numbers.column("loss")
    params = numbers.column("params", empty=0.0)
    assert tokens is not None
    assert loss is not None
    if logarithm:
        numbers.refuse_where(loss <= 1, "perplexity", loss, "expected a number above 1")
        loss = np.log(np.maximum(loss, 1 + 1e-12))
    return _Points(tokens, loss, np.zeros(len(loss)) if params is None else params)


def _curve(
    table: Rows,
    rows: list[int],
    labels: Sequence[_Label],
    points: _Points,
    faults: list[str],
) -> LossCurve:
    """The curve of some rows, which are of one run and one language."""
    each = [labels[row] for row in rows]
    first = each[0]
    _refuse_unlike(table, each, rows, faults)
    at = np.array(rows)[np.argsort(points.tokens[rows], kind="stable")]
    twice = np.flatnonzero(np.diff(points.tokens[at]) <= 0)
    loss = points.loss[at]
    differing = [place for place in twice.tolist() if loss[place] != loss[place + 1]]
    if differing:
        lines = " and ".join(table.lines[row] for row in at[differing[0] : differing[0] + 2])
        faults.append(
            f"rows {lines}: two losses of {first.target} at the same tokens of run {first.run}: "
            "name the runs apart in a column run or seed, or keep one"
        )
    at = np.delete(at, twice)
    read, losses = _joined(points.tokens[at], points.loss[at])
    return LossCurve(
        run=first.run,
        languages=first.languages,
        target=first.target,
        tokens=frozen(read),
        loss=frozen(losses),
        annealed=first.annealed,
        shares=first.shares,
        params=float(points.params[at[0]]),
        batch=each[-1].batch,
        vocabulary=first.vocabulary,
    )


def _joined(tokens: Array, loss: Array) -> tuple[Array, Array]:
    """Neighbouring checkpoints as one where there are too many; tokens by their mean log."""
    if len(tokens) <= MOST_CHECKPOINTS:
        return tokens, loss
    groups = np.array_split(np.arange(len(tokens)), MOST_CHECKPOINTS)
    logs = np.log(tokens)
    return (
        np.array([math.exp(float(logs[group].mean())) for group in groups]),
        np.array([float(loss[group].mean()) for group in groups]),
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """What a row says of its run."""

    run: str
    named: bool
    languages: tuple[str, ...]
    target: str
    annealed: bool
    shares: tuple[float, ...]
    params: str
    batch: str
    vocabulary: str


def _long(table: Rows) -> tuple[Rows, str]:
    """A wide table as a long one, a long one as it is; and what a wide one calls its losses."""
    columns = {
        place: (_KINDS[match[1].lower()], match[2])
        for place, name in enumerate(table.header)
        if (match := _LOSS.fullmatch(name.strip())) and _is_language(match[2])
    }
    if not columns:
        return table, ""
    kinds = sorted({kind for kind, _ in columns.values()})
    if len(kinds) > 1:
        raise DataError(
            f"{table.what} has columns of {' and '.join(kinds)}: expected one unit of loss",
            field="column",
        )
    if len(table.rows) * len(columns) > _MOST_POINTS:
        raise DataError(
            f"{table.what} has over {_MOST_POINTS:,} losses: keep a few hundred checkpoints a run"
        )
    others = [place for place in range(len(table.header)) if place not in columns]
    header = (*(table.header[place] for place in others), "language", "loss")
    rows, numbers, places = [], [], []
    for number, line, row in zip(table.numbers, table.lines, table.rows, strict=True):
        whole = (*row, *[""] * (len(table.header) - len(row)))
        for place, (_, language) in columns.items():
            if whole[place].strip():
                rows.append((*(whole[other] for other in others), language, whole[place]))
                numbers.append(number)
                places.append(line)
    return Rows(table.what, header, tuple(numbers), tuple(rows), tuple(places)), kinds[0]


def _is_language(text: str) -> bool:
    try:
        resolve(text)
    except DataError:
        return False
    return True


def _labels(table: Rows, known: Mapping[str, Column], faults: list[str]) -> list[_Label]:
    """What every row says of its run; what cannot be read is a fault."""
    keys: dict[str, str] = {}

    def key(written: str, line: str) -> str:
        if written not in keys:
            try:
                keys[written] = str(resolve(written.strip()))
            except DataError as error:
                faults.append(f"row {line}: {error}")
                keys[written] = ""
        return keys[written]

    shares = _share_columns(table)
    labels = []
    for line, row in zip(table.lines, table.rows, strict=True):
        cells = {
            field: row[column.place].strip() if column.place < len(row) else ""
            for field, column in known.items()
        }
        names, parts = _trained_on(cells["languages"])
        languages = [key(name, line) for name in names]
        if not names:
            faults.append(f"row {line}: languages is empty: expected cat or cat+spa")
        by_column = [
            read_number(row[shares[each]]) if each in shares and shares[each] < len(row) else None
            for each in languages
        ]
        if not parts and languages and all(part is not None for part in by_column):
            parts = [part or 0.0 for part in by_column]
        total = sum(parts)
        order = sorted(range(len(languages)), key=languages.__getitem__)
        phase = cells.get("phase", "").lower()
        if phase not in _STABLE | _ANNEALED:
            faults.append(f"row {line}: phase is {phase[:30]!r}: expected stable or cooldown")
        trained = tuple(languages[place] for place in order)
        annealed = phase in _ANNEALED
        # Cool-downs branch off one run: each is a run in its tracker, all together are one curve.
        named = "" if annealed else cells.get("run", "")
        seed = cells.get("seed", "")
        ordered = tuple(parts[place] / total for place in order) if total > 0 else ()
        run = named or _made_name(trained, ordered, cells.get("params", ""))
        run += f" seed {seed}" if seed and not named else ""
        labels.append(
            _Label(
                f"{run}, cooled down" if annealed else run,
                bool(named),
                trained,
                key(cells["language"], line),
                annealed,
                ordered,
                cells.get("params", ""),
                cells.get("batch", ""),
                cells.get("vocabulary", ""),
            )
        )
    return labels


def _made_name(languages: Sequence[str], shares: Sequence[float], params: str) -> str:
    """What a run without a name is called, so that runs of other shares and sizes are others.

    >>> _made_name(["cat", "spa"], [0.3, 0.7], "1B"), _made_name(["cat", "spa"], [0.5, 0.5], "")
    ('cat:30+spa:70 1B', 'cat+spa')
    """
    even = all(abs(share * len(languages) - 1) < HALF_WITHIN for share in shares)
    names = [
        language if even else f"{language}:{100 * share:.3g}"
        for language, share in zip(languages, shares or [1.0] * len(languages), strict=True)
    ]
    return " ".join(filter(None, ("+".join(names), params)))


def _share_columns(table: Rows) -> dict[str, int]:
    """Language to the column with its share."""
    return {
        str(resolve(match[1])): place
        for place, name in enumerate(table.header)
        if (match := _SHARE.fullmatch(name.strip())) and _is_language(match[1])
    }


def _trained_on(cell: str) -> tuple[list[str], list[float]]:
    """Names and shares in a cell: ``cat+spa``, ``cat:30+spa:70``, ``cat-spa``.

    >>> _trained_on("cat:30+spa:70"), _trained_on("cat-spa"), _trained_on("cat")
    ((['cat', 'spa'], [30.0, 70.0]), (['cat', 'spa'], []), (['cat'], []))
    """
    if (both := pair_of(cell)) is not None:
        return list(both), []
    names, shares = [], []
    for part in filter(None, map(str.strip, _APART.split(cell))):
        name, _, share = part.partition(":")
        number = read_number(share.rstrip("% "))
        names.append(name.strip())
        if number is not None and number > 0:
            shares.append(number)
    return names, shares if len(shares) == len(names) else []


def _refuse_unlike(
    table: Rows, labels: Sequence[_Label], rows: Sequence[int], faults: list[str]
) -> None:
    """Rows of one run that differ in what a run has one of."""
    for field in ("languages", "shares", "params", "vocabulary"):
        values = [getattr(label, field) for label in labels]
        other = next((place for place, each in enumerate(values) if each != values[0]), None)
        if other is not None:
            shown = [
                "+".join(map(str, each)) if isinstance(each, tuple) else each
                for each in (values[0], values[other])
            ]
            lines = f"{table.lines[rows[0]]} and {table.lines[rows[other]]}"
            faults.append(
                f"rows {lines}: run {labels[0].run[:40]} has {field} {first_few(shown, 2)}: name "
                "the runs apart"
            )
