"""Figures show the library's numbers, with units, names and sentences, whatever a label holds."""

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from made_answers import STEPS, mixture_of, question
from plotly.graph_objects import Figure

from atlasmix.evidence.card import Card
from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix, agreement, cluster_order, family_order
from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.diff import diff, side_of_mixture
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.evidence import matrix_sentence
from atlasmix.report.figures.difference import diff_figure
from atlasmix.report.figures.drawing import label, log_axis, sentence, standalone, unmarked
from atlasmix.report.figures.effect import (
    effect_figure,
    flatness_figure,
    prices_figure,
    sensitivity_figure,
)
from atlasmix.report.figures.mixture import (
    mixture_alt,
    mixture_bars,
    mixture_treemap,
    provenance_bar,
    provenance_shares,
    published_figure,
    recipe_figure,
    stock_figure,
)
from atlasmix.report.figures.transfer import agreement_figure, asymmetry, donors_chart, heat_map
from atlasmix.report.recipes import recipe_table
from atlasmix.report.words import percent

STORE = Store("/nonexistent")
EVIL = "<img src=x onerror=alert(1)> <a href='https://example.org'>x</a>"
ASKED = {
    "one": {"targets": "cat"},
    "many": {"targets": "ind,vie,tha", "objective": "loss"},
    "worst": {"targets": "cat,spa", "objective": "worst"},
    "mixed": {"targets": "cat", "pools": "all", "max": {"provenance:translated": 0.4}},
}


@pytest.fixture(scope="module", params=ASKED)
def answer(request):
    problem = problem_from_mapping(ASKED[request.param], STORE)
    return problem, solve(problem)


@pytest.fixture(scope="module")
def matrix():
    """What the pages draw scores of: of a completed matrix the languages that have any."""
    return STORE.matrix().part(())


def texts(figure):
    """Every sentence that a figure says when a mark is pointed at."""
    for trace in figure.data:
        found = trace.customdata if trace.customdata is not None else []
        yield from np.array(found, dtype=object).ravel()


def test_bars_are_the_shares(answer):
    _, mixture = answer
    figure = mixture_bars(mixture)
    shown, bands = {}, {}
    for trace in figure.data:
        if trace.base is not None:
            ends = zip(trace.y, trace.base, trace.x, strict=True)
            bands |= {row.split("  ")[0]: (low, low + width) for row, low, width in ends}
            continue
        row = trace.y[0].split("  ")[0]
        shown[row] = shown.get(row, 0) + trace.x[0] / 100
        assert trace.name.endswith(" text"), "the key says who wrote it"
    assert shown == pytest.approx({name_of(k): v for k, v in mixture.proportions.items()})
    for flat in mixture.flatness:
        ends = (100 * flat.low, 100 * flat.high)
        assert bands[name_of(flat.language)] == pytest.approx(ends)
    assert figure.layout.xaxis.title.text == "share of the tokens read (%)"
    key, share = next(iter(mixture.proportions.items()))
    assert figure.layout.yaxis.categoryarray[-1] == f"{name_of(key)}  <b>{percent(share)}</b>"


def test_areas_add_up_to_their_families(answer):
    _, mixture = answer
    tree = mixture_treemap(mixture).data[0]
    values = dict(zip(tree.ids, tree.values, strict=True))
    parents = dict(zip(tree.ids, tree.parents, strict=True))
    for parent in set(parents.values()):
        inside = sum(values[child] for child, home in parents.items() if home == parent)
        assert inside == pytest.approx(values.get(parent, 100.0))
    leaves = [name for name in tree.ids if name not in parents.values()]
    assert len(leaves) == len(mixture.proportions)


def test_provenance_adds_up(answer):
    _, mixture = answer
    assert sum(provenance_shares(mixture).values()) == pytest.approx(1)
    drawn = {trace.name.split()[0]: trace.x[0] for trace in provenance_bar(mixture).data}
    for kind, share in provenance_shares(mixture).items():
        assert drawn[kind.replace("_", "-")] == pytest.approx(100 * share)


