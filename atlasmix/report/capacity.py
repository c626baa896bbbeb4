"""What ``capacity`` shows: multipliers at equal loss, other ways to it, FLOPs and GPU-hours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from atlasmix.laws.capacity import Growth, Multiplier, Way
from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.layout import FittingTable, bullets, section
from atlasmix.report.words import number_text, percent

if TYPE_CHECKING:
    from rich.console import RenderableType


def capacity_parts(
    growth: Growth, hardware: Machine | None, saved: str = "", share: str = "the capacity share"
) -> list[RenderableType]:
    """The parts of the report, in reading order.

    Args:
        growth: the answer.
        hardware: GPU whose hours are told.
        saved: file the figure was written to.
        share: what the reader states the capacity share with.
    """
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(_headline(growth), style="bold"),
        Text(_start(growth, share)),
    ]
    balance = _rebalancing(growth, growth.rebalanced) if growth.rebalanced else ""
    parts += section("Least compute at equal loss", _steps(growth, hardware), balance)
    parts += section("Other points of the iso-loss curve", _ways(growth))
    parts += section("How sure", _sure(growth), _hardware(hardware) if hardware else "")
    if growth.warnings:
        parts += section("Warnings", bullets(growth.warnings))
    if saved:
        parts.append(Text(f"\nFigure written to {saved}."))
    return parts


def capacity_data(growth: Growth, hardware: Machine | None) -> dict[str, Any]:
    """The same as plain data; FLOPs and GPU-hours where the size is known."""
    start = growth.start
    ways = [growth.cheapest, growth.restored, *growth.others]
    if growth.rebalanced is not None:
        ways.append(growth.rebalanced)
    return {
        "law": growth.law.name,
        "from": start.languages,
        "to": growth.languages,
        "ratio": growth.ratio,
        "start": {
            "params": start.params,
            "tokens": start.tokens,
            "flops": _flops(growth, None),
            "capacity_share": start.share,
            "capacity_share_is": start.known,
            "compute_optimal_share": growth.optimal_share,
            "compute_optimal": growth.rebalanced is None,
        },
        "ways": [_way_data(growth, way, hardware) for way in ways],
        "iso_loss_curve": [
            {"params": s, "tokens": total, "compute": s * total} for s, total in growth.curve
        ],
        "gpu": None
        if hardware is None
        else {
            "name": hardware.gpu.name,
            "peak_flops": hardware.gpu.peak,
            "utilisation": hardware.utilisation,
            "source": hardware.gpu.source,
        },
        "warnings": list(growth.warnings),
    }


def _way_data(growth: Growth, way: Way, hardware: Machine | None) -> dict[str, Any]:
    flops = _flops(growth, way)
    return {
        "name": way.name,
        "possible": way.possible,
        **{
            key: {"value": each.value, "low": each.low, "high": each.high}
            for key, each in (
                ("params", way.params),
                ("tokens", way.tokens),
                ("tokens_per_language", way.tokens_each),
                ("compute", way.compute),
            )
        },
        "flops": flops,
        "gpu_hours": None if hardware is None or flops is None else hardware.hours(flops),
    }


def _flops(growth: Growth, way: Way | None) -> float | None:
    start = growth.start
    if start.params is None or start.tokens is None:
        return None
    return training_flops(start.params, start.tokens) * (1.0 if way is None else way.compute.value)


def _headline(growth: Growth) -> str:
    way = growth.cheapest
    said = (
        f"From {growth.start.languages} to {growth.languages} languages at equal loss: parameters "
        f"x{_times(way.params.value)}, tokens x{_times(way.tokens.value)} "
        f"(x{_times(way.tokens_each.value)} for each language), compute "
        f"x{_times(way.compute.value)}."
    )
    return said


def _start(growth: Growth, option: str) -> str:
    start = growth.start
    share = percent(start.share)
    if start.known == "assumed":
        return (
            f"The start is taken as compute-optimal ({share} of its reducible loss is due to "
            f"parameters); state {option} if it is not."
        )
    how = "as stated" if start.known == "stated" else f"by law {growth.law.name}"
    if growth.rebalanced is None:
        return f"The start is compute-optimal: {share} of its reducible loss is due to parameters."
    side = "too few parameters" if start.share > growth.optimal_share else "too few tokens"
    return (
        f"The start is not compute-optimal: {share} of its reducible loss is due to parameters "
        f"({how}), {percent(growth.optimal_share)} at the optimum, so it has {side}. The paper's "
        "exponents alone do not hold for it; the curve does."
    )


def _steps(growth: Growth, hardware: Machine | None) -> FittingTable:
    start, way = growth.start, growth.cheapest
    sized = start.params is not None and start.tokens is not None
    headings = [">now", ">then"] if sized else []
    table = FittingTable("", *headings, ">times", ">from rounding")
    params, tokens = start.params or 0.0, start.tokens or 0.0
    flops = training_flops(params, tokens)
    rows = [
        ("parameters", params, way.params, format_quantity),
        ("tokens", tokens, way.tokens, format_quantity),
        ("tokens per language", tokens / start.languages, way.tokens_each, format_quantity),
        ("FLOPs (6ND)" if sized else "compute (6ND)", flops, way.compute, format_flops),
    ]
    if hardware is not None:
        rows.append(("GPU-hours", hardware.hours(flops), way.compute, format_quantity))
    for name, now, times, write in rows:
        cells = [write(now), write(now * times.value)] if sized else []
        table.add_row(name, *cells, f"x{_times(times.value)}", _range(times))
    return table


def _ways(growth: Growth) -> FittingTable:
    table = FittingTable("", ">parameters", ">tokens", ">compute", ">its rounding")
    ways = [*([growth.restored] if growth.rebalanced is not None else []), *growth.others]
    for way in ways:
        if not way.possible:
            table.add_row(way.name, "no size holds the loss", "", "", "")
            continue
        table.add_row(
            way.name,
            _sized(way.params, growth.start.params),
            _sized(way.tokens, growth.start.tokens),
            f"x{_times(way.compute.value)}",
            _range(way.compute),
        )
    return table


def _rebalancing(growth: Growth, way: Way) -> str:
    return (
        f"Part of that is balance: with {growth.start.languages} languages the same loss would "
        f"cost x{_times(way.compute.value)} of the compute, at x{_times(way.params.value)} "
        f"parameters and x{_times(way.tokens.value)} tokens."
    )


def _sure(growth: Growth) -> str:
    said = f"Law {growth.law.name}, fitted on mixtures in which every language is read alike. "
    if not growth.law.corners:
        return said + "Its card gives no intervals."
    if growth.law.E is None:
        return (
            f"{said}The ranges hold what the rounding of its printed exponents leaves open; the "
            "scatter of the runs behind it is not printed, and is larger."
        )
    return f"{said}The ranges hold what its card's intervals allow."


def hours_sentence(hardware: Machine, flops: float) -> str:
    """What a training run of so many FLOPs costs in GPU-hours, and by which figures."""
    return f"{format_quantity(hardware.hours(flops))} {_hardware(hardware)}"


def _hardware(hardware: Machine) -> str:
    return (
        f"GPU-hours: {hardware.gpu.name}, {hardware.gpu.peak / 1e12:.4g} TFLOP/s in dense BF16 "
        f"({hardware.gpu.source}), of which training gets {hardware.utilisation:.0%}."
    )


def _sized(times: Multiplier, now: float | None) -> str:
    said = f"x{_times(times.value)}"
    return said if now is None else f"{said} ({format_quantity(now * times.value)})"


def _range(times: Multiplier) -> str:
    if times.high - times.low < 1e-9:
        return ""
    if not math.isfinite(times.high):
        return f"from {_times(times.low)}"
    low, high = _times(times.low), _times(times.high)
    if low == high:
        low, high = number_text(times.low, 4), number_text(times.high, 4)
    return f"{low} to {high}" if low != high else low


def _times(value: float) -> str:
    """A multiplier with two decimals, three digits from 10 on and below 0.1."""
    return f"{value:.2f}" if 0.1 <= value < 100 else number_text(value, 3)
