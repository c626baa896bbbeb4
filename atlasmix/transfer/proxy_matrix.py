"""Proxies of texts as a matrix of their own metric, and their way to BTS: an explicit calibration.

A proxy is no transfer score and never stands among them. Where a matrix has measured some of the
same pairs, a line from proxy to BTS is fitted on them, and what it then says of other pairs is
*predicted*, with the error that it earns on targets that were left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.card import ORIENTATION, Card
from atlasmix.evidence.new_matrix import UNSTATED, NewMatrix, NewScore, Origin, filled
from atlasmix.evidence.scores import MEASURED, PREDICTED, SEEN
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.transfer.bts import measured_at
from atlasmix.transfer.calibration import BTS
from atlasmix.transfer.text_proxy import ProxyScore, TextProxies

Floats = NDArray[np.float64]

PROXY: Final = "proxy"
COSINES: Final = "trigram cosines"
"""What a card calls them."""
LEAST_PAIRS: Final = 8
"""Measured pairs that a line to BTS is fitted on at least (our choice)."""
LEAST_TARGETS: Final = 3
"""Targets among them, for each is left out in turn."""


@dataclass(frozen=True, slots=True)
class ProxyCalibration:
    """A line from proxy to BTS, and what it is worth on targets that were left out.

    Attributes:
        matrix: whose measured pairs it was fitted on.
        pairs, targets: how many.
        slope, intercept: BTS = slope·proxy + intercept.
        most: greatest measured score among them, past which nothing is predicted.
        rmse: of BTS, each target's pairs foretold by a line that was fitted without them.
        r2: against the mean of the others, by the same pairs; 0 is worth nothing.
        trigram_r2: the same with the cosine of character trigrams in the place of the proxy.
    """

    matrix: str
    pairs: int
    targets: int
    slope: float
    intercept: float
    most: float
    rmse: float
    r2: float
    trigram_r2: float


def proxy_matrix(proxies: TextProxies, origin: Origin) -> NewMatrix:
    """Proxies between their controls as a matrix; raw ones, controls and cosines on its card.

    Raises:
        DataError: no pair that can be measured.
    """
    measured = _measured(proxies)
    if not measured:
        raise DataError(
            "no two of these languages write in the same letters: a proxy of spelling cannot be "
            "measured between them, which says nothing of transfer",
            field="texts",
        )
    card = _card(proxies, measured, origin)
    keys = tuple(sorted(proxies.controls))
    pairs = [
        NewScore(each.source, each.target, float(f"{each.score:.5g}"), each.score_stderr)
        for each in measured
    ]
    return filled(card, keys, pairs, MEASURED)


def _measured(proxies: TextProxies) -> list[ProxyScore]:
    return [each for each in proxies.scores if each.outcome == "measured"]


def _card(proxies: TextProxies, measured: list[ProxyScore], origin: Origin) -> Card:
    apart = len(proxies.scores) - len(measured)
    controls = "; ".join(
        f"{key} {each.same:.3f} and {each.unrelated:.3f}" for key, each in proxies.controls.items()
    )
    agreement = (
        f" Two samples of the texts agree by r = {proxies.agreement:.2f}."
        if math.isfinite(proxies.agreement)
        else ""
    )
    return Card(
        name="",
        kind="transfer matrix",
        title=f"Character proxy of {len(measured)} pairs, from own texts",
        description=(
            "2 − m/d of gated Kneser-Ney models of characters, between a source of exchanged "
            "letters (0) and a second sample of the target (1). No transfer was measured."
        ),
        metric=PROXY,
        unit="proxy",
        orientation=ORIENTATION,
        direction="higher is better",
        diagonal=1.0,
        status=MEASURED,
        stderr_note="Jackknife over the held-out text, or what samples differ by if that is more.",
        evidence=(
            f"Texts alone, {proxies.characters:,} characters of each language and "
            f"{proxies.held_out:,} held out, {proxies.seeds} samples.{agreement} {apart} pairs of "
            "languages in other letters are not measurable so, which says nothing of them."
        ),
        source=origin.source or f"own texts: {', '.join(name for name, _ in origin.tables)}",
        licence=origin.licence or UNSTATED,
        derivation=f"atlasmix measure text. Texts: {origin.files}",
        extra=(
            ("controls", f"Second sample, and exchanged letters, raw: {controls}."),
            ("raw proxies", _pairs(measured, "raw")),
            (COSINES, _pairs(measured, "trigram_cosine")),
        ),
    )


def _pairs(scores: list[ProxyScore], field: str) -> str:
    return "; ".join(f"{each.source} {each.target} {getattr(each, field):.4f}" for each in scores)


def calibrate(proxies: TextProxies, matrix: TransferMatrix) -> ProxyCalibration:
    """The line from proxy to BTS on the pairs that a matrix has measured.

    Raises:
        ProblemError: a matrix of another metric, or one that has measured too few of these pairs.
    """
    if matrix.card.metric != BTS or matrix.card.axis != "language":
        raise ProblemError(
            f"matrix '{matrix.name}' holds {matrix.card.metric} of {matrix.card.axis}s: a proxy is "
            "calibrated on BTS between languages",
            field="calibrate_on",
            value=matrix.name,
        )
    known = [
        (each, matrix.pair(each.source, each.target).score)
        for each in _measured(proxies)
        if _seen(matrix, each)
    ]
    targets = sorted({each.target for each, _ in known})
    if len(known) < LEAST_PAIRS or len(targets) < LEAST_TARGETS:
        raise ProblemError(
            f"'{matrix.name}' has measured {len(known)} of these pairs, of {len(targets)} targets: "
            f"{LEAST_PAIRS} of {LEAST_TARGETS} are needed to calibrate on",
            field="calibrate_on",
            hint="bring texts of more languages that it has measured",
            value=matrix.name,
        )
    truth = np.array([score for _, score in known])
    group = np.array([targets.index(each.target) for each, _ in known])
    proxy = np.array([each.score for each, _ in known])
    cosine = np.array([each.trigram_cosine for each, _ in known])
    slope, intercept = _line(proxy, truth)
    error = _left_out(proxy, truth, group)
    base = _left_out(None, truth, group)
    return ProxyCalibration(
        matrix.name,
        len(known),
        len(targets),
        slope,
        intercept,
        float(truth.max()),
        math.sqrt(error),
        1 - error / base,
        1 - _left_out(cosine, truth, group) / base,
    )


def _seen(matrix: TransferMatrix, score: ProxyScore) -> bool:
    return (
        score.source in matrix.keys
        and score.target in matrix.keys
        and matrix.pair(score.source, score.target).status in SEEN
    )


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    slope, intercept = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]
    return float(slope), float(intercept)


def _left_out(x: Floats | None, y: Floats, group: NDArray[np.int64]) -> float:
    """Mean squared error of each target's pairs, foretold without them; of the mean without x."""
    squares = 0.0
    for out in np.unique(group):
        inside, away = group != out, group == out
        slope, intercept = (
            (0.0, float(y[inside].mean())) if x is None else _line(x[inside], y[inside])
        )
        told = intercept + (slope * x[away] if x is not None else 0.0)
        squares += float(np.sum((y[away] - told) ** 2))
    return squares / len(y)