def test_effects_are_the_predictions(answer):
    problem, mixture = answer
    comparisons = compare(problem)
    figure = effect_figure(problem, mixture, comparisons)
    kept = [one for one in comparisons if one.within_limits]
    assert len(kept) < len(comparisons)
    if len(mixture.targets) == 1:
        marks = figure.data[0]
        shown = dict(zip(marks.y, marks.x, strict=True))
        assert shown.pop("this mixture") == mixture.targets[0].loss
        assert [words.strip() for words in marks.text][-1].startswith(
            f"{mixture.targets[0].loss:.2f}"
        )
        said = {who: words.strip() for who, words in zip(marks.y, marks.text, strict=True)}
        for one in kept:
            assert said[one.name] == f"{one.losses[0]:.2f}", "the loss of the table beside it"
        assert shown == {one.name: one.losses[0] for one in kept if np.isfinite(one.losses[0])}
        assert all(x >= mixture.targets[0].loss for x in shown.values()), "none beats the answer"
        return
    ours = next(trace for trace in figure.data if trace.name == "this mixture")
    assert set(ours.x) == {0.0}
    assert {trace.name for trace in figure.data} == {"this mixture", *(one.name for one in kept)}
    symbols = [trace.marker.symbol for trace in figure.data]
    assert len(set(symbols)) == len(symbols), "told apart by more than colour"
    for one in kept:
        (trace,) = (each for each in figure.data if each.name == one.name)
        for name, x in zip(trace.y, trace.x, strict=True):
            row = next(
                n for n, each in enumerate(mixture.targets) if name_of(each.language) == name
            )
            apart = one.losses[row] - mixture.targets[row].loss
            assert x == (pytest.approx(apart) if np.isfinite(apart) else None)


def test_prices_are_the_prices(answer):
    problem, mixture = answer
    bars = prices_figure(problem, mixture.prices).data[0]
    assert len(bars.x) == min(len(mixture.prices), 8)
    if mixture.prices:  # what "worst" measures against moves with budget and pools: no price
        assert bars.x[-1] == pytest.approx(-mixture.prices[0].value)


def test_a_small_price_is_a_plain_number_with_its_unit():
    problem = problem_from_mapping({"targets": "ind,vie,tha"}, STORE)
    figure = prices_figure(problem, solve(problem).prices)
    assert problem.law.unit in figure.layout.xaxis.title.text
    assert figure.layout.xaxis.exponentformat == "none"
    for value, said in zip(figure.data[0].x, figure.data[0].text, strict=True):
        assert "e" not in said
        assert float(said) == pytest.approx(value, rel=0.06)


def test_a_baseline_that_breaks_a_limit_stands_in_no_figure():
    """Beside the answer it looked like a better one."""
    problem = problem_from_mapping({"targets": "cat"}, STORE)
    comparisons = compare(problem)
    marks = effect_figure(problem, solve(problem), comparisons).data[0]
    broken = {one.name for one in comparisons if not one.within_limits}
    assert broken
    assert not broken & set(marks.y)
    assert marks.y[-1] == "this mixture", "drawn from below: the best is on top"


@pytest.mark.parametrize("constant", ["λ", "φ"])
def test_sensitivity_covers_the_range_of_each_constant(constant):
    figure = sensitivity_figure(question(), STEPS, constant)
    drawn = {(trace.y[0], *trace.x) for trace in figure.data}
    mine = [step for step in STEPS if step.constant == constant]
    assert drawn == {(name_of(key), step.low, step.high) for step in mine for key in step.donors}
    assert constant in figure.layout.xaxis.title.text


def test_no_donor_is_said_in_the_figure():
    figure = sensitivity_figure(question(), STEPS[:1])
    assert "no donor is read" in figure.layout.annotations[0].text


