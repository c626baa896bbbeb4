"""Keys of a question that are refused with a reason of their own, and what to write instead."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from atlasmix.errors import DataError, ProblemError, UnknownLanguage, about
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import PROVENANCES
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.io.plain_data import (
    as_list,
    as_mapping,
    as_number,
    as_text,
    as_word,
    refuse_unknown,
    shown,
)
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.languages.catalogue import language, name_of
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.problem.constraint_parsing import read_cap, read_limits, tidy_number, write_limits
from atlasmix.problem.former import former_question
from atlasmix.problem.law_choice import read_law, write_law
from atlasmix.problem.phase_parsing import phase_groups, read_phases, write_phases
from atlasmix.problem.phases import check_phases
from atlasmix.problem.pool_choice import (
    DEFAULT_CHOICE,
    JOINT,
    check_axes,
    choice_of,
    choose_pools,
    joined_inventory,
)
from atlasmix.problem.problem import (
    DEFAULT_BUDGET,
    DEFAULT_PARAMS,
    DEFAULT_RISK_AVERSION,
    NO_TARGET,
    OBJECTIVES,
    WORTH,
    MixProblem,
    Objective,
    Target,
    check_problem,
)
from atlasmix.problem.vocabulary import Vocabulary, with_groups
from atlasmix.quantities import parse_flops, parse_quantity
from atlasmix.text import and_more

FORMER_OBJECTIVE: Final = "effective-data"

_Read = TypeVar("_Read")


def refuse_keys(question: Mapping[str, object]) -> None:
    """Refuse what the law cannot answer or what an earlier law asked, whatever its value.

    Raises:
        ProblemError: the first of them.
    """
    for key, sentence in _SENTENCES.items():
        if key in question:
            raise ProblemError(sentence(question), field=key, value=question[key])
    if question.get("objective") == FORMER_OBJECTIVE:
        raise ProblemError(
            f"objective {FORMER_OBJECTIVE} belonged to the law before this one: it left capacity "
            "out, so it filled budgets with donors; it is the limit of loss for ever larger "
            "models: write objective: loss",
            field="objective",
            value=FORMER_OBJECTIVE,
        )


def _interference(_: Mapping[str, object]) -> str:
    return (
        "the question has 'interference', the part of every negative transfer weight that was "
        "believed under the law before this one: today no weight is negative, and what a donor "
        "costs is capacity (phi of the law); leave it out"
    )


def _spend_all(_: Mapping[str, object]) -> str:
    return (
        "the question has 'spend_all', which read the whole budget under the law before this one: "
        "ask for tokens 'exactly' in the place of a true one, and leave a false one out"
    )


def _start(question: Mapping[str, object]) -> str:
    targets = question.get("targets")
    first = next(iter(targets), None) if isinstance(targets, dict | list | tuple) else targets
    name = str(first).split(",")[0].split(":")[0].strip() if first else "LANG"
    return (
        f"from is {shown(question['from'])}: expected no checkpoint, every run is planned from "
        "scratch; "
        "the law has no term for what a checkpoint has read already, it only knows from how many "
        "tokens on a run from scratch does better than one from a multilingual checkpoint (section "
        f"6 of ATLAS): leave it out, and ask for the crossover of {name[:40]}"
    )


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, object]], str]]] = {
    "interference": _interference,
    "spend_all": _spend_all,
    "from": _start,
}

QUESTION_LIMIT: Final = 1024 * 1024
"""Most bytes of a ``problem.yaml``."""

QUESTION_KEYS: Final = (
    "targets",
    "budget",
    "tokens",
    "params",
    "compute",
    "objective",
    "matrix",
    "calibration",
    "inventory",
    "pools",
    "max_epochs",
    "lambda",
    "risk_aversion",
    "law",
    "worth",
    "groups",
    "min",
    "max",
    "keep",
    "guardrails",
    "max_donors",
    "phases",
)
"""The keys of a question, in the order in which it is written. All but ``targets`` are optional."""

EXACTLY: Final = "exactly"
AT_MOST: Final = "at most"
"""Whether all tokens of the budget are read, or no more than serve: ``tokens``."""

_MOST_NAMED: Final = 8
_LEAST_SIZE: Final = 100_000.0
"""Parameters, or tokens read, below which a number is taken for a slip: our choice."""


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence that is at hand, in the place of what a question names; None: by name."""

    matrix: TransferMatrix | None = None
    inventory: Inventory | None = None
    law: LossLaw | None = None


