"""Answers of a sweep on disk, one file each, from which a sweep that was ended goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from atlasmix.io.files import refusing_to_write, write_atomic
from atlasmix.laws.kinds import LossLaw, TargetLaws
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.parsing import problem_to_mapping
from atlasmix.problem.pool_choice import inventory_hashes
from atlasmix.problem.problem import Allocation, MixProblem
from atlasmix.solver.compute import with_allocation
from atlasmix.transfer.prior import prior_digest
from atlasmix.version import __version__

_SCHEMA: Final = 1
_ENDING: Final = ".answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one problem of a sweep.

    Attributes:
        mixture: the answer; None where no mixture meets all constraints.
        refusal: why, for those; else empty.
        allocation: how a compute budget was divided; None where none was asked for.
    """

    mixture: Mixture | None
    refusal: str = ""
    allocation: Allocation | None = None

    def sized(self, problem: MixProblem) -> MixProblem:
        """The problem with the size that was chosen for it."""
        return problem if self.allocation is None else with_allocation(problem, self.allocation)


class Partials:
    """A folder of answers, each under what it follows from.

    An answer is taken over where question, evidence and version of AtlasMix are the same to the
    last digit: the name of its file is the hash of all of them.

    Args:
        folder: where; it is made here.

    Raises:
        DataError: the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with refusing_to_write(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def take(self, problem: MixProblem, path: Path) -> Answer | None:
        """What was kept of a problem; None where nothing is, or nothing whole."""
        try:
            kept: Any = msgspec.msgpack.decode(path.read_bytes(), type=_kept())
            mixture = None
            if kept.mixture is not None:
                limits = tuple(problem.limits[place] for place in kept.stopped_by)
                mixture = Mixture(**_fields(kept.mixture), stopped_by=limits)
        except (OSError, ValueError, IndexError):
            return None
        return Answer(mixture, kept.refusal, kept.allocation)

    def keep(self, problem: MixProblem, answer: Answer, path: Path) -> None:
        """Write an answer in one step.

        Raises:
            DataError: it cannot be written.
        """
        mixture, allocation = answer.mixture, answer.allocation
        stopped = () if mixture is None else mixture.stopped_by
        content = {
            "refusal": answer.refusal,
            "mixture": None if mixture is None else {**_fields(mixture), "stopped_by": None},
            # A limit is of several kinds, which a type would have to be told apart by; the problem
            # has it.
            "stopped_by": [problem.limits.index(limit) for limit in stopped],
            "allocation": allocation and dataclasses.replace(allocation, question=()),
        }
        write_atomic(path, msgspec.msgpack.encode(content))

    def path(self, problem: MixProblem) -> Path:
        """Where the answer to a problem is kept."""
        return self.folder / f"{problem_hash(problem)[:32]}{_ENDING}"


def problem_hash(problem: MixProblem) -> str:
    """SHA-256 of a question and of all the evidence behind it."""
    told = [
        _SCHEMA,
        __version__,
        problem_to_mapping(problem),
        [
            (each.sha256, dataclasses.asdict(each.card), _prior(each.card.prior))
            for each in (problem.matrix, *problem.rivals)
        ],
        inventory_hashes(problem.inventory),
        {each.name: getattr(problem.law, each.name) for each in dataclasses.fields(LossLaw)},
        # What a learned law holds beside is in its file.
        problem.law.sha256 if isinstance(problem.law, TargetLaws) else "",
    ]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _prior(name: str) -> str:
    return prior_digest(name) if name else ""


def _fields(told: Any) -> dict[str, Any]:
    return {each.name: getattr(told, each.name) for each in dataclasses.fields(told)}


@cache
def _kept() -> Any:
    """The type of a file: what is read back is of these types or is no answer."""
    hints = typing.get_type_hints(Mixture)
    del hints["stopped_by"]
    mixture = dataclasses.make_dataclass("KeptMixture", list(hints.items()))
    return dataclasses.make_dataclass(
        "KeptAnswer",
        [
            ("refusal", str),
            ("mixture", mixture | None),
            ("stopped_by", tuple[int, ...]),
            ("allocation", Allocation | None),
        ],
    )
