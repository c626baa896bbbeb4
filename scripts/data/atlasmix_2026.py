r"""Learn the relatedness prior and write the matrix that completes the scores with it.

    python scripts/data/atlasmix_2026.py            # rewrites prior, scores and card
    python scripts/data/atlasmix_2026.py --check    # exit status 1 if something would change

What is learned, and from what:

- b, the weights of the features: from the 72 measured pairs of atlas-2025, in log(1 + τ), and from
  the parsing scores of LangRank, 870 pairs of 30 languages, as side evidence. A parsing score is
  no transfer weight: it has a scale of its own, and its targets and sources have effects of their
  own, which are taken out. Least squares with no b below 0 (SciPy's nnls), measured pairs weighed
  by the covariance of the prior.
- Also from the gain in data of the even mixtures that ATLAS trained, of 8 to 50 languages: the sum
  of all their transfer, which keeps strangers from being worth too much together.
- How much a side pair weighs against a measured one: a tenth, three tenths or one, the most
  that does not foretell measured pairs of languages that were left out worse.
- Standard deviations of donors, kin and pairs: where the likelihood of the measured pairs is
  greatest.
- The translation scores of LangRank and the English/French runs decide nothing; the card compares
  the prior with them. The runs are of models of 10 to 302 million parameters, where the law of the
  scores does not hold: read by it, they give log(1 + τ) from -0.34 to 0.23.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import math
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.stats import norm, spearmanr

from atlasmix.evidence.card import card_text
from atlasmix.evidence.scores import ScoreTable, scores_csv
from atlasmix.evidence.store import Store
from atlasmix.io.safe_yaml import dump_yaml
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.bts import balance
from atlasmix.transfer.completion import Observations, complete, seen_covariance
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.exponents import SCATTER
from atlasmix.transfer.model import TransferModel, capacity_mixtures, log_error
from atlasmix.transfer.prior import DEFAULT_PRIOR, PriorLaw, prior_of, with_stand_in
from atlasmix.transfer.relatedness import FEATURES, Relatedness, relatedness

ROOT: Final = Path(__file__).resolve().parents[2]
BASE, NAME, PARSING, TRANSLATION = (
    "atlas-2025",
    "atlasmix-2026",
    "langrank-2019-dep",
    "langrank-2019-mt",
)
SMALL: Final = tuple(
    [
        "azj",
        "bel",
        "ben",
        "bos",
        "epo",
        "ekk",
        "eus",
        "glg",
        "hin",
        "kat",
        "kaz",
        "kmr",
        "mar",
        "khk",
        "zsm",
        "nob",
        "slv",
        "tam",
        "urd",
    ]
)
"""Targets of the translation study with fewer than 20,000 sentences of their own, in its keys."""

SIDE: Final = (0.0, 0.1, 0.3, 1.0)
"""What a side pair may weigh against a measured one."""

TIE: Final = 1.02
"""Side weights whose squares of languages left out differ by less are as good as each other; then
the larger is taken, for the parsers' thirty languages against nine (our choice)."""

K_GAIN: Final = 0.272
"""Exponent of the gain in data of an even mixture of K languages: 0.04/0.147, ψ and β of the K-law
of ATLAS (arXiv 2510.22037, section 5)."""

SUM_ERROR: Final = 0.3
"""Relative error of such a gain less one: our choice, what the law misses of it at 50 languages, as
donors add up in it and in the K-law they do not quite."""

LEAST: Final = 0.02
"""Least of the three standard deviations: our choice, under the 0.03 that another seed is charged
with, from which a pair's own part cannot be told apart."""


class Pairs(NamedTuple):
    """Pairs of one study: places of source and target among the keys, and what was seen."""

    source: np.ndarray
    target: np.ndarray
    value: np.ndarray
    error: np.ndarray


