"""What ``laws``, ``capacity`` and ``crossover`` show: cards, multipliers, where scratch wins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.capacity import Growth, Multiplier, Way
from atlasmix.laws.crossover import Crossover
from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.laws.kinds import CurseLaw, LanguageLaws, LawCard, LossLaw
from atlasmix.laws.shelf import DEFAULT_CURSE, DEFAULT_LAW
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.layout import FittingTable, bullets, section
from atlasmix.report.words import named, number_text, percent

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
    "per-language": "L = E + A m^-phi/N^alpha + B/D_eff^beta, one law a language and regime",
}
_GREEK = {"alpha": "α", "beta": "β", "phi": "φ", "psi": "ψ"}


def laws_table(cards: Sequence[tuple[str, LawCard | str]]) -> FittingTable:
    """One line a law; what it drives, and whose it is."""
    table = FittingTable("law", "kind", "drives", "loss in")
    for name, card in cards:
        if isinstance(card, str):
            table.add_row(name, "", f"broken: {card}", "")
            continue
        whose = _whose(card)
        drives = _drives(card) + (f" ({whose})" if whose else "")
        table.add_row(name, card.kind, drives, _short(card.unit))
    return table


def law_parts(card: LawCard, option: str = "law") -> list[RenderableType]:
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
    parts: list[RenderableType] = [text, "", law_constants(card)]
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


def law_constants(card: LawCard) -> FittingTable:
    """The numbers of a law, one line a constant or a language."""
    law = card.law
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


def _constants(card: LawCard) -> FittingTable:
    spans = {interval.constant: (interval.low, interval.high) for interval in card.intervals}
    rows: list[tuple[str, float, str]] = [(key, value, "") for key, value in card.constants]
    law = card.law
    if isinstance(law, LossLaw) and law.decay is not None:
        derived = card.kind == "data-constrained"
        rows.append(("λ", law.decay, " = 1/R_D" if derived else ""))
    if isinstance(law, LossLaw):
        rows.append(("phi", law.phi, ""))
        spans["phi"] = law.phi_range
    if isinstance(law, CurseLaw) and "alpha" not in dict(card.constants):
        rows += [("alpha", law.alpha, " (implied)"), ("beta", law.beta, " (implied)")]
    rows += [(key, value, " (not used)") for key, value in card.also_fitted]
    table = FittingTable("constant", ">value", *([">interval"] if spans else []))
    for key, value, note in rows:
        low_high = spans.get("decay" if key == "λ" else key)
        span = f"{low_high[0]:.6g} to {low_high[1]:.6g}" if low_high else ""
        table.add_row(f"{_GREEK.get(key, key)}{note}", f"{value:.6g}", *([span] if spans else []))
    return table


def _languages(law: LanguageLaws) -> FittingTable:
    names = (">E", ">A", ">α", ">B", ">β", ">φ", ">unique tokens")
    table = FittingTable("language", "regime", *names)
    for row in law.rows:
        constants = row.law
        table.add_row(
            named(row.language),
            row.regime,
            f"{constants.E:g}",
            f"{constants.A:.4g}",
            f"{constants.alpha:g}",
            f"{constants.B:.4g}",
            f"{constants.beta:g}",
            f"{constants.phi:g}",
            format_quantity(row.unique_tokens),
        )
    return table


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


def crossover_parts(crossover: Crossover, inventory: str, unique: float) -> list[RenderableType]:
    """The parts of the report, in reading order."""
    from rich.text import Text

    study = crossover.study
    parts: list[RenderableType] = [Text(_verdict(crossover), style="bold"), Text(_known(crossover))]
    text = _text(crossover, inventory, unique)
    parts += [Text(text)] if text else []
    measured = FittingTable("language", ">tokens")
    for key, tokens in study.measured:
        style = "bold" if key == crossover.language else ""
        measured.add_row(named(key), format_quantity(tokens), style=style)
    parts += section(f"Measured at {format_quantity(study.params)} parameters", measured)
    parts += section("By power law, one for all languages, in two readings", _laws(crossover))
    parts += section("Limits that the authors state", bullets(study.limits))
    if crossover.warnings:
        said = [_sentence(crossover, sentence) for sentence in crossover.warnings]
        parts += section("Warnings", bullets(said))
    parts.append(Text(f"\nSource: {study.source}.", style="dim"))
    return parts


def _laws(crossover: Crossover) -> FittingTable:
    table = FittingTable("C in FLOPs", ">tokens here", ">FLOPs", "where it is printed")
    for law, tokens in crossover.by_law:
        table.add_row(
            f"{law.coefficient:.0f} N^{law.exponent:g}",
            format_quantity(tokens),
            format_flops(training_flops(crossover.params, tokens)),
            law.where,
        )
    return table


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
    return {
        "from scratch": f"{at} on {tokens} tokens: train from scratch.",
        "finetune": f"{at} on {tokens} tokens: finetune a multilingual checkpoint.",
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
        "not account for repeats."
    )


def _sentence(crossover: Crossover, sentence: str) -> str:
    return sentence.replace(
        f"{crossover.language} is not", f"{name_of(crossover.language)} is not", 1
    )
