"""What ``laws``, ``capacity`` and ``crossover`` show: cards, multipliers, where scratch wins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.capacity import Growth, Multiplier, Way
from atlasmix.laws.crossover import FULL_EPOCHS, Crossover
from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.laws.kinds import CurseLaw, LanguageLaws, LawCard, LossLaw, TargetLaws
from atlasmix.laws.shelf import DEFAULT_CURSE, DEFAULT_LAW
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.blocks import (
    Block,
    Column,
    Heading,
    Row,
    Sentence,
    Sentences,
    Table,
    section,
)
from atlasmix.report.words import named, number_text, percent, times_text

if TYPE_CHECKING:
    from rich.console import RenderableType

_FORMULAS = {
    "chinchilla": (
        "L = E + A m^-phi/N^alpha + B/D_eff^beta with m the part of all tokens read that is in the "
        "language itself, and D_eff after repetition and transfer"
    ),
    "data-constrained": (
        "L = E + A/N'^alpha + B/D'^beta with D' = U(1 + R_D(1 - e^(-(D/U - 1)/R_D))), and N' alike "
        "with R_N from the parameters that U tokens would be given"
    ),
    "curse": (
        "L = E + A K^phi/N^alpha + B K^psi/D^beta for each of K languages read evenly, D the "
        "tokens of one of them"
    ),
    "learned": (
        "L = E + A m^-phi/N^alpha + B/D_eff^beta, one law a target, with m = mu + (1 - mu) times "
        "the part of all tokens read that is in the target itself, and D_eff by the weights of "
        "the runs"
    ),
    "per-language": "L = E + A m^-phi/N^alpha + B/D_eff^beta, one law a language and regime",
}
_GREEK = {"alpha": "α", "beta": "β", "phi": "φ", "psi": "ψ"}


def laws_table(cards: Sequence[tuple[str, LawCard | str]]) -> Table:
    """One line a law; what it drives, and whose it is."""
    rows = []
    for name, card in cards:
        if isinstance(card, str):
            rows.append(Row((name, None, f"broken: {card}", None)))
            continue
        whose = _whose(card)
        drives = _drives(card) + (f" ({whose})" if whose else "")
        rows.append(Row((name, card.kind, drives, _short(card.unit))))
    columns = Column("law"), Column("kind"), Column("drives"), Column("loss in")
    return Table(columns, tuple(rows), title="Laws on the shelf")


def law_parts(card: LawCard, option: str = "law") -> list[RenderableType | Table]:
    """The card of a law: what it says, its numbers, what it is for.

    Args:
        card: the law.
        option: what the reader names a law with.
    """
    from rich.text import Text

    text = Text()
    text.append(f"{card.name}: {card.title or card.kind}\n", style="bold")
    for label, words in law_facts(card, option):
        text.append(f"\n{label}: ", style="bold")
        text.append(words)
    parts: list[RenderableType | Table] = [text, "", law_constants(card)]
    if card.intervals_are and not isinstance(card.law, LanguageLaws):
        parts.append(f"Intervals: {card.intervals_are}.")
    return parts


def law_facts(card: LawCard, option: str = "law") -> tuple[tuple[str, str], ...]:
    """What a law says and whose it is: label and words, those without words left out."""
    said = (
        ("formula", _FORMULAS[card.kind]),
        ("drives", _drives(card, option)),
        ("valid for", card.valid_for),
        ("unit of the loss", card.unit),
        ("measured on", card.measured_on),
        ("source", card.source),
        ("how phi was obtained", _phi_words(card)),
        ("licence", card.licence),
        ("note", card.note),
    )
    return tuple((label, words) for label, words in said if words)


def law_constants(card: LawCard) -> Table:
    """The numbers of a law, one line a constant or a language."""
    law = card.law
    if isinstance(law, TargetLaws):
        return _targets(law)
    return _languages(law) if isinstance(law, LanguageLaws) else _constants(card)


def _drives(card: LawCard, option: str = "") -> str:
    """What a law is for; in more words where the option is named."""
    law, long = card.law, bool(option)
    if isinstance(law, LanguageLaws):
        first = law.rows[0].law.name
        return f"solve, one law at a time: {option} {first}" if long else "solve, by row"
    if isinstance(law, CurseLaw):
        return "capacity"
    if isinstance(law, LossLaw):
        return "solve"
    return "nothing here: it records what was fitted" if long else "nothing"


def _phi_words(card: LawCard) -> str:
    if card.phi_is or not isinstance(card.law, LossLaw):
        return card.phi_is
    return "not from these runs: the default, the printed exponent of the K-law of ATLAS"


def _short(unit: str) -> str:
    """The unit as a table has room for it."""
    return "not stated" if unit.endswith("not stated") else unit.replace(" per ", "/")


def _whose(card: LawCard) -> str:
    if card.name in (DEFAULT_LAW, DEFAULT_CURSE):
        return "default"
    return "" if card.shipped else "yours"


def _constants(card: LawCard) -> Table:
    spans = {interval.constant: (interval.low, interval.high) for interval in card.intervals}
    constants: list[tuple[str, float, str]] = [(key, value, "") for key, value in card.constants]
    law = card.law
    if isinstance(law, LossLaw) and law.decay is not None:
        derived = card.kind == "data-constrained"
        constants.append(("λ", law.decay, " = 1/R_D" if derived else ""))
    if isinstance(law, LossLaw):
        constants.append(("phi", law.phi, ""))
        spans["phi"] = law.phi_range
    if isinstance(law, CurseLaw) and "alpha" not in dict(card.constants):
        constants += [("alpha", law.alpha, " (implied)"), ("beta", law.beta, " (implied)")]
    constants += [(key, value, " (not used)") for key, value in card.also_fitted]
    rows = []
    for key, value, note in constants:
        low_high = spans.get("decay" if key == "λ" else key)
        span = f"{low_high[0]:.6g} to {low_high[1]:.6g}" if low_high else ""
        rows.append(Row((f"{_GREEK.get(key, key)}{note}", value, *([span] if spans else []))))
    interval = (Column("interval", "printed constant"),) if spans else ()
    columns = Column("constant"), Column("value", "printed constant"), *interval
    return Table(columns, tuple(rows), title=f"Constants of {card.name}")


def _targets(law: TargetLaws) -> Table:
    constants = ("E", "A", "alpha", "B", "beta", "phi", "least")
    rounded = {"A", "B"}
    columns = (
        Column(
            "μ" if name == "least" else _GREEK.get(name, name),
            "rounded constant" if name in rounded else "printed constant",
        )
        for name in constants
    )
    rows = (
        Row((named(each.language), *(getattr(each, name) for name in constants)))
        for each in law.targets
    )
    return Table((Column("target"), *columns), tuple(rows), title="Constants by target")


def _languages(law: LanguageLaws) -> Table:
    rows = (
        Row(
            (
                named(row.language),
                row.regime,
                row.law.E,
                row.law.A,
                row.law.alpha,
                row.law.B,
                row.law.beta,
                row.law.phi,
                row.unique_tokens,
            )
        )
        for row in law.rows
    )
    return Table(
        (
            Column("language"),
            Column("regime"),
            Column("E", "printed constant"),
            Column("A", "rounded constant"),
            Column("α", "printed constant"),
            Column("B", "rounded constant"),
            Column("β", "printed constant"),
            Column("φ", "printed constant"),
            Column("unique tokens", "tokens"),
        ),
        tuple(rows),
        title="Constants by language",
    )


def capacity_blocks(
    growth: Growth, hardware: Machine | None, share: str = "the capacity share"
) -> tuple[Block, ...]:
    """What more languages cost, in reading order; its first two blocks are the answer in short.

    Args:
        growth: the answer.
        hardware: GPU whose hours are told.
        share: what the reader states the capacity share with.
    """
    balance = _rebalancing(growth, growth.rebalanced) if growth.rebalanced else ""
    warnings = Sentences(growth.warnings) if growth.warnings else None
    return (
        Sentence(_headline(growth), strong=True),
        Sentence(_start(growth, share)),
        *section(Heading("Least compute at equal loss"), _steps(growth, hardware), balance),
        *section(Heading("Other points of the iso-loss curve"), _ways(growth)),
        *section(Heading("How sure"), _sure(growth), _hardware(hardware) if hardware else ""),
        *section(Heading("Warnings"), warnings),
    )


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
        f"x{times_text(way.params.value)}, tokens x{times_text(way.tokens.value)} "
        f"(x{times_text(way.tokens_each.value)} for each language), compute "
        f"x{times_text(way.compute.value)}."
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
        f"({how}), {percent(growth.optimal_share)} at the optimum, so it has {side}. "
        "Exponents alone do not hold for it; the curve does."
    )


def _steps(growth: Growth, hardware: Machine | None) -> Table:
    start, way = growth.start, growth.cheapest
    sized = start.params is not None and start.tokens is not None
    params, tokens = start.params or 0.0, start.tokens or 0.0
    flops = training_flops(params, tokens)
    steps = [
        ("parameters", params, way.params, format_quantity),
        ("tokens", tokens, way.tokens, format_quantity),
        ("tokens per language", tokens / start.languages, way.tokens_each, format_quantity),
        ("FLOPs (6ND)" if sized else "compute (6ND)", flops, way.compute, format_flops),
    ]
    if hardware is not None:
        steps.append(("GPU-hours", hardware.hours(flops), way.compute, format_quantity))
    rows = []
    for name, now, times, write in steps:
        # Each line has a unit of its own, so its amounts are written here.
        amounts = [write(now), write(now * times.value)] if sized else []
        rows.append(Row((name, *amounts, times.value, _range(times))))
    amounts_columns = (Column("now", "tokens"), Column("then", "tokens")) if sized else ()
    return Table(
        (
            Column("", title="what grows"),
            *amounts_columns,
            Column("times", "multiplier"),
            Column("from rounding", "multiplier", "what the rounding of the law leaves open")
            if not growth.law.resamples
            else Column("resampled", "multiplier", "over draws of the law"),
        ),
        tuple(rows),
        title="Least compute at equal loss",
    )


def _ways(growth: Growth) -> Table:
    rows = []
    for way in (*([growth.restored] if growth.rebalanced is not None else []), *growth.others):
        if not way.possible:
            rows.append(Row((way.name, "no size holds the loss", None, None, None)))
            continue
        rows.append(
            Row(
                (
                    way.name,
                    _sized(way.params, growth.start.params),
                    _sized(way.tokens, growth.start.tokens),
                    way.compute.value,
                    _range(way.compute),
                )
            )
        )
    return Table(
        (
            Column("", title="point"),
            Column("parameters", "multiplier"),
            Column("tokens", "multiplier"),
            Column("compute", "multiplier"),
            Column("its rounding", "multiplier", "what the rounding of the law leaves open")
            if not growth.law.resamples
            else Column("resampled", "multiplier", "over draws of the law"),
        ),
        tuple(rows),
        title="Other points of the iso-loss curve",
    )


def _rebalancing(growth: Growth, way: Way) -> str:
    return (
        f"Part of that is balance: with {growth.start.languages} languages the same loss would "
        f"cost x{times_text(way.compute.value)} of the compute, at x{times_text(way.params.value)} "
        f"parameters and x{times_text(way.tokens.value)} tokens."
    )


def _sure(growth: Growth) -> str:
    if growth.law.resamples:
        return (
            f"Law {growth.law.name}, learned from runs of mixtures: that of a typical target, with "
            f"every language read alike. The ranges are those of {growth.law.resamples} draws "
            "of it."
        )
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
    said = f"x{times_text(times.value)}"
    return said if now is None else f"{said} ({format_quantity(now * times.value)})"


def _range(times: Multiplier) -> str:
    if times.high - times.low < 1e-9:
        return ""
    if not math.isfinite(times.high):
        return f"from {times_text(times.low)}"
    low, high = times_text(times.low), times_text(times.high)
    if low == high:
        low, high = number_text(times.low, 4), number_text(times.high, 4)
    return f"{low} to {high}" if low != high else low


def crossover_blocks(crossover: Crossover, inventory: str, unique: float) -> tuple[Block, ...]:
    """Where training from scratch overtakes; its first two blocks are the answer in short."""
    study, text = crossover.study, _text(crossover, inventory, unique)
    measured = Table(
        (Column("language"), Column("tokens", "tokens")),
        tuple(
            Row((named(key), tokens), "chosen" if key == crossover.language else "")
            for key, tokens in study.measured
        ),
        title="Tokens at which training from scratch overtakes",
    )
    warnings = Sentences(crossover.warnings) if crossover.warnings else None
    return (
        Sentence(_verdict(crossover), strong=True),
        Sentence(_known(crossover)),
        *([Sentence(text)] if text else []),
        *section(Heading(f"Measured at {format_quantity(study.params)} parameters"), measured),
        *section(Heading("By power law, one for all languages, in two readings"), _laws(crossover)),
        *section(Heading("Limits that the authors state"), Sentences(study.limits)),
        *section(Heading("Warnings"), warnings),
    )


def crossover_source(crossover: Crossover) -> str:
    """Whose measurement it is."""
    return f"Source: {crossover.study.source}."


def _laws(crossover: Crossover) -> Table:
    rows = (
        Row(
            (
                f"{law.coefficient:,.0f}·N^{law.exponent:g}",
                tokens,
                training_flops(crossover.params, tokens),
                law.where,
            )
        )
        for law, tokens in crossover.by_law
    )
    return Table(
        (
            Column("C in FLOPs"),
            Column("tokens here", "tokens"),
            Column("FLOPs", "FLOPs"),
            Column("where it is printed"),
        ),
        tuple(rows),
        title="The crossover by power law",
    )


def crossover_data(crossover: Crossover, inventory: str, unique: float) -> dict[str, Any]:
    """The same as plain data."""
    study = crossover.study
    return {
        "target": crossover.language,
        "params": crossover.params,
        "measured_tokens": crossover.measured,
        "power_law": [
            {
                "coefficient": law.coefficient,
                "exponent": law.exponent,
                "printed_in": law.where,
                "tokens": tokens,
                "flops": training_flops(crossover.params, tokens),
            }
            for law, tokens in crossover.by_law
        ],
        "range_measured": list(crossover.range_measured),
        "spread": list(crossover.spread),
        "tokens": crossover.tokens,
        "fresh_tokens": crossover.worth,
        "verdict": crossover.verdict,
        "unique_tokens": {"inventory": inventory, "human": unique},
        "measured_at": {"params": study.params, "tokens": dict(study.measured)},
        "limits": list(study.limits),
        "warnings": list(crossover.warnings),
        "source": study.source,
    }


def _verdict(crossover: Crossover) -> str:
    name, size = name_of(crossover.language), format_quantity(crossover.params)
    at = f"{name} at {size} parameters"
    if crossover.tokens is None or crossover.verdict is None:
        return f"{at}: finetune a multilingual checkpoint on few tokens, from scratch on many."
    tokens = format_quantity(crossover.tokens)
    short = crossover.worth is not None and crossover.worth < crossover.tokens
    why = f", for want of fresh text: {tokens} would mostly be repeats" if short else ""
    return {
        "from scratch": f"{at} on {tokens} tokens: train from scratch.",
        "finetune": f"{at} on {tokens} tokens: finetune a multilingual checkpoint{why}.",
        "undecided": (f"{at} on {tokens} tokens: undecided, the crossover may lie on either side."),
    }[crossover.verdict]


def _known(crossover: Crossover) -> str:
    low, high = map(format_quantity, crossover.spread)
    if crossover.measured is not None:
        return f"From scratch overtakes at {format_quantity(crossover.measured)} tokens: measured."
    return (
        f"From scratch overtakes somewhere between {low} and {high} tokens: not measured for this "
        "language and size; the range is that of the languages measured"
        + (
            ", carried over by the power law."
            if crossover.spread != crossover.range_measured
            else "."
        )
    )


def _text(crossover: Crossover, inventory: str, unique: float) -> str:
    """Whether the language has the text, since the study does not account for repeats."""
    name = name_of(crossover.language)
    if unique <= 0:
        return f"Inventory {inventory} has no human text of {name}."
    at = crossover.measured if crossover.measured is not None else crossover.spread[0]
    epochs = at / unique
    return f"Inventory {inventory} has {format_quantity(unique)} unique human tokens of {name}" + (
        "."
        if epochs <= 1
        else f": even {format_quantity(at)} would be {epochs:.2g} epochs, and the study does "
        f"not account for repeats; up to {FULL_EPOCHS:g} epochs they are nearly worth fresh text "
        "(Muennighoff et al. 2023), and no more is counted."
    )