def test_flatness_is_drawn_from_the_least_share_to_the_most():
    mixture = mixture_of(question(), {"cat": 0.85, "spa": 0.15})
    target, donor = flatness_figure(mixture).data
    for trace, one in ((target, mixture.flatness[0]), (donor, mixture.flatness[1])):
        assert list(trace.y) == [name_of(one.language)]
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(100 * one.high)
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(100 * one.low)
    assert target.marker.symbol != donor.marker.symbol


def test_before_and_after_stand_side_by_side():
    first = solve(problem_from_mapping({"targets": "cat"}, STORE))
    second = solve(problem_from_mapping({"targets": "cat", "max_epochs": 2}, STORE))
    after, before = diff_figure(diff(side_of_mixture(first), side_of_mixture(second))).data
    assert (before.name, after.name) == ("before", "after")
    assert dict(zip(before.y, before.x, strict=True))["Catalan"] == pytest.approx(
        100 * first.proportions["cat"]
    )
    assert dict(zip(after.y, after.x, strict=True))["Catalan"] == pytest.approx(
        100 * second.proportions["cat"]
    )
    assert before.marker.pattern.shape != after.marker.pattern.shape


@pytest.mark.parametrize("order", [family_order, cluster_order])
def test_the_heat_map_is_the_matrix(matrix, order):
    keys = [key for key, _ in order(matrix)]
    figure = heat_map(matrix, order(matrix))
    heat, legend = figure.data
    for row, column in itertools.product(range(len(keys)), repeat=2):
        shown, score = heat.z[row][column], matrix.pair(keys[row], keys[column])
        assert np.isnan(shown) if row == column else shown == score.score
    frames = [one for one in figure.layout.shapes if one.type == "rect"]
    framed = {
        (keys[round((one.y0 + one.y1) / 2)], keys[round((one.x0 + one.x1) / 2)]) for one in frames
    }
    measured = {
        (a, b) for a in keys for b in keys if a != b and matrix.pair(a, b).status == "measured"
    }
    assert framed == measured
    assert len(frames) == 72
    assert all(one.x1 - one.x0 < 1 and one.y1 - one.y0 < 1 for one in frames), "inside its cell"
    assert legend.showlegend
    assert "framed" in legend.name


def test_predicted_scores_never_look_measured(matrix):
    for role in ("donors", "recipients"):
        for trace in donors_chart(matrix, "por", role, most=37).data:
            measured = trace.name.startswith("measured")
            assert (trace.marker.symbol == "circle") == measured
            for words in trace.customdata:
                assert ("measured ±" in words) == measured, words
                assert ("predicted, nobody measured" in words.replace("<br>", " ")) != measured


def test_a_pair_without_a_score_is_told_in_words(matrix):
    """The empty cell of a pair that nobody scored said 'BTS nan' when it was pointed at."""
    some = STORE.matrix().part({"oci"})
    figure = heat_map(some, family_order(some))
    row, column = (list(figure.data[0].y).index(name_of(key)) for key in ("oci", "cat"))
    assert np.isnan(figure.data[0].z[row][column])
    assert figure.data[0].customdata[row][column] == "Occitan for Catalan: no score."
    assert not [words for words in texts(figure) if "nan" in words.split()]


def test_a_score_of_ones_own_is_measured_and_has_a_symbol_of_its_own(matrix):
    """Only 'measured' was full and framed, so that one's own runs passed for predictions."""
    status = matrix.status.copy()
    pair = matrix.index("spa"), matrix.index("por")
    assert status[pair] == "measured"
    status[pair] = "own"
    mine = replace(matrix, status=status)
    (marks,) = (trace for trace in donors_chart(mine, "por").data if "own" in trace.name)
    assert list(marks.y) == ["Spanish"]
    assert marks.marker.symbol == "square"
    framed = [one for one in heat_map(mine, family_order(mine)).layout.shapes if one.type == "rect"]
    assert len(framed) == 72
    assert "72 of 1,406 scores were measured (1 of them by you)" in matrix_sentence(mine)
    assert len(asymmetry(mine).data[2].x) == len(asymmetry(matrix).data[2].x)


