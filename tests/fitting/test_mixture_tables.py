"""Tables of runs of mixtures: every layout gives the same runs, and every fault is named."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.mixture_runs import MixtureRuns
from atlasmix.fitting.mixture_tables import (
    RunsReading,
    own_places,
    read_mixture_runs,
    read_mixtures,
)
from atlasmix.io.shipped import data_folder
from atlasmix.io.tables import Rows, read_rows

COUNT = 12


def rows(header: str, *lines: str, what: str = "runs.csv") -> Rows:
    return read_rows("\n".join([header, *lines]).encode(), what)


def numbers(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(seed)
    weights = np.round(source.dirichlet(np.ones(3), COUNT), 4)
    weights[:, 2] = np.round(1 - weights[:, 0] - weights[:, 1], 4)
    return weights, np.round(2 + source.random((COUNT, 2)), 4)


WEIGHTS, LOSSES = numbers()
HEADER = "run,w_web,w_code,w_books,loss_web,loss_quiz"


def lines(weights: np.ndarray = WEIGHTS, losses: np.ndarray = LOSSES) -> list[str]:
    return [
        ",".join(map(str, [f"r{at}", *weight, *loss]))
        for at, (weight, loss) in enumerate(zip(weights.tolist(), losses.tolist(), strict=True))
    ]


def read(*tables: Rows, **how: object) -> MixtureRuns:
    return read_mixture_runs(tables, RunsReading(**how))  # type: ignore[arg-type]


def said(runs: MixtureRuns) -> str:
    return "; ".join(runs.notes)


PLAIN = read(rows(HEADER, *lines()))


def same(runs: MixtureRuns) -> bool:
    """The runs are those of PLAIN, run by run, whatever their order."""
    order = [runs.mixtures.names.index(name) for name in PLAIN.mixtures.names]
    return (
        runs.sources == PLAIN.sources
        and runs.sets == PLAIN.sets
        and np.allclose(runs.weights[order], PLAIN.weights, atol=1e-12)
        and np.allclose(runs.loss[order], PLAIN.loss)
    )


def apart(order: list[int]) -> tuple[Rows, Rows]:
    whole = lines()
    left = [",".join(line.split(",")[:4]) for line in whole]
    right = [",".join([line.split(",")[0], *line.split(",")[4:]]) for line in whole]
    return (
        rows("run,w_web,w_code,w_books", *left, what="ratios.csv"),
        rows("run,loss_web,loss_quiz", *(right[at] for at in order), what="metrics.csv"),
    )


def test_the_plain_table() -> None:
    assert PLAIN.sources == ("web", "code", "books")
    assert PLAIN.sets == ("web", "quiz")
    assert PLAIN.own.tolist() == [0, -1]
    assert np.allclose(PLAIN.loss, LOSSES)
    assert "weights w_SOURCE and losses loss_SET" in said(PLAIN)
    assert "sets without one: quiz" in said(PLAIN)


def test_two_tables_are_joined_by_the_id_and_not_by_their_order() -> None:
    """A peer pairs rows by their place: here row 0 would get the losses of row 11."""
    runs = read(*apart(list(range(COUNT))[::-1]))
    assert same(runs)
    assert "different orders; joined by id" in said(runs)
    assert same(read(*reversed(apart(list(range(COUNT))))))


def test_ids_in_one_table_alone_are_said_and_left_out() -> None:
    left, right = apart([3, 1, 0, *range(4, COUNT)])
    runs = read(left, right)
    assert runs.count == COUNT - 1
    assert "table ratios.csv alone has 1 run (r2); left out" in said(runs)
    other = rows("run,loss_web", *(f"q{at},2.5" for at in range(9)), what="metrics.csv")
    with pytest.raises(DataError, match=r"no run in common \(run\): ratios.csv has r0, r1, r2"):
        read(left, other)


def test_ids_that_went_through_decimals_are_the_same() -> None:
    left = rows("run,w_a,w_b", *(f"{at},0.5,0.5" for at in range(9)), what="a.csv")
    right = rows("run,loss_a", *(f"{at}.0,2.{at}" for at in range(9)), what="b.csv")
    assert read(left, right).count == 9


def test_without_an_id_tables_are_not_joined() -> None:
    with pytest.raises(DataError, match="no column in common that names the run"):
        read(rows("w_a,w_b", "0.5,0.5", what="a.csv"), rows("loss_a", "2.5", what="b.csv"))


def jsonl() -> Rows:
    header = HEADER.split(",")
    objects = (
        dict(zip(header, [f"r{at}", *WEIGHTS[at].tolist(), *LOSSES[at].tolist()], strict=True))
        for at in range(COUNT)
    )
    return read_rows("\n".join(map(json.dumps, objects)).encode(), "runs.jsonl")


def long_form() -> tuple[Rows, Rows]:
    left = [
        f"r{at},{name},{WEIGHTS[at, place]}"
        for at in range(COUNT)
        for place, name in enumerate(PLAIN.sources)
        if WEIGHTS[at, place]
    ]
    right = [
        f"r{at},{name},{LOSSES[at, place]}"
        for place, name in enumerate(PLAIN.sets)
        for at in range(COUNT)
    ]
    return (
        rows("run,source,weight", *left, what="weights.csv"),
        rows("run,set,loss", *right, what="losses.csv"),
    )


def per_cent() -> Rows:
    return rows(HEADER, *lines(weights=100 * WEIGHTS))


def counted() -> Rows:
    return rows(HEADER, *lines(weights=np.round(WEIGHTS * 1e9)))


def named_tokens() -> Rows:
    return rows(HEADER.replace("w_", "tokens_"), *lines(weights=np.round(WEIGHTS * 1e9)))


LAYOUTS: dict[str, tuple[Callable[[], Rows | tuple[Rows, ...]], str]] = {
    "jsonl": (jsonl, "weights w_SOURCE"),
    "long": (long_form, "long, one line a run and source"),
    "per cent": (per_cent, "weights sum to 100; divided by 100"),
    "counts": (counted, "tokens in the place of weights"),
    "tokens_": (named_tokens, "token counts tokens_SOURCE and losses loss_SET"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_runs(layout: str) -> None:
    make, words = LAYOUTS[layout]
    made = make()
    runs = read(*(made if isinstance(made, tuple) and not isinstance(made, Rows) else (made,)))
    assert same(runs), layout
    assert words in said(runs)
    if layout in ("counts", "tokens_"):
        assert runs.mixtures.tokens == pytest.approx(np.full(COUNT, 1e9), rel=1e-3)


def test_columns_called_as_their_source_are_told_by_their_sums() -> None:
    """Olmix's pair: run, name and index, then bare names; told by which table sums to 1."""
    left, right = (
        rows(
            "run,name,index," + ",".join(names),
            *(f"x{at},swarm-{at},{at}," + ",".join(map(str, table[at].tolist())) for at in order),
            what=what,
        )
        for names, table, order, what in (
            (
                ("dclm:web", "code"),
                np.column_stack([WEIGHTS[:, 0], 1 - WEIGHTS[:, 0]]),
                range(COUNT),
                "ratios.csv",
            ),
            (("arc_bpb", "code"), LOSSES, range(COUNT)[::-1], "metrics.csv"),
        )
    )
    runs = read(right, left)
    assert runs.sources == ("dclm:web", "code")
    assert runs.sets == ("arc_bpb", "code")
    assert runs.own.tolist() == [-1, 1]
    place = runs.mixtures.names.index("x3")
    assert runs.loss[place].tolist() == LOSSES[3].tolist()
    assert runs.weights[place, 0] == pytest.approx(WEIGHTS[3, 0])


