"""A matrix completed, in the way that its scores allow: beside a study, or on their own scale."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from atlasmix.errors import DataError, ProblemError, about
from atlasmix.evidence.card import Card
from atlasmix.evidence.proxies import PROXIES_FILE, ProxyPair, proxies_csv
from atlasmix.evidence.scores import (
    DEFINED,
    MEASURED,
    MISSING,
    OWN,
    PREDICTED,
    SEEN,
    ScoreTable,
    Texts,
    empty_scores,
    number,
    scores_csv,
)
from atlasmix.evidence.shelf import MATRICES, free_name, new_entry, put, shipped_names
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.evidence.trigrams import TRIGRAMS_FILE, Profile, profile_of_file, trigrams_csv
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.text import first_few
from atlasmix.transfer.additive import Bools
from atlasmix.transfer.bts import ATLAS_PARAMS, ATLAS_TOKENS, measured_at
from atlasmix.transfer.calibration import BTS, TRANSFER_WEIGHT
from atlasmix.transfer.completed_scores import CompletedScores, sentence
from atlasmix.transfer.completion import Places
from atlasmix.transfer.estimation import worth_of_proxies
from atlasmix.transfer.own_scale import features_of, on_own_scale
from atlasmix.transfer.prior import DEFAULT_PRIOR
from atlasmix.transfer.proxy_evidence import LEAST_PAIRS as FEWEST
from atlasmix.transfer.proxy_evidence import LEAST_TARGETS
from atlasmix.transfer.proxy_matrix import COSINES, PROXY

NO_STUDY: Final = "none"
"""In the place of a study: own scores alone."""

_OWN_SCORES, _STUDY = "own scores", "study beside them"
"""What a completed card says of its origins: name and hash."""

SAME_SIZE: Final = 0.05
"""Relative difference of N₀ or of d_mono up to which two studies are of one size. Our choice: "2B"
is 2.03 billion parameters, and the exponent of such a difference is far below a score's error."""


class _Completion(NamedTuple):
    """What is to be completed, and from what.

    Attributes:
        store: where a study is looked up.
        own: the matrix.
        study: name of the one whose scores stand beside its own; None: the default, where one may.
        features: table of features for an additive model.
        profiles: trigrams of the user's own texts by language key.
    """

    store: Store
    own: TransferMatrix
    study: str | None
    features: str | Path | None
    profiles: Mapping[str, Profile]


class Addition(NamedTuple):
    """The name that a completed matrix has on the shelf, and a sentence about it."""

    name: str
    said: str


def add_completed(
    store: Store,
    matrix: str,
    study: str | None = None,
    name: str | None = None,
    features: str | Path | None = None,
    texts: Mapping[str, str | Path] | None = None,
) -> Addition:
    """Complete a matrix of a store and put what comes out into the user's store, in one step.

    BTS or transfer weights between languages keep their scores, and their card names the prior from
    which a model has a weight of every pair. Scores of any other matrix get a predicted score for
    every pair that has none, from an additive model on their own scale. Proxies of texts stay
    proxies: they stand beside the scores of a study, and bend what is believed of pairs that nobody
    measured, as far as they foretell those that somebody did.

    Args:
        store: where the matrix is, and where the completed one goes.
        matrix: name of the matrix.
        study: the BTS matrix whose scores stand beside one's own; ``none``: own scores and the
            prior alone; None: the default matrix for BTS between languages, else ``none``.
        name: of the new entry; None: that of the matrix and ``-completed``.
        features: CSV or Parquet of labels and numbers, for an additive model.
        texts: language key to a plain text of the user's own, whose trigrams then say how related
            the language is, in the place of the Universal Declaration of Human Rights.

    Raises:
        DataError: no such matrix, a name that is taken, or a fault of the table of features or of
            a text.
        ProblemError: study and matrix do not go together; ``field`` is what to change.
    """
    with about("matrix", matrix):
        own = store.matrix(matrix)
    place = store.user_place()
    chosen = free_name(place, MATRICES, name or f"{own.name}-completed")
    wish = _Completion(store, own, study, features, _profiles(own, texts or {}))
    profiles: Mapping[str, Profile] = {}
    if own.card.axis == "language" and own.card.metric == PROXY:
        made = _informed(wish)
    elif own.card.axis == "language" and own.card.metric in (BTS, TRANSFER_WEIGHT):
        # They stay beside the scores: whoever asks for a pair reads its relatedness off them.
        made, profiles = _by_relatedness(wish), wish.profiles
    else:
        made = _by_features(wish)
    what = f"completion of '{own.name}'"
    beside = {
        TRIGRAMS_FILE: trigrams_csv(profiles) if profiles else b"",
        PROXIES_FILE: proxies_csv(made.proxies) if made.proxies else b"",
    }
    card = dataclasses.replace(made.card, name=chosen)
    entry = new_entry(MATRICES, card, scores_csv(made.table), what, beside)
    put(place, MATRICES, chosen, entry)
    return Addition(chosen, made.said)


