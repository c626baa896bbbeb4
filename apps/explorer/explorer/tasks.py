"""The work that is done for a visitor, in a process of its own: plain arguments in, plain data out.

Each is a call or two of the library. What a visitor sent is read by the same readers as a file. The
overlay that each is given opens no files: whatever a visitor names is on the shelf or nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from atlasmix.audit.corpus.audit_file import parse_audit
from atlasmix.audit.corpus.inventory_table import AuditInventory, audit_inventory
from atlasmix.audit.corpus.summary import AuditSummary, summarise
from atlasmix.errors import Infeasible
from atlasmix.evidence.overlay import Overlay, lay, save
from atlasmix.evidence.published import published
from atlasmix.evidence.shelf import INVENTORIES, LAWS, MATRICES
from atlasmix.fitting.solving_law import laid_law, lay_law
from atlasmix.interop.exporters.exporter import find_exporter
from atlasmix.interop.exporters.paths import parse_paths
from atlasmix.interop.exporters.plan import Run
from atlasmix.interop.exporters.planning import ExportOptions
from atlasmix.interop.exporters.writing import export_recipe
from atlasmix.languages.catalogue import all_languages
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.mixture.advice import advise, advise_after
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.curve import Curve, Size, curve
from atlasmix.mixture.explain import explain
from atlasmix.mixture.forced_share import ForcedShare, force_share
from atlasmix.mixture.growth import MixtureGrowth, growth, more_targets
from atlasmix.mixture.measuring import MeasuringPlan, measuring_plan
from atlasmix.mixture.mixture import Comparison, Mixture, Reason, SensitivityStep
from atlasmix.mixture.routes import Routes, route_curves
from atlasmix.mixture.sensitivity import sensitivity
from atlasmix.mixture.shares import ShareReason, explain_shares
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.link import read_link, short_question, stranger_problem
from atlasmix.problem.parsing import read_law
from atlasmix.problem.problem import MixProblem
from atlasmix.problem.scenarios import Scenarios
from atlasmix.problem.steps import Step
from atlasmix.recipe.check import CheckReport, check
from atlasmix.recipe.compare import SideBySide, compare_mixtures
from atlasmix.recipe.file import load_recipe
from atlasmix.recipe.recipe import Recipe
from atlasmix.recipe.scenario_file import load_scenarios
from atlasmix.report.evidence import helped, ranked
from atlasmix.report.findings import models_beside
from atlasmix.solver.compute import at_compute, at_size
from atlasmix.solver.effort import expected_seconds
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import TransferModel
from atlasmix.transfer.relatedness import Relative, relatives
from explorer.run_tasks import (
    judge_model,
    law_for_solve,
    learn_runs,
    learned_mixture,
    next_runs,
    read_runs,
)

PLANNED_DRAWS = 100
"""Worlds of a plan here: our choice, a few seconds; the command line takes 256."""

CURVE_SECONDS = 5.0
"""Time after which a curve is drawn with the points that there are: our choice, half of what a task
may take."""

GROWTH_SECONDS = 7.0
"""Time after which more languages are told without the least compute: our choice, under a task's.
"""

SHELVES = {"matrix": MATRICES, "inventory": INVENTORIES, "law": LAWS}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A question as it was understood, its mixture, and the baselines beside it.

    Attributes:
        problem, mixture, comparisons: the library's.
        short: the question as plain data, in its shortest form.
    """

    problem: MixProblem
    mixture: Mixture
    comparisons: tuple[Comparison, ...]
    short: dict[str, Any]


def answer(question: Mapping[str, Any], overlay: Overlay, others: tuple[str, ...] = ()) -> Answer:
    """Solve a question and compare it with the baselines and with published mixtures."""
    models = tuple(published(name, overlay) for name in others)
    problem = at_compute(stranger_problem(question, overlay))
    short = dict(short_question(problem))
    return Answer(problem, solve(problem), compare(problem, models), short)


