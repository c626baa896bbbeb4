"""The question as plain data: the format of ``problem.yaml`` and of a recipe's ``question``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from atlasmix.errors import DataError, ProblemError, UnknownLanguage
from atlasmix.evidence import (
    DEFAULT_INVENTORY,
    DEFAULT_MATRIX,
    PROVENANCES,
    Store,
    TransferMatrix,
    calibrate,
)
from atlasmix.evidence.safe_yaml import load_yaml
from atlasmix.languages import name_of
from atlasmix.mixing.phases import check_phases
from atlasmix.mixing.problem import (
    DEFAULT_BUDGET,
    DEFAULT_PARAMS,
    DEFAULT_RISK_AVERSION,
    OBJECTIVES,
    WORTH,
    MixProblem,
    Objective,
    Target,
    check_problem,
)
from atlasmix.quantities import parse_flops, parse_quantity
from atlasmix.recipes.limit_words import plain, read_cap, read_limits, write_limits
from atlasmix.recipes.phase_words import phase_groups, read_phases, write_phases
from atlasmix.recipes.pool_choice import (
    DEFAULT_CHOICE,
    JOINT,
    check_axes,
    choice_of,
    choose_pools,
    joined_inventory,
)
from atlasmix.recipes.values import (
    as_flag,
    as_list,
    as_mapping,
    as_number,
    as_text,
    as_word,
    refuse_unknown,
)
from atlasmix.recipes.words import Vocabulary, with_groups
from atlasmix.scaling.law_kinds import LossLaw
from atlasmix.scaling.laws import DEFAULT_LAW, load_law, shipped_names
from atlasmix.scaling.saturation import DEFAULT_DECAY

QUESTION_LIMIT: Final = 1024 * 1024
"""Most bytes of a ``problem.yaml``."""

QUESTION_KEYS: Final = (
    "targets",
    "budget",
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
    "interference",
    "law",
    "worth",
    "groups",
    "min",
    "max",
    "keep",
    "guardrails",
    "max_donors",
    "spend_all",
    "phases",
)
"""The keys of a question, in the order in which it is written. All but ``targets`` are optional."""

_LAW_NUMBERS: Final = ("E", "A", "alpha", "B", "beta")
_MOST_NAMED: Final = 60
_LAW_NEEDED: Final = ("name", *_LAW_NUMBERS, "unit", "measured_on", "source")
_LAW_KEYS: Final = (*_LAW_NEEDED, "note", "decay", "language")


def problem_from_mapping(mapping: Mapping[str, object], store: Store | None = None) -> MixProblem:
    """The question that plain data asks; see :data:`QUESTION_KEYS`.

    Languages may be written in any way that ``languages.resolve`` takes, token counts as ``100B``,
    shares as ``0.3`` or ``30%``.

    Args:
        mapping: the question.
        store: where evidence is found; by default the user's own store and what ships.

    Raises:
        ProblemError: an unknown key, a value that cannot be read, or a question without an answer.
        DataError: an unknown language, matrix, inventory or law.
    """
    asked = as_mapping(mapping, "the question", "{targets: {cat: 1}}")
    refuse_unknown(asked, QUESTION_KEYS, "the question")
    store = store or Store()
    matrix = store.matrix(as_text(asked.get("matrix", DEFAULT_MATRIX), "matrix"))
    chosen = asked.get("calibration")
    transfer = calibrate(matrix, None if chosen is None else as_text(chosen, "calibration"))
    names = asked.get("inventory", DEFAULT_INVENTORY)
    inventory = joined_inventory(
        [as_text(one, "inventory") for one in as_list(names, "inventory")], store
    )
    check_axes(matrix, inventory)
    words = with_groups(Vocabulary(matrix), asked.get("groups", {}))
    pools = choose_pools(asked.get("pools", DEFAULT_CHOICE), inventory, matrix, words)
    donors = asked.get("max_donors")
    law = _law(asked.get("law", DEFAULT_LAW), store)
    problem = MixProblem(
        targets=_targets(asked.get("targets"), words),
        pools=pools,
        matrix=matrix,
        transfer=transfer,
        inventory=inventory,
        law=law,
        budget=parse_quantity(asked.get("budget", DEFAULT_BUDGET), "budget"),
        params=parse_quantity(asked.get("params", DEFAULT_PARAMS), "params"),
        objective=_objective(asked.get("objective", "loss")),
        decay=as_number(asked.get("lambda", law.decay or DEFAULT_DECAY), "lambda", "0.04"),
        risk_aversion=as_number(
            asked.get("risk_aversion", DEFAULT_RISK_AVERSION), "risk_aversion", "1"
        ),
        interference=as_number(asked.get("interference", 1.0), "interference", "0"),
        max_epochs=read_cap(asked),
        limits=read_limits(asked, words, pools, inventory),
        max_donors=None if donors is None else _whole(donors, "max_donors"),
        spend_all=as_flag(asked.get("spend_all", False), "spend_all"),
        worth=_worth(asked.get("worth", {})),
        compute=_compute(asked),
        phases=read_phases(asked.get("phases"), words, pools, inventory),
    )
    # With a compute budget N and D are chosen later; what can be checked now is.
    if problem.compute is None:
        check_problem(problem)
    else:
        check_problem(dataclasses.replace(problem, compute=None, phases=()))
        check_phases(problem.phases, problem.pools, math.inf)
    return problem


def problem_to_mapping(problem: MixProblem) -> dict[str, object]:
    """The question as plain data, with every default written out, in a fixed order.

    ``problem_from_mapping`` reads it back to the same question.

    Raises:
        ProblemError: pools that the question's inventory does not have.
    """
    limits = write_limits(problem.limits, problem.max_epochs)
    inventories = problem.inventory.name.split(JOINT)
    written: dict[str, object] = {
        "targets": {target.language: plain(target.weight) for target in problem.targets},
        **_written_size(problem),
        "objective": str(problem.objective),
        "matrix": problem.matrix.name,
        "calibration": problem.transfer.calibration,
        "inventory": inventories[0] if len(inventories) == 1 else inventories,
        "pools": choice_of(problem.pools, problem.inventory, problem.matrix),
        "lambda": plain(problem.decay),
        "risk_aversion": plain(problem.risk_aversion),
        "interference": plain(problem.interference),
        "law": _written_law(problem.law),
        "worth": {name: plain(problem.worth[name]) for name in sorted(problem.worth)},
        **limits,
    }
    if problem.max_donors is not None:
        written["max_donors"] = problem.max_donors
    if problem.spend_all:
        written["spend_all"] = True
    if problem.phases:
        written["phases"] = write_phases(problem.phases)
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
    found: Mapping[str, object] = content
    if "schema" in content and isinstance(content.get("question"), dict):
        found = content["question"]
    return as_mapping(found, what, "{targets: {cat: 1}}")


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
        raise ProblemError("no target: name at least one language, for example --target cat")
    if isinstance(value, dict):
        items = list(as_mapping(value, "targets", "{cat: 1}").items())
    else:
        items = [_weighted(one, words) for one in as_list(value, "targets")]
    targets = []
    for name, weight in items:
        key = words.key(name, "target")
        if key not in words.matrix.keys:
            raise _not_scored(key, words.matrix)
        targets.append(Target(key, as_number(weight, f"weight of target {name}", "2")))
    return tuple(targets)


def _not_scored(key: str, matrix: TransferMatrix) -> DataError:
    known = sorted(map(name_of, matrix.keys))
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return UnknownLanguage(
        f"target {name_of(key)} ({key}) is not in matrix {matrix.name}, which has scores for "
        f"{', '.join(known[:_MOST_NAMED])}{more}: choose one of them, or evidence that has it with "
        "--matrix"
    )


def _weighted(written: object, words: Vocabulary) -> tuple[Any, object]:
    """``eng:2`` as a name and a weight; anything that is no text is left for the name's reader."""
    if not isinstance(written, str) or written in words.matrix.keys:
        return written, 1.0
    name, colon, weight = written.rpartition(":")
    return (name.strip(), weight) if colon else (written, 1.0)