def _profiles(own: TransferMatrix, texts: Mapping[str, str | Path]) -> dict[str, Profile]:
    """Trigrams of the user's texts by key."""
    if not texts:
        return {}
    if own.card.axis != "language":
        raise ProblemError(
            f"matrix '{own.name}' is of {own.card.axis}s: trigrams say how related languages are",
            field="texts",
            hint="leave the texts out, or describe the labels in a table of features",
        )
    with about("texts", ", ".join(texts)):
        return {**own.texts, **{key: profile_of_file(path) for key, path in texts.items()}}


def _by_features(wish: _Completion) -> CompletedScores:
    own = wish.own
    if wish.study not in (None, NO_STUDY):
        raise ProblemError(
            f"matrix '{own.name}' holds {own.card.metric} scores of {own.card.axis}s: another "
            "study stands beside BTS between languages alone",
            field="study",
            hint=f"leave it out, or say {NO_STUDY}",
            value=wish.study,
        )
    with about("features", wish.features):
        features = features_of(own, wish.features, wish.profiles)
    return on_own_scale(own, features)


def _by_relatedness(wish: _Completion) -> CompletedScores:
    made, profiles = _with_prior(wish), wish.profiles
    unknown = sorted(set(profiles) - set(made.table.keys))
    if unknown:
        study = "" if wish.study == NO_STUDY else f" and of '{wish.study or MATRICES.default}'"
        raise DataError(
            f"the completed matrix has no language {', '.join(unknown)}: a text says something of "
            f"the {len(made.table.keys):,} languages that it has, those of '{wish.own.name}'"
            f"{study}",
            field="texts",
        )
    return with_texts(made, profiles) if profiles else made


def with_texts(made: CompletedScores, profiles: Mapping[str, Profile]) -> CompletedScores:
    """A completion whose card says which languages are related by a text of the user's own."""
    languages = first_few(tuple(name_of(key) for key in sorted(profiles)), 5)
    said = f"how related {languages} {'is' if len(profiles) == 1 else 'are'} was read off own texts"
    card = dataclasses.replace(
        made.card,
        evidence=f"{sentence(made.card.evidence)}{said[0].upper()}{said[1:]}.",
        extra=(*made.card.extra, ("own texts of", ", ".join(sorted(profiles)))),
    )
    return CompletedScores(card, made.table, f"{made.said}; {said}" if made.said else said)


