"""The options that turn FLOPs into GPU-hours, shared by ``solve`` and ``capacity``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser

if TYPE_CHECKING:
    from atlasmix.scaling.hardware import Machine


def add_hardware_options(parser: Parser) -> None:
    """``--gpu``, ``--flops-per-gpu`` and ``--utilisation``."""
    group = parser.add_argument_group("hardware")
    group.add_argument("--gpu", metavar="NAME", help="H100, H100-PCIe, H200, A100, B200 or MI300X")
    group.add_argument("--flops-per-gpu", metavar="F", help="dense BF16 peak a second, as 989T")
    group.add_argument(
        "--utilisation", metavar="U", help="share of the peak that training gets (default: 0.4)"
    )


def machine_of(options: argparse.Namespace) -> Machine | None:
    """The GPU that the options name; None where they name none.

    Raises:
        DataError: a GPU that is not in the table, and no peak.
        ProblemError: a number that cannot be read, or a utilisation of no GPU.
    """
    from atlasmix.errors import ProblemError
    from atlasmix.quantities import parse_quantity, parse_share
    from atlasmix.scaling.hardware import DEFAULT_UTILISATION, machine

    peak, share = options.flops_per_gpu, options.utilisation
    if options.gpu is None and peak is None:
        if share is not None:
            raise ProblemError("--utilisation is of a GPU: name one with --gpu, such as H100")
        return None
    return machine(
        options.gpu,
        None if peak is None else parse_quantity(peak, "--flops-per-gpu"),
        DEFAULT_UTILISATION if share is None else parse_share(share, "--utilisation"),
    )
