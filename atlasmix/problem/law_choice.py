"""The loss law as a question writes it: by its name, or with its constants in full."""

from __future__ import annotations

from typing import Any, Final

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.io.plain_data import as_list, as_mapping, as_number, as_text, refuse_unknown, shown
from atlasmix.laws.kinds import DEFAULT_PHI, DEFAULT_PHI_RANGE, LossLaw
from atlasmix.laws.shelf import load_law, shipped_names

CONSTANTS: Final = ("E", "A", "alpha", "B", "beta")
_NEEDED: Final = ("name", *CONSTANTS, "unit", "measured_on", "source")
_RANGES: Final = ("phi_range", "fitted_params", "fitted_tokens")
_KEYS: Final = (*_NEEDED, "note", "decay", "language", "phi", *_RANGES)
_MOST_PHI: Final = 1.0


def read_law(value: object, store: Store) -> LossLaw:
    """The law that a question names or writes out.

    Args:
        value: a name of the shelf, a file, or a mapping of the constants; in a mapping ``phi`` and
            ``phi_range`` may be left out, and are then those of the default.
        store: where named laws are found.

    Raises:
        ProblemError: a key that is missing or unknown, or a constant that cannot be.
        DataError: no such law.
    """
    if not isinstance(value, dict):
        return load_law(as_text(value, "law"), store)
    given = as_mapping(value, "law", "{name: mine, E: 1.9, ...}")
    refuse_unknown(given, _KEYS, "law")
    missing = [key for key in _NEEDED if key not in given]
    if missing:
        raise ProblemError(f"law lacks {', '.join(missing)}: expected {', '.join(_NEEDED)}")
    numbers: dict[str, Any] = {}
    for key in (*CONSTANTS, *(["decay"] if "decay" in given else [])):
        numbers[key] = as_number(given[key], f"law {key}", "0.35")
        if numbers[key] < 0 or (numbers[key] == 0 and key != "E"):
            raise ProblemError(f"law {key} is {numbers[key]:g}: expected a number above 0")
    for key in _RANGES[1:]:
        if key in given:
            numbers[key] = _range(given[key], f"law {key}", "[7.0e+6, 9.0e+9]")
    texts: dict[str, Any] = {
        key: str(given.get(key, ""))
        for key in ("name", "unit", "measured_on", "source", "note", "language")
    }
    return LossLaw(**numbers, **texts, **_phi(given))


def write_law(law: LossLaw) -> object:
    """A shipped law by its name; any other in full, so that a recipe stands without its file."""
    if law.name.partition("/")[0] in shipped_names() and load_law(law.name) == law:
        return law.name
    written = {key: getattr(law, key) for key in _KEYS}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in written.items()
        if key == "note" or value not in (None, "")
    }


def _phi(given: dict[str, object]) -> dict[str, Any]:
    """φ and its range; a range that nobody gives is as wide as the default's, in proportion."""
    if "phi" not in given:
        if "phi_range" in given:
            raise ProblemError("law phi_range is given without law phi: add phi")
        return {}
    phi = as_number(given["phi"], "law phi", str(DEFAULT_PHI))
    if not 0 <= phi <= _MOST_PHI:
        raise ProblemError(f"law phi is {phi:g}: expected 0 to {_MOST_PHI:g}, such as 0.11")
    if "phi_range" not in given:
        low, high = (phi * end / DEFAULT_PHI for end in DEFAULT_PHI_RANGE)
        return {"phi": phi, "phi_range": (low, high)}
    low, high = _range(given["phi_range"], "law phi_range", "[0.08, 0.17]")
    if not low <= phi <= high <= _MOST_PHI:
        raise ProblemError(
            f"law phi_range is [{low:g}, {high:g}]: expected two ends that hold phi, {phi:g}, and "
            f"at most {_MOST_PHI:g}"
        )
    return {"phi": phi, "phi_range": (low, high)}


def _range(value: object, what: str, example: str) -> tuple[float, float]:
    """Least and most, from a list of the two."""
    ends = as_list(value, what)
    if len(ends) != 2:
        raise ProblemError(f"{what} is {shown(value)}: expected least and most, such as {example}")
    low, high = (as_number(end, what, example) for end in ends)
    if not 0 <= low <= high:
        raise ProblemError(f"{what} is [{low:g}, {high:g}]: expected least before most, from 0 on")
    return low, high
