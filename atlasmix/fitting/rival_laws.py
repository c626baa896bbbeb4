r"""Laws of others for the loss of a mixture, fitted to the same runs for comparison.

    linear            L = Σ c_s·p_s
    exponential       L = c + exp(k + Σ t_s·p_s)          data mixing laws; Olmix
    additive          L = E + 1/Σ_s C_s·p_s^γ_s, γ <= 1     Shukor et al. 2025, its convex part
    lightgbm          trees with RegMix's own settings, without its early stop on test runs
    lightgbm-small    trees that may split a few runs
    gaussian-process  on the square roots of the shares, one width a source

Ye et al. 2024 (arXiv 2403.16952); Chen et al. 2026 (Olmix); Liu et al. 2024 (RegMix, arXiv
2407.01492); Shukor et al. 2025 (arXiv 2507.09404). They know no size: where parameters or tokens
differ between runs, trees and the process are given their logarithms, and the others are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError
from atlasmix.fitting.least_squares import Fits, Model, descend, huber_weights
from atlasmix.fitting.mixing_law import check_sources
from atlasmix.fitting.mixture_runs import MixtureRuns, Mixtures
from atlasmix.fitting.runs import frozen

Array = NDArray[np.float64]
Places = NDArray[np.int64]

_NOTHING: Final = 1e-9

_STEEPEST: Final = 300.0
"""Exponent from which e^x is followed along its tangent, our choice: no loss is as large as 1e130,
whose square is still a number, so that a law far from its runs stays convex and finite."""


@dataclass(frozen=True, slots=True, eq=False)
class FormulaLaw:
    """A law of another that is a formula: its constants and how they make a loss.

    Attributes:
        name: of the law.
        sources: names of what is mixed.
        sets: names of the evaluation sets.
        constants: (K, q) of each set.
    """

    name: str
    sources: tuple[str, ...]
    sets: tuple[str, ...]
    constants: Array

    @property
    def convex(self) -> bool:
        """Whether every loss is convex in the mixture."""
        return True

    @property
    def least_loss(self) -> Array:
        """(K,) what no mixture can go below; 0 where the formula has no floor."""
        if self.name == "linear":
            return np.zeros(len(self.sets))
        return np.asarray(self.constants[:, 0])

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each mixture.

        Raises:
            ProblemError: mixtures of other sources than the law's.
        """
        check_sources(self.sources, mixtures)
        everyone = np.arange(len(self.sets))
        return np.asarray(_MODELS[self.name](mixtures.weights)(self.constants, everyone)[0].T)

    def at(self, shares: Array) -> tuple[Array, Array]:
        """Loss (K,) and its slope (K, S) at one mixture."""
        return _value_and_slope(self, np.asarray(shares, dtype=np.float64))

    def bend(self, shares: Array, weights: Array) -> Array:
        """(S, S) second derivative of Σ weights·loss at one mixture."""
        return _second(self, np.asarray(shares, dtype=np.float64), weights)


def _linear(weights: Array) -> Model:
    def model(theta: Array, places: Places, slopes: bool = True) -> tuple[Array, Array]:
        slope = np.broadcast_to(weights, (len(theta), *weights.shape)).copy()
        return theta @ weights.T, slope

    return model


def _exponential(weights: Array) -> Model:
    def model(theta: Array, places: Places, slopes: bool = True) -> tuple[Array, Array]:
        part = np.exp(np.minimum(theta[:, 1, None] + theta[:, 2:] @ weights.T, 50.0))
        value = theta[:, 0, None] + part
        if not slopes:
            return value, value
        slope = np.empty((*part.shape, theta.shape[1]))
        slope[:, :, 0] = 1.0
        slope[:, :, 1] = part
        slope[:, :, 2:] = part[:, :, None] * weights
        return value, slope

    return model


def _additive(weights: Array) -> Model:
    count = weights.shape[1]
    logs = np.log(np.maximum(weights, _NOTHING))

    def model(theta: Array, places: Places, slopes: bool = True) -> tuple[Array, Array]:
        worth, power = np.exp(theta[:, 1 : 1 + count]), _power(theta[:, 1 + count :])
        grown = np.exp(power[:, None, :] * logs) * worth[:, None, :]
        part = 1.0 / grown.sum(axis=2)
        value = theta[:, 0, None] + part
        if not slopes:
            return value, value
        slope = np.empty((*part.shape, theta.shape[1]))
        slope[:, :, 0] = 1.0
        pull = -(part**2)[:, :, None] * grown
        slope[:, :, 1 : 1 + count] = pull
        slope[:, :, 1 + count :] = pull * logs * (power * (1.0 - power))[:, None, :]
        return value, slope

    return model


def _power(theta: Array) -> Array:
    """γ, between 0 and 1."""
    return 1.0 / (1.0 + np.exp(-np.clip(theta, -30.0, 30.0)))


