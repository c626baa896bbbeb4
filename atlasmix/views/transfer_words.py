"""The sentences over a transfer matrix: what was measured, what two studies agree on."""

from __future__ import annotations

import math

from atlasmix.evidence import TransferMatrix
from atlasmix.evidence.agreement import Agreement
from atlasmix.evidence.transfer import MEASURED, PREDICTED
from atlasmix.languages import name_of
from atlasmix.transfer import TransferModel


def matrix_sentence(matrix: TransferMatrix) -> str:
    """How many scores of a matrix somebody measured, and what they mean."""
    measured, predicted = matrix.count(MEASURED), matrix.count(PREDICTED)
    said = f"{measured:,} of {measured + predicted:,} scores were measured"
    said += f", {predicted:,} predicted by the study itself" if predicted else ""
    return f"{said} ({matrix.card.metric}, {matrix.card.direction})."


def role_sentence(matrix: TransferMatrix, key: str) -> str:
    """How much of what is known of one language's donors was measured."""
    share = matrix.is_predicted_share(key)
    name = name_of(key)
    if share == 0:
        return f"Every score of a donor for {name} was measured."
    if share == 1:
        return f"Every score of a donor for {name} is predicted: nobody measured one."
    return f"{share:.0%} of the scores of donors for {name} are predicted, not measured."


def nothing_sentence(model: TransferModel, target: str) -> str:
    """What a donor that gives nothing scores; empty where the scores are no BTS."""
    if model.calibration != "bts":
        return ""
    score, _ = model.score_of(0.0, target)
    return (
        f"A score counts the capacity that a donor takes as well as the data that it gives: one "
        f"that gives {name_of(target)} nothing scores {score:.2f}, and τ is what lies above that."
    )


def agreement_sentence(found: Agreement, first: str, second: str) -> str:
    """How far two studies rank the pairs that they share alike."""
    said = (
        f"{first} and {second} share {len(found.languages)} languages and {len(found.pairs):,} "
        f"pairs, of which {found.measured:,} were measured in both"
    )
    if math.isnan(found.spearman):
        return f"{said}; too few to rank."
    return (
        f"{said}. Spearman's rank correlation of their scores is {found.spearman:.2f} (1: they "
        "call the same donors good, 0: nothing in common)."
    )
