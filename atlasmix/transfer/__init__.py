"""From scores to the law: transfer weights τ of pairs and capacity exponents φ of targets."""

from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT, Calibration, parse_calibration
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import TransferModel
from atlasmix.transfer.relatedness import RelatednessPrior

__all__ = [
    "BTS",
    "TRANSFER_WEIGHT",
    "Calibration",
    "RelatednessPrior",
    "TransferModel",
    "estimate",
    "parse_calibration",
]