def test_intervals_are_one_standard_error(matrix):
    for trace in donors_chart(matrix, "cat").data:
        for name, score, error in zip(trace.y, trace.x, trace.error_x.array, strict=True):
            key = next(key for key in matrix.keys if name_of(key) == name)
            assert (score, error) == (matrix.pair(key, "cat").score, matrix.pair(key, "cat").stderr)


def test_asymmetry_has_every_pair_on_both_sides(matrix):
    _, predicted, measured, own = asymmetry(matrix, "cat").data
    for points in (predicted, measured):
        at = set(zip(points.x, points.y, strict=True))
        assert {(y, x) for x, y in at} == at
    assert (predicted.marker.symbol, measured.marker.symbol) == ("circle-open", "circle")
    both = {
        (matrix.pair(a, b).score, matrix.pair(b, a).score)
        for a in matrix.keys
        for b in matrix.keys
        if a != b and matrix.pair(a, b).status == matrix.pair(b, a).status == "measured"
    }
    assert set(zip(measured.x, measured.y, strict=True)) == both
    pairs = [(matrix.pair("cat", key).score, matrix.pair(key, "cat").score) for key in matrix.keys]
    assert sorted(zip(own.x, own.y, strict=True)) == sorted(p for p in pairs if p != (1.0, 1.0))


def test_shared_pairs_stand_on_both_axes(matrix):
    other = STORE.matrix("langrank-2019-dep")
    found = agreement(matrix, other)
    figure = agreement_figure(found, matrix, other)
    assert sum(len(trace.x) for trace in figure.data) == len(found.pairs)
    assert "atlasmix-2026" in figure.layout.xaxis.title.text
    assert "langrank-2019-dep" in figure.layout.yaxis.title.text


def test_stock_is_the_inventory():
    inventory = STORE.inventory()
    figure = stock_figure(inventory.select(languages=["cat", "ind"]), ["cat", "ind"])
    shown = {
        (trace.name.split()[0], name, x)
        for trace in figure.data
        for name, x in zip(trace.y, trace.x, strict=True)
    }
    for pool in inventory.select(languages=["cat", "ind"]):
        assert (pool.provenance, name_of(pool.language), pool.unique_tokens) in shown
    for trace in figure.data:
        assert trace.marker.symbol.endswith("-open") == ("estimated" in trace.name)


def test_a_recipe_is_drawn_as_it_reads(answer):
    problem, mixture = answer
    recipe = make_recipe(problem, mixture)
    shown = {
        name: (trace.name, x)
        for trace in recipe_figure(recipe).data
        for name, x in zip(trace.y, trace.x, strict=True)
    }
    targets = {effect.language for effect in recipe.targets}
    assert shown == {
        name_of(key): ("target" if key in targets else "donor", pytest.approx(100 * share))
        for key, share in recipe.proportions.items()
    }
    rows = recipe_table(recipe).texts()[2]
    assert [row[1] for row in rows] == [f"{p.provenance}, {p.corpus}" for p in recipe.pools]


@pytest.mark.parametrize("name", ["salamandra-7b", "openeurollm-flagship", "gpt-3"])
def test_a_published_mixture_is_drawn_as_it_is_published(name):
    one = published(name)
    figure = published_figure(one)
    shown = {
        (trace.name, what): x
        for trace in figure.data
        for what, x in zip(trace.y, trace.x, strict=True)
    }
    parts = {("one language", label(name_of(key))): 100 * share for key, share in one.shares}
    parts |= {("no single language", label(what)): 100 * share for what, share in one.other}
    assert len(shown) == min(40, len(parts))
    for part, share in shown.items():
        assert share == pytest.approx(parts[part])
    assert min(shown.values()) >= sorted(parts.values())[-len(shown)] - 1e-9
    assert figure.layout.xaxis.title.text == "share of the training data (%)"