class Learned(NamedTuple):
    """The prior, and how much a side pair weighed."""

    prior: PriorLaw
    side: float


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that is learned from.

    Attributes:
        related: of every language in any of the studies.
        measured: log(1 + τ) of the measured pairs, their own standard errors.
        level: (n,) standard error of the baseline of a row.
        parsing: scores of the parsing study.
        sums: (mixtures, 7) what the intercept and each feature add to the mean gain in data of the
            even mixtures of ATLAS with at least eight languages, and (mixtures,) that gain by its
            K-law, K^0.272 less one.
    """

    related: Relatedness
    measured: Pairs
    level: np.ndarray
    parsing: Pairs
    sums: tuple[np.ndarray, np.ndarray]

    def without(self, language: int) -> Evidence:
        """Without the pairs of one language."""
        return dataclasses.replace(
            self,
            measured=_kept(self.measured, ~_touches(self.measured, language)),
            parsing=_kept(self.parsing, ~_touches(self.parsing, language)),
        )


def _touches(pairs: Pairs, language: int) -> np.ndarray:
    return (pairs.source == language) | (pairs.target == language)


def _kept(pairs: Pairs, keep: np.ndarray) -> Pairs:
    return Pairs(*(array[keep] for array in pairs))


def evidence(law: LossLaw) -> tuple[Evidence, TransferModel]:
    """The studies, and the model of the scores alone, whose baselines the measured pairs take."""
    base, parsing = Store().matrix(BASE), Store().matrix(PARSING)
    model = estimate(base, law)
    keys = tuple(sorted({*base.keys, *parsing.keys}))
    place = {key: at for at, key in enumerate(keys)}
    rows, columns = np.nonzero(model.status == "measured")
    scores = base.scores[rows, columns]
    measured = Pairs(
        np.array([place[base.keys[row]] for row in rows]),
        np.array([place[base.keys[column]] for column in columns]),
        -np.log1p(-scores / 2) + np.log(model.scale[columns]),
        np.hypot(log_error(base.stderr[rows, columns], scores), SCATTER),
    )
    level = np.zeros(len(keys))
    for column in set(columns.tolist()):
        level[place[base.keys[column]]] = model.doubt[
            model.status[:, column] == "measured", column
        ][0]
    rows, columns = np.nonzero(parsing.status == "measured")
    side = Pairs(
        np.array([place[parsing.keys[row]] for row in rows]),
        np.array([place[parsing.keys[column]] for column in columns]),
        parsing.scores[rows, columns],
        np.zeros(rows.size),
    )
    return Evidence(relatedness(keys), measured, level, side, gains()), model


def gains() -> tuple[np.ndarray, np.ndarray]:
    """What the features add up to in the even mixtures of ATLAS, and their gain by its K-law."""
    imputed, _ = trigrams_from()
    rows, wanted = [], []
    for names in capacity_mixtures().values():
        if len(names) >= 8:
            values = with_stand_in(relatedness(names).values, imputed)
            off = values.sum(axis=(1, 2)) - len(names)
            # e^y - 1 is about 1.06 y where y is about 0.1.
            rows.append(1.06 * np.r_[len(names) - 1, off / len(names)])
            wanted.append(len(names) ** K_GAIN - 1)
    return np.array(rows), np.array(wanted)


# -- learning ------------------------------------------------------------------------------


def features(related: Relatedness, pairs: Pairs) -> np.ndarray:
    """(pairs, 6)."""
    return np.asarray(related.values[:, pairs.source, pairs.target].T)


def without_effects(pairs: Pairs, columns: np.ndarray) -> np.ndarray:
    """Columns with the effect of every target and every source taken out."""
    size = int(max(pairs.source.max(), pairs.target.max())) + 1
    kinds = np.zeros((pairs.source.size, 2 * size))
    every = np.arange(pairs.source.size)
    kinds[every, pairs.source] = 1.0
    kinds[every, size + pairs.target] = 1.0
    return np.asarray(columns - kinds @ np.linalg.lstsq(kinds, columns, rcond=None)[0])


def coefficients(
    seen: Evidence, side: float, whiten: np.ndarray | None = None, used: Sequence[int] = range(6)
) -> np.ndarray:
    """Intercept and b, none below 0; the scale of the side evidence is found along the way."""
    x = np.c_[np.ones(seen.measured.value.size), features(seen.related, seen.measured)[:, used]]
    y = seen.measured.value
    if whiten is not None:
        x, y = whiten @ x, whiten @ y
    sums, wanted = seen.sums[0][:, [0, *(1 + each for each in used)]], seen.sums[1]
    sums, wanted = sums / (SUM_ERROR * wanted)[:, None], np.full(wanted.size, 1 / SUM_ERROR)
    found = nnls(x, y)[0]
    further = without_effects(seen.parsing, features(seen.related, seen.parsing)[:, used])
    score = without_effects(seen.parsing, seen.parsing.value)
    for _ in range(60):
        stray = 1.0 if whiten is not None else max(float(np.std(y - x @ found)), 1e-6)
        told = further @ found[1:]
        scale = max(float(told @ score) / max(float(told @ told), 1e-12), 1e-6)
        weight = math.sqrt(side) / max(float(np.std(score - scale * told)), 1e-6)
        rows = np.c_[np.zeros(len(further)), further * scale * weight]
        after = nnls(np.r_[x / stray, rows, sums], np.r_[y / stray, score * weight, wanted])[0]
        moved = float(np.abs(after - found).max())
        found = after
        if moved < 1e-9:
            break
    return found


def learn(seen: Evidence, imputed: tuple[float, ...], imputed_stderr: float) -> Learned:
    """The prior; the weight of the side evidence by leaving languages out."""
    squares = [_left_out(seen, side) for side in SIDE]
    side = max(
        side for side, square in zip(SIDE, squares, strict=True) if square < TIE * min(squares)
    )
    return Learned(_fit(seen, side, imputed, imputed_stderr), side)


def _left_out(seen: Evidence, side: float) -> float:
    """Sum of squares of the prior's mean over languages left out, without the process."""
    total = 0.0
    for language in sorted({*seen.measured.source.tolist(), *seen.measured.target.tolist()}):
        found = coefficients(seen.without(language), side)
        out = _kept(seen.measured, _touches(seen.measured, language))
        mean = np.c_[np.ones(out.value.size), features(seen.related, out)] @ found
        total += float(np.sum((out.value - mean) ** 2))
    return total


