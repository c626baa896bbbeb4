"""FLOPs and GPU-hours: what a model costs to train on a stated GPU at a stated utilisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.shelf import shipped_tables
from atlasmix.text import nearest

FLOPS_PER_PARAM_TOKEN: Final = 6.0
"""C = 6·N·D: forward and backward pass of a dense model (Kaplan et al. 2020, arXiv 2001.08361)."""

DEFAULT_UTILISATION: Final = 0.4
"""Our choice: Llama 3 405B reports 38-43 % of the dense BF16 peak (arXiv 2407.21783, §3.3)."""

USUAL_GPU: Final = "H100"
"""GPU whose hours are told where nobody named one: our choice, what most clusters rent out."""

_LARGEST_PEAK = 1e18


@dataclass(frozen=True, slots=True)
class Gpu:
    """An accelerator and its dense BF16 peak in FLOP/s, as its vendor states it."""

    name: str
    peak: float
    source: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A GPU and the share of its peak that training gets."""

    gpu: Gpu
    utilisation: float

    def hours(self, flops: float) -> float:
        """GPU-hours of ``flops``."""
        return flops / (self.gpu.peak * self.utilisation) / 3600.0


def training_flops(params: float, tokens: float) -> float:
    """FLOPs of training N = ``params`` on ``tokens`` tokens."""
    return FLOPS_PER_PARAM_TOKEN * params * tokens


def machine(
    name: str | None, peak: float | None, utilisation: float = DEFAULT_UTILISATION
) -> Machine:
    """The machine that somebody names.

    Args:
        name: of a GPU in the table, in any case; or any name where ``peak`` is given.
        peak: FLOP/s of one GPU, if stated.
        utilisation: share of the peak that training gets, above 0 and at most 1.

    Raises:
        DataError: a GPU that is not in the table, and no peak.
        ProblemError: a number out of range.
    """
    if not 0 < utilisation <= 1:
        raise ProblemError(
            f"the utilisation is {utilisation:g}: expected a share of the peak above 0 and at most "
            "1, such as 40%",
            field="utilisation",
            value=utilisation,
        )
    if peak is None:
        return Machine(_gpu(name or ""), utilisation)
    if not 1e9 <= peak <= _LARGEST_PEAK:
        raise ProblemError(
            f"a GPU of {peak:g} FLOP/s: expected 1e9 to 1e18, such as 989T for an H100",
            field="flops_per_gpu",
            value=peak,
        )
    return Machine(Gpu(name or "GPU", peak, "stated"), utilisation)


@cache
def gpus() -> dict[str, Gpu]:
    """Every GPU of the table, by each of its names in small letters."""
    _, tables = shipped_tables("gpus", ("gpus.csv",))
    known: dict[str, Gpu] = {}
    for row in tables["gpus.csv"]:
        gpu = Gpu(row["name"], float(row["peak_flops"]), row["source"])
        for name in (row["name"], *row["also"].split()):
            known[name.lower()] = gpu
    return known


def _gpu(name: str) -> Gpu:
    known = gpus()
    if name.strip().lower() in known:
        return known[name.strip().lower()]
    near = nearest(name, known, 1)
    names = ", ".join(dict.fromkeys(gpu.name for gpu in known.values()))
    raise DataError(
        f"no GPU {name[:40]!r} in the table: "
        + (f"did you mean {known[near[0]].name}? " if near else "")
        + f"there are {names}; or state its peak in FLOP/s",
        field="gpu",
        value=name,
    )
