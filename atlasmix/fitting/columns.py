"""Which column of a team's table holds what: known names, units in names, and what was said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from atlasmix.errors import DataError
from atlasmix.text import did_you_mean

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "params": (
        *("n_params", "num_params", "nparams", "parameters", "n_parameters", "num_parameters"),
        *("model_params", "total_params", "param_count", "parameter_count", "model_size", "n"),
    ),
    "tokens": (
        *("n_tokens", "num_tokens", "ntokens", "train_tokens", "training_tokens", "total_tokens"),
        *("tokens_seen", "tokens_trained", "token_num", "token_count", "d"),
    ),
    "unique_tokens": (
        *("n_unique_tokens", "num_unique_tokens", "unique", "tokens_per_epoch", "u"),
    ),
    "epochs": ("n_epochs", "num_epochs"),
    "loss": (
        *("val_loss", "validation_loss", "valid_loss", "eval_loss", "test_loss", "final_loss"),
        *("final_val_loss", "loss_val", "ppl", "perplexity", "val_ppl", "eval_ppl"),
        *("val_perplexity", "eval_perplexity", "validation_perplexity", "test_perplexity"),
        *("bpb", "val_bpb", "eval_bpb", "bits_per_byte"),
    ),
    "compute": ("flops", "flop", "training_flops", "train_flops", "total_flops", "c"),
    "languages": ("n_languages", "num_languages", "language_count", "k"),
    "language": ("lang", "target", "target_language", "eval_language"),
    "run": ("run_id", "run_name", "name", "id"),
    "mixture": ("mix", "mixture_id", "mixture_name"),
}
"""Fields and the other names that columns are known by, as ``plain`` writes them."""

_UNITS: Final = {
    **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
    **dict.fromkeys(("m", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "trillion", "trillions"), 1e12),
}
_COUNTED: Final = ("params", "tokens", "unique_tokens")
_WITHOUT_EMBEDDINGS: Final = re.compile(r"no_?n?_?_?emb|without_emb|excl?_emb")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        place: its position.
        name: its name, as written.
        factor: what a bare number in it is multiplied by: 1e9 for a column in billions.
    """

    place: int
    name: str
    factor: float = 1.0


def find_columns(header: tuple[str, ...], said: Mapping[str, str]) -> dict[str, Column]:
    """Field -> column, for the fields that the table has.

    Args:
        header: names of the columns.
        said: field -> name of its column, with ``:B`` (K, M, B, T) where it counts in such units.

    Raises:
        DataError: a column that is not there, or two that could be meant.
    """
    faults: list[str] = []
    columns: dict[str, Column] = {}
    for field, written in said.items():
        column = _said(header, field, written, faults)
        if column is not None:
            columns[field] = column
    for field in FIELDS:
        if field in columns:
            continue
        fitting = [
            Column(place, name, factor)
            for place, name in enumerate(header)
            if (factor := _fits(name, field))
        ]
        exact = [column for column in fitting if bare_name(column.name) == field]
        if len(exact) == 1:
            fitting = exact
        if len(fitting) > 1:
            names = [column.name for column in fitting]
            faults.append(
                f"header: {field} could be {' or '.join(names)}: say column {field}={names[0]}"
            )
        elif fitting:
            columns[field] = fitting[0]
    if faults:
        raise DataError("the columns of the table are not clear:", tuple(faults))
    return columns


def check_present(
    header: tuple[str, ...], columns: Mapping[str, Column], needed: list[str]
) -> None:
    """Refuse a table without a needed field, naming the columns that may hold it.

    Raises:
        DataError: with one sentence for every missing field.
    """
    faults = []
    for field in needed:
        if field in columns:
            continue
        stem = "embed" if field == "params" else field.rstrip("s")[:4]
        near = [name for name in header if stem in bare_name(name)][:4]
        guess = near[0] if near else header[0]
        words = f"perhaps {' or '.join(near)}" if near else f"there are {', '.join(header[:12])}"
        tail = ""
        if field == "params" and near:
            tail = " (AtlasMix counts parameters with embeddings; the card should say if not)"
        faults.append(f"header: no column holds {field}: {words}; say column {field}={guess}{tail}")
    if faults:
        raise DataError("the table lacks what a law is fitted to:", tuple(faults), field="column")


def bare_name(name: str) -> str:
    """A column's name in small letters and underscores, without ``config.`` before it.

    >>> plain("config/N Params"), plain("Tokens (B)")
    ('n_params', 'tokens_b')
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    return re.sub(r"^(config|summary)_", "", words)


def without_embeddings(name: str) -> bool:
    """Whether a column's name says that parameters are counted without embeddings."""
    return _WITHOUT_EMBEDDINGS.search(bare_name(name)) is not None


def is_perplexity(name: str) -> bool:
    """Whether a column's name says that it holds perplexities."""
    return re.search(r"(^|_)(ppl|perplexity)(_|$)", bare_name(name)) is not None


def is_bits_per_byte(name: str) -> bool:
    """Whether a column's name says that it holds bits per byte."""
    return re.search(r"(^|_)(bpb|bits_per_byte)(_|$)", bare_name(name)) is not None


def _fits(name: str, field: str) -> float:
    """The factor of a column that holds ``field`` by its name; 0 where it does not."""
    words = bare_name(name)
    if words in (field, *FIELDS[field]):
        return 1.0
    if field not in _COUNTED or without_embeddings(name):
        return 0.0
    stem, _, unit = words.rpartition("_")
    stem = stem.removesuffix("_in")
    # "d_b" could be anything: a unit needs a name that is more than a letter.
    return _UNITS.get(unit, 0.0) if len(stem) > 1 and stem in (field, *FIELDS[field]) else 0.0


def _said(header: tuple[str, ...], field: str, written: str, faults: list[str]) -> Column | None:
    if field not in FIELDS:
        hint = did_you_mean(field, FIELDS) or f"expected one of {', '.join(FIELDS)}"
        faults.append(f"column {field}={written}: no field {field[:40]!r}: {hint}")
        return None
    name, colon, unit = written.rpartition(":")
    if written in header or not colon:
        name, unit = written, ""
    if name not in header:
        hint = did_you_mean(name, header) or f"there are {', '.join(header)}"
        faults.append(f"column {field}={written}: no column {name[:60]!r}: {hint}")
        return None
    if unit and unit.lower() not in _UNITS:
        faults.append(f"column {field}={written}: no unit {unit[:20]!r}: expected K, M, B or T")
        return None
    factor = _UNITS[unit.lower()] if unit else _fits(name, field) or 1.0
    return Column(header.index(name), name, factor)
