"""Scores read off loss curves: those of the law that made the curves, within stated errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.new_matrix import Origin
from atlasmix.evidence.store import Store
from atlasmix.fitting.curve_fit import cooled_from, fit_curve
from atlasmix.fitting.curve_matrix import runs_table, score_matrix
from atlasmix.fitting.curve_scores import CurveQuestion, CurveScores, scores_of_curves
from atlasmix.fitting.loss_curves import LossCurve, LossCurves, read_curves
from atlasmix.io.tables import Rows, read_rows
from atlasmix.laws.shelf import DEFAULT_LAW, load_law
from atlasmix.transfer.bts import scores_at
from atlasmix.transfer.estimation import estimate

LAW = load_law(DEFAULT_LAW, Store("memory://"))
PARAMS = 2e9
LANGUAGES = ("cat", "deu", "fin", "spa")


class World:
    """Curves that the law made, and the scores that it gives at any anchor."""

    def __init__(
        self,
        seed: int,
        noise: float = 0.003,
        between: float = 0.0,
        repeats: int = 1,
        cooling: float = 0.0,
        last: float = 120e9,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.phi = rng.uniform(0.06, 0.15, len(LANGUAGES))
        self.tau = rng.uniform(0.2, 0.8, (len(LANGUAGES),) * 2)
        curves = []
        for at, target in enumerate(LANGUAGES):
            for other, source in enumerate(LANGUAGES):
                alone = at == other
                tokens = np.linspace(1, 42, 40) * 1e9 if alone else np.linspace(1e9, last, 60)
                share = 1.0 if alone else 0.5
                effective = tokens if alone else tokens * (1 + self.tau[other, at]) / 2
                loss = (
                    LAW.E
                    + LAW.A * share ** -self.phi[at] / PARAMS**LAW.alpha
                    + LAW.B / effective**LAW.beta
                )
                start = 0.85 * tokens[-1]
                loss = loss * (1 - cooling * np.clip((tokens - start) / (tokens[-1] - start), 0, 1))
                for repeat in range(repeats):
                    given = loss + rng.normal(0, noise, len(tokens)) + rng.normal(0, between)
                    trained = (target,) if alone else tuple(sorted((source, target)))
                    name = f"{'+'.join(trained)}-{repeat}"
                    curves.append(LossCurve(name, trained, target, tokens, given, params=PARAMS))
        self.curves = LossCurves(tuple(curves), "a world")

    def score(self, source: str, target: str, anchor: float) -> float:
        """BTS by the law, from the equations of the transfer model and not from curves."""
        scores = scores_at(LAW, self.phi, self.tau, PARAMS, anchor)
        return float(scores[LANGUAGES.index(source), LANGUAGES.index(target)])


def covered(worlds: list[World], anchors: tuple[float, ...]) -> tuple[float, float]:
    """How often the true score lies in the interval, and the spread of errors in standard errors.

    Of what has no score, the bound must hold.
    """
    inside, errors = [], []
    for world in worlds:
        for each in scores_of_curves(world.curves, CurveQuestion(anchors)).scores:
            truth = world.score(each.source, each.target, each.anchor)
            if each.outcome == "scored":
                low, high = each.interval
                inside.append(low <= truth <= high)
                errors.append((each.score - truth) / each.stderr)
            else:
                assert each.outcome == "below"
                assert truth < each.score + 0.05
    assert len(inside) > 50
    return float(np.mean(inside)), float(np.std(errors))


def test_scores_of_the_law_are_recovered_with_honest_errors() -> None:
    """Would catch d_bi in tokens of the target alone, and errors of the line or of one curve."""
    share, spread = covered([World(seed) for seed in range(6)], (30e9, 15e9))
    assert 0.9 <= share <= 0.99
    assert 0.8 <= spread <= 1.2


def test_repeated_runs_show_what_a_seed_changes() -> None:
    """Without the seeds' part the intervals would cover about a third."""
    worlds = [World(seed, between=0.004, repeats=2) for seed in range(4)]
    share, spread = covered(worlds, (30e9, 15e9))
    assert 0.85 <= share <= 0.995
    assert 0.7 <= spread <= 1.3
    found = [scores_of_curves(world.curves).seed_noise for world in worlds]
    assert float(np.mean(found)) == pytest.approx(0.004, rel=0.3)