def _informed(wish: _Completion) -> CompletedScores:
    """The scores of a study with the proxies of texts beside them."""
    own, whole = wish.own, _measured_beside(wish)
    proxies = _proxies(own)
    card = dataclasses.replace(whole.card, prior=whole.card.prior or DEFAULT_PRIOR)
    table = ScoreTable(whole.keys, whole.scores, whole.stderr, whole.status)
    worth = worth_of_proxies(
        dataclasses.replace(whole.part(()), card=card, proxies=proxies), load_law(DEFAULT_LAW)
    )
    if worth is None:
        raise ProblemError(
            f"'{whole.name}' has measured too few pairs of these texts to tell what a proxy is "
            f"worth: {FEWEST} of {LEAST_TARGETS} targets are needed",
            field="study",
            hint="measure texts of more languages that it has measured",
            value=whole.name,
        )
    unknown = sorted({key for each in proxies for key in each[:2]} - set(whole.keys))
    said = f"{len(proxies)} proxies beside the scores of {whole.name}. {worth.words}"
    if unknown:
        said += f"; it has no {first_few(unknown, 5)}, so theirs tell nothing"
    card = dataclasses.replace(
        card,
        title=f"{card.title}, with proxies of own texts",
        evidence=(
            f"{sentence(card.evidence)}Proxies of own texts stand beside the scores, and are no "
            f"scores. {worth.words}."
        ),
        derivation=f"{sentence(card.derivation)}Scores unchanged, and proxies of '{own.name}'.",
        extra=(
            *card.extra,
            ("proxies of texts", f"{own.name}, SHA-256 {own.sha256}"),
            ("what the proxies earned", f"{worth.words} (law {DEFAULT_LAW})."),
        ),
    )
    return CompletedScores(card, table, said, proxies)


def _measured_beside(wish: _Completion) -> TransferMatrix:
    """The study whose measured pairs tell what proxies are worth."""
    own = wish.own
    if wish.features is not None or wish.profiles:
        raise ProblemError(
            f"matrix '{own.name}' holds proxies of texts, which stand beside the scores of a study "
            "as they are: no features and no further texts are read",
            field="features" if wish.features is not None else "texts",
            hint="leave them out",
        )
    if wish.study == NO_STUDY:
        raise ProblemError(
            f"matrix '{own.name}' holds proxies of texts: what they are worth is told by pairs "
            "that a study measured",
            field="study",
            hint=f"name one, as {MATRICES.default}",
            value=wish.study,
        )
    with about("study", wish.study):
        whole = wish.store.matrix(wish.study or MATRICES.default)
    if whole.card.axis != "language" or whole.card.metric != BTS:
        raise ProblemError(
            f"matrix '{whole.name}' holds {whole.card.metric} of {whole.card.axis}s: proxies of "
            "texts stand beside BTS between languages",
            field="study",
            value=whole.name,
        )
    return whole


def _proxies(own: TransferMatrix) -> tuple[ProxyPair, ...]:
    """Every measured proxy, with the cosine of trigrams where the card has it."""
    cosines: dict[tuple[str, str], float] = {}
    for written in dict(own.card.extra).get(COSINES, "").split(";"):
        match written.split():
            case [source, target, value] if number(value) is not None:
                cosines[source, target] = float(value)
    rows, columns = np.nonzero(_scored(own))
    return tuple(
        ProxyPair(
            own.keys[row],
            own.keys[column],
            float(own.scores[row, column]),
            float(own.stderr[row, column]),
            cosines.get((own.keys[row], own.keys[column]), math.nan),
        )
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    )


def _with_prior(wish: _Completion) -> CompletedScores:
    own, study = wish.own, wish.study
    if wish.features is not None:
        raise ProblemError(
            f"matrix '{own.name}' holds {own.card.metric} of languages, which is completed from "
            "how related they are: no table of features is read",
            field="features",
            hint="leave it out",
            value=str(wish.features),
        )
    if own.name in shipped_names(MATRICES):
        if not (wish.profiles and own.card.prior and study in (None, NO_STUDY)):
            raise DataError(
                f"matrix '{own.name}' ships with AtlasMix, and {MATRICES.default} completes what "
                "ships already: complete a matrix of your own, or that one with texts of your own"
            )
        table = ScoreTable(own.keys, own.scores, own.stderr, own.status)
        return CompletedScores(own.card, table, "")
    if _STUDY in dict(own.card.extra):
        # What the study measured would pass for the user's from then on.
        raise DataError(
            f"matrix '{own.name}' is a completed one: complete the scores that it was made from"
        )
    weights = own.card.metric == TRANSFER_WEIGHT
    if weights and study not in (None, NO_STUDY):
        raise ProblemError(
            f"matrix '{own.name}' holds transfer weights, which are completed on their own scale: "
            f"scores of '{study}' are no weights and cannot stand beside them",
            field="study",
            hint=f"leave it out, or say {NO_STUDY}",
            value=study,
        )
    if weights or study == NO_STUDY:
        return beside(own, None)
    with about("study", study):
        return beside(own, wish.store.matrix(study or MATRICES.default))


