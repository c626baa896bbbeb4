"""The additive model of scores: against worlds that were made from it, and against brute force."""

import dataclasses

import numpy as np
import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.scores import read_scores, scores_csv
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.io.tables import read_rows
from atlasmix.transfer.additive import differences, fit, foretellings
from atlasmix.transfer.own_scale import PairFeatures, feature_columns, on_own_scale

Z80 = 1.2815515655446004


def apart(size):
    return ~np.eye(size, dtype=bool)


def world(seed, *, size=15, donor=0.6, target=0.8, slope=0.5, pair=0.4, error=0.2, share=0.6):
    """True scores, scores as seen, which were seen, and features, of which one says nothing."""
    rng = np.random.default_rng(seed)
    features = differences(rng.normal(size=(size, 2)))
    sums = donor * rng.normal(size=size)[:, None] + target * rng.normal(size=size)[None, :]
    truth = 3.0 + sums + slope * features[0] + pair * rng.normal(size=(size, size))
    scores = truth + error * rng.normal(size=(size, size))
    return truth, scores, (rng.random((size, size)) < share) & apart(size), features


def fitted(seed, **how):
    truth, scores, seen, features = world(seed, **how)
    stderr = np.full(scores.shape, how.get("error", 0.2))
    return truth, scores, seen, fit(scores, stderr, seen, features)


def test_intervals_cover_what_they_say_over_200_worlds():
    """Errors that leave out the pair's own part, or the effects' own doubt, cover far less."""
    inside = []
    for seed in range(200):
        truth, _, seen, model = fitted(seed)
        out = ~seen & apart(15)
        inside.append(np.mean(np.abs(truth - model.scores)[out] <= Z80 * model.stderr[out]))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)


def test_spreads_of_a_made_world_come_back():
    """Donor and target swapped, or a variance for a deviation, come back as something else."""
    found = np.array(
        [
            (model.mean, model.donor, model.target, model.pair)
            for seed in range(20)
            for _, _, _, model in [fitted(seed, slope=0.0)]
        ]
    )
    np.testing.assert_allclose(found.mean(axis=0), [3.0, 0.6, 0.8, 0.4], atol=0.13)


def test_a_world_of_nothing_but_sums_is_filled_exactly():
    """Donors across and targets down, no error: every missing pair is the sum of its effects."""
    truth, scores, seen, model = fitted(3, pair=0.0, error=0.0, slope=0.0)
    out = ~seen & apart(len(truth))
    np.testing.assert_allclose(model.scores[out], truth[out], atol=0.01)
    assert model.stderr[out].max() < 0.02
    assert foretellings(model, scores)[0].r2 > 0.999


def test_a_world_without_signal_says_so():
    """Noise alone: every pair is foretold as the mean, and left out no better than by it."""
    for seed in range(10):
        truth, scores, seen, model = fitted(seed, donor=0.0, target=0.0, slope=0.0, pair=1.0)
        out = ~seen & apart(len(truth))
        by_model, by_mean, by_sums = foretellings(model, scores)
        assert np.std(model.scores[out]) < 0.45, seed
        assert by_model.rmse < 1.06 * by_mean.rmse, seed
        assert by_model.rmse < by_sums.rmse, seed
    spreads = [np.std(fitted(s, donor=0, target=0, slope=0, pair=1.0)[3].scores) for s in range(20)]
    assert np.median(spreads) < 0.25


def test_a_world_of_rank_one_is_foretold_better_than_by_its_means():
    """Donors times targets about a common level: no sum, and the sum is still the best of three."""
    rng = np.random.default_rng(5)
    truth = 1.0 + np.outer(1 + 0.3 * rng.normal(size=14), 1 + 0.3 * rng.normal(size=14))
    seen = (rng.random(truth.shape) < 0.65) & apart(14)
    model = fit(truth, np.full(truth.shape, 0.02), seen)
    by_model, by_mean, by_sums = foretellings(model, truth)
    assert by_model.r2 > 0.9
    assert by_model.rmse < min(by_mean.rmse, by_sums.rmse)
    out = ~seen & apart(14)
    assert np.corrcoef(model.scores[out], truth[out])[0, 1] > 0.95


