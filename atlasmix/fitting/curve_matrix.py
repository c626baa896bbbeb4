"""Scores read off loss curves as a transfer matrix with its card, and curves as runs for a fit."""

from __future__ import annotations

from collections.abc import Sequence

from atlasmix.errors import DataError
from atlasmix.evidence.card import ORIENTATION, Card
from atlasmix.evidence.new_matrix import UNSTATED, NewMatrix, NewScore, Origin, filled
from atlasmix.evidence.scores import MEASURED
from atlasmix.fitting.curve_fit import EARLY
from atlasmix.fitting.curve_scores import BilingualScore, CurveScores
from atlasmix.fitting.loss_curves import LossCurve
from atlasmix.io.tables import Rows
from atlasmix.quantities import format_quantity
from atlasmix.text import first_few
from atlasmix.transfer.calibration import BTS


def score_matrix(scores: CurveScores, origin: Origin, name: str = "") -> NewMatrix:
    """The matrix of the first anchor, with what its errors hold and which pairs it lacks.

    Raises:
        DataError: no pair has a score there; the bounds are in ``faults``.
    """
    anchor = scores.anchors[0]
    here = scores.at(anchor)
    known = [each for each in here if each.outcome == "scored"]
    bounds = tuple(bound_text(each) for each in here if each.outcome != "scored")
    if not known:
        raise DataError(
            f"no pair has a score at {format_quantity(anchor)} tokens alone, and a bound is no "
            "score that a matrix holds: choose another anchor, or let the bilingual runs go on",
            bounds,
            field="at",
        )
    card = _card(scores, known, bounds, origin, name)
    keys = tuple(sorted({key for each in known for key in (each.source, each.target)}))
    pairs = [
        NewScore(each.source, each.target, float(f"{each.score:.6g}"), each.stderr)
        for each in known
    ]
    return filled(card, keys, pairs, MEASURED)


def bound_text(score: BilingualScore) -> str:
    """What is known of a pair without a score.

    >>> bound_text(BilingualScore("eng", "cat", 1e9, "below", 2.5e9, 0, 0, 3, (1, 1)))
    'eng to cat: below -0.5 (not reached within 2.5B tokens)'
    """
    pair, tokens = f"{score.source} to {score.target}", format_quantity(score.tokens)
    if score.outcome == "below":
        return f"{pair}: below {score.score:.3g} (not reached within {tokens} tokens)"
    if score.outcome == "above":
        return f"{pair}: above {score.score:.3g} (reached before the first checkpoint, {tokens})"
    return f"{pair}: too flat a curve to tell"


def _card(
    scores: CurveScores,
    known: Sequence[BilingualScore],
    bounds: tuple[str, ...],
    origin: Origin,
    name: str,
) -> Card:
    anchor = scores.anchors[0]
    targets = dict.fromkeys(each.target for each in known)
    shared = [
        f"{target} {max(each.shared for each in known if each.target == target):.2g}"
        for target in targets
    ]
    seeds = (
        "what another seed would change is not in them (no run was repeated)"
        if scores.seed_noise != scores.seed_noise
        else f"and a seed's noise of {scores.seed_noise:.2g} in the loss, from repeated runs"
        if scores.seed_noise
        else "from which repeated runs differ no more"
    )
    extra = [
        (
            "shared errors",
            "All scores of a target hang on its run alone and err together; of the standard error "
            f"this part is shared: {', '.join(shared)}.",
        )
    ]
    if bounds:
        extra.append(("bounds without a score", f"{'; '.join(bounds)}."))
    return Card(
        name=name,
        kind="transfer matrix",
        title=f"BTS of {len(known)} pairs, from own loss curves",
        description=(
            "BTS(s→t) = 2 − d_bi/d_mono: d_bi are all tokens that a model on half s and half t "
            "reads to the loss that one on t alone has at d_mono."
        ),
        metric=BTS,
        unit="score",
        orientation=ORIENTATION,
        direction="higher is better",
        range=(-float("inf"), 2.0),
        diagonal=1.0,
        status=MEASURED,
        stderr_note=(
            f"Noise of checkpoints about their line, {scores.noise:.2g} in the loss, {seeds}."
        ),
        evidence=f"{len(known)} pairs measured"
        + (f"; {len(bounds)} known by a bound alone and left out." if bounds else "."),
        parameters=scores.params,
        tokens=anchor,
        source=origin.source or f"own runs: {first_few([t for t, _ in origin.tables], 3)}",
        licence=origin.licence or UNSTATED,
        derivation=(
            "Lines c + b((D/D0)^-g - 1)/g through the checkpoints of each run; where that of half "
            f"and half has the loss of the other at {format_quantity(anchor)} tokens. "
            f"Runs: {origin.files}"
        ),
        extra=tuple(extra),
    )


def runs_table(curves: Sequence[LossCurve], what: str) -> Rows:
    """Curves as runs that a fit of the law of mixing takes: any shares, any sizes.

    Args:
        curves: of a table; checkpoints after a cool-down are left out where others are there, and
            so is a warm-up.
        what: how messages name the table.

    Raises:
        DataError: a curve whose size nobody says.
    """
    if any(curve.params <= 0 for curve in curves):
        raise DataError(
            f"{what} does not say how many parameters each run has: a law of sizes and shares "
            "needs a column params",
            field="params",
        )
    stable = [curve for curve in curves if not curve.annealed] or list(curves)
    languages = sorted({key for curve in stable for key in curve.languages})
    targets = sorted({curve.target for curve in stable})
    cells: dict[tuple[str, float, tuple[str, ...], tuple[float, ...], float], dict[str, float]] = {}
    for curve in stable:
        late = curve.tokens >= EARLY * curve.tokens[-1]
        for tokens, loss in zip(
            curve.tokens[late].tolist(), curve.loss[late].tolist(), strict=True
        ):
            key = (curve.run, curve.params, curve.languages, curve.shares, tokens)
            cells.setdefault(key, {})[curve.target] = loss
    rows = []
    for (run, params, trained, shares, tokens), losses in cells.items():
        parts = dict(zip(trained, shares or [1 / len(trained)] * len(trained), strict=True))
        rows.append(
            (
                run,
                f"{params:.12g}",
                f"{tokens:.12g}",
                *(f"{parts.get(key, 0.0) * tokens:.12g}" for key in languages),
                *(f"{losses[key]:.10g}" if key in losses else "" for key in targets),
            )
        )
    header = (
        *("run", "params", "tokens"),
        *(f"tokens_{key}" for key in languages),
        *(f"loss_{key}" for key in targets),
    )
    return Rows(what, header, tuple(range(2, len(rows) + 2)), tuple(rows))