def problem_from_mapping(
    mapping: Mapping[str, object], store: Store | None = None, given: Evidence | None = None
) -> MixProblem:
    """The question that plain data asks; see :data:`QUESTION_KEYS`.

    Languages may be written in any way that ``languages.resolve`` takes, token counts as ``100B``,
    shares as ``0.3`` or ``30%``.

    Args:
        mapping: the question.
        store: where evidence is found; by default the user's own store and what ships.
        given: evidence that is used as it is, whatever the question names.

    Raises:
        ProblemError: an unknown key, a value that cannot be read, or a question without an answer.
        DataError: an unknown language, matrix, inventory or law.
    """
    question = as_mapping(mapping, "the question", "{targets: {cat: 1}}")
    refuse_keys(question)
    refuse_unknown(question, QUESTION_KEYS, "the question")
    store = store or Store()
    part = partial(_part, question)
    given = given or Evidence()
    matrix = given.matrix or part(
        "matrix", DEFAULT_MATRIX, lambda name: store.matrix(as_text(name, "matrix"))
    )
    law = given.law or part("law", DEFAULT_LAW, lambda law: read_law(law, store))
    inventory = given.inventory or part(
        "inventory", DEFAULT_INVENTORY, lambda names: _inventory(names, store)
    )
    check_axes(matrix, inventory)
    words = part("groups", {}, lambda groups: with_groups(Vocabulary(matrix), groups))
    pools = part(
        "pools", DEFAULT_CHOICE, lambda choice: choose_pools(choice, inventory, matrix, words)
    )
    targets = part("targets", None, lambda targets: _targets(targets, words))
    words = dataclasses.replace(words, targets=tuple(target.language for target in targets))
    problem = MixProblem(
        targets=targets,
        pools=pools,
        matrix=matrix,
        calibration=part("calibration", None, _calibration),
        inventory=inventory,
        law=law,
        budget=part("budget", DEFAULT_BUDGET, lambda n: _size(n, "budget", "tokens", "300B")),
        params=part("params", DEFAULT_PARAMS, lambda n: _size(n, "params", "parameters", "7B")),
        objective=part("objective", "loss", _objective),
        decay=part("lambda", law.decay or DEFAULT_DECAY, lambda n: as_number(n, "lambda", "0.037")),
        risk_aversion=part(
            "risk_aversion", DEFAULT_RISK_AVERSION, lambda n: as_number(n, "risk_aversion", "1")
        ),
        max_epochs=part("max_epochs", None, lambda _: read_cap(question)),
        limits=read_limits(question, words, pools, inventory),
        max_donors=part("max_donors", None, _max_donors),
        exact_tokens=part("tokens", AT_MOST, _exact_tokens),
        worth=part("worth", {}, _worth),
        compute=part("compute", None, lambda _: _compute(question)),
        phases=part("phases", None, lambda value: read_phases(value, words, pools, inventory)),
    )
    # With a compute budget N and D are chosen later; what can be checked now is.
    if problem.compute is None:
        check_problem(problem)
    else:
        check_problem(dataclasses.replace(problem, compute=None, phases=()))
        check_phases(problem.phases, problem.pools, math.inf)
    return problem


def _part(
    question: Mapping[str, object], key: str, default: object, read: Callable[[Any], _Read]
) -> _Read:
    """What ``read`` makes of one key of a question; what it refuses is about that key."""
    value = question.get(key, default)
    with about(key, value):
        return read(value)


def _inventory(names: object, store: Store) -> Inventory:
    return joined_inventory(
        [as_text(name, "inventory") for name in as_list(names, "inventory")], store
    )


def _calibration(value: object) -> str | None:
    return None if value is None else as_text(value, "calibration")


def _max_donors(value: object) -> int | None:
    return None if value is None else _whole(value, "max_donors")


def problem_to_mapping(problem: MixProblem) -> dict[str, object]:
    """The question as plain data, with every default written out, in a fixed order.

    ``problem_from_mapping`` reads it back to the same question.

    Raises:
        ProblemError: pools that the question's inventory does not have.
    """
    limits = write_limits(problem.limits, problem.max_epochs, problem.target_keys)
    inventories = problem.inventory.name.split(JOINT)
    written: dict[str, object] = {
        "targets": {target.language: tidy_number(target.weight) for target in problem.targets},
        **_written_size(problem),
        "objective": str(problem.objective),
        "matrix": problem.matrix.name,
        "calibration": problem.transfer.calibration,
        "inventory": inventories[0] if len(inventories) == 1 else inventories,
        "pools": choice_of(problem.pools, problem.inventory, problem.matrix),
        "lambda": tidy_number(problem.decay),
        "risk_aversion": tidy_number(problem.risk_aversion),
        "law": write_law(problem.law),
        "worth": {name: tidy_number(problem.worth[name]) for name in sorted(problem.worth)},
        **limits,
    }
    if problem.max_donors is not None:
        written["max_donors"] = problem.max_donors
    if problem.exact_tokens:
        written["tokens"] = EXACTLY
    if problem.phases:
        written["phases"] = write_phases(problem.phases, problem.target_keys)
    groups = dict(limits.get("groups", {})) | phase_groups(problem.phases)
    if groups:
        written["groups"] = groups
    return {key: written[key] for key in QUESTION_KEYS if key in written}