def test_a_cool_down_that_nobody_tells_is_left_out_and_said() -> None:
    """Read as it stands, it would move every score by tenths."""
    worlds = [World(seed, cooling=0.03) for seed in range(4)]
    assert "learning rate is lowered" in " ".join(scores_of_curves(worlds[0].curves).warnings)
    share, _ = covered(worlds, (30e9, 15e9))
    assert share >= 0.9
    assert not [each for each in World(9).curves.curves if cooled_from(each) is not None]


def test_a_loss_that_is_never_reached_is_a_bound_and_no_score() -> None:
    world = World(3, last=45e9)
    scores = scores_of_curves(world.curves, CurveQuestion((40e9,)))
    below = [each for each in scores.scores if each.outcome == "below"]
    assert below
    assert all(math.isnan(each.stderr) and math.isnan(each.interval[0]) for each in below)
    assert all(each.score == pytest.approx(2 - 45 / 40) for each in below)
    with pytest.raises(DataError, match="no pair has a score at 40B tokens alone") as refused:
        score_matrix(scores, Origin())
    assert "not reached within 45B tokens" in refused.value.faults[0]


def test_scores_of_one_target_share_the_error_of_its_run_alone() -> None:
    """The covariance of two scores of a target over worlds is the one that is stated."""
    errors, shared = [], []
    for noise in range(30):
        world = World(0)
        rng = np.random.default_rng(noise)
        made = tuple(
            LossCurve(
                each.run, each.languages, each.target, each.tokens,
                each.loss + rng.normal(0, 0.004, len(each.tokens)), params=PARAMS,
            )
            for each in world.curves.curves
            if each.target == "cat"
        )  # fmt: skip
        scores = scores_of_curves(LossCurves(made, "t"), CurveQuestion((30e9,))).scores
        errors.append([each.score for each in scores])
        shared.append([each.shared for each in scores])
    stated = float(np.mean([a * b for a, b, _ in shared]))
    assert np.cov(np.array(errors).T)[0, 1] == pytest.approx(stated, rel=0.7)


def test_the_matrix_says_what_its_errors_hold_and_gives_the_weights_back() -> None:
    world = World(1)
    scores = scores_of_curves(world.curves, CurveQuestion((42e9,)))
    card, table = score_matrix(scores, Origin((("c.csv", "0" * 64),)), "ours")
    assert (card.metric, card.parameters, card.tokens) == ("BTS", PARAMS, 42e9)
    said = dict(card.extra)
    assert "err together" in said["shared errors"]
    from atlasmix.evidence.transfer_matrix import TransferMatrix

    model = estimate(TransferMatrix("ours", *table, card, ""), LAW)
    # φ is drawn towards what other languages have; weights with it, by as much.
    apart = ~np.eye(len(LANGUAGES), dtype=bool)
    assert np.corrcoef(model.weights[apart], world.tau[apart])[0, 1] > 0.8


def measured(text: str, **question: object) -> CurveScores:
    read = read_curves(read_rows(text.encode(), "curves.csv"))
    return scores_of_curves(read, CurveQuestion(**question))  # type: ignore[arg-type]


def lines(
    languages: str, last: float = 20, gain: float = 1.0, more: str = "", count: int = 10
) -> str:
    """Rows of a run, the loss of Catalan."""
    tokens = np.linspace(last / count, last, count)
    return "".join(
        f"{languages},{d:g}B,{2 + 500 / (gain * d * 1e9) ** 0.3:.6f}{more}\n" for d in tokens
    )


