"""The programs that are timed: real evidence as far as it goes, then synthetic ones.

Real: the scores of 38 languages, pools of shipped inventories and the default law. Synthetic: an
own pool for every target, Zipf unique tokens, dense random τ, fixed seeds. Every world says which
it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from atlasmix.evidence.pools import Pool
from atlasmix.evidence.shelf import DEFAULT_INVENTORY
from atlasmix.evidence.store import Store
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.problem.constraints import (
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    Selection,
    ShareLimit,
)
from atlasmix.problem.problem import DEFAULT_EPOCHS, DEFAULT_PARAMS, MixProblem, Target
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.optimise import guard_levels
from atlasmix.solver.program import Program, Rows

MATRIX: Final = "atlas-2025"
"""Its 38 languages: the worlds keep their size, whatever the default matrix is."""

UNIQUE_PER_BUDGET: Final = 2.0
"""Unique tokens of all synthetic pools together, in budgets: rare languages are read repeatedly."""

SYNTHETIC_BUDGET: Final = 1e12
ZIPF: Final = 1.1
PHI: Final = (0.08, 0.17)
"""Capacity exponents of synthetic targets: what the evidence of the default law allows."""

PROVENANCES: Final = ((1.0, 1.0), (0.5, 0.3), (0.05, 0.7))
"""Where a language has three pools: worth of a token, and unique tokens against the first pool."""


@dataclass(frozen=True, slots=True)
class World:
    """A program to solve, made anew and always the same.

    Attributes:
        name: short, for the command line.
        targets, pools: the size.
        real: what of it is real evidence, in words.
        build: makes the program at a fixed number of tokens.
        ask: makes the question behind it, where there is one.
        limits: it has limits beside budget and epoch caps.
    """

    name: str
    targets: int
    pools: int
    real: str
    build: Callable[[], Program]
    ask: Callable[[], MixProblem] | None = None
    limits: bool = False


def problem(
    keys: tuple[str, ...] | None,
    budget: float,
    pools: tuple[Pool, ...] | None = None,
    limits: tuple[Limit, ...] = (),
) -> MixProblem:
    """A question on shipped evidence alone.

    Args:
        keys: the targets, or None for every language of the default matrix.
        budget: tokens.
        pools: what may be read; the human web pools of the matrix's languages if left out.
        limits: in the user's words.
    """
    store = Store(None)
    matrix, inventory = store.matrix(MATRIX), store.inventory(DEFAULT_INVENTORY)
    web = inventory.select(provenances=("human",), kinds=("web",), languages=matrix.keys)
    law = load_law(DEFAULT_LAW)
    return MixProblem(
        targets=tuple(Target(key) for key in keys or matrix.keys),
        pools=pools or web,
        matrix=matrix,
        inventory=inventory,
        law=law,
        budget=budget,
        limits=limits,
    )


def program_of(asked: MixProblem) -> Program:
    """The program of a question, at its whole budget."""
    return compile_problem(asked, guard_levels(asked)).program


_FEWER: Final = ("ckb", "guj", "pbt", "yor")
_BESIDE: Final = ("finewiki-2026", "finepdfs-2026")


def limited_problem() -> MixProblem:
    """34 targets, 80 pools of web and translated text and books, and limits of every kind."""
    store = Store(None)
    known = store.matrix(MATRIX).keys
    web = store.inventory(DEFAULT_INVENTORY).select(kinds=("web",), languages=known)
    others = [pool for name in _BESIDE for pool in store.inventory(name).select(languages=known)]
    own = replace(
        next(pool for pool in web if pool.provenance == "translated"),
        name="swh.translated.own",
        language="swh",
        corpus="own",
        unique_tokens=50e9,
    )
    limits = (
        ShareLimit("min", Selection("language", "eng"), 0.10),
        ShareLimit("max", Selection("language", "cmn"), 0.02),
        ShareLimit("min", Selection("family", "Romance"), 0.25),
        ShareLimit("max", Selection("provenance", "translated"), 0.08),
        ShareLimit("max", Selection("corpus", "finepdfs"), 0.15),
        ShareLimit("max", Selection("corpus", "finewiki"), 0.05),
        KeepTokens(Selection("language", "ukr"), 40e9),
        EpochCap(Selection("corpus", "finewiki"), 8.0),
        EpochCap(Selection("language", "cym"), 12.0),
        Guardrail("eng", 0.02, "natural"),
    )
    keys = tuple(key for key in known if key not in _FEWER)
    return problem(keys, 1e12, (*web, *others, own), limits)


def synthetic_program(targets: int, languages: int, per_language: int) -> Program:
    """A program of ``languages * per_language`` pools; the first ``targets`` languages count.

    τ is a squared uniform up to 0.25; a language helps itself with 1. Sizes are shuffled, so that
    targets are large and small.
    """
    rng = np.random.default_rng(20_000 * targets + languages)
    size = rng.permutation(np.arange(1, languages + 1) ** -ZIPF)
    tau = np.square(rng.uniform(0.0, 0.5, (targets, languages)))
    np.fill_diagonal(tau, 1.0)
    phi = rng.uniform(*PHI, targets)
    member = np.repeat(np.arange(languages), per_language)
    kinds = np.array(PROVENANCES[:per_language])
    worth = np.tile(kinds[:, 0], languages)
    unique = size[member] * np.tile(kinds[:, 1], languages)
    unique *= UNIQUE_PER_BUDGET / unique.sum()
    law, n = load_law(DEFAULT_LAW), unique.size
    gain = tau[:, member] * worth
    return Program(
        gain=gain,
        expected=gain,
        own=(member == np.arange(targets)[:, None]).astype(float),
        unique=unique,
        upper=DEFAULT_EPOCHS * unique,
        decay=DEFAULT_DECAY,
        capacity=np.full(targets, law.capacity_loss(DEFAULT_PARAMS)),
        phi=phi,
        least=np.zeros(targets),
        data=np.full(targets, law.data_loss(SYNTHETIC_BUDGET)),
        beta=np.full(targets, law.beta),
        weight=np.full(targets, 1.0 / targets),
        heard=np.ones(targets, dtype=bool),
        level=np.full(targets, np.inf),
        base=None,
        rows=Rows.none(n),
    )


def moved(program: Program, ratio: float) -> Program:
    """A program without limits of its own at ``ratio`` times its tokens."""
    return replace(
        program,
        unique=program.unique / ratio,
        upper=program.upper / ratio,
        data=program.data * ratio**-program.beta,
    )


EUROPE: Final = (
    *("cat", "spa", "eng", "por", "fra", "ita", "deu", "ron", "swe", "hrv", "ell", "ukr", "cym"),
)
_FAR: Final = ("cat", "ckb", "cym", "eng", "fra", "swh", "yor")


def _real(name: str, keys: tuple[str, ...] | None, budget: float) -> World:
    spoken = ", ".join(keys) if keys else "all languages of the matrix"
    words = f"real: {MATRIX}, human web pools of {DEFAULT_INVENTORY}; {spoken}"
    words += f"; {budget / 1e9:,.0f}B tokens"

    def ask() -> MixProblem:
        return problem(keys, budget)

    return World(name, len(keys) if keys else 38, 38, words, lambda: program_of(ask()), ask)


def _synthetic(targets: int, languages: int, each: int) -> World:
    pools = languages * each
    words = f"synthetic: Zipf unique tokens, dense random τ; {languages} languages"
    words += f" with {each} pools each (human, translated, generated)" if each > 1 else ""
    return World(
        f"{targets}x{pools}",
        targets,
        pools,
        words,
        lambda: synthetic_program(targets, languages, each),
    )


_LIMITED: Final = World(
    "34x80-limits",
    34,
    80,
    f"real: {MATRIX}, web and translated pools of {DEFAULT_INVENTORY}, "
    f"{' and '.join(_BESIDE)}, and one translated pool of Swahili made up; all languages but "
    f"{', '.join(_FEWER)}; 1,000B tokens; least and most shares of languages, a family, a "
    "provenance and corpora, kept tokens, "
    "own epoch caps, a guardrail",
    lambda: program_of(limited_problem()),
    limited_problem,
    limits=True,
)

WORLDS: Final = (
    _real("1x38", ("cat",), 100e9),
    _real("13x38", EUROPE, 2e12),
    _real("38x38", None, 1e12),
    _LIMITED,
    *(_synthetic(*size) for size in ((38, 200, 3), (38, 600, 3), (420, 420, 1), (1800, 1800, 1))),
)

TOKENS: Final = (
    _real("1x38, Yoruba", ("yor",), 300e9),
    _real("1x38, Catalan", ("cat",), 100e9),
    _real("7x38, far", _FAR, 300e9),
    _real("13x38, Europe", EUROPE, 2e12),
    _real("13x38, much", EUROPE, 30e12),
    _real("38x38, much", None, 30e12),
    _LIMITED,
    _synthetic(38, 200, 3),
    _synthetic(420, 420, 1),
)
"""Where the number of tokens is searched too: caps bind, and where there is much, hold it back."""

QUICK_POOLS: Final = 600
"""``--quick`` runs the worlds of up to this many pools."""


def world(name: str) -> World:
    """The world of that name; KeyError with the names there are."""
    for candidate in WORLDS:
        if candidate.name == name:
            return candidate
    raise KeyError(f"no world {name!r}: choose one of {', '.join(w.name for w in WORLDS)}")