def calibrated_matrix(
    proxies: TextProxies,
    line: ProxyCalibration,
    matrix: TransferMatrix,
    origin: Origin,
) -> NewMatrix:
    """BTS predicted from proxies, for pairs that the matrix has not measured.

    Args:
        proxies: of the texts.
        line: from :func:`calibrate`.
        matrix: that it was fitted on.
        origin: of the texts.

    Raises:
        DataError: the proxy foretells measured pairs no better than their mean, or not upwards; or
            nothing is left to predict.
    """
    if line.r2 <= 0 or line.slope <= 0:
        raise DataError(
            f"on the {line.pairs} pairs that '{matrix.name}' has measured the proxy earns nothing "
            f"(R2 {line.r2:.2f} on targets left out, slope {line.slope:.2f}): no BTS is "
            "predicted from it",
            field="calibrate_on",
        )
    wanted = [each for each in _measured(proxies) if not _seen(matrix, each)]
    if not wanted:
        raise DataError(
            f"'{matrix.name}' has measured every pair of these texts: nothing is left to predict",
            field="calibrate_on",
        )
    params, tokens = measured_at(matrix.card)
    card = Card(
        name="",
        kind="transfer matrix",
        title=f"BTS of {len(wanted)} pairs predicted from a character proxy",
        description="slope·proxy + intercept, fitted on measured pairs; nothing here was measured.",
        metric=BTS,
        unit="score",
        orientation=ORIENTATION,
        direction="higher is better",
        range=(-math.inf, 2.0),
        diagonal=1.0,
        status=PREDICTED,
        stderr_note=(
            f"The proxy's own error, and {line.rmse:.3f}, by which it strays from measured pairs "
            "of targets that were left out."
        ),
        evidence=f"Predicted from texts. {calibration_words(line)}",
        parameters=params,
        tokens=tokens,
        source=origin.source or f"own texts, calibrated on {matrix.name}: {matrix.card.source}",
        citation=matrix.card.citation,
        licence=origin.licence or UNSTATED,
        derivation=f"Calibrated on {matrix.name}, SHA-256 {matrix.sha256}. Texts: {origin.files}",
    )
    keys = tuple(sorted({key for each in wanted for key in (each.source, each.target)}))
    pairs = []
    for each in wanted:
        told = min(line.slope * each.score + line.intercept, line.most)
        error = math.hypot(line.slope * each.score_stderr, line.rmse)
        pairs.append(NewScore(each.source, each.target, float(f"{told:.5g}"), error))
    return filled(card, keys, pairs, PREDICTED)


def calibration_words(line: ProxyCalibration) -> str:
    """What a calibration is worth, beside the baseline that it has to beat."""
    return (
        f"On {line.pairs} pairs of {line.targets} targets that {line.matrix} has measured, BTS "
        f"= {line.slope:.2f}·proxy {line.intercept:+.2f}; each target's pairs foretold without "
        f"them, R2 {line.r2:.2f} with an error of {line.rmse:.3f} (cosine of trigrams alone: R2 "
        f"{line.trigram_r2:.2f})."
    )
