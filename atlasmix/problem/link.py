"""A question as the text of a link, and back: short, plain, and never the name of a file.

Whoever opens a link did not write it. It is read by the safe loader within a size limit and passes
every check of a ``problem.yaml``; on top of that it may name evidence and laws only by their names
on the shelf, never by a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.overlay import Overlay
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, DEFAULT_MATRIX
from atlasmix.evidence.store import Store
from atlasmix.io.plain_data import as_mapping
from atlasmix.io.safe_yaml import load_yaml
from atlasmix.laws.kinds import TargetLaws
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping, tidy_number
from atlasmix.problem.pool_choice import DEFAULT_CHOICE
from atlasmix.problem.problem import (
    DEFAULT_BUDGET,
    DEFAULT_EPOCHS,
    DEFAULT_PARAMS,
    DEFAULT_RISK_AVERSION,
    DEFAULT_SEED,
    DEFAULT_TAIL,
    WORTH,
    MixProblem,
)
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT, parse_calibration

_OF_THE_RUNS: Final = ("matrix", "budget", "params")
"""What a learned law says where a question does not."""

LINK_LIMIT: Final = 4096
"""Most bytes of a question in a link: our choice; percent-encoded it stays below the 8 KiB that
common servers and proxies accept."""

MOST_POOLS: Final = 2000
"""Most pools of a question from a stranger: our choice, the size that is solved within seconds."""

MOST_TARGETS: Final = 100
"""Most targets of a question from a stranger: our choice."""


def short_question(problem: MixProblem) -> dict[str, object]:
    """The question as plain data without what is a default anyway.

    ``problem_from_mapping`` reads it back to the same question.

    Raises:
        ProblemError: pools that the question's inventory does not have.
    """
    full = problem_to_mapping(problem)
    worth = problem.worth.items()
    full["worth"] = {name: tidy_number(value) for name, value in worth if WORTH.get(name) != value}
    usual: dict[str, object] = {
        "budget": tidy_number(DEFAULT_BUDGET),
        "params": tidy_number(DEFAULT_PARAMS),
        "objective": "loss",
        "matrix": DEFAULT_MATRIX,
        "inventory": DEFAULT_INVENTORY,
        "pools": DEFAULT_CHOICE,
        "max_epochs": tidy_number(DEFAULT_EPOCHS),
        "lambda": problem.law.decay or DEFAULT_DECAY,
        "risk_aversion": tidy_number(DEFAULT_RISK_AVERSION),
        "law": DEFAULT_LAW,
        "worth": {},
        "seed": DEFAULT_SEED,
        "tail": tidy_number(DEFAULT_TAIL),
    }
    if isinstance(problem.law, TargetLaws):
        # Left out they would be those of its runs.
        usual = {key: value for key, value in usual.items() if key not in _OF_THE_RUNS}
    if problem.matrix.card.metric in (BTS, TRANSFER_WEIGHT):
        usual["calibration"] = parse_calibration(None, problem.matrix).name
    return {key: value for key, value in full.items() if key not in usual or usual[key] != value}


def link_text(question: Mapping[str, object]) -> str:
    """A question on one line of YAML, for a link; it is not checked before it is opened.

    Args:
        question: plain data, best as :func:`short_question` gives it.

    Raises:
        ProblemError: over 4,096 bytes; a file holds it.
    """
    text = one_line(question)
    size = len(text.encode())
    if size > LINK_LIMIT:
        raise ProblemError(
            f"this question has {size:,} bytes and a link holds {LINK_LIMIT:,}: hand it on as a "
            "file (problem.yaml)"
        )
    return text


def one_line(question: Mapping[str, object]) -> str:
    """Plain data as one line of YAML.

    >>> one_line({"targets": {"cat": 1}, "budget": 300})
    '{targets: {cat: 1}, budget: 300}'
    """
    written: str = yaml.safe_dump(
        dict(question), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
    )
    return written.strip()


def read_link(text: str, store: Store) -> MixProblem:
    """The question in a link.

    Raises:
        DataError: too long, not plain YAML (tags, anchors), or evidence that is not there.
        ProblemError: an unknown key, a value that cannot be read, a path, or too large a question.
    """
    what = "the question in this link"
    content = load_yaml(text, what, LINK_LIMIT)
    if not isinstance(content, dict) or not content:
        raise DataError(f"{what} is no question: expected text such as {{targets: {{cat: 1}}}}")
    return stranger_problem(as_mapping(content, what, "{targets: {cat: 1}}"), store)


def stranger_problem(question: Mapping[str, Any], store: Store) -> MixProblem:
    """The question of somebody who is not the owner of this machine.

    Args:
        question: plain data, as in a ``problem.yaml``.
        store: evidence by name; no name in the question is taken for the path of a file.

    Raises:
        ProblemError: over 2,000 pools or 100 targets; else as
            ``problem_from_mapping``.
        DataError: as ``problem_from_mapping``.
    """
    strangers = store if isinstance(store, Overlay) else Overlay(store.location)
    problem = problem_from_mapping(question, strangers)
    for what, count, most in (
        ("pools", len(problem.pools), MOST_POOLS),
        ("targets", len(problem.targets), MOST_TARGETS),
    ):
        if count > most:
            raise ProblemError(
                f"this question has {count:,} {what}: at most {most:,} are solved here; ask it on "
                "your own machine with 'atlasmix solve'",
                field=what,
                value=count,
            )
    return problem
