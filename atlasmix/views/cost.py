"""What training on an answer costs: FLOPs, and GPU-hours on a machine that is named."""

from __future__ import annotations

from typing import Any

from atlasmix.mixing.mixture import Mixture
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.scaling.hardware import Machine, training_flops


def cost_sentence(mixture: Mixture, machine: Machine | None = None) -> str:
    """What training on what is read costs, in FLOPs and, on a GPU that is named, in hours."""
    flops = training_flops(mixture.params, mixture.tokens)
    said = (
        f"Training costs {format_flops(flops)} FLOPs (6ND: {format_quantity(mixture.params)} "
        f"parameters, {format_quantity(mixture.tokens)} tokens)"
    )
    if machine is None:
        return f"{said}."
    return (
        f"{said}, {format_quantity(machine.hours(flops))} GPU-hours ({machine.gpu.name}, "
        f"{machine.gpu.peak / 1e12:.4g} TFLOP/s in dense BF16, of which training gets "
        f"{machine.utilisation:.0%})."
    )


def cost_data(mixture: Mixture, machine: Machine | None = None) -> dict[str, Any]:
    """The same as plain data."""
    flops = training_flops(mixture.params, mixture.tokens)
    found: dict[str, Any] = {"params": mixture.params, "tokens": mixture.tokens, "flops": flops}
    if machine is None:
        return found
    return {
        **found,
        "gpu": machine.gpu.name,
        "peak_flops": machine.gpu.peak,
        "utilisation": machine.utilisation,
        "gpu_hours": machine.hours(flops),
    }
