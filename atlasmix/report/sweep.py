"""The answers of a sweep as a table, on a page and in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlasmix.errors import DataError
from atlasmix.io.files import write_atomic
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.mixture import Mixture
from atlasmix.quantities import format_value
from atlasmix.report.blocks import Column, Row, Table
from atlasmix.report.words import percent

if TYPE_CHECKING:
    import pandas as pd

_NAMED: Final = 3
_FORMS: Final = (".csv", ".parquet", ".json")


def sweep_table(
    axes: Sequence[str],
    objective: str,
    answers: Iterable[tuple[Sequence[Any], Mixture | None, str]],
) -> Table:
    """One line a problem: what varies, the objective, the tokens, the largest languages.

    Args:
        axes: names of what varies.
        objective: what the value is called.
        answers: of each problem its values, its mixture, and why it has none.
    """
    rows = []
    for values, mixture, refusal in answers:
        cells: list[Any] = [_value(value) for value in values]
        if mixture is None:
            rows.append(Row((*cells, None, None, refusal)))
            continue
        shares = list(mixture.proportions.items())
        told = ", ".join(f"{name_of(key)} {percent(share)}" for key, share in shares[:_NAMED])
        more = f" and {len(shares) - _NAMED} more" if len(shares) > _NAMED else ""
        rows.append(Row((*cells, mixture.certificate.value, mixture.tokens, told + more)))
    return Table(
        (
            *(Column(axis) for axis in axes),
            Column(objective, "loss"),
            Column("tokens", "tokens"),
            Column("reads"),
        ),
        tuple(rows),
        title="The answers of the sweep",
    )


def _value(value: Any) -> str:
    return format_value(value) if isinstance(value, int | float) else str(value)


def check_table(path: Path) -> None:
    """Refuse a table that could not be written, before a long computation.

    Raises:
        DataError: another ending than .csv, .parquet and .json, or Parquet without pyarrow.
    """
    if path.suffix.lower() not in _FORMS:
        raise DataError(
            f"table {path.name[:80]!r}: expected a file name that ends in {', '.join(_FORMS)}"
        )
    if path.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise DataError(
            "Parquet needs pyarrow, which is not installed: pip install 'atlasmix[parquet]'"
        )


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame in one step, in the form that the ending names.

    Raises:
        DataError: another ending, a path that cannot be written, or Parquet without pyarrow.
    """
    check_table(path)
    form = path.suffix.lower()
    if form == ".csv":
        write_atomic(path, frame.to_csv(index=False))
    elif form == ".json":
        write_atomic(path, frame.to_json(orient="records", indent=2) + "\n")
    else:
        write_atomic(path, frame.to_parquet(index=False))
