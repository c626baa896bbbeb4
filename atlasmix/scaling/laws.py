r"""Loss laws: predicted loss from parameters and effective data.

.. math:: L = E + A/N^\alpha + B/D_{eff}^\beta

N in parameters, D_eff in tokens, loss in the unit of the law's card (nats per token for the shipped
ones). Form: Hoffmann et al. 2022 (arXiv 2203.15556), with effective data in the place of tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from atlasmix.errors import DataError
from atlasmix.shipped import data_folder

DEFAULT_LAW = "muennighoff-2023"
_FIELDS = ("E", "A", "alpha", "B", "beta")
_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class LossLaw:
    """Constants of one fitted law and what they were fitted on.

    Attributes:
        name: how ``--law`` calls it.
        E, A, alpha, B, beta: the constants; E and the loss share one unit.
        unit: unit of the loss, say ``nats per token``.
        measured_on: data, languages and sizes of the runs behind it.
        source: paper or file the constants come from.
        note: what must be known before they are used elsewhere.
    """

    name: str
    E: float
    A: float
    alpha: float
    B: float
    beta: float
    unit: str
    measured_on: str
    source: str
    note: str = ""

    def capacity_term(self, params: float) -> float:
        """E + A/N^α: the loss that data alone cannot remove at ``params`` parameters."""
        return self.E + self.A * math.pow(params, -self.alpha)

    def loss(self, params: float, effective_tokens: float) -> float:
        """Predicted loss at N = ``params`` and D_eff = ``effective_tokens``; inf at no data."""
        if effective_tokens <= 0:
            return math.inf
        return self.capacity_term(params) + self.B * math.pow(effective_tokens, -self.beta)

    def tokens_for(self, params: float, loss: float) -> float:
        """Effective tokens that reach ``loss`` at ``params``; inf where no data would."""
        reducible = loss - self.capacity_term(params)
        return math.inf if reducible <= 0 else math.pow(self.B / reducible, 1 / self.beta)


@cache
def shipped_laws() -> dict[str, LossLaw]:
    """Every law of ``data/scaling_laws``, by name."""
    files = sorted((data_folder() / "scaling_laws").glob("*.yaml"))
    return {law.name: law for law in map(read_law, files)}


def load_law(name: str) -> LossLaw:
    """A shipped law by name, or any law file by path (``laws/mine.yaml``).

    Raises:
        DataError: no such law, or a file that is not one.
    """
    laws = shipped_laws()
    if name in laws:
        return laws[name]
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        return read_law(path)
    raise DataError(
        f"no law {name[:80]!r}: expected one of {', '.join(laws)}, or the path of a YAML file with "
        f"{', '.join(_FIELDS)}, unit, measured_on and source"
    )


def read_law(path: Path) -> LossLaw:
    """A law from its YAML card, every field checked.

    Raises:
        DataError: unreadable, a field missing or not a positive number (E may be 0).
    """
    import yaml

    if path.stat().st_size > _MAX_BYTES:
        raise DataError(f"{path.name} has over {_MAX_BYTES} bytes: expected the card of one law")
    try:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is not YAML ({type(error).__name__}): write a card") from None
    if not isinstance(card, dict):
        raise DataError(f"{path.name} holds {type(card).__name__}: expected the card of one law")
    faults = tuple(_faults(card))
    if faults:
        raise DataError(f"{path.name} is no usable law:", faults)
    constants = {field: float(card["constants"][field]) for field in _FIELDS}
    return LossLaw(
        name=str(card["name"]),
        E=constants["E"],
        A=constants["A"],
        alpha=constants["alpha"],
        B=constants["B"],
        beta=constants["beta"],
        unit=str(card["unit"]).strip(),
        measured_on=str(card["measured_on"]).strip(),
        source=str(card["source"]).strip(),
        note=str(card.get("note", "")).strip(),
    )


def _faults(card: dict[str, Any]) -> list[str]:
    faults = [
        f"{field} is missing"
        for field in ("name", "unit", "measured_on", "source")
        if not isinstance(card.get(field), str)
    ]
    constants = card.get("constants")
    if not isinstance(constants, dict):
        return [*faults, "constants is missing: expected a mapping with E, A, alpha, B and beta"]
    for field in _FIELDS:
        value: Any = constants.get(field)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0 or (value == 0 and field != "E"):
            faults.append(f"constants.{field} is {value!r}: expected a number above 0")
    return faults