def _prior(
    found: np.ndarray, spread: np.ndarray, imputed: tuple[float, ...], stderr: float
) -> PriorLaw:
    return PriorLaw(
        DEFAULT_PRIOR, float(found[0]), tuple(map(float, found[1:])), *map(float, spread),
        imputed, stderr, 0.0, 1.0,
    )  # fmt: skip


def _fit(
    seen: Evidence, side: float, imputed: tuple[float, ...], imputed_stderr: float
) -> PriorLaw:
    found = coefficients(seen, side)
    spread = np.array([0.04, 0.04, 0.03])
    pairs = seen.measured

    def lacking(logs: np.ndarray) -> float:
        prior = _prior(found, np.exp(logs), imputed, imputed_stderr)
        observed = Observations(pairs.source, pairs.target, pairs.value, pairs.error, seen.level)
        return -_log_evidence(prior, seen.related, observed)

    for _ in range(3):
        spread = np.exp(
            minimize(
                lacking,
                np.log(spread),
                method="L-BFGS-B",
                bounds=[(math.log(LEAST), math.log(0.5))] * 3,
            ).x
        )
        prior = _prior(found, spread, imputed, imputed_stderr)
        found = coefficients(seen, side, _whitener(prior, seen))
    return _prior(found, spread, imputed, imputed_stderr)


def _log_evidence(prior: PriorLaw, related: Relatedness, seen: Observations) -> float:
    off = seen.value - prior.mean(related)[seen.source, seen.target]
    root = np.linalg.cholesky(seen_covariance(prior, related, seen))
    half = np.linalg.solve(root, off)
    return float(-0.5 * half @ half - np.log(np.diag(root)).sum())


def _whitener(prior: PriorLaw, seen: Evidence) -> np.ndarray:
    pairs = seen.measured
    observed = Observations(pairs.source, pairs.target, pairs.value, pairs.error, seen.level)
    return np.linalg.inv(np.linalg.cholesky(seen_covariance(prior, seen.related, observed)))


@cache
def trigrams_from() -> tuple[tuple[float, ...], float]:
    """What stands in for a cosine of trigrams: coefficients, and the deviation about them."""
    from atlasmix.languages.tables import languages

    every = relatedness(tuple(languages()))
    upper = np.triu(np.ones((len(every.keys), len(every.keys)), dtype=bool), 1)
    known = upper & ~np.isnan(every.values[0])
    x = np.c_[np.ones(int(known.sum())), every.values[1:, known].T]
    y = every.values[0][known]
    # Kin are few among all pairs: each counts by how near it is, or strangers decide (our choice).
    weight = np.sqrt(0.02 + x[:, 4])
    found = nnls(x * weight[:, None], y * weight)[0]
    deviation = float(np.sqrt(np.average((y - x @ found) ** 2, weights=weight**2)))
    return tuple(map(float, found)), deviation