HEAD = "languages,tokens,loss_cat\n"
PAIR = HEAD + lines("cat") + lines("cat+spa", 30, 0.8)


def test_wide_long_and_other_names_are_one_table() -> None:
    wide = measured(PAIR, anchors=(10e9,)).scores[0]
    assert wide.score == pytest.approx(2 - 1 / 0.8, abs=1e-4)
    long = PAIR.replace(
        "languages,tokens,loss_cat", "trained_on,tokens_seen,val_loss,eval_language"
    )
    long = "\n".join(f"{row},ca" if place else row for place, row in enumerate(long.splitlines()))
    assert measured(long, anchors=(10e9,)).scores[0].score == pytest.approx(wide.score, abs=1e-9)


def test_perplexities_are_read_as_losses() -> None:
    head, *rows = PAIR.splitlines()
    made = [head.replace("loss", "ppl")]
    for row in rows:
        *first, loss = row.split(",")
        made.append(",".join([*first, f"{math.exp(float(loss)):.6f}"]))
    told = measured("\n".join(made), anchors=(10e9,))
    assert told.scores[0].score == pytest.approx(0.75, abs=1e-3)
    assert "logarithms" in told.notes[0]


def test_other_shares_are_left_out_and_sent_to_the_law_of_mixing() -> None:
    table = PAIR + lines("cat:30+spa:70", 30, 0.6)
    told = measured(table, anchors=(10e9,))
    assert len(told.scores) == 1
    assert "(30 to 70): a score is of a model on half and half" in " ".join(told.warnings)
    with pytest.raises(DataError, match="has no pair to score") as refused:
        measured(HEAD + lines("cat") + lines("cat:30+spa:70", 30, 0.6))
    assert "law of mixing" in refused.value.faults[0]


def test_all_runs_go_to_a_fit_with_tokens_by_language() -> None:
    read = read_curves(read_rows((PAIR + lines("cat:30+spa:70", 10)).encode(), "c.csv"))
    with pytest.raises(DataError, match="needs a column params"):
        runs_table(read.curves, read.what)
    sized = PAIR.replace("loss_cat\n", "loss_cat,params\n", 1)
    body = "".join(f"{row},1B\n" for row in (sized + lines("cat:30+spa:70", 10)).splitlines()[1:])
    read = read_curves(read_rows((sized.splitlines()[0] + "\n" + body).encode(), "c.csv"))
    table = runs_table(read.curves, read.what)
    assert table.header == ("run", "params", "tokens", "tokens_cat", "tokens_spa", "loss_cat")
    by_run = {row[0]: row for row in table.rows}
    assert len(table.rows) == 30
    total, catalan, spanish = (float(each) for each in by_run["cat+spa 1B"][2:5])
    assert catalan == spanish == pytest.approx(total / 2)


def test_cooled_checkpoints_are_compared_with_cooled_ones_alone() -> None:
    head = "languages,tokens,loss_cat,phase\n"
    stable = lines("cat", more=",stable")
    both = lines("cat+spa", 30, 0.8, ",cooldown")
    with pytest.raises(DataError, match="has no pair to score") as refused:
        measured(head + stable + both)
    assert "cooled-down checkpoints on one side" in refused.value.faults[0]
    told = measured(head + stable + both + lines("cat", more=",cooldown"), anchors=(10e9,))
    assert told.scores[0].score == pytest.approx(0.75, abs=1e-3)


def test_unequal_batches_are_said_and_unequal_vocabularies_refused() -> None:
    def table(field: str, loss: str) -> str:
        head = f"languages,tokens,{loss}_cat,{field}\n"
        return head + lines("cat", more=",32000") + lines("cat+spa", 30, 0.8, ",64000")

    assert "another batch size" in " ".join(measured(table("batch_size", "loss")).warnings)
    with pytest.raises(DataError, match="no pair to score") as refused:
        measured(table("vocab_size", "loss"))
    assert "another vocabulary" in refused.value.faults[0]
    assert "another vocabulary" in " ".join(measured(table("vocab_size", "bpb")).warnings)