def every_figure(matrix, problem, mixture):
    yield mixture_bars(mixture)
    yield mixture_treemap(mixture)
    yield provenance_bar(mixture)
    yield effect_figure(problem, mixture, compare(problem))
    yield prices_figure(problem, mixture.prices)
    yield sensitivity_figure(problem, STEPS)
    yield flatness_figure(mixture_of(question(), {"cat": 0.85, "spa": 0.15}))
    yield diff_figure(diff(side_of_mixture(mixture), side_of_mixture(mixture)))
    yield heat_map(matrix, family_order(matrix), dark=True)
    yield donors_chart(matrix, matrix.keys[0])
    yield asymmetry(matrix, matrix.keys[0])
    yield agreement_figure(agreement(matrix, matrix), matrix, matrix)
    yield stock_figure(problem.pools)
    yield recipe_figure(make_recipe(problem, mixture))
    yield published_figure(published("salamandra-7b"))


def test_every_figure_speaks_in_sentences_with_names_and_units(matrix, answer):
    problem, mixture = answer
    for figure in every_figure(matrix, problem, mixture):
        for words in texts(figure):
            flat = words.replace("<br>", " ").rstrip()
            assert flat.endswith((".", ")")), flat
            assert flat[0].isupper() or flat[0].isdigit() or flat[0] in "+-", flat
        if not figure.data or figure.data[0].type != "treemap":
            titles = [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text]
            assert any(titles), "an axis says what it counts"
        assert figure.layout.height, "a fixed height: nothing jumps"


def test_foreign_labels_are_text_in_every_figure():
    world = _evil_world()
    for figure in [
        heat_map(world, family_order(world)),
        donors_chart(world, EVIL),
        asymmetry(world, EVIL),
        agreement_figure(agreement(world, world), world, world),
    ]:
        written = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        assert "<img" not in written
        assert "<a href" not in written
        assert "&lt;img" in written


def _evil_world():
    keys = tuple(sorted([EVIL, "plain"]))
    scores = np.array([[1.0, 0.3], [0.2, 1.0]])
    status = np.array([["defined", "measured"], ["measured", "defined"]])
    card = Card(metric="<b>x</b>", axis="domain", names=keys, range=(-1.0, 2.0))
    return TransferMatrix("w", keys, scores, scores * 0 + 0.05, status, card, "")


def test_words_that_could_be_markup_stay_words():
    assert unmarked("<b>&") == "&lt;b&gt;&amp;"
    assert "<script" not in sentence(EVIL + "<script>")
    assert label("a" * 30) == "a" * 22 + "<br>" + "a" * 8
    assert label("") == ""


def test_a_figure_alone_needs_nothing_else(answer):
    _, mixture = answer
    figure = mixture_bars(mixture)
    before = figure.to_json()
    page = standalone(figure, "Shares <by> language")
    assert "<title>Shares &lt;by&gt; language</title>" in page
    assert 'lang="en"' in page
    assert "plotly.js v" in page
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', page)
    assert figure.to_json() == before


def test_the_figure_in_a_sentence(answer):
    _, mixture = answer
    assert mixture_alt(mixture).startswith("Shares of the tokens read: ")
    assert isinstance(mixture_bars(mixture), Figure)


def test_no_tick_of_a_logarithmic_axis_is_a_digit_of_another_number():
    """Plotly wrote 2, 5, 10, 2, 5 for 2, 5, 10, 20, 50."""
    for values in ([1, 60], [0.004, 1], [3, 7], [1, 10**7]):
        axis = log_axis(values)
        assert [float(text.replace(",", "")) for text in axis["ticktext"]] == axis["tickvals"]
        assert len(axis["tickvals"]) >= 2