def _objective(value: object) -> Objective:
    return cast(Objective, as_word(value, "objective", OBJECTIVES))


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


def _compute(asked: Mapping[str, object]) -> float | None:
    if asked.get("compute") is None:
        return None
    stated = [key for key in ("budget", "params") if key in asked]
    if stated:
        raise ProblemError(
            f"compute and {' and '.join(stated)} are both given: compute divides itself between "
            "parameters and tokens; leave one of them out"
        )
    return parse_flops(asked["compute"], "compute")


def _written_size(problem: MixProblem) -> dict[str, object]:
    """What the user fixed: N and D, or the compute that pays for both."""
    if problem.compute is not None:
        return {"compute": float(problem.compute)}
    return {"budget": plain(problem.budget), "params": plain(problem.params)}


def _law(value: object, store: Store) -> LossLaw:
    if not isinstance(value, dict):
        return load_law(as_text(value, "law"), store)
    given = as_mapping(value, "law", "{name: mine, E: 1.9, ...}")
    refuse_unknown(given, _LAW_KEYS, "law")
    missing = [key for key in _LAW_NEEDED if key not in given]
    if missing:
        raise ProblemError(f"law lacks {', '.join(missing)}: expected {', '.join(_LAW_NEEDED)}")
    numbers: dict[str, Any] = {}
    for key in (*_LAW_NUMBERS, *(["decay"] if "decay" in given else [])):
        numbers[key] = as_number(given[key], f"law {key}", "0.35")
        if numbers[key] < 0 or (numbers[key] == 0 and key != "E"):
            raise ProblemError(f"law {key} is {numbers[key]:g}: expected a number above 0")
    texts: dict[str, Any] = {
        key: str(given.get(key, "")) for key in _LAW_KEYS if key not in (*_LAW_NUMBERS, "decay")
    }
    return LossLaw(**numbers, **texts)


def _written_law(law: LossLaw) -> object:
    """A shipped law by its name; any other in full, so that a recipe stands without its file."""
    if law.name.partition("/")[0] in shipped_names() and load_law(law.name) == law:
        return law.name
    written = {key: getattr(law, key) for key in _LAW_KEYS}
    return {
        key: value for key, value in written.items() if key == "note" or value not in (None, "")
    }