def beside(own: TransferMatrix, study: TransferMatrix | None) -> CompletedScores:
    """Own scores in the place of those of a study, on a card that names the prior.

    A pair that was measured by the user wins over whatever the study has of it; one that the user
    only predicts wins over a prediction, not over a measurement.

    Args:
        own: BTS or transfer weights between languages.
        study: a BTS matrix at the same N₀ and d_mono; None: none.

    Raises:
        ProblemError: they were not measured in the same metric or at the same size.
        DataError: no pair has a score of its own.
    """
    if study is not None:
        _refuse_unlike(own, study)
    mine, others = own.part(()), study.part(()) if study else None
    keys = tuple(sorted({*mine.keys, *(others.keys if others else ())}))
    table = empty_scores(keys, Card(diagonal="none"))
    if others:
        _write(table, others, others.status, _scored(others))
    status = np.where(np.isin(mine.status, SEEN), OWN, mine.status).astype("<U9")
    scored, there = _scored(mine), table.status[_places(table, mine)]
    wins = scored & ((status == OWN) | ~np.isin(there, SEEN))
    _write(table, mine, status, wins)
    counts = _Counts(
        own=int(np.sum(wins & (status == OWN))),
        predicted=int(np.sum(wins & (status == PREDICTED))),
        replaced=int(np.sum(wins & (there != MISSING))),
        left_out=int(np.sum(scored & ~wins)),
    )
    if not counts.own + counts.predicted:
        raise DataError(f"matrix '{own.name}' has no score of one language for another to complete")
    said = _count_words(counts, study)
    return CompletedScores(_card_beside(own, study, said), table, said)


def _scored(matrix: TransferMatrix) -> Bools:
    """(n, n): pairs of two languages with a score."""
    held = ~np.isin(matrix.status, (MISSING, DEFINED))
    return np.asarray(held & ~np.eye(len(matrix.keys), dtype=bool))


def _places(table: ScoreTable, matrix: TransferMatrix) -> tuple[Places, Places]:
    """Where the pairs of a matrix stand in a table of more keys."""
    at = np.searchsorted(table.keys, matrix.keys)
    return at[:, None], at[None, :]


def _write(table: ScoreTable, matrix: TransferMatrix, status: Texts, chosen: Bools) -> None:
    rows, columns = (np.broadcast_to(each, chosen.shape) for each in _places(table, matrix))
    to = rows[chosen], columns[chosen]
    table.scores[to] = matrix.scores[chosen]
    table.stderr[to] = matrix.stderr[chosen]
    table.status[to] = status[chosen]


def _refuse_unlike(own: TransferMatrix, study: TransferMatrix) -> None:
    hint = f"say {NO_STUDY} to complete from own scores and the prior alone"
    if study.card.metric != own.card.metric or study.card.axis != own.card.axis:
        raise ProblemError(
            f"matrix '{study.name}' holds {study.card.metric} of {study.card.axis}s and "
            f"'{own.name}' {own.card.metric} of {own.card.axis}s: they cannot stand beside "
            "each other",
            field="study",
            hint=hint,
            value=study.name,
        )
    sizes = [measured_at(each.card) for each in (own, study)]
    if not _of_one_size(*sizes):
        (params, tokens), (their, theirs) = sizes
        raise ProblemError(
            f"'{own.name}' was measured at {params:.4g} parameters and {tokens:.4g} tokens, "
            f"'{study.name}' at {their:.4g} and {theirs:.4g}: a BTS hangs on both, and scores at "
            "two sizes cannot share a table",
            field="study",
            hint=f"{hint}, or correct parameters and tokens on the card",
            value=study.name,
        )