def test_regmix_as_it_is() -> None:
    """Its own column names; the shipped table has the same figures under ours."""
    ours = read_rows((data_folder() / "runs" / "regmix-1m.csv").read_bytes(), "regmix-1m.csv")
    runs = read(ours)
    assert (runs.count, len(runs.sources), len(runs.sets)) == (512, 17, 13)
    assert np.all(runs.own >= 0)
    names = [name for name in ours.header if name.startswith("w_")]
    cut = ours.header.index("loss_arxiv")
    left = Rows(
        "mixture.csv",
        ("index", *(f"train_the_pile_{name[2:]}" for name in names)),
        ours.numbers,
        tuple(row[:cut] for row in ours.rows),
    )
    right = Rows(
        "loss.csv",
        ("index", *(f"metric/the_pile_{name[5:]}_val_loss" for name in ours.header[cut:])),
        ours.numbers,
        tuple((row[0], *row[cut:]) for row in ours.rows[::-1]),
    )
    both = read(left, right)
    assert "RegMix's weights" in said(both)
    assert both.sources == runs.sources
    assert both.sets == runs.sets
    assert np.array_equal(both.weights, runs.weights)
    assert np.array_equal(both.loss, runs.loss)


def test_diverged_and_missing_losses() -> None:
    cells = [line.split(",") for line in lines()]
    cells[2][4], cells[3][4], cells[4][4], cells[4][5] = "nan", "", "inf", ""
    runs = read(rows(HEADER, *map(",".join, cells)))
    assert "rows 4, 6: loss_web is not finite, so the run diverged" in said(runs)
    assert "run r4: no loss in any set; left out" in said(runs)
    assert "loss of web: not measured in 2 of 11 runs" in said(runs)


