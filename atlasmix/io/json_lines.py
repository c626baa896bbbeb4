"""JSON Lines from strangers as rows of text: one object a line, in which nothing is nested."""

from __future__ import annotations

import json
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.io.safe_yaml import decode
from atlasmix.io.tables import TABLE_LIMIT, Rows, refuse

_MOST_COLUMNS: Final = 20_000
_MOST_CELLS: Final = 20_000_000
_MOST_FAULTS: Final = 20


def read_json_lines(content: bytes, what: str) -> Rows:
    """The rows of a table in JSON Lines; columns in the order in which they first appear.

    Args:
        content: UTF-8; empty lines are passed over.
        what: how a message names the table.

    Raises:
        DataError: too long, no text, or lines that are no plain objects; ``faults`` names them.

    >>> read_json_lines(b'{"run": 1, "loss": 2.5}', "runs.jsonl").rows
    (('1', '2.5'),)
    """
    text = decode(content, what, TABLE_LIMIT, "save it as JSON Lines in UTF-8")
    header: dict[str, int] = {}
    objects: list[tuple[int, dict[str, Any]]] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        entry, fault = _object(line)
        if fault:
            faults.append(f"line {number}: {fault}")
            if len(faults) >= _MOST_FAULTS:
                break
            continue
        for name in entry:
            header.setdefault(name.strip(), len(header))
        if len(header) > _MOST_COLUMNS or len(header) * len(objects) > _MOST_CELLS:
            raise DataError(f"{what} has more columns or cells than are read: split it")
        objects.append((number, entry))
    refuse(what, faults)
    if not objects:
        raise DataError(f"{what} is empty: expected one object a line")
    rows = []
    for _, entry in objects:
        cells = {name.strip(): value for name, value in entry.items()}
        rows.append(tuple(_cell(cells.get(name)) for name in header))
    return Rows(what, tuple(header), tuple(number for number, _ in objects), tuple(rows))


def _object(line: str) -> tuple[dict[str, Any], str]:
    """The object of a line, or what is wrong with it."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}, 'no JSON: expected an object such as {"run": 1, "loss_web": 2.5}'
    if not isinstance(entry, dict):
        return {}, f"a {type(entry).__name__}: expected an object"
    nested = next((name for name, value in entry.items() if isinstance(value, dict | list)), None)
    if nested is not None:
        return {}, f"{nested[:60]!r} is nested: expected a number or a text"
    return entry, ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