def _of_one_size(mine: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(own / its - 1) <= SAME_SIZE for own, its in zip(mine, other, strict=True))


def is_of_the_default_size(card: Card) -> bool:
    """Whether BTS of this card may stand beside those of the default matrix."""
    return _of_one_size(measured_at(card), (ATLAS_PARAMS, ATLAS_TOKENS))


class _Counts(NamedTuple):
    """Pairs of the user's: own, predicted, those that took a place, those that found it taken."""

    own: int = 0
    predicted: int = 0
    replaced: int = 0
    left_out: int = 0


def _count_words(counts: _Counts, study: TransferMatrix | None) -> str:
    said = f"{counts.own:,} own pair{'s' * (counts.own != 1)}"
    if counts.predicted:
        said += f" and {counts.predicted:,} predicted"
    if study is not None:
        said += f" beside the scores of {study.name}"
    if counts.replaced:
        said += f", {counts.replaced:,} in the place of a score of it"
    if counts.left_out:
        said += (
            f"; {counts.left_out:,} only predicted where {study.name if study else ''} measured, "
        )
        said += "left out"
    return f"{said}; all other pairs are completed from relatedness"


def _card_beside(own: TransferMatrix, study: TransferMatrix | None, said: str) -> Card:
    mine = own.card
    rules = dict(mine.stderr)
    if MEASURED in rules:
        rules.setdefault(OWN, rules.pop(MEASURED))
    unstated = (
        " Its card does not say at which size it was measured: that of ATLAS is taken."
        if mine.metric == BTS and not (mine.parameters and mine.tokens)
        else ""
    )
    evidence = f"{sentence(mine.evidence)}{said[0].upper()}{said[1:]}.{unstated}"
    origin = ((_OWN_SCORES, f"{own.name}, SHA-256 {own.sha256}"),)
    # A language's worth for itself is 1, whether a table says so or not.
    card = dataclasses.replace(
        mine,
        title=f"{mine.title}, completed",
        status="",
        stderr=tuple(rules.items()),
        evidence=evidence,
        prior=mine.prior or (study.card.prior if study else "") or DEFAULT_PRIOR,
        diagonal=1.0 if mine.range[0] <= 1.0 <= mine.range[1] else "none",
        derivation=f"{sentence(mine.derivation)}Own scores unchanged, and a relatedness prior.",
        extra=(*(each for each in mine.extra if each[0] not in (_OWN_SCORES, _STUDY)), *origin),
    )
    if study is None:
        return card
    theirs = study.card
    return dataclasses.replace(
        card,
        title=f"{mine.title}, beside {study.name}",
        range=(min(mine.range[0], theirs.range[0]), max(mine.range[1], theirs.range[1])),
        diagonal=1.0,
        stderr=tuple({**dict(theirs.stderr), **rules}.items()),
        stderr_note=_both(mine.stderr_note, theirs.stderr_note, study.name),
        evidence=f"{evidence} Of {study.name}: {theirs.evidence}",
        parameters=theirs.parameters,
        tokens=theirs.tokens,
        source=_both(mine.source, theirs.source, study.name),
        citation=_both(mine.citation, theirs.citation, study.name),
        licence=_both(mine.licence, theirs.licence, study.name),
        licence_url=mine.licence_url or theirs.licence_url,
        derivation=(
            f"{sentence(mine.derivation)}Own scores put in their place among those of "
            f"{study.name}, all unchanged; its relatedness prior."
        ),
        extra=(*card.extra, (_STUDY, f"{study.name}, SHA-256 {study.sha256}")),
    )


def _both(own: str, other: str, name: str) -> str:
    """What each of two cards says of one thing."""
    said = ((f"own scores: {own}", own), (f"{name}: {other}", other))
    return "; ".join(words for words, text in said if text)