def joint(model, features, stderr, at, other):
    """Prior covariance of pairs by the model's words, one entry at a time; μ as good as free."""
    spread = features[:, apart(features.shape[1])].std(axis=1)
    middle = features[:, apart(features.shape[1])].mean(axis=1)
    x = (features - middle[:, None, None]) / spread[:, None, None]
    matrix = np.empty((len(at), len(other)))
    for i, (s, t) in enumerate(at):
        for j, (source, target) in enumerate(other):
            matrix[i, j] = 1e4 + model.donor**2 * (s == source) + model.target**2 * (t == target)
            matrix[i, j] += model.slope**2 * float(x[:, s, t] @ x[:, source, target])
            if (s, t) == (source, target):
                matrix[i, j] += model.pair**2 + stderr**2
    return matrix


def test_it_is_the_gaussian_posterior_and_each_pair_is_left_out_exactly():
    """By conditioning pair by pair on the whole covariance, with the deviations it found."""
    _, scores, seen, features = world(11, size=6)
    model = fit(scores, np.full((6, 6), 0.2), seen, features, refitted=0)
    pairs = [tuple(each) for each in np.argwhere(seen)]
    y = np.array([scores[each] for each in pairs]) - 3.0
    known = joint(model, features, 0.2, pairs, pairs)
    new = next(tuple(each) for each in np.argwhere(~seen & apart(6)))
    reach = joint(model, features, 0.2, [new], pairs)[0]
    told = np.linalg.solve(known, reach)
    assert model.scores[new] == pytest.approx(3.0 + told @ y, abs=1e-3)
    own = joint(model, features, 0.0, [new], [new])[0, 0]
    assert (model.stderr[new] / model.widened) ** 2 == pytest.approx(own - told @ reach, abs=1e-3)
    told, left = np.empty(len(pairs)), np.empty(len(pairs))
    for i in range(len(pairs)):
        rest = [j for j in range(len(pairs)) if j != i]
        gain = np.linalg.solve(known[np.ix_(rest, rest)], known[rest, i])
        told[i], left[i] = gain @ y[rest], known[i, i] - gain @ known[rest, i]
    squares = (y - told) ** 2 / left
    others = np.maximum((squares.sum() - squares) / (len(pairs) - 1), 1.0)
    found = [[a[each] for each in pairs] for a in (model.without, model.without_stderr)]
    np.testing.assert_allclose(found[0], 3.0 + told, atol=1e-3)
    np.testing.assert_allclose(found[1], np.sqrt(left * others), atol=1e-3)
    assert model.widened == pytest.approx(max(1.0, np.sqrt(squares.mean())), abs=1e-3)


def test_few_pairs_are_left_out_with_all_learned_anew():
    """In worlds of twelve pairs deviations of all pairs promised an R² of 0.3, and the honest one
    was below 0; and intervals of such a model held half of what they should."""
    honest, easy, inside = [], [], []
    for seed in range(16):
        truth, scores, seen, features = world(seed, size=5, share=0.55)
        if not 6 < seen.sum() < 15:
            continue
        stderr = np.full((5, 5), 0.2)
        model = fit(scores, stderr, seen, features)
        all_at_once = fit(scores, stderr, seen, features, refitted=0)
        honest.append(foretellings(model, scores)[0].r2)
        easy.append(foretellings(all_at_once, scores)[0].r2)
        out = ~seen & apart(5)
        inside += list(np.abs(truth - model.scores)[out] <= Z80 * model.stderr[out])
        assert model.widened >= 1.0
    assert np.mean(honest) < np.mean(easy) - 0.1
    assert np.mean(inside) > 0.7


def test_another_unit_or_a_zero_elsewhere_changes_nothing():
    """BLEU from 0 to 1 and in percent are the same study."""
    _, scores, seen, features = world(2, size=6)
    one = fit(scores, np.full((6, 6), 0.2), seen, features)
    other = fit(100 * scores - 40, np.full((6, 6), 20.0), seen, features)
    np.testing.assert_allclose(other.scores, 100 * one.scores - 40, rtol=1e-3)
    np.testing.assert_allclose(other.stderr, 100 * one.stderr, rtol=1e-3)


def test_scores_that_are_all_alike_are_foretold_as_what_they_are():
    model = fit(np.full((4, 4), 0.5), np.full((4, 4), 0.05), apart(4) & (np.arange(4) > 0))
    np.testing.assert_allclose(model.scores, 0.5)
    assert np.all(model.stderr > 0)


