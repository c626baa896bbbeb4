"""What a training run has read so far, source by source, from its log or a table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from atlasmix.audit import megatron_log
from atlasmix.audit.consumed import Consumed
from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import as_weight
from atlasmix.io.safe_yaml import decode
from atlasmix.io.tables import read_file, read_rows, refuse

LOG_LIMIT: Final = 512 * 1024 * 1024
"""Most bytes of a log."""

MOST_READ: Final = 1e18
"""Most tokens, samples or documents of a source: a million times what the largest runs read."""

_SOURCES: Final = ("source", "pool", "prefix", "name", "dataset")
_AMOUNTS: Final = {
    "tokens": "tokens",
    "consumed_tokens": "tokens",
    "samples": "samples",
    "consumed_samples": "samples",
    "sequences": "samples",
    "documents": "documents",
}
_STEPS: Final = ("step", "_step", "iteration", "global_step")


def read_log(path: Path) -> Consumed:
    """A log in any of the shapes that are read.

    * a table (CSV or Parquet) with a column ``source`` (or ``pool``, ``prefix``, ``name``,
      ``dataset``) and ``tokens``, ``samples`` (``sequences``) or ``documents``, and perhaps
      ``step`` (``iteration``): amounts are totals, of several steps the last one counts;
    * JSON lines, one object a source with those keys, or one object a step as wandb keeps them,
      with keys that end in the source: ``tokens/cat__human__hplt_v4``;
    * Megatron's standard output: ``dataset 0, input: 0.85, achieved: 0.85`` for the shares (its
      sources by number) and ``consumed samples: 51200`` for how far the run is.

    Raises:
        DataError: none of these, or with every fault and its row.
    """
    content = read_file(path, LOG_LIMIT)
    what = f"log {path.name or path}"
    if content.startswith(b"PAR1"):
        return read_table(content, what)
    text = decode(content, what, LOG_LIMIT)
    if not text.strip():
        raise DataError(f"{what} is empty: expected what the run has consumed")
    if text.lstrip().startswith("{"):
        return read_lines(text, what)
    if megatron_log.looks_like(text):
        return megatron_log.read(text, what)
    return read_table(content, what)


def read_table(content: bytes, what: str) -> Consumed:
    """A CSV or Parquet table, one row a source, or one a source and step.

    Raises:
        DataError: a column is missing, or with every fault and its row.
    """
    rows = read_rows(content, what)
    header = [name.lower() for name in rows.header]
    source, unit = _columns(header, what)
    entries: list[tuple[str, str, object, object]] = []
    step = next((name for name in _STEPS if name in header), None)
    for line, row in zip(rows.numbers, rows.rows, strict=True):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        amount = cells.get(unit, "").replace(",", "")
        entries.append((f"row {line}", cells.get(source, ""), amount, cells.get(step or "", "")))
    return _consumed(entries, _AMOUNTS[unit], what, "table")


def read_lines(text: str, what: str) -> Consumed:
    """JSON lines, or one JSON: an object a source, or an object a step.

    Raises:
        DataError: with every line that is no object, or where no key names a source.
    """
    objects: list[tuple[str, dict[str, Any]]] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            objects.append((f"line {number}", content))
        else:
            faults.append(f"line {number}: no JSON object; a run that was cut off, perhaps")
    if len(faults) == 1 and faults[0].startswith(f"line {len(text.splitlines())}:") and objects:
        faults = []  # the last line of a run that is still writing
    refuse(what, faults)
    keys = {key.lower() for _, each in objects for key in each}
    if keys & set(_SOURCES) and keys & set(_AMOUNTS):
        source, unit = _columns(list(keys), what)
        entries = [
            (place, str(_get(each, source)), _get(each, unit), _step(each))
            for place, each in objects
        ]
        return _consumed(entries, _AMOUNTS[unit], what, "lines")
    return _by_step(objects, what)


def _by_step(objects: list[tuple[str, dict[str, Any]]], what: str) -> Consumed:
    """Keys such as ``train/tokens/cat__human__hplt_v4``; each key's last value counts."""
    entries: dict[str, list[tuple[str, str, object, object]]] = {}
    for place, content in objects:
        for key, value in content.items():
            unit, source = _unit_and_source(key)
            if unit and as_weight(value) is not None:
                entries.setdefault(unit, []).append((place, source, value, _step(content)))
    if len(entries) != 1:
        kinds = " and ".join(sorted(entries)) or "none"
        raise DataError(
            f"{what} has amounts by source in {kinds}: expected objects with a source and one of "
            f"{', '.join(dict.fromkeys(_AMOUNTS.values()))}, or keys such as 'tokens/SOURCE'"
        )
    unit, amounts = entries.popitem()
    return _consumed(amounts, unit, what, "lines")


def _unit_and_source(key: str) -> tuple[str, str]:
    parts = key.replace(".", "/", 1).split("/") if "/" not in key else key.split("/")
    for place, word in enumerate(parts[:-1]):
        unit = _AMOUNTS.get(word.lower())
        if unit:
            return unit, "/".join(parts[place + 1 :])
    return "", ""


def _columns(header: list[str], what: str) -> tuple[str, str]:
    source = next((name for name in _SOURCES if name in header), None)
    unit = next((name for name in _AMOUNTS if name in header), None)
    if source is None or unit is None:
        raise DataError(
            f"{what} has the columns {', '.join(sorted(header))[:200]}: expected one of "
            f"{', '.join(_SOURCES)} and one of {', '.join(_AMOUNTS)}"
        )
    return source, unit


def _get(content: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in content.items() if key.lower() == name), "")


def _step(content: Mapping[str, Any]) -> object:
    return next((content[name] for name in _STEPS if name in content), "")


def _consumed(
    entries: list[tuple[str, str, object, object]], unit: str, what: str, form: str
) -> Consumed:
    """Totals by source: of several steps the last one."""
    amounts: dict[str, float] = {}
    last: dict[str, float] = {}
    faults: list[str] = []
    for place, source, written, at in entries:
        amount, step = as_weight(written), as_weight(at)
        if not source:
            faults.append(f"{place}: no source")
        elif amount is None or not 0 <= amount <= MOST_READ:
            faults.append(
                f"{place}: {str(written)[:40]!r}: expected a number of {unit} from 0 to "
                f"{MOST_READ:g}"
            )
        elif step is None and source in amounts:
            faults.append(f"{place}: {source} stands there twice, and no step says which is later")
        elif step is None or step >= last.get(source, -math.inf):
            amounts[source], last[source] = amount, -math.inf if step is None else step
    if not amounts and not faults:
        faults.append("no rows: expected one a source")
    refuse(what, faults)
    steps = [step for step in last.values() if math.isfinite(step)]
    return Consumed(form, amounts, unit, step=int(max(steps)) if steps else None)
