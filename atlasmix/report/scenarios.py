"""Scenarios side by side: one figure, what each is, its shares and losses, what sets them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.laws.hardware import Machine, training_flops
from atlasmix.mixture.diff import Diff, Move
from atlasmix.mixture.mixture import TargetEffect
from atlasmix.mixture.scenarios import AnsweredScenario, differences
from atlasmix.problem.constraints import title_of
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.scenarios import LONGEST_NAME
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.report.answer_words import caveat_sentences, gap_text, loss_ratio
from atlasmix.report.blocks import Block, Column, Figure, Heading, Row, Sentences, Table, Value
from atlasmix.report.certainty import evidence_kinds
from atlasmix.report.figures.scenarios import scenarios_alt, scenarios_figure
from atlasmix.report.overview import question_facts
from atlasmix.report.roles import shares_by_role
from atlasmix.report.words import NO_TEXT, SAME, apart_text, epochs_text, named, percent
from atlasmix.text import and_more, first_few, listed

_MOST_LANGUAGES: Final = 40
_MOST_MOVES: Final = 3
_MOST_LIMITS: Final = 3


def scenario_name(problem: MixProblem) -> str:
    """What a question may be called: targets, tokens and parameters.

    >>> from atlasmix import Problem
    >>> from atlasmix.problem.parsing import problem_from_mapping
    >>> from atlasmix.evidence.store import Store
    >>> scenario_name(problem_from_mapping({"targets": "cat"}, Store("/nonexistent")))
    'Catalan, 100B tokens, 2B'
    """
    keys = problem.target_keys
    whose = name_of(keys[0]) if len(keys) == 1 else f"{len(keys)} languages"
    size = f"{format_quantity(problem.budget)} tokens, {format_quantity(problem.params)}"
    return f"{whose}, {size}"[:LONGEST_NAME]


def scenarios_blocks(
    scenarios: Sequence[AnsweredScenario], chosen: int, machine: Machine | None = None
) -> tuple[Block, ...]:
    """One to four scenarios side by side, and how the others differ from a chosen one.

    Args:
        scenarios: with their answers, in the order shown.
        chosen: place of the one that the others are compared with.
        machine: the GPU whose hours are told; None: FLOPs alone.
    """
    moved = differences(scenarios, chosen)
    names = [each.name for each in scenarios]
    facts = [fact_line(each) for each in scenarios]
    otherwise = asked_table(scenarios)
    said = tuple(difference_sentences(scenarios, moved, chosen))
    # One target alone has what it could have alone: a table would say no more than that.
    several = any(len(each.mixture.targets) > 1 for each in scenarios)
    return (
        Figure(
            "scenarios",
            "What each scenario reads",
            scenarios_alt(scenarios),
            partial(scenarios_figure, scenarios, facts),
        ),
        *((Sentences(said),) if said else ()),
        Heading("Side by side"),
        summary_table(scenarios, machine),
        *((Heading("What was asked otherwise"), otherwise) if otherwise.rows else ()),
        Heading("Share of the tokens read, by language"),
        shares_table(scenarios, moved, names[chosen]),
        Heading("Tokens and epochs, by language"),
        tokens_table(scenarios),
        Heading("Predicted loss of each target (by the law and the scores, not measured)"),
        losses_table(scenarios, moved, names[chosen]),
        *((alternatives_table(scenarios),) if several else ()),
    )


def fact_line(each: AnsweredScenario) -> str:
    """Tokens, parameters and effect of a scenario, short enough for a phone."""
    size = f"{format_quantity(each.mixture.tokens)} tokens, {format_quantity(each.problem.params)}"
    effect = _worst_off(each.mixture.targets)
    if not math.isfinite(effect.loss):
        return f"{size}; {name_of(effect.language)}: {NO_TEXT}"
    if len(each.mixture.targets) == 1:
        return f"{size}; {name_of(effect.language)} loss {effect.loss:.3f}"
    return f"{size}; worst off {name_of(effect.language)} {_above_alone(effect)}"


def difference_sentences(
    scenarios: Sequence[AnsweredScenario], moved: Sequence[Diff | None], chosen: int
) -> list[str]:
    """How each differs from the chosen one, and where losses stand on other evidence."""
    first = scenarios[chosen]
    said = []
    for each, differs in zip(scenarios, moved, strict=True):
        if differs is None:
            continue
        parts = [
            f"{name_of(move.name)} {100 * move.change:+.1f} points"
            for move in differs.moved(SAME)[:_MOST_MOVES]
        ]
        shares = (
            f"{percent(differs.distance)} of the tokens of '{each.name}' go elsewhere than those "
            f"of '{first.name}'" + (f" ({', '.join(parts)})" if parts else "")
            if differs.distance >= SAME
            else f"The shares of '{each.name}' are those of '{first.name}'"
        )
        said.append(f"{shares}{_loss_words(differs)}.")
        what = ("matrix", "law", "inventory")
        others = [
            f"{word} {mine} instead of {its}"
            for word, mine, its in zip(what, each.rests_on, first.rests_on, strict=True)
            if mine != its
        ]
        if others:
            said.append(
                f"Part of what sets the losses of '{each.name}' apart is the evidence and not the "
                f"mixture: it rests on {listed(others)}. The page Recipes and atlasmix compare "
                "judge two mixtures by one question."
            )
    return said


def summary_table(scenarios: Sequence[AnsweredScenario], machine: Machine | None = None) -> Table:
    """One line a fact, one column a scenario: size, cost, effect, what binds, proof, evidence."""
    lines: dict[str, list[str]] = {}
    told = [_summary(each, machine) for each in scenarios]
    for label in dict.fromkeys(label for each in told for label in each):
        lines[label] = [each.get(label, "-") for each in told]
    return Table(
        (Column("", title="what"), *(Column(each.name) for each in scenarios)),
        tuple(Row((label, *words)) for label, words in lines.items()),
        title="Scenarios side by side",
    )


def _summary(each: AnsweredScenario, machine: Machine | None) -> dict[str, str]:
    mixture, problem = each.mixture, each.problem
    flops = training_flops(mixture.params, mixture.tokens)
    hours = (
        {}
        if machine is None
        else {
            f"GPU-hours ({machine.gpu.name}, {machine.utilisation:.0%} of its peak)": (
                format_quantity(machine.hours(flops))
            )
        }
    )
    most = max(mixture.read, key=lambda share: share.epochs, default=None)
    donors = shares_by_role(mixture)["donor"]
    limits = dict.fromkeys(
        title_of(price.limit, problem.limits) for price in mixture.prices if price.kind != "unique"
    )
    return {
        "targets": first_few([name_of(key) for key in problem.target_keys], 4),
        "tokens read": f"{format_quantity(mixture.tokens)} of {format_quantity(mixture.budget)}",
        "parameters": format_quantity(mixture.params),
        "compute (6ND)": f"{format_flops(flops)} FLOPs",
        **hours,
        "from donors": percent(donors),
        "most epochs": "-"
        if most is None
        else f"{epochs_text(most.epochs)} ({name_of(most.pool.language)})",
        **({"furthest above alone": _furthest(mixture.targets)} if mixture.targets[1:] else {}),
        "best alternative, on its objective": _alternative(each),
        "what binds, dearest first": first_few(list(limits), _MOST_LIMITS) or "nothing",
        "proof": _proof(each),
        "before use": " ".join(caveat_sentences(mixture)[:1]) or "no caveat",
        "scores behind it": ", ".join(evidence_kinds(problem, mixture)) or "none",
    }


def asked_table(scenarios: Sequence[AnsweredScenario]) -> Table:
    """The keys in which the questions differ; a dash where one does not have it."""
    facts = [
        {fact.label: fact.words for fact in question_facts(each.problem)} for each in scenarios
    ]
    labels = dict.fromkeys(label for each in facts for label in each)
    rows = [
        Row((label, *words))
        for label in labels
        if len(set(words := [each.get(label, "-") for each in facts])) > 1
    ]
    columns = Column("asked"), *(Column(each.name) for each in scenarios)
    return Table(columns, tuple(rows), title="What was asked otherwise")


def shares_table(
    scenarios: Sequence[AnsweredScenario], moved: Sequence[Diff | None], chosen: str
) -> Table:
    """The share of each language in each scenario, and the points that set it apart."""
    keys = _languages(scenarios)
    rows = []
    for key in keys:
        shares = [each.mixture.proportions.get(key) for each in scenarios]
        points = [_moved(differs.languages, key) for differs in moved if differs is not None]
        rows.append(Row((named(key), *shares, *map(_change, points))))
    left = len({key for each in scenarios for key in each.mixture.proportions}) - len(keys)
    others = [each.name for each in scenarios if each.name != chosen]
    return Table(
        (
            Column("language"),
            *(Column(each.name, "share") for each in scenarios),
            *(Column(f"{name}, points", "points") for name in others),
        ),
        tuple(rows),
        (
            *([f"Points: percentage points against {chosen}."] if others else []),
            *([f"The {_MOST_LANGUAGES} largest{and_more(left, 'languages')}."] if left else []),
        ),
        title="Share of the tokens read, by language",
    )


def tokens_table(scenarios: Sequence[AnsweredScenario]) -> Table:
    """Tokens read of each language, and the passes over all text of it that is read."""
    rows = []
    for key in _languages(scenarios):
        cells: list[Value] = []
        for each in scenarios:
            pools = [share for share in each.mixture.read if share.pool.language == key]
            tokens = sum(share.tokens for share in pools)
            unique = sum(share.pool.unique_tokens for share in pools)
            cells += [tokens, tokens / unique] if pools else [None, None]
        rows.append(Row((named(key), *cells)))
    columns = [
        column
        for each in scenarios
        for column in (
            Column(f"{each.name}, tokens", "tokens"),
            Column("epochs", "epochs", "passes over the text of the language that is read"),
        )
    ]
    return Table(
        (Column("language"), *columns), tuple(rows), title="Tokens and epochs, by language"
    )


def losses_table(
    scenarios: Sequence[AnsweredScenario], moved: Sequence[Diff | None], chosen: str
) -> Table:
    """The loss of each target, and its change where both losses are in one unit."""
    effects = [{effect.language: effect for effect in each.mixture.targets} for each in scenarios]
    changes = [
        {effect.language: effect.loss_change for effect in differs.effects}
        for differs in moved
        if differs is not None
    ]
    rows = [
        Row(
            (
                named(key),
                *((of_one[key].loss if key in of_one else None) for of_one in effects),
                *(_change(change.get(key)) for change in changes),
            )
        )
        for key in dict.fromkeys(key for of_one in effects for key in of_one)
    ]
    others = [each.name for each in scenarios if each.name != chosen]
    units = dict.fromkeys(each.problem.law.unit for each in scenarios)
    return Table(
        (
            Column("target"),
            *(Column(each.name, "close loss") for each in scenarios),
            *(Column(f"{name}, change", "loss difference") for name in others),
        ),
        tuple(rows),
        (
            f"Losses in {listed(list(units))}. They compare scenarios of one target, not targets "
            "with each other.",
            *([f"Change: against {chosen}; below 0 is better."] if others else []),
        ),
        title="Predicted loss of each target",
    )


def alternatives_table(scenarios: Sequence[AnsweredScenario]) -> Table:
    """How far each loss lies above what the target could have alone, in its own scenario."""
    effects = [{effect.language: effect for effect in each.mixture.targets} for each in scenarios]
    rows = [
        Row((named(key), *(_above(of_one.get(key)) for of_one in effects)))
        for key in dict.fromkeys(key for of_one in effects for key in of_one)
    ]
    return Table(
        (Column("target"), *(Column(each.name, "relative change") for each in scenarios)),
        tuple(rows),
        (
            "Above alone: the loss against that of the best mixture for this target alone, within "
            "the budget and epoch caps of the same scenario.",
        ),
        title="Loss above that of each target alone",
    )


def scenarios_data(
    scenarios: Sequence[AnsweredScenario], chosen: int, machine: Machine | None = None
) -> dict[str, Any]:
    """The same as plain data; shares 0-1, tokens, losses in the unit of each law."""
    moved = differences(scenarios, chosen)
    return {
        "compared_with": scenarios[chosen].name,
        "scenarios": [
            {
                "name": each.name,
                "tokens": each.mixture.tokens,
                "params": each.mixture.params,
                "flops": training_flops(each.mixture.params, each.mixture.tokens),
                "proportions": each.mixture.proportions,
                "losses": {effect.language: effect.loss for effect in each.mixture.targets},
                "losses_alone": {
                    effect.language: effect.loss_alone for effect in each.mixture.targets
                },
                "unit": each.problem.law.unit,
                "gap": each.mixture.certificate.gap,
                "caveats": [caveat.sentence for caveat in each.mixture.caveats],
                "distance": 0.0 if differs is None else differs.distance,
                "summary": _summary(each, machine),
            }
            for each, differs in zip(scenarios, moved, strict=True)
        ],
    }


def _languages(scenarios: Sequence[AnsweredScenario]) -> list[str]:
    """The languages of any, the largest share in any first, at most forty."""
    largest: dict[str, float] = {}
    for each in scenarios:
        for key, share in each.mixture.proportions.items():
            largest[key] = max(largest.get(key, 0.0), share)
    return sorted(largest, key=lambda key: (-largest[key], key))[:_MOST_LANGUAGES]


def _moved(moves: Sequence[Move], key: str) -> float | None:
    return next((move.change for move in moves if move.name == key), None)


def _loss_words(differs: Diff) -> str:
    """How many targets of both fare better and worse."""
    changes = [effect.loss_change for effect in differs.effects]
    better = sum(change < -SAME for change in changes)
    worse = sum(change > SAME for change in changes)
    if not better and not worse:
        return ""
    if len(changes) == 1:
        (effect,) = differs.effects
        change = effect.loss_change
        if not math.isfinite(change):
            return ""
        words = f"{apart_text(abs(change)).lstrip('+')} {'lower' if change < 0 else 'higher'}"
        return f"; predicted loss of {name_of(effect.language)} {words}"
    return f"; of {len(changes)} targets {better} have a lower predicted loss, {worse} a higher one"


def _sacrifice(effect: TargetEffect) -> float:
    return loss_ratio(effect) - 1


def _worst_off(targets: Sequence[TargetEffect]) -> TargetEffect:
    return max(targets, key=_sacrifice)


def _above_alone(effect: TargetEffect) -> str:
    above = _sacrifice(effect)
    return "no worse than alone" if above <= SAME else f"{100 * above:+.2g}% above alone"


def _furthest(targets: Sequence[TargetEffect]) -> str:
    effect = _worst_off(targets)
    if not math.isfinite(effect.loss):
        return f"{name_of(effect.language)}: {NO_TEXT}"
    return f"{name_of(effect.language)}, {_above_alone(effect).removesuffix(' above alone')}"


def _above(effect: TargetEffect | None) -> Value:
    if effect is None:
        return None
    if not math.isfinite(effect.loss):
        return NO_TEXT
    above = _sacrifice(effect)
    return "no worse" if above <= SAME else above


def _change(value: float | None) -> Value:
    """A change as a cell: nothing where there is none to tell, a word where it is rounding."""
    if value is None or not math.isfinite(value):
        return None
    return "same" if abs(value) <= SAME else value


def _alternative(each: AnsweredScenario) -> str:
    best = each.best_alternative
    if best is None:
        return "no baseline keeps its limits"
    worse = best.value - each.mixture.certificate.value
    if not math.isfinite(worse) or worse <= SAME:
        return f"{best.name}, the same" if math.isfinite(worse) else best.name
    return f"{best.name}, worse by {apart_text(worse).lstrip('+')}"


def _proof(each: AnsweredScenario) -> str:
    gap = gap_text(each.mixture.certificate.gap, "1")
    if each.mixture.caveats:
        return f"best under the law to {gap}"
    return f"{'certified' if each.mixture.certificate.exact else 'proved'} to {gap}"