DOMAINS = ("bio", "chem", "law", "med", "news")
TABLE = """\
source,target,score,stderr,status
bio,med,0.7,0.03,measured
chem,med,0.4,0.03,measured
chem,bio,0.5,0.03,measured
med,bio,0.6,0.03,measured
law,chem,0.02,0.03,measured
news,law,0.3,0.03,own
law,med,0.1,0.2,predicted
"""


def domains(text=TABLE, metric="transfer weight", **card):
    """A matrix of domains, read as from the shelf."""
    import pandas as pd

    square = pd.DataFrame(np.eye(5), index=list(DOMAINS), columns=list(DOMAINS))
    plain = TransferMatrix.from_frame(square, "domains", metric=metric, axis="domain")
    described = dataclasses.replace(plain.card, rows="", **card)
    table = read_scores(read_rows(text.encode(), "table"), described)
    return TransferMatrix("domains", *table, described, "0" * 64)


def test_what_is_there_stays_and_what_is_missing_is_predicted():
    """A measured score that was smoothed, or a prediction that was learned from, would show."""
    matrix = domains()
    made = on_own_scale(matrix)
    there = matrix.status != ""
    for before, after in zip((matrix.scores, matrix.stderr), made.table[1:3], strict=True):
        np.testing.assert_array_equal(before[there], after[there])
    assert set(made.table.status[~there]) == {"predicted"}
    assert np.all(made.table.stderr[~there] > 0)
    again = on_own_scale(domains(TABLE.replace("law,med,0.1", "law,med,0.9")))
    np.testing.assert_array_equal(again.table.scores[~there], made.table.scores[~there])
    said = dict(made.card.extra)["how well it foretells"]
    assert all(word in said for word in ("model R2", "mean R2", "row and column means R2"))
    read_scores(read_rows(scores_csv(made.table), "table"), made.card)


def test_no_prediction_leaves_the_range_of_its_metric():
    """BTS ends at 2, where a weight is infinite; a share between 0 and 1 has both ends."""
    low = TABLE.replace("law,chem,0.02", "law,chem,-3.5")
    bts = on_own_scale(domains(low, metric="BTS"))
    assert bts.table.scores.max() <= 1.0
    share = on_own_scale(domains(metric="accuracy", range=(0.0, 1.0)))
    assert share.table.scores.min() >= 0.0


def test_a_feature_that_matters_moves_its_pairs():
    """Domains that lie close in the table are foretold to give each other more."""
    columns = np.array([[0.9], [1.0], [0.1], [0.8], [0.0]])
    with_it = on_own_scale(domains(), PairFeatures(differences(columns), "science"))
    index = {key: at for at, key in enumerate(DOMAINS)}
    scores = with_it.table.scores
    assert scores[index["bio"], index["chem"]] > scores[index["news"], index["chem"]] + 0.1
    assert "science" in with_it.card.evidence


def test_features_are_read_by_label_whatever_their_order():
    text = b"domain,science\nnews,0\nmed,0.8\nlaw,0.1\nchem,1\nbio,0.9\n"
    names, columns = feature_columns(text, "labels.csv", domains())
    assert names == ("science",)
    np.testing.assert_array_equal(columns[:, 0], [0.9, 1.0, 0.1, 0.8, 0.0])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"domain,science\nnews,0\n", "no row of bio, chem, law, med"),
        (b"domain,science\nnews,x\n", "row 2: science: expected a finite number"),
        (b"domain,science\nnews,1,2\n", "row 2: 3 cells"),
        (b"domain,science\nnews,1\nnews,2\n", "row 3: news stands twice"),
        (b"domain,science\nnewz,1\n", "did you mean news?"),
        (b"domain\nnews\n", "header: expected a column of labels"),
    ],
)
def test_a_table_of_features_with_a_fault_is_refused(text, fault):
    with pytest.raises(DataError) as refusal:
        feature_columns(text, "labels.csv", domains())
    assert fault in str(refusal.value)


def test_too_little_and_too_much_are_refused():
    header, *rows = TABLE.splitlines(keepends=True)
    with pytest.raises(DataError, match="3 measured pairs: at least 4"):
        on_own_scale(domains(header + "".join(rows[:3])))
    whole = on_own_scale(domains())
    full = TransferMatrix("domains", *whole.table, whole.card, "0" * 64)
    with pytest.raises(DataError, match="nothing is left to complete"):
        on_own_scale(full)