_MODELS: Final = {"linear": _linear, "exponential": _exponential, "additive": _additive}


def _value_and_slope(law: FormulaLaw, shares: Array) -> tuple[Array, Array]:
    constants = law.constants
    if law.name == "linear":
        return constants @ shares, constants.copy()
    if law.name == "exponential":
        part, rate, _ = _exponentials(constants[:, 1] + constants[:, 2:] @ shares)
        return constants[:, 0] + part, rate[:, None] * constants[:, 2:]
    value, first, _ = _additive_parts(law, shares)
    return constants[:, 0] + value, -(value**2)[:, None] * first


def _exponentials(power: Array) -> tuple[Array, Array, Array]:
    """e^x, its slope and its curvature; from ``_STEEPEST`` on along the tangent there."""
    rate = np.exp(np.minimum(power, _STEEPEST))
    beyond = np.maximum(power - _STEEPEST, 0.0)
    return rate * (1.0 + beyond), rate, np.where(beyond > 0, 0.0, rate)


def _second(law: FormulaLaw, shares: Array, weights: Array) -> Array:
    constants = law.constants
    if law.name == "linear":
        return np.zeros((len(shares), len(shares)))
    if law.name == "exponential":
        *_, turn = _exponentials(constants[:, 1] + constants[:, 2:] @ shares)
        turn = weights * turn
        return np.asarray((constants[:, 2:] * turn[:, None]).T @ constants[:, 2:])
    value, first, second = _additive_parts(law, shares)
    bent = (first * (2.0 * weights * value**3)[:, None]).T @ first
    bent[np.diag_indices_from(bent)] -= (weights * value**2) @ second
    return np.asarray(bent)


def _additive_parts(law: FormulaLaw, shares: Array) -> tuple[Array, Array, Array]:
    """1/Σ C·p^γ, and Σ's first and second derivative in each share."""
    count = len(shares)
    worth = np.exp(law.constants[:, 1 : 1 + count])
    power = _power(law.constants[:, 1 + count :])
    share = np.maximum(shares, _NOTHING)
    grown = worth * share**power
    return 1.0 / grown.sum(axis=1), grown * power / share, grown * power * (power - 1) / share**2


def fit_formula(name: str, runs: MixtureRuns, counts: Array) -> list[FormulaLaw]:
    """The law ``name`` in every fold.

    Args:
        name: ``linear``, ``exponential`` or ``additive``.
        runs: all of them.
        counts: (F, n) weight of each run in each fold.
    """
    folds, sets, count = len(counts), len(runs.sets), len(runs.sources)
    missing = np.isnan(runs.loss.T)
    target = np.tile(np.where(missing, 0.0, runs.loss.T), (folds, 1))
    weights = np.repeat(counts, sets, axis=0) * np.tile(~missing, (folds, 1))
    total = weights.sum(axis=1)
    level = (weights * target).sum(axis=1) / total
    spread = np.sqrt((weights * (target - level[:, None]) ** 2).sum(axis=1) / total) + 1e-12
    lowest = np.where(weights > 0, target, np.inf).min(axis=1)
    theta, precision = _start(name, count, level, lowest, spread)
    fits = Fits(
        target=target,
        counts=weights,
        allowed=0.1 * spread,
        mean=theta,
        precision=precision,
        held=np.zeros(theta.shape, dtype=bool),
    )
    model = _MODELS[name](runs.weights)
    theta, residual = descend(model, fits, theta)
    if name != "linear":
        fits = replace(fits, counts=weights * huber_weights(residual, weights))
        theta, _ = descend(model, fits, theta)
    constants = theta.reshape(folds, sets, -1)
    return [FormulaLaw(name, runs.sources, runs.sets, frozen(each)) for each in constants]


def _start(
    name: str, count: int, level: Array, lowest: Array, spread: Array
) -> tuple[Array, Array]:
    """Where a fit begins, and a ridge that only keeps what no run tells from running away."""
    batch = len(level)
    if name == "linear":
        return np.repeat(level[:, None], count, axis=1), np.full((batch, count), 1e-4)
    part = np.log(np.maximum(level - 0.8 * lowest, spread))
    if name == "exponential":
        theta = np.zeros((batch, count + 2))
        theta[:, 0], theta[:, 1] = 0.8 * lowest, part
        ridge = np.full(theta.shape, 1e-2)
        ridge[:, 0] = 1e-4
        return theta, ridge
    theta = np.zeros((batch, 2 * count + 1))
    theta[:, 0] = 0.8 * lowest
    theta[:, 1 : 1 + count] = -part[:, None] - np.log(count) + 0.5
    ridge = np.full(theta.shape, 1e-1)
    ridge[:, 0] = 1e-4
    return theta, ridge


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model of a library, one for each set.

    Attributes:
        name: of the law.
        sources: names of what is mixed.
        sets: names of the evaluation sets.
        features: makes the model's columns of mixtures.
        models: with a method ``predict``, one a set.
    """

    name: str
    sources: tuple[str, ...]
    sets: tuple[str, ...]
    features: Callable[[Mixtures], Array]
    models: tuple[Any, ...]

    @property
    def convex(self) -> bool:
        """Never known to be."""
        return False

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each mixture.

        Raises:
            ProblemError: mixtures of other sources than the model's.
        """
        check_sources(self.sources, mixtures)
        columns = self.features(mixtures)
        return np.column_stack([model.predict(columns) for model in self.models])


