"""A Problem as one writes it in a notebook: words and numbers in, a Solution out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Final

from atlasmix.api.constraints import (
    DEFAULT_CAP,
    AtLeast,
    AtMost,
    Constraint,
    Keep,
    MaxDonors,
    MaxEpochs,
    NoWorse,
    constraint_keys,
)
from atlasmix.api.solution import Solution, evaluated
from atlasmix.errors import ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.io.files import write_atomic
from atlasmix.laws.kinds import LossLaw
from atlasmix.mixture.growth import MixtureGrowth, growth, more_targets
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import with_uncertainty
from atlasmix.problem.parsing import (
    Evidence,
    problem_from_mapping,
    problem_to_mapping,
    read_question,
)
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_flops, format_quantity
from atlasmix.recipe.file import dump_question
from atlasmix.solver.compute import at_compute
from atlasmix.text import first_few, listed

_NAMED: Final = 6
_SHOWN: Final = 3


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """A question: which mixture serves these targets best, under these constraints?

    It is read when it is made, so a mistake is told at once; nothing is solved before ``solve``.
    Languages may be written in any code or name, counts as ``300B``, shares as ``0.2`` or ``20%``.

    Args:
        targets: languages whose loss counts: ``"cat"``, ``["cat", "eng"]``, or ``{"cat": 2,
            "eng": 1}`` with weights.
        budget: most tokens read in training, repeats included; 100B where nobody says.
        params: N, parameters with embeddings; 2B where nobody says.
        compute: FLOPs to divide between N and D, in the place of ``budget`` and ``params``.
        constraints: AtLeast, AtMost, Keep, MaxEpochs, MaxDonors, NoWorse.
        objective: ``loss`` (weighted mean of the targets' losses), ``worst`` (the largest loss
            relative to what each target could reach alone), ``expected`` (the mean loss over draws
            of what the scores leave open) or ``cautious`` (its mean over the worst of them).
        tokens: ``at most`` (no more than serve) or ``exactly`` all of the budget.
        matrix: transfer scores, by name or as a TransferMatrix.
        rivals: other matrices, by name or as TransferMatrix, one of which may be right: the
            objective is then ``regret``, the largest over all of them.
        calibration: how scores become transfer weights; None: as their metric implies.
        inventory: token counts, by name, several names, or as an Inventory.
        pools: which pools may be read, as the key ``pools`` of a problem file.
        law: the loss law, by name or as a LossLaw, say that of a fit; or the file of one that was
            learned with ``for_solve``, which brings the matrix and, of runs of one size, that size.
        decay: λ of the saturation of repeated tokens; None: the law's.
        risk_aversion: κ, standard errors taken off every transfer weight.
        box: level of the interval at whose lower end donors count, 0-1, in the place of κ.
        wrong_scores: most donors of a target that count with that lower end at once.
        human_floor: least share of human text in what is read of every target: a share, or
            ``conservative``, ``balanced`` or ``articles``.
        unknown_human: part of text of unknown origin that people wrote, at least.
        drift_penalty: loss given for one unit less of excess error amplification a(h) - 1 over the
            tokens of the budget, h the human share of a target; None: no such term.
        near: of the mixtures that are about as good as the best, the one nearest to a reference is
            the answer: ``targets-temperature-3.33``, or with what it may cost of the reducible
            loss, ``1%:salamandra-7b``; a recipe or a mixture file by its path, too.
        worth: worth of a token by provenance, human text 1.
        phases: parts of the run, as the key ``phases`` of a problem file.
        draws: worlds drawn from what the evidence allows, in which the answer is tried; None: 32
            where they take about a second; 0: none.
        seed: of the draws.
        tail: part of the draws, the worst, that ``cautious`` speaks of; None: a fifth.
        groups: names for sets of languages, for selections.
        store: where names are looked up; None: the user's own shelf and what ships.

    Raises:
        ProblemError: a question that cannot be asked this way; ``field`` names the argument.
        DataError: an unknown language, matrix, inventory or law.

    >>> from atlasmix import AtLeast, MaxEpochs, Problem
    >>> limits = [AtLeast("eng", 0.2), MaxEpochs(4)]
    >>> Problem({"cat": 2, "eng": 1}, budget="300B", constraints=limits)
    Problem for cat (weight 2) and eng: at most 300B tokens, 2B parameters, objective loss
      constraints: AtLeast('eng', 0.2), MaxEpochs(4)
      evidence: matrix atlasmix-2026, inventory web-2026, law datablations-2023-one-stage
    """

    targets: str | Sequence[str] | Mapping[str, float]
    budget: float | str | None = None
    params: float | str | None = None
    compute: float | str | None = None
    constraints: Sequence[Constraint] = ()
    objective: str | None = None
    tokens: str | None = None
    matrix: str | TransferMatrix | None = None
    rivals: Sequence[str | TransferMatrix] = ()
    calibration: str | None = None
    inventory: str | Sequence[str] | Inventory | None = None
    pools: Mapping[str, object] | None = None
    law: str | LossLaw | None = None
    decay: float | None = None
    risk_aversion: float | None = None
    box: float | str | None = None
    wrong_scores: int | None = None
    human_floor: float | str | None = None
    unknown_human: float | str | None = None
    drift_penalty: float | None = None
    near: str | None = None
    worth: Mapping[str, float] | None = None
    phases: Sequence[Mapping[str, object]] | None = None
    draws: int | None = None
    seed: int | None = None
    tail: float | str | None = None
    groups: Mapping[str, Sequence[str]] | None = None
    store: Store | None = None

    def __post_init__(self) -> None:
        """Read the question, so that a mistake is told where it is written."""
        self.question  # noqa: B018

    @cached_property
    def question(self) -> MixProblem:
        """The same with every name resolved, as the functions of the library take it."""
        if not isinstance(self.constraints, list | tuple):
            raise ProblemError(
                f"constraints is {self.constraints!r}: expected a list, as [AtLeast('eng', 0.2)]",
                field="constraints",
            )
        mapping: dict[str, object] = dict(constraint_keys(self.constraints))
        named = mapping.get("groups")
        if self.groups or isinstance(named, dict):
            mapping["groups"] = {
                **(self.groups or {}),
                **(named if isinstance(named, dict) else {}),
            }
        store = self.store or Store()
        rivals = tuple(
            each if isinstance(each, TransferMatrix) else store.matrix(each) for each in self.rivals
        )
        given = Evidence(
            matrix=self.matrix if isinstance(self.matrix, TransferMatrix) else None,
            rivals=rivals or None,
            inventory=self.inventory if isinstance(self.inventory, Inventory) else None,
            law=self.law if isinstance(self.law, LossLaw) else None,
        )
        for name in _NAMES:
            value = getattr(self, name)
            if value is not None and getattr(given, name) is None:
                mapping[name] = value
        for name in _WORDS:
            value = getattr(self, name)
            if value is not None:
                mapping["lambda" if name == "decay" else name] = value
        return problem_from_mapping(mapping, self.store, given)

    @classmethod
    def from_file(cls, path: str | Path, store: Store | None = None) -> Problem:
        """The question of a problem file or of a recipe.

        Raises:
            DataError, ProblemError: as reading and asking it do.
        """
        return cls.from_mapping(read_question(Path(path)), store)

    @classmethod
    def from_mapping(cls, question: Mapping[str, Any], store: Store | None = None) -> Problem:
        """The question of plain data, as a problem file holds it.

        Raises:
            DataError, ProblemError: as asking it does.

        >>> from atlasmix import Problem
        >>> Problem.from_mapping({"targets": "cat", "budget": "50B"}).question.budget
        50000000000.0
        """
        result = dict(question)
        problem_from_mapping(result, store)  # its own words for what is wrong with it
        words = {"decay" if key == "lambda" else key: value for key, value in result.items()}
        constraints = _constraints(words)
        groups = words.pop("groups", None)
        return cls(**words, groups=groups, constraints=constraints, store=store)

    def with_(self, **changes: Any) -> Problem:
        """The same problem with other arguments; everything that follows is worked out anew.

        Raises:
            ProblemError: no such argument, or as a new Problem does.

        >>> from atlasmix import Problem
        >>> Problem("cat").with_(budget="300B").question.budget
        300000000000.0
        """
        known = [each.name for each in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                raise ProblemError(
                    f"a Problem has no argument {name!r}: expected {', '.join(known)}", field=name
                )
        return dataclasses.replace(self, **changes)

    def growth(self, *languages: str) -> MixtureGrowth:
        """Which N and D keep every target's loss when these languages become targets, too.

        They weigh as much as the present targets do on average, under the same constraints.

        Args:
            languages: keys, as ``"glg"``.

        Raises:
            ProblemError: none that is no target yet, or a target without text.
            Infeasible, SolverFailed: as :meth:`solve`.

        >>> grown = Problem("cat").growth("eng")
        >>> [(way.name, round(way.tokens / grown.now.budget, 1)) for way in grown.ways]
        [('same parameters', 2.5), ('same tokens', 1.0), ('least compute', 1.8)]
        """
        then = self.with_(targets=more_targets(self.question, languages))
        return growth(self.question, then.question)

    def solve(self, draws: int | None = None, seed: int | None = None) -> Solution:
        """The best mixture, with its proof; a compute budget is divided first.

        Args:
            draws: worlds drawn from what the evidence allows, 20 or more, in which it is tried at
                once: ``solution.uncertainty`` has intervals and regret. None: as the problem says.
            seed: of the draws.

        Raises:
            Infeasible: no mixture meets all constraints; ``conflict`` names those that collide.

        >>> from atlasmix import Problem
        >>> Problem("cat").solve().certificate.exact
        True
        """
        if draws is not None or seed is not None:
            changes = {"draws": draws, "seed": seed}
            return self.with_(**{k: v for k, v in changes.items() if v is not None}).solve()
        question = at_compute(self.question)
        mixture = solve(question)
        if question.draws:
            mixture = with_uncertainty(question, mixture)
        return Solution(question, mixture)

    def evaluate(self, mixture: Mapping[str, float]) -> Solution:
        """What a given mixture is predicted to give for these targets, without a proof.

        Args:
            mixture: pools or languages to tokens, or to shares that sum to 1 (of the budget).

        Raises:
            ProblemError: a pool that the problem does not have, or nothing read.

        >>> from atlasmix import Problem
        >>> given = Problem("cat").evaluate({"cat": 0.5, "spa": 0.5})
        >>> round(given.proportions["spa"], 2)
        0.5
        """
        return evaluated(at_compute(self.question), mixture)

    def to_mapping(self) -> dict[str, object]:
        """The question as plain data with every default written out, as a problem file holds it."""
        return problem_to_mapping(self.question)

    def save(self, path: str | Path) -> None:
        """Write the question as a problem file, which ``atlasmix solve`` reads.

        Raises:
            DataError: the file cannot be written.
        """
        write_atomic(Path(path), dump_question(self.to_mapping()))

    def __repr__(self) -> str:
        """Six lines at most."""
        return "\n".join(self._told())

    def _repr_html_(self) -> str:
        head, *rest = self._told()
        rows = "".join(f"<br>{escape(line.strip())}" for line in rest)
        return f"<div><b>{escape(head)}</b>{rows}</div>"

    def _told(self) -> list[str]:
        question = self.question
        weights = [
            target.language + (f" (weight {target.weight:g})" if target.weight != 1 else "")
            for target in question.targets
        ]
        if question.compute is not None:
            size = f"{format_flops(question.compute)} FLOPs"
        else:
            most = "exactly" if question.exact_tokens else "at most"
            budget, params = format_quantity(question.budget), format_quantity(question.params)
            size = f"{most} {budget} tokens, {params} parameters"
        named = listed(weights, _NAMED)
        told = [f"Problem for {named}: {size}, objective {question.objective}"]
        if self.constraints:
            written = [repr(each) for each in self.constraints]
            told.append(f"  constraints: {first_few(written, _SHOWN)}")
        if question.phases:
            told.append(f"  phases: {', '.join(phase.name for phase in question.phases)}")
        told.append(
            f"  evidence: matrix {question.matrix.name}, inventory {question.inventory.name}, "
            f"law {question.law.name}"
        )
        return told


_NAMES: Final = ("matrix", "inventory", "law")
_WORDS: Final = (
    "targets",
    "budget",
    "params",
    "compute",
    "objective",
    "tokens",
    "calibration",
    "pools",
    "decay",
    "risk_aversion",
    "box",
    "wrong_scores",
    "human_floor",
    "unknown_human",
    "drift_penalty",
    "near",
    "worth",
    "draws",
    "seed",
    "tail",
    "phases",
)


def _constraints(words: dict[str, object]) -> list[Constraint]:
    """The constraints of a question; takes their keys out."""
    told: list[Constraint] = []

    def items(key: str) -> list[tuple[str, Any]]:
        value = words.pop(key, None)
        return list(value.items()) if isinstance(value, Mapping) else []

    told += [AtLeast(what, share) for what, share in items("min")]
    told += [AtMost(what, share) for what, share in items("max")]
    told += [Keep(what, tokens) for what, tokens in items("keep")]
    cap = words.get("max_epochs")
    if cap is not None and not isinstance(cap, Mapping):
        told.append(MaxEpochs(float(str(words.pop("max_epochs")))))
    for what, epochs in items("max_epochs"):
        told.append(MaxEpochs(epochs, None if what == DEFAULT_CAP else what))
    for language, rail in items("guardrails"):
        if isinstance(rail, Mapping):
            told.append(NoWorse(language, rail["slack"], rail.get("reference", "natural")))
        else:
            slack, _, reference = str(rail).partition(":")
            told.append(NoWorse(language, slack, reference or "natural"))
    if words.get("max_donors") is not None:
        told.append(MaxDonors(int(str(words.pop("max_donors")))))
    return told
