"""What ``laws`` shows: one line a law, and the card of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlasmix.laws.kinds import CurseLaw, LanguageLaws, LawCard, LossLaw
from atlasmix.laws.shelf import DEFAULT_CURSE, DEFAULT_LAW
from atlasmix.quantities import format_quantity
from atlasmix.report.layout import FittingTable
from atlasmix.report.words import named

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