PACKAGES: Final = {
    "lightgbm": "lightgbm",
    "lightgbm-small": "lightgbm",
    "gaussian-process": "sklearn",
}
"""Laws that need a package of the extra ``learn``, and which."""

FORMULAS: Final = tuple(_MODELS)
RIVALS: Final = (*FORMULAS, *PACKAGES)

_TREES: Final[dict[str, dict[str, Any]]] = {
    # As in RegMix's notebook, which stops early on the runs that it reports.
    "lightgbm": {"n_estimators": 1000, "learning_rate": 0.01, "random_state": 42},
    # Our choice: leaves of three runs, so that 24 runs can be split at all.
    "lightgbm-small": {
        "n_estimators": 400,
        "learning_rate": 0.05,
        "num_leaves": 8,
        "min_child_samples": 3,
        "random_state": 42,
    },
}


def absent(name: str) -> str:
    """The package that a law lacks here; empty where nothing does."""
    package = PACKAGES.get(name, "")
    return package if package and find_spec(package) is None else ""


def fit_model(name: str, runs: MixtureRuns) -> TrainedModel:
    """A model of a library, fitted to all the runs given.

    Raises:
        DataError: its package is not installed.
    """
    if absent(name):
        raise DataError(
            f"the law {name} needs {absent(name)}, which is not installed: pip install "
            "'atlasmix[learn]'",
            field="law",
            value=name,
        )
    features = _features(runs)
    columns = features(runs.mixtures)
    models = []
    for place in range(len(runs.sets)):
        measured = ~np.isnan(runs.loss[:, place])
        models.append(_trained(name, columns[measured], runs.loss[measured, place]))
    return TrainedModel(name, runs.sources, runs.sets, features, tuple(models))


def _features(runs: MixtureRuns) -> Callable[[Mixtures], Array]:
    """Shares as columns and, where sizes differ, their logarithms."""
    if not runs.varies:
        return lambda mixtures: mixtures.weights
    params, tokens = runs.mixtures.params, runs.mixtures.tokens

    def columns(mixtures: Mixtures) -> Array:
        parts = [mixtures.weights]
        for here, theirs in ((params, mixtures.params), (tokens, mixtures.tokens)):
            if here is not None:
                middle = np.full(mixtures.count, np.median(here))
                known = middle if theirs is None else np.where(np.isnan(theirs), middle, theirs)
                parts.append(np.log(known)[:, None])
        return np.column_stack(parts)

    return columns


def _trained(name: str, columns: Array, loss: Array) -> Any:
    if name == "gaussian-process":
        return _process(columns, loss)
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(
        n_jobs=1, verbosity=-1, deterministic=True, force_col_wise=True, **_TREES[name]
    )
    return _Named(model.fit(columns, loss))


class _Named:
    """Trees that take plain arrays without a word on the names of columns."""

    def __init__(self, model: Any) -> None:
        self.model = model.booster_

    def predict(self, columns: Array) -> Array:
        return np.asarray(self.model.predict(columns), dtype=np.float64)


class _Roots:
    """A Gaussian process that sees the square roots of its columns."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, columns: Array) -> Array:
        return np.asarray(self.model.predict(_rooted(columns)), dtype=np.float64)


def _rooted(columns: Array) -> Array:
    return np.sqrt(np.abs(columns))


def _process(columns: Array, loss: Array) -> Any:
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    width = np.ones(columns.shape[1])
    kernel = ConstantKernel(4.0) * RBF(width, (0.05, 100.0)) + WhiteKernel(0.01, (1e-6, 1.0))
    model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a width at its bound: a source that tells nothing
        model.fit(_rooted(columns), loss)
    return _Roots(model)


@dataclass(frozen=True, slots=True, eq=False)
class ModelLaw:
    """A model of a library as plain data: it is fitted whenever it predicts.

    Attributes:
        name: of the law.
        runs: that it is fitted to.
    """

    name: str
    runs: MixtureRuns

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what is mixed."""
        return self.runs.sources

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the evaluation sets."""
        return self.runs.sets

    @property
    def convex(self) -> bool:
        """Never known of a model."""
        return False

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each mixture."""
        return fit_model(self.name, self.runs).predict(mixtures)
