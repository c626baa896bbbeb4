"""The programs that are timed: real evidence as far as it goes, then synthetic ones.

Real: the default matrix, the human web pools of the default inventory and the default loss law.
Synthetic: Zipf unique tokens, dense random τ with 2 % negative ones, fixed seeds. Every world says
which of the two it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from atlasmix.evidence import DEFAULT_INVENTORY, DEFAULT_MATRIX, Store, calibrate
from atlasmix.mixing.compile import alone, compile_problem
from atlasmix.mixing.problem import DEFAULT_EPOCHS, MixProblem, Target
from atlasmix.mixing.program import Program, Rows
from atlasmix.scaling.laws import DEFAULT_LAW, load_law
from atlasmix.scaling.saturation import DEFAULT_DECAY

UNIQUE_PER_BUDGET: Final = 2.0
"""Unique tokens of all synthetic pools together, in budgets: rare languages are read repeatedly."""

ZIPF: Final = 1.1
NEGATIVE: Final = 0.02
STDERR: Final = 0.1
"""Standard error of τ between two languages: near the 0.08 of the default matrix's predictions."""

PROVENANCES: Final = ((1.0, 1.0), (0.5, 0.3), (0.05, 0.7))
"""Where a language has three pools: worth of a token, and unique tokens against the first pool."""


@dataclass(frozen=True, slots=True)
class World:
    """A program to solve: ``build`` makes it, anew and always the same.

    Attributes:
        name: short, for the command line.
        targets, pools: the size asked for.
        real: what of it is real evidence, in words.
        build: makes the program.
    """

    name: str
    targets: int
    pools: int
    real: str
    build: Callable[[], Program]


def real_program(keys: tuple[str, ...] | None, budget: float, **asked: float) -> Program:
    """A program on shipped evidence alone.

    Args:
        keys: the targets, or None for every language of the default matrix.
        budget: tokens.
        asked: ``risk_aversion`` and ``interference``, at their defaults if left out.
    """
    store = Store(None)
    matrix, inventory = store.matrix(DEFAULT_MATRIX), store.inventory(DEFAULT_INVENTORY)
    pools = inventory.select(provenances=("human",), kinds=("web",), languages=matrix.keys)
    problem = MixProblem(
        targets=tuple(Target(key) for key in keys or matrix.keys),
        pools=pools,
        matrix=matrix,
        transfer=calibrate(matrix, None),
        inventory=inventory,
        law=load_law(DEFAULT_LAW),
        budget=budget,
        risk_aversion=asked.get("risk_aversion", 1.0),
        interference=asked.get("interference", 1.0),
    )
    return compile_problem(problem).program


def synthetic_program(targets: int, languages: int, per_language: int, kappa: float) -> Program:
    """A program of ``languages * per_language`` pools; the first ``targets`` languages count.

    τ is a squared uniform up to 0.25, 2 % of it negative down to -0.1; a language helps itself
    with 1. Sizes are shuffled, so that targets are large and small.
    """
    rng = np.random.default_rng(20_000 * targets + languages)
    size = rng.permutation(np.arange(1, languages + 1) ** -ZIPF)
    tau = np.square(rng.uniform(0.0, 0.5, (targets, languages)))
    negative = rng.random(tau.shape) < NEGATIVE
    tau[negative] = -rng.uniform(0.0, 0.1, int(negative.sum()))
    np.fill_diagonal(tau, 1.0)
    # As for real evidence, doubt takes away at most what a score promises.
    sigma = np.minimum(kappa * STDERR, np.maximum(tau, 0.0))
    np.fill_diagonal(sigma, 0.0)
    member = np.repeat(np.arange(languages), per_language)
    kinds = np.array(PROVENANCES[:per_language])
    worth = np.tile(kinds[:, 0], languages)
    unique = size[member] * np.tile(kinds[:, 1], languages)
    unique *= UNIQUE_PER_BUDGET / unique.sum()
    value = tau[:, member] * worth
    upper = np.minimum(DEFAULT_EPOCHS * unique, 1.0)
    reference = np.array(
        [alone(np.maximum(row, 0.0), unique, upper, DEFAULT_DECAY) for row in value]
    )
    beta = load_law(DEFAULT_LAW).beta
    share = reference**-beta
    n = unique.size
    return Program(
        gain=np.maximum(value, 0.0),
        harm=np.maximum(-value, 0.0),
        sigma=sigma,
        member=member,
        worth=worth,
        unique=unique,
        lower=np.zeros(n),
        upper=upper,
        decay=DEFAULT_DECAY,
        coefficient=share / share.sum(),
        reference=reference,
        exponent=beta,
        spend_all=False,
        rows=Rows.none(n),
        harm_slope=np.ones(n),
        harm_offset=np.zeros(n),
        variance=np.square(sigma),
        base=None,
        least=np.full(targets, -np.inf),
        risky=bool(sigma.any()),
        harmful=bool((value < 0).any()),
    )


_ASIAN: Final = ("cmn", "eng", "jpn", "kor")
_FAR: Final = ("cat", "ckb", "cym", "eng", "fra", "swh", "yor")


def _real(name: str, keys: tuple[str, ...] | None, budget: float, **asked: float) -> World:
    spoken = ", ".join(keys) if keys else "all languages of the matrix, negative scores as 0"
    words = f"real: {DEFAULT_MATRIX}, human web pools of {DEFAULT_INVENTORY}; {spoken}"
    words += f"; {budget / 1e9:g}B tokens; κ {asked.get('risk_aversion', 1.0):g}"
    if keys and len(keys) > 1:
        words += "; with negative transfer"
    size = len(keys) if keys else 38
    return World(name, size, 38, words, lambda: real_program(keys, budget, **asked))


def _synthetic(targets: int, languages: int, each: int, kappa: float) -> World:
    pools = languages * each
    words = "synthetic: Zipf unique tokens, dense random τ, 2 % of it negative; "
    words += f"{languages} languages"
    words += f" with {each} pools each (human, translated, generated)" if each > 1 else ""
    return World(
        f"{targets}x{pools}-k{kappa:g}",
        targets,
        pools,
        f"{words}; κ {kappa:g}",
        lambda: synthetic_program(targets, languages, each, kappa),
    )


WORLDS: Final = (
    _real("1x38-k0", ("cat",), 100e9, risk_aversion=0.0),
    _real("1x38-k1", ("cat",), 100e9),
    _real("4x38-harm", _ASIAN, 1e12),
    _real("7x38-harm", _FAR, 300e9),
    _real("38x38-k0", None, 1e12, risk_aversion=0.0, interference=0.0),
    _real("38x38-k1", None, 1e12, interference=0.0),
    *(
        _synthetic(*size, kappa)
        for size in ((38, 200, 3), (38, 600, 3), (420, 420, 1), (1800, 1800, 1))
        for kappa in (0.0, 1.0)
    ),
)

QUICK_POOLS: Final = 600
"""``--quick`` runs the worlds of up to this many pools."""


def world(name: str) -> World:
    """The world of that name; KeyError with the names there are."""
    for candidate in WORLDS:
        if candidate.name == name:
            return candidate
    raise KeyError(f"no world {name!r}: choose one of {', '.join(w.name for w in WORLDS)}")