def test_a_run_far_above_the_others_is_taken_for_diverged() -> None:
    losses = LOSSES.copy()
    losses[5] = 11.0
    table = rows(HEADER, *lines(losses=losses))
    runs = read(table)
    assert "run r5: more than 8 robust standard deviations above the median" in said(runs)
    assert runs.count == COUNT - 1
    kept = read(table, keep_diverged=True)
    assert kept.count == COUNT
    assert "kept, as asked" in said(kept)


def test_one_bad_set_is_no_diverged_run() -> None:
    """A mixture without a set's text is bad in that set: a fact, no fault."""
    losses = np.column_stack([LOSSES, LOSSES[:, 0]])
    losses[5, 0] = 9.0
    cells = [
        f"{line},{loss}"
        for line, loss in zip(lines(losses=losses[:, :2]), losses[:, 2].tolist(), strict=True)
    ]
    assert read(rows(HEADER + ",loss_news", *cells)).count == COUNT


def test_copies_and_repeats() -> None:
    whole = lines()
    again = whole[1].replace("r1,", "copy,")
    seed = ",".join([*whole[2].replace("r2,", "seed2,").split(",")[:4], "2.51", "2.52"])
    runs = read(rows(HEADER, *whole, whole[0], again, seed))
    assert "row 14: stand there twice, alike; counted once" in said(runs)
    assert "run copy: the same mixture and losses as another run; counted once" in said(runs)
    assert "1 mixture has repeats (2 runs)" in said(runs)
    assert runs.count == COUNT + 1
    assert np.all(np.isfinite(runs.noise))


def test_a_source_that_no_run_reads_is_said() -> None:
    cells = [f"{line},0" for line in lines()]
    runs = read(rows(HEADER + ",w_never", *cells))
    assert "never: read by no run, so nothing is known of it" in said(runs)


FAULTS = [
    ("r0,-0.1,0.6,0.5,2.5,2.6", "row 2: w_web is -0.1: expected a share or a count"),
    ("r0,x,0.5,0.5,2.5,2.6", "row 2: w_web is 'x': expected a number"),
    ("r0,0.3,0.3,0.2,2.5,2.6", r"run r0: weights sum to 0.8 \(others sum to 1\)"),
    ("r0,30,30,40,2.5,2.6", r"run r0: weights sum to 100 \(others sum to 1\)"),
    ("r0,0.5,0.3,0.2,-2.5,2.6", "row 2: loss_web is -2.5: expected a loss above 0"),
    ("r0,0.5,0.3,0.2,oops,2.6", "row 2: loss_web is 'oops': expected a number"),
    ("r0,0.5,0.3", "row 2: fewer cells than the header has columns: expected 6"),
    (",0.5,0.3,0.2,2.5,2.6", "row 2: run is empty: expected the run's id"),
    ("r1,0.5,0.3,0.2,2.5,2.6", "row 3: run r1 stands in an earlier row with other numbers"),
    ("r1,0.5,0.3,0.2,2.5,2.6", "of checkpoints of one run keep the last, or fit the law of mixing"),
    ("r0,nan,0.5,0.5,2.5,2.6", "row 2: w_web is nan: expected a share"),
]