def short(question: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """A question in its shortest form, if it can be asked."""
    return dict(short_question(stranger_problem(question, overlay)))


def opened_link(text: str, overlay: Overlay) -> dict[str, Any]:
    """The question of a link in its shortest form.

    It is no task of a worker: at most 4,096 bytes are read within a tenth of a second, and a link
    opens its form whatever the workers do.
    """
    return dict(short_question(read_link(text, overlay)))


def reasons(question: Mapping[str, Any], overlay: Overlay) -> tuple[Reason, ...]:
    """Why each donor is read or not."""
    problem = at_compute(stranger_problem(question, overlay))
    return explain(problem, solve(problem))


def shares(
    question: Mapping[str, Any], overlay: Overlay, languages: tuple[str, ...] = ()
) -> tuple[ShareReason, ...]:
    """Why each language has its share, and some more that are left out."""
    problem = at_compute(stranger_problem(question, overlay))
    return explain_shares(problem, solve(problem), languages)


def advice(question: Mapping[str, Any], overlay: Overlay) -> tuple[Step, ...]:
    """What the caveats of an answer call for, each solved before it is offered."""
    problem = at_compute(stranger_problem(question, overlay))
    return advise(problem, solve(problem), overlay)


def advice_after(
    question: Mapping[str, Any], overlay: Overlay, field: str, conflict: Sequence[str]
) -> tuple[Step, ...]:
    """What a refused question could be changed to.

    Args:
        question: without an answer.
        overlay: evidence.
        field: what the refusal is about; empty: nothing in particular.
        conflict: limits that collide.
    """
    return advise_after(question, Infeasible("", tuple(conflict), field=field or None), overlay)


def steps(question: Mapping[str, Any], overlay: Overlay) -> tuple[SensitivityStep, ...]:
    """The donors over the ranges of λ and φ, the mixture over that of the worth of other text."""
    return sensitivity(at_compute(stranger_problem(question, overlay)))


def models(question: Mapping[str, Any], overlay: Overlay) -> tuple[Comparison, ...]:
    """The published mixtures that say most of the targets, on the same objective."""
    return models_beside(at_compute(stranger_problem(question, overlay)))


def draws(question: Mapping[str, Any], overlay: Overlay) -> Mixture:
    """The answer with its intervals and its regret, where draws of the evidence are soon made."""
    problem = at_compute(stranger_problem(question, overlay))
    return with_uncertainty(problem, solve(problem), cores=1)


def over(question: Mapping[str, Any], overlay: Overlay, axis: Size) -> Curve:
    """The same question over other budgets, or over other sizes of the model."""
    return curve(stranger_problem(question, overlay), axis, CURVE_SECONDS)


def force(
    question: Mapping[str, Any],
    overlay: Overlay,
    language: str,
    share: float,
    size: tuple[float, float, float],
) -> ForcedShare:
    """The best mixture in which one language has a share set by hand.

    Args:
        question: as it was answered.
        overlay: evidence by name.
        language, share: of what.
        size: N and D of the answer, which compute may have chosen, and the tokens it reads.
    """
    params, budget, tokens = size
    problem = at_size(stranger_problem(question, overlay), params, budget)
    return force_share(problem, tokens, language, share)


def grown(question: Mapping[str, Any], overlay: Overlay, added: tuple[str, ...]) -> MixtureGrowth:
    """Which N and D keep every target's loss when these languages become targets, too."""
    now = stranger_problem(question, overlay)
    then = stranger_problem({**question, "targets": more_targets(now, added)}, overlay)
    return growth(now, then, GROWTH_SECONDS)


def plan(question: Mapping[str, Any], overlay: Overlay) -> MeasuringPlan:
    """What to measure next, over few worlds."""
    problem = replace(stranger_problem(question, overlay), draws=PLANNED_DRAWS)
    return measuring_plan(problem, cores=1)


def weights(
    question: Mapping[str, Any], overlay: Overlay, languages: Sequence[str] = (), most: int = 0
) -> TransferModel:
    """Transfer weights and capacity exponents of a matrix, under the law of a question.

    Args:
        question: ``matrix`` by name; ``law`` and ``calibration`` where they are not the usual.
        overlay: evidence by name.
        languages: where relatedness completes the matrix, those that are spoken of. The weights
            are then of them, of the languages with scores, and of their best donors and those they
            help most: the whole is some 50 MB, and what is left out would change none of these.
        most: how many donors, and how many that are helped, of each.
    """
    named = str(question["matrix"])
    laid = overlay.law_file(named)
    matrix = None if laid is None else laid_law(laid, named).transfer
    matrix = matrix or overlay.matrix(named)
    law = read_law(question.get("law", DEFAULT_LAW), overlay)
    model = estimate(matrix, law, question.get("calibration"))
    if not model.is_completed:
        return model
    spoken_of = set(languages)
    for key in languages:
        spoken_of.update((*ranked(model, key)[:most], *helped(model, key)[:most]))
    return estimate(matrix.part(spoken_of), law, question.get("calibration"))


def lay_table(
    kind: str, overlay: Overlay, files: Mapping[str, str], table: bytes, card: bytes, name: str
) -> tuple[Overlay, str]:
    """Check an uploaded table, or a law that has no card, and put it on the visitor's overlay."""
    if kind == "law":
        return lay_law(overlay, table, files["table"], name)
    return lay(overlay, SHELVES[kind], table, card, files, name)


def save_table(kind: str, overlay: Overlay, name: str) -> Overlay:
    """Write a table of the overlay into the store that the host chose."""
    return save(overlay, SHELVES[kind], name)


def read_recipe(text: bytes) -> Recipe:
    """Open a recipe; what its question names is looked up when it is asked."""
    return load_recipe(text)


def check_recipe(text: bytes, overlay: Overlay) -> CheckReport:
    """Solve a recipe again with today's evidence."""
    return check(read_recipe(text), overlay)


def compare_recipes(first: bytes, second: bytes, overlay: Overlay) -> SideBySide:
    """Two recipes side by side."""
    return compare_mixtures(read_recipe(first), read_recipe(second), overlay)


def compare_published(text: bytes, name: str, overlay: Overlay) -> SideBySide:
    """A recipe beside a published mixture."""
    return compare_mixtures(read_recipe(text), published(name, overlay), overlay)


def open_scenarios(content: bytes, overlay: Overlay) -> tuple[Scenarios, Overlay]:
    """The scenarios of a file, and the overlay with its tables on it."""
    opened = load_scenarios(content, overlay)
    return opened.scenarios, opened.store


def export(text: bytes, name: str, paths: str, run: Run, overlay: Overlay) -> dict[str, Any]:
    """What a training framework loads, as texts: nothing is written here.

    Args:
        text: the recipe.
        name: of the framework.
        paths: YAML, from pools to where they lie on the machine that trains; empty: none.
        run: batch and sequence length.
        overlay: evidence, for tokens per document.
    """
    exporter = find_exporter(name)
    listed = parse_paths(paths, "the list of paths") if exporter.paths.needed else None
    done = export_recipe(read_recipe(text), exporter, ExportOptions(run=run, paths=listed), overlay)
    return {
        "files": dict(done.files),
        "load": done.export.load,
        "notes": done.export.notes,
        "figures": done.figures,
    }


def nearest(key: str, most: int) -> tuple[Relative, ...]:
    """The nearest relatives of a language among all."""
    return relatives(key, [each.code for each in all_languages()], most)


def curves(question: Mapping[str, Any], overlay: Overlay) -> tuple[Routes, ...]:
    """What the next tokens of every kind are worth, by how many are read."""
    return route_curves(at_compute(stranger_problem(question, overlay)))


@dataclass(frozen=True, slots=True, eq=False)
class OpenedAudit:
    """What an audit says, and its pools."""

    summary: AuditSummary
    inventory: AuditInventory


def open_audit(name: str, content: bytes) -> OpenedAudit:
    """The numbers and warnings of an audit, and its pools, from its file."""
    audit = parse_audit(content, name)
    summary = summarise(audit)
    return OpenedAudit(summary, audit_inventory(audit, summary))


TASKS: dict[str, Callable[..., Any]] = {
    "answer": answer,
    "short": short,
    "reasons": reasons,
    "shares": shares,
    "advice": advice,
    "advice after": advice_after,
    "steps": steps,
    "models": models,
    "draws": draws,
    "curve": over,
    "force": force,
    "growth": grown,
    "plan": plan,
    "weights": weights,
    "lay": lay_table,
    "save": save_table,
    "read recipe": read_recipe,
    "check recipe": check_recipe,
    "compare recipes": compare_recipes,
    "against published": compare_published,
    "open scenarios": open_scenarios,
    "export": export,
    "read runs": read_runs,
    "learn runs": learn_runs,
    "judge model": judge_model,
    "law for solve": law_for_solve,
    "learned mixture": learned_mixture,
    "next runs": next_runs,
    "relatives": nearest,
    "routes": curves,
    "open audit": open_audit,
}

SOLVING = frozenset({"answer", "reasons", "shares", "steps", "models"})
"""Tasks that take about as long as the answer of their question."""

LIGHT = frozenset(
    {"short", "weights", "lay", "save", "read recipe", "export"}
    | {"read runs", "relatives", "open audit"}
)
"""Tasks that solve nothing. All others, as draws, curves and plans, are taken for heavy."""


def expected(task: str, arguments: Sequence[Any]) -> float | None:
    """Seconds that a task is estimated to take; None where nothing says so.

    Raises:
        ProblemError: the question cannot be asked, as its task would say.
        DataError: likewise.
    """
    if task in LIGHT:
        return 0.0
    if task not in SOLVING:
        return None
    question, overlay = arguments[:2]
    return expected_seconds(stranger_problem(question, overlay))
