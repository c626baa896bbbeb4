"""Mixing: the question, the convex program, its engines and the answer."""

from atlasmix.mixing.allocation import Allocation, Trial
from atlasmix.mixing.comparison import compare
from atlasmix.mixing.compute_optimal import at_compute, at_size
from atlasmix.mixing.explanation import explain
from atlasmix.mixing.limits import EpochCap, Guardrail, KeepTokens, Limit, Selection, ShareLimit
from atlasmix.mixing.mixture import (
    Caveat,
    Certificate,
    Comparison,
    Mixture,
    PhaseMixture,
    PhaseShare,
    PoolShare,
    Price,
    Reason,
    SensitivityStep,
    ShareRange,
    TargetEffect,
)
from atlasmix.mixing.phase_split import split_phases
from atlasmix.mixing.phases import Phase
from atlasmix.mixing.problem import MixProblem, Target, check_problem
from atlasmix.mixing.sensitivity import sensitivity
from atlasmix.mixing.solve import answer, solve

__all__ = [
    "Allocation",
    "Caveat",
    "Certificate",
    "Comparison",
    "EpochCap",
    "Guardrail",
    "KeepTokens",
    "Limit",
    "MixProblem",
    "Mixture",
    "Phase",
    "PhaseMixture",
    "PhaseShare",
    "PoolShare",
    "Price",
    "Reason",
    "Selection",
    "SensitivityStep",
    "ShareLimit",
    "ShareRange",
    "Target",
    "TargetEffect",
    "Trial",
    "answer",
    "at_compute",
    "at_size",
    "check_problem",
    "compare",
    "explain",
    "sensitivity",
    "solve",
    "split_phases",
]