def read_question(path: Path) -> dict[str, object]:
    """The mapping in a ``problem.yaml``, or the question of a recipe.

    Raises:
        DataError: unreadable, too large, not plain YAML, or not a mapping.
    """
    what = f"problem file {path.name or path}"
    content = load_yaml(read_bytes(path, QUESTION_LIMIT, what), what, QUESTION_LIMIT)
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} holds no question: expected lines such as 'targets: [cat]'")
    question: Mapping[str, object] = content
    if "schema" in content and isinstance(content.get("question"), dict):
        question = former_question(content)
    return as_mapping(question, what, "{targets: {cat: 1}}")


def read_bytes(path: Path, limit: int, what: str) -> bytes:
    """At most ``limit`` bytes of a file, one more where it is longer.

    Raises:
        DataError: no such file, a folder, or no permission.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        raise DataError(f"{what} is not there: expected a file; check the path") from None
    except OSError as error:
        raise DataError(f"{what} cannot be read ({error.strerror}): check the path") from None


def _targets(value: object, words: Vocabulary) -> tuple[Target, ...]:
    if value is None:
        raise ProblemError(NO_TARGET, field="targets")
    if isinstance(value, dict):
        items = list(as_mapping(value, "targets", "{cat: 1}").items())
    else:
        items = [_weighted(each, words) for each in as_list(value, "targets")]
    targets = []
    for name, weight in items:
        key = words.key(name, "target")
        if key not in words.matrix.keys:
            raise _not_scored(key, words.matrix)
        targets.append(Target(key, as_number(weight, f"weight of target {name}", "2")))
    return tuple(targets)


def _not_scored(key: str, matrix: TransferMatrix) -> DataError:
    kin = [other for other in matrix.keys if _is_kin(key, other)] or list(matrix.keys)
    named = sorted(map(name_of, kin))[:_MOST_NAMED]
    rest = len(matrix.keys) - len(named)
    more = and_more(rest, f"(atlasmix matrices show {matrix.name})")
    return UnknownLanguage(
        f"target {name_of(key)} ({key}) is not in matrix {matrix.name}, which has scores for "
        f"{', '.join(named)}{more}: choose one of them, or another matrix that has it"
    )


def _is_kin(key: str, other: str) -> bool:
    """Whether two languages are of one genus; labels of a domain are not."""
    try:
        return language(key).genus == language(other).genus
    except DataError:
        return False


def _weighted(written: object, words: Vocabulary) -> tuple[Any, object]:
    """``eng:2`` as a name and a weight; anything that is no text is left for the name's reader."""
    if not isinstance(written, str) or written in words.matrix.keys:
        return written, 1.0
    name, colon, weight = written.rpartition(":")
    return (name.strip(), weight) if colon else (written, 1.0)


def _exact_tokens(value: object) -> bool:
    if value in (EXACTLY, AT_MOST):
        return value == EXACTLY
    raise ProblemError(
        f"tokens is {shown(value)}: expected '{EXACTLY}' (all of the budget is read) or "
        f"'{AT_MOST}' (no more than serves); a number of tokens is the budget"
    )


def _objective(value: object) -> Objective:
    return cast(Objective, as_word(value, "objective", OBJECTIVES))


def _size(value: object, what: str, unit: str, example: str) -> float:
    """N or D as somebody typed it; a few are billions typed as units, which would be answered."""
    size = parse_quantity(value, what)
    if 0 < size < _LEAST_SIZE:
        raise ProblemError(
            f"{what} is {size:g}: expected at least {_LEAST_SIZE:,.0f} {unit}, less than any model "
            f"has; if billions are meant write for example {example}"
        )
    return size


def _whole(value: object, what: str) -> int:
    number = as_number(value, what, "3")
    if not number.is_integer() or number < 0:
        raise ProblemError(f"{what} is {number:g}: expected a whole number from 0")
    return int(number)


def _worth(value: object) -> dict[str, float]:
    given = as_mapping(value, "worth", "{translated: 0.5}")
    refuse_unknown(given, PROVENANCES, "worth")
    read = {name: as_number(worth, f"worth of {name}", "0.5") for name, worth in given.items()}
    return {**WORTH, **read}


def _compute(question: Mapping[str, object]) -> float | None:
    if question.get("compute") is None:
        return None
    stated = [key for key in ("budget", "params") if key in question]
    if stated:
        raise ProblemError(
            f"compute and {' and '.join(stated)} are both given: compute divides itself between "
            "parameters and tokens; leave one of them out",
            field="compute",
            value=question["compute"],
        )
    return parse_flops(question["compute"], "compute")


def _written_size(problem: MixProblem) -> dict[str, object]:
    """What the user fixed: N and D, or the compute that pays for both."""
    if problem.compute is not None:
        return {"compute": float(problem.compute)}
    return {"budget": tidy_number(problem.budget), "params": tidy_number(problem.params)}