@pytest.mark.parametrize(("line", "words"), FAULTS)
def test_what_cannot_be_right_is_refused_with_its_row(line: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read(rows(HEADER, line, *lines()[1:]))
    assert pytest.importorskip("re").search(words, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        ("run,w_a,w_b", "1,0.5,0.5", r"no losses \(columns loss_SET\)"),
        ("run,loss_a", "1,2.5", r"no weights \(columns w_SOURCE\)"),
        ("run,w_a,loss_a", "1,1.0,2.5", "one source a: expected at least two"),
        ("run,p,q", "1,3,4", "neither weights nor losses: expected columns w_SOURCE and loss_SET"),
    ],
)
def test_a_table_that_lacks_a_part(header: str, line: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(rows(header, line))


def test_own_sources_by_name_or_as_said() -> None:
    table = rows(HEADER, *lines())
    assert read(table, own=(("quiz", "books"), ("web", ""))).own.tolist() == [-1, 2]
    for own, words in (
        (("qiuz", "web"), "no set 'qiuz': did you mean quiz"),
        (("quiz", "bookz"), "no source 'bookz': did you mean books"),
    ):
        with pytest.raises(ProblemError, match=words) as caught:
            read(table, own=(own,))
        assert caught.value.field == "own"
    assert own_places(
        ("train_the_pile_arxiv", "train_the_pile_web"),
        ("metric/the_pile_web_val_loss", "metric/the_pile_x_val_loss"),
    ).tolist() == [1, -1]


def test_sizes_and_unique_tokens() -> None:
    cells = [
        f"{line},{size},2e9,5M" for line, size in zip(lines(), ["1e8", "400M"] * 6, strict=True)
    ]
    runs = read(rows(HEADER + ",params,tokens,unique_code", *cells))
    assert runs.varies
    assert runs.mixtures.params is not None
    assert runs.mixtures.params[:2].tolist() == [1e8, 4e8]
    assert runs.mixtures.unique is not None
    assert runs.mixtures.unique[0, 1] == 5e6
    assert np.isnan(runs.mixtures.unique[0, 0])
    cells[3] = cells[3].replace("400M", "")
    with pytest.raises(DataError, match="run r3: params is empty where other runs have it"):
        read(rows(HEADER + ",params,tokens,unique_code", *cells))


def test_mixtures_to_be_predicted() -> None:
    sources = ("web", "code", "books")
    table = rows("run,w_code,w_web,loss_web", "a,25,75,9.9", what="new.csv")
    mixtures = read_mixtures(table, sources)
    assert mixtures.weights.tolist() == [[0.75, 0.25, 0.0]]
    assert mixtures.names == ("a",)
    with pytest.raises(DataError, match="mixes cod, of which the law knows nothing: did you mean"):
        read_mixtures(rows("w_cod,w_web", "0.5,0.5", what="new.csv"), sources)
    with pytest.raises(DataError, match="has no weights: expected columns w_SOURCE"):
        read_mixtures(rows("run,loss_web", "a,2.5", what="new.csv"), sources)


def test_broken_json_lines_are_named_by_line() -> None:
    with pytest.raises(DataError) as caught:
        read_rows(b'{"run": 1}\n[1]\n{"a": {"b": 1}}\nnope\n', "runs.jsonl")
    text = str(caught.value)
    assert "line 2: a list: expected an object" in text
    assert "line 3: 'a' is nested" in text
    assert "line 4: no JSON" in text
    with pytest.raises(DataError, match="is empty: expected a header line and rows"):
        read_rows(b"\n", "runs.jsonl")