def predicted_slopes(prior: PriorLaw, seen: Evidence, law: LossLaw) -> tuple[float, float]:
    """How far the predicted rows of atlas-2025 follow the prior: mean and spread of the slopes.

    Each slope has a standard error; the spread beyond it is that of DerSimonian and Laird 1986.
    """
    base = Store().matrix(BASE)
    model = estimate(base, law)
    related = relatedness(base.keys)
    source, target = np.nonzero(model.status == "measured")
    scores = base.scores[source, target]
    observed = Observations(
        source,
        target,
        -np.log1p(-scores / 2) + np.log(model.scale[target]),
        np.hypot(log_error(base.stderr[source, target], scores), SCATTER),
        np.array([model.doubt[:, at].max() for at in range(len(base.keys))]),
    )
    found = complete(prior, related, observed)
    logs = -np.log1p(-np.where(model.status == "predicted", base.scores, 0.0) / 2)
    slopes, errors = [], []
    for column in range(len(base.keys)):
        rows = np.flatnonzero(model.status[:, column] == "predicted")
        x, y = (each - each.mean() for each in (found.mean[rows, column], logs[rows, column]))
        slopes.append(float(x @ y) / float(x @ x))
        stray = float(np.sum((y - slopes[-1] * x) ** 2)) / (rows.size - 2)
        errors.append(math.sqrt(stray / float(x @ x)))
    slope, weight = np.array(slopes), np.array(errors) ** -2.0
    mean = float(weight @ slope / weight.sum())
    excess = float(weight @ (slope - mean) ** 2) - (slope.size - 1)
    spread = max(excess / float(weight.sum() - weight @ weight / weight.sum()), 0.0)
    again = 1.0 / (1.0 / weight + spread)
    return float(again @ slope / again.sum()), math.sqrt(spread)


# -- how well it foretells -------------------------------------------------------------------


class Guess(NamedTuple):
    """Mean and standard deviation foretold for pairs that were left out."""

    mean: np.ndarray
    stderr: np.ndarray


def _posterior(train: Evidence, side: float, out: Pairs) -> Guess:
    imputed, deviation = trigrams_from()
    prior = _fit(train, side, imputed, deviation)
    pairs = train.measured
    observed = Observations(pairs.source, pairs.target, pairs.value, pairs.error, train.level)
    found = complete(prior, train.related, observed)
    variance = found.variance[out.source, out.target]
    return Guess(
        found.mean[out.source, out.target],
        np.sqrt(variance + out.error**2 + train.level[out.target] ** 2),
    )


def _constant(value: float, train: Evidence, out: Pairs) -> Guess:
    spread = float(np.sqrt(np.mean((train.measured.value - value) ** 2)))
    return Guess(np.full(out.value.size, value), np.full(out.value.size, spread))


def _line(column: np.ndarray, train: Evidence, out: Pairs) -> Guess:
    """Least squares on one column, (n, n)."""
    pairs = train.measured
    x = np.c_[np.ones(pairs.value.size), column[pairs.source, pairs.target]]
    found = np.linalg.lstsq(x, pairs.value, rcond=None)[0]
    spread = float(np.sqrt(np.mean((pairs.value - x @ found) ** 2)))
    mean = np.c_[np.ones(out.value.size), column[out.source, out.target]] @ found
    return Guess(mean, np.full(out.value.size, spread))


def _forest_donors(related: Relatedness) -> np.ndarray:
    """(n, n): mean of a donor over the predicted rows, each row less its own mean.

    What the forest says of the measured pairs themselves is not printed.
    """
    base = Store().matrix(BASE)
    predicted = base.status == "predicted"
    logs = np.where(predicted, -np.log1p(-np.where(predicted, base.scores, 0.0) / 2), np.nan)
    means = np.nanmean(logs - np.nanmean(logs, axis=0, keepdims=True), axis=1)
    known = {key: float(value) for key, value in zip(base.keys, means, strict=True)}
    column = np.array([known.get(key, 0.0) for key in related.keys])
    return np.repeat(column[:, None], len(related.keys), axis=1)