def test_a_loss_of_every_step_is_read_in_bounded_time() -> None:
    """Twenty thousand steps with the noise of a batch give the score of the curve behind them."""
    tokens = np.linspace(1e-3, 1, 20_000)
    rng = np.random.default_rng(0)
    rows = [HEAD]
    for languages, last, gain in (("cat", 20e9, 1.0), ("cat+spa", 30e9, 0.8)):
        loss = 2 + 500 / (gain * last * tokens) ** 0.3 + rng.normal(0, 0.05, len(tokens))
        rows += [
            f"{languages},{d * last:.0f},{value:.5f}\n"
            for d, value in zip(tokens.tolist(), loss.tolist(), strict=True)
        ]
    told = measured("".join(rows), anchors=(10e9,))
    (score,) = told.scores
    assert abs(score.score - 0.75) < 3 * score.stderr
    assert score.stderr < 0.03
    assert "neighbours were joined" in " ".join(told.notes)


def test_two_sizes_want_a_choice() -> None:
    head = "languages,tokens,loss_cat,params\n"
    table = head + "".join(
        lines("cat", more=f",{size}") + lines("cat+spa", 30, 0.8, f",{size}")
        for size in ("1B", "3B")
    )
    with pytest.raises(ProblemError, match="has runs of 2 sizes") as refused:
        measured(table)
    assert refused.value.field == "params"
    assert measured(table, params=3e9).params == 3e9


def test_an_anchor_beyond_the_runs_is_refused_with_what_there_is() -> None:
    with pytest.raises(ProblemError, match="no target has checkpoints around 50B tokens alone"):
        measured(PAIR, anchors=(50e9,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("languages,tokens\ncat,1B\n", "no column holds"),
        (HEAD + "klingonese,1B,2.5\n", "row 2: "),
        (HEAD + "cat,1B,2.5\ncat,1B,2.6\n", "two losses of cat at the same tokens"),
        (HEAD + "cat,-1,2.5\n", "expected a number above 0"),
        ("languages,tokens,loss_cat,phase\ncat,1B,2.5,warm\n", "expected stable or cooldown"),
        (HEAD + "cat,1B,nan\n", "no row with a finite loss"),
        (HEAD + "cat,1B,3\ncat,2B,2.9\n" + lines("cat+spa"), "no line can be drawn"),
    ],
)
def test_faults_name_their_rows(text: str, words: str) -> None:
    with pytest.raises(DataError) as refused:
        measured(text)
    assert words in str(refused.value)


def test_a_spike_does_not_move_a_line() -> None:
    tokens = np.linspace(1, 20, 20) * 1e9
    loss = 2 + 500 / tokens**0.3 + np.random.default_rng(0).normal(0, 0.002, 20)
    spiked = loss.copy()
    spiked[12] += 1.5
    plain, robust = (
        fit_curve([LossCurve("a", ("cat",), "cat", tokens, each)]) for each in (loss, spiked)
    )
    assert plain is not None
    assert robust is not None
    assert robust.loss(10e9) == pytest.approx(plain.loss(10e9), abs=0.002)


def test_a_line_through_power_laws_inverts_itself() -> None:
    for beta in (0.1, 0.28, 0.6):
        tokens = np.geomspace(1e9, 40e9, 12)
        curve = LossCurve("a", ("cat",), "cat", tokens, 1.5 + 2.0 * (tokens / 1e9) ** -beta)
        line = fit_curve([curve])
        assert line is not None
        for wanted in (2e9, 9e9, 33e9):
            assert line.tokens(1.5 + 2.0 * (wanted / 1e9) ** -beta) == pytest.approx(wanted, 1e-3)


def test_an_empty_table_has_no_curves() -> None:
    with pytest.raises(DataError, match="no runs"):
        read_curves(Rows("empty.csv", ("languages", "tokens", "loss_cat"), (), ()))