def validation(seen: Evidence, side: float, by: str) -> dict[str, tuple[float, ...]]:
    """R², Spearman, RMSE, log score and coverage of 80 % intervals, by method.

    Args:
        seen: all evidence.
        side: what a side pair weighs.
        by: ``pair`` or ``language``: what is left out at a time.
    """
    pairs = seen.measured
    rounds = []
    if by == "pair":
        for at in range(pairs.value.size):
            keep = np.arange(pairs.value.size) != at
            rounds.append(
                (dataclasses.replace(seen, measured=_kept(pairs, keep)), _kept(pairs, ~keep))
            )
    else:
        for language in sorted({*pairs.source.tolist(), *pairs.target.tolist()}):
            touched = _touches(pairs, language)
            rounds.append((seen.without(language), _kept(pairs, touched)))
    forest = _forest_donors(seen.related)
    trigrams = np.nan_to_num(seen.related.values[0])
    methods = {
        "posterior": lambda train, out: _posterior(train, side, out),
        "zero": lambda train, out: _constant(0.0, train, out),
        "mean": lambda train, out: _constant(float(train.measured.value.mean()), train, out),
        "same genus": lambda train, out: _line(seen.related.values[1], train, out),
        "trigrams alone": lambda train, out: _line(trigrams, train, out),
        "the forest's donors": lambda train, out: _line(forest, train, out),
    }
    found = {}
    for name, method in methods.items():
        guesses = [method(train, out) for train, out in rounds]
        mean = np.concatenate([guess.mean for guess in guesses])
        stderr = np.concatenate([guess.stderr for guess in guesses])
        value = np.concatenate([out.value for _, out in rounds])
        off = value - mean
        found[name] = (
            1 - float(off @ off) / float(np.sum((value - value.mean()) ** 2)),
            float(spearmanr(mean, value).statistic) if np.ptp(mean) > 1e-12 else math.nan,
            float(np.sqrt(np.mean(off**2))),
            float(np.mean(norm.logpdf(off, scale=stderr))),
            float(np.mean(np.abs(off) < norm.ppf(0.9) * stderr)),
        )
    return found


def translation_ranks(prior: PriorLaw) -> tuple[float, float]:
    """Mean Spearman of the prior with BLEU within a target: the small targets, and the others."""
    study = Store().matrix(TRANSLATION)
    mean = prior.mean(relatedness(study.keys))
    ranks: dict[bool, list[float]] = {True: [], False: []}
    for column, key in enumerate(study.keys):
        rows = np.flatnonzero(study.status[:, column] == "measured")
        rank = spearmanr(mean[rows, column], study.scores[rows, column]).statistic
        ranks[key in SMALL].append(float(rank))
    return float(np.mean(ranks[True])), float(np.mean(ranks[False]))


def english_french(law: LossLaw) -> tuple[float, float]:
    """Least and most log(1 + τ) that the half-and-half English/French runs give under a law."""
    from atlasmix.io.shipped import data_folder

    found = []
    with (data_folder() / "runs" / "enfr-bilingual-teff.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if float(row["share_fra"]) == 0.5:
                params, own = float(row["params_no_embed"]), float(row["tokens"]) / 2
                ratio = balance(law, params, own)
                for key in ("teff_eng", "teff_fra"):
                    left = float(row[key]) ** -law.beta - ratio * (2**law.phi - 1)
                    found.append(-math.log(left) / law.beta)
    return min(found), max(found)


# -- writing -------------------------------------------------------------------------------


def _rounded(prior: PriorLaw) -> PriorLaw:
    """Three places: what the data hold, and alike on every machine."""
    values = {
        field.name: getattr(prior, field.name)
        for field in dataclasses.fields(prior)
        if field.name != "name"
    }
    return PriorLaw(
        prior.name,
        **{
            key: tuple(round(each, 3) for each in value)
            if isinstance(value, tuple)
            else round(value, 3)
            for key, value in values.items()
        },
    )


def parameters(prior: PriorLaw) -> dict[str, object]:
    """The parameters as the file of the prior names them."""
    return {
        "intercept": prior.intercept,
        "coefficients": dict(zip(FEATURES, prior.coefficients, strict=True)),
        "donor": prior.donor,
        "kin": prior.kin,
        "pair": prior.pair,
        "trigrams_from": dict(zip(("intercept", *FEATURES[1:]), prior.imputed, strict=True)),
        "trigrams_stderr": prior.imputed_stderr,
        "predicted_slope": prior.slope,
        "predicted_slope_spread": prior.slope_spread,
    }


def files() -> dict[Path, bytes]:
    """Everything that is written, path -> content."""
    law = load_law(DEFAULT_LAW)
    seen, _ = evidence(law)
    imputed, deviation = trigrams_from()
    learned = learn(seen, imputed, deviation)
    slope, spread = predicted_slopes(learned.prior, seen, law)
    prior = _rounded(dataclasses.replace(learned.prior, slope=slope, slope_spread=spread))
    said = parameters(prior)
    assert prior_of(DEFAULT_PRIOR, said) == prior
    small, others = translation_ranks(prior)
    least, most = english_french(law)
    checks = {by: validation(seen, learned.side, by) for by in ("pair", "language")}
    prior_file = {
        "schema": "atlasmix/relatedness/1",
        "name": DEFAULT_PRIOR,
        "title": "Relatedness prior of transfer weights between languages",
        "description": (
            "log(1 + τ) of a pair before it is scored: intercept + coefficients x features (0-1), "
            "with standard deviations of what a donor, kin pairs and one pair add; trigrams_from "
            "stands in for the trigrams of a language without a text, with its standard "
            "deviation; predicted_slope: how far rows of predicted scores follow the prior, and "
            "the standard deviation between rows."
        ),
        "unit": "log of effective target tokens per token, natural",
        "learned_from": (
            f"72 measured pairs of {BASE} under the law {law.name}; 870 pairs of {PARSING}, each "
            f"at a weight of {learned.side:g}; the gain in data of eight even mixtures of ATLAS. "
            "A coefficient of 0 is one that wanted to be negative."
        ),
        "licence": "CC BY 4.0",
        "source": "scripts/data/atlasmix_2026.py",
        "parameters": said,
    }
    base = Store().matrix(BASE)
    table = scores_csv(ScoreTable(base.keys, base.scores, base.stderr, base.status))
    card = dataclasses.replace(
        base.card,
        name=NAME,
        title="Transfer between all languages: ATLAS scores, completed from relatedness",
        description=(
            "Bilingual transfer scores of ATLAS, and a prior from relatedness that completes them: "
            "every ordered pair of the languages of AtlasMix gets a transfer weight and a standard "
            "error, the posterior of prior, measured scores (of a pair, and as far as they are kin "
            "of its donor and of others) and predicted scores (as far as their row follows "
            "relatedness). The table holds the scores alone; weights follow under the law of the "
            "question."
        ),
        prior=DEFAULT_PRIOR,
        evidence=(
            f"{base.card.evidence} All other pairs are completed: no model was trained on any of "
            "them. Of the law's φ, languages without a measured score have what the others have, "
            "with its spread."
        ),
        derivation=(
            f"The scores of {BASE} unchanged, with their standard errors, and the prior "
            f"{DEFAULT_PRIOR}; scripts/data/atlasmix_2026.py rebuilds both. {base.card.derivation}"
        ),
        files=(("scores.csv", hashlib.sha256(table).hexdigest()),),
        extra=(
            (
                "how well it foretells",
                "In log(1 + τ), over the 72 measured pairs, each left out and all else learned "
                "anew: " + _told(checks["pair"]) + ". A whole language left out, from the parsing "
                "scores too (144 forecasts): " + _told(checks["language"]) + ". R2, Spearman, "
                "root mean square error, mean log density, share of scores inside their 80 % "
                "interval. Baselines of rows (φ) are those of all scores.",
            ),
            (
                "the forest",
                "What it says of the measured pairs is not printed; 'the forest's donors' is what "
                f"it says of a donor on the average. Rows of predictions follow the prior by "
                f"{prior.slope:.2f} of what the truth would, with a standard deviation of "
                f"{prior.slope_spread:.2f} between rows.",
            ),
            (
                "other evidence",
                f"Spearman with BLEU within a target: {small:.2f} over the 19 targets with fewer "
                f"than 20,000 sentences, {others:.2f} over the others, of {TRANSLATION}; it "
                "decided nothing. The half-and-half English/French runs (10 to 302 million "
                f"parameters) give log(1 + τ) from {least:.2f} to {most:.2f} under the law, whose "
                "constants do not hold at their sizes: neither did they.",
            ),
        ),
    )
    folder = ROOT / "data" / "transfer_matrices" / NAME
    return {
        ROOT / "data" / "relatedness" / f"{DEFAULT_PRIOR}.yaml": dump_yaml(prior_file).encode(),
        folder / "scores.csv": table,
        folder / "card.yaml": card_text(card).encode(),
    }


_DIGITS: Final = (2, 2, 3, 2, 2)


def _told(found: dict[str, tuple[float, ...]]) -> str:
    said = []
    for name, values in found.items():
        figures = (f"{value:.{digits}f}" for value, digits in zip(values, _DIGITS, strict=True))
        said.append(f"{name} {', '.join(figures)}")
    return "; ".join(said).replace("nan", "none")


def main() -> int:
    """Learn, validate, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    written = files()
    stale = [p for p, text in written.items() if not p.exists() or p.read_bytes() != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'would change' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
