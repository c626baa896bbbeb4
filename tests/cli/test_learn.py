"""``learn`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import Run, assert_refused
from made_mixtures import SETS, SOURCES, made_law, made_runs_of

from atlasmix.fitting.mixture_runs import MixtureRuns
from atlasmix.io.tables import read_rows, to_csv

RUNS = made_runs_of(made_law(1), 36, noise=0.02)
QUICK = ("--compare", "none", "--draws", "0")


def table(path: Path, runs: MixtureRuns = RUNS, weights: float = 1.0, **columns: object) -> str:
    """The runs as a wide table; a column more for each of ``columns``."""
    header = ("run", *(f"w_{name}" for name in SOURCES), *(f"loss_{name}" for name in SETS))
    rows = tuple(
        (
            name,
            *(repr(weights * share) for share in runs.weights[place].tolist()),
            *map(repr, runs.loss[place].tolist()),
            *columns.values(),
        )
        for place, name in enumerate(runs.mixtures.names)
    )
    path.write_bytes(to_csv((*header, *columns), rows))
    return path.name


def predictions(text: str) -> dict[str, list[float]]:
    rows = read_rows(text.encode(), "predictions")
    assert rows.header == ("run", *(f"loss_{name}" for name in SETS))
    return {row[0]: [float(cell) for cell in row[1:]] for row in rows.rows}


def test_from_runs_to_a_mixture_and_a_law(atlasmix: Run, tmp_path: Path) -> None:
    """One way through: report, law, mixture and figure; each is used by what comes next."""
    name = table(tmp_path / "runs.csv")
    words = ("--save", "law.yaml", "--mixture", "mix.yaml", "--figure", "fit.html")
    done = atlasmix("learn", name, "--draws", "6", *words)
    assert done.status == 0, done.err
    assert done.err == ""
    said = " ".join(done.out.split())
    assert "of 5 losses from 36 runs of 6 sources" in said
    assert "Law mixing (own share" in said
    assert "no mixture within the limits is predicted to be more than 0.01% better" in said
    assert "over its loss gain" in said
    assert "Laws on runs that they never saw" in said
    assert "Sets without one: quiz." in said
    assert max(map(len, done.out.splitlines())) <= 80
    assert "predicted unseen" in (tmp_path / "fit.html").read_text(encoding="utf-8")
    law = yaml.safe_load((tmp_path / "law.yaml").read_text(encoding="utf-8"))
    assert law["schema"] == "atlasmix/learned-law/1"
    assert law["learned_from"]["tables"] == ["runs.csv"]
    linted = atlasmix("lint", "mix.yaml")
    assert linted.status == 0, linted.err
    assert "0 faults" in linted.out


def test_a_saved_law_predicts_the_same_to_the_last_digit(atlasmix: Run, tmp_path: Path) -> None:
    name = table(tmp_path / "runs.csv")
    new = RUNS.select(np.arange(36))
    other = table(tmp_path / "other.csv", new)
    first = atlasmix(
        "learn", name, *QUICK, "--predict", other, "--output", "a.csv", "--save", "law.yaml"
    )
    assert first.status == 0, first.err
    assert "Predictions written to a.csv." in first.out
    alone = atlasmix("learn", "law.yaml")
    assert alone.status == 0, alone.err
    assert "Learned from runs.csv" in alone.out
    more = atlasmix("learn", "law.yaml", "--target", "web=1", "--near", "even=0.1")
    assert_refused(more, "--target and --near need the runs in its place")
    second = atlasmix("learn", "law.yaml", "--predict", other)
    assert second.status == 0, second.err
    assert second.out == (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert list(predictions(second.out)) == list(RUNS.mixtures.names)


@pytest.mark.parametrize("law", ["exponential", "additive", "linear"])
def test_other_formulas_are_saved_too(atlasmix: Run, tmp_path: Path, law: str) -> None:
    name = table(tmp_path / "runs.csv")
    words = ("--law", law, *QUICK, "--no-mixture", "--predict", name)
    first = atlasmix("learn", name, *words, "--output", "a.csv", "--save", "law.yaml")
    assert first.status == 0, first.err
    again = atlasmix("learn", "law.yaml", "--predict", name)
    assert again.out == (tmp_path / "a.csv").read_text(encoding="utf-8")


def test_predictions_are_good_and_those_of_per_cent(atlasmix: Run, tmp_path: Path) -> None:
    """Weights times 100, and rows of the two files in other orders, change no digit that counts."""
    new = made_runs_of(made_law(1), 20, noise=0.0, seed=9)
    other = table(tmp_path / "other.csv", new)
    plain = predictions(
        atlasmix("learn", table(tmp_path / "a.csv"), *QUICK, "--predict", other).out
    )
    for run, losses in zip(new.mixtures.names, new.loss.tolist(), strict=True):
        assert plain[run] == pytest.approx(losses, abs=0.12)
    hundred = table(tmp_path / "b.csv", weights=100.0)
    again = predictions(atlasmix("learn", hundred, *QUICK, "--predict", other).out)
    whole = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    cut = 1 + len(SOURCES)
    left = [",".join(line.split(",")[:cut]) for line in whole]
    right = [",".join([line.split(",")[0], *line.split(",")[cut:]]) for line in whole]
    (tmp_path / "w.csv").write_text("\n".join(left), encoding="utf-8")
    (tmp_path / "l.csv").write_text("\n".join([right[0], *right[:0:-1]]), encoding="utf-8")
    joined = predictions(atlasmix("learn", "w.csv", "l.csv", *QUICK, "--predict", other).out)
    for run, losses in plain.items():
        assert again[run] == pytest.approx(losses, rel=1e-6)
        assert joined[run] == pytest.approx(losses, rel=1e-9)


def test_intervals_and_the_layout_of_the_table(atlasmix: Run, tmp_path: Path) -> None:
    name = table(tmp_path / "runs.csv")
    text = (tmp_path / name).read_text(encoding="utf-8").replace("run,", "index,", 1)
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    done = atlasmix("learn", name, *QUICK, "--predict", "other.csv", "--intervals")
    rows = read_rows(done.out.encode(), "predictions")
    assert rows.header[0] == "index"
    low, value, high = (rows.header.index(f"{end}_web") for end in ("low", "loss", "high"))
    assert all(float(row[low]) < float(row[value]) < float(row[high]) for row in rows.rows)


def test_limits_weights_and_trust(atlasmix: Run, tmp_path: Path) -> None:
    name = table(tmp_path / "runs.csv")
    words = ("--target", "math=3", "--target", "web=1", "--min", "chat=5%", "--max", "math=0.3")
    done = atlasmix("learn", name, *QUICK, *words, "--near", "even=0.5", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    shares = told["mixture"]["shares"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["chat"] >= 0.05 - 1e-9
    assert shares["math"] <= 0.3 + 1e-9
    assert told["mixture"]["divergence"]["even mixture"] <= 0.5 + 1e-6
    assert told["mixture"]["gap"] < 1e-6
    assert told["laws"][0]["law"] == "mixing"
    assert len(told["held_out"]) == 36


def test_the_mixture_of_an_earlier_answer_is_a_reference(atlasmix: Run, tmp_path: Path) -> None:
    """It was refused as a table without weights, in the words of its first comment."""
    name = table(tmp_path / "runs.csv")
    first = atlasmix("learn", name, *QUICK, "--min", "web=60%", "--mixture", "mix.yaml", "--json")
    assert first.status == 0, first.err
    near = atlasmix("learn", name, *QUICK, "--near", "mix.yaml=0.000001", "--json")
    assert near.status == 0, near.err
    then, now = (json.loads(each.out)["mixture"]["shares"] for each in (first, near))
    for source, share in then.items():
        assert now[source] == pytest.approx(share, abs=0.005)


def test_the_shipped_runs_by_name(atlasmix: Run) -> None:
    done = atlasmix("learn", "regmix-1m", *QUICK, "--no-mixture", "--predict", "regmix-1m-test")
    assert done.status == 0, done.err
    predicted = read_rows(done.out.encode(), "predictions")
    measured = read_rows(
        (Path(__file__).parents[2] / "data/runs/regmix-1m-test.csv").read_bytes(), "measured"
    )
    ranks = []
    for name in predicted.header[1:]:
        columns = [
            np.array([float(row[table.header.index(name)]) for row in table.rows])
            for table in (predicted, measured)
        ]
        left, right = (np.argsort(np.argsort(column)) for column in columns)
        ranks.append(np.corrcoef(left, right)[0, 1])
    # With γ = 1 the law reaches 0.987, RegMix's trees 0.989.
    assert np.mean(ranks) > 0.989


def test_json_lines_and_long_tables(atlasmix: Run, tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {"run": name, "params": 1e9}
            | {f"w_{each}": share for each, share in zip(SOURCES, shares, strict=True)}
            | {f"loss_{each}": loss for each, loss in zip(SETS, losses, strict=True)}
        )
        for name, shares, losses in zip(
            RUNS.mixtures.names, RUNS.weights.tolist(), RUNS.loss.tolist(), strict=True
        )
    ]
    (tmp_path / "runs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = atlasmix("learn", "runs.jsonl", *QUICK, "--no-mixture")
    assert done.status == 0, done.err
    assert "the law and its mixture are for 1B parameters" in done.out.replace(
        "\n    ", " "
    ).lower().replace("1b", "1B")


def test_parquet(atlasmix: Run, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.read_csv(tmp_path / table(tmp_path / "runs.csv")).to_parquet(tmp_path / "runs.parquet")
    done = atlasmix("learn", "runs.parquet", *QUICK, "--no-mixture")
    assert done.status == 0, done.err
    assert "of 5 losses from 36 runs" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--law", "lighgbm"), "no law 'lighgbm': did you mean lightgbm"),
        (("--compare", "trees"), "no law 'trees': expected one of mixing, linear"),
        (("--own", "quiz"), "--own is 'quiz': expected NAME=VALUE"),
        (("--own", "quiz=w"), "no source 'w'"),
        (("--target", "quiz=-1"), "--target quiz is '-1': expected a number above 0"),
        (("--min", "web=2"), "--min web is '2': expected a share of training tokens"),
        (("--max", "wbe=20%"), "no source 'wbe': did you mean web"),
        (("--min", "web=80%", "--min", "code=30%"), "the least shares sum to 1.1"),
        (("--near", "best"), "--near is 'best': expected NAME=VALUE"),
        (("--near", "nobody=0.1"), "no reference mixture 'nobody'"),
        (("--max-epochs", "4"), "a cap of epochs needs the tokens read and the unique tokens"),
        (("--output", "x.csv"), "name the mixtures with --predict TABLE"),
        (("--save", "none/law.yaml"), "no folder none: make it"),
        (("--predict", "none.csv"), "no file none.csv"),
        (("--coverage", "20%"), "coverage is 0.2: expected 0.5 to 0.99"),
    ],
)
def test_a_slip_is_one_sentence(
    atlasmix: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    name = table(tmp_path / "runs.csv")
    assert_refused(atlasmix("learn", name, "--compare", "none", "--draws", "0", *words), said)


def test_files_that_are_no_runs(atlasmix: Run, tmp_path: Path) -> None:
    assert_refused(atlasmix("learn", "regmix"), "no file regmix: check the path; did you mean")
    (tmp_path / "x.yaml").write_text("schema: atlasmix/mixture/1\n", encoding="utf-8")
    assert_refused(atlasmix("learn", "x.yaml", "--predict", "y"), "x.yaml is no learned law")
    few = table(tmp_path / "few.csv", RUNS.select(np.arange(5)))
    assert_refused(atlasmix("learn", few), "5 runs of 5 different mixtures: expected at least 8")


def test_a_broken_law_is_refused_whole(atlasmix: Run, tmp_path: Path) -> None:
    name = table(tmp_path / "runs.csv")
    assert atlasmix("learn", name, *QUICK, "--no-mixture", "--save", "law.yaml").status == 0
    path = tmp_path / "law.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    del content["sets"][0]["tau"]["web"]
    content["sets"][1]["own"] = "nowhere"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    done = atlasmix("learn", "law.yaml", "--predict", name)
    assert_refused(done, "law law.yaml has 2 faults")
    assert "set web: tau names other sources" in done.err
    assert "set code: own 'nowhere' is none of the sources" in done.err


def test_a_model_of_a_library_only_predicts(atlasmix: Run, tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    name = table(tmp_path / "runs.csv")
    done = atlasmix("learn", name, *QUICK, "--law", "lightgbm-small")
    assert done.status == 0, done.err
    assert "not convex in the mixture" in " ".join(done.out.split())
    words = ("--law", "lightgbm-small", *QUICK, "--no-mixture", "--save", "law.yaml")
    assert_refused(atlasmix("learn", name, *words), "which no plain file holds")


def test_runs_to_train_next(atlasmix: Run, tmp_path: Path) -> None:
    """They are a table that the next swarm reads, and learn takes back with its losses."""
    name = table(tmp_path / "runs.csv")
    words = ("--next", "3", "--next-runs", "next.csv")
    done = atlasmix("learn", name, *QUICK, *words)
    assert done.status == 0, done.err
    assert "Runs to train next" in done.out
    rows = read_rows((tmp_path / "next.csv").read_bytes(), "next.csv")
    assert rows.header == ("run", *(f"w_{each}" for each in SOURCES))
    assert [row[0] for row in rows.rows] == ["next-1", "next-2", "next-3"]
    assert all(sum(map(float, row[1:])) == pytest.approx(1.0) for row in rows.rows)
    assert_refused(atlasmix("learn", name, "--next-runs", "next.csv"), "say how many, as --next 8")


def test_runs_planned_of_several_sizes_are_a_table_that_is_read_back(
    atlasmix: Run, tmp_path: Path
) -> None:
    new = made_runs_of(made_law(1, alpha=0.33), 24, noise=0.02, sizes=True)
    name = table(tmp_path / "sized.csv", new)
    rows = read_rows((tmp_path / name).read_bytes(), "runs")
    sizes = zip(new.mixtures.params.tolist(), new.mixtures.tokens.tolist(), strict=True)
    with_sizes = [(*row, repr(n), repr(d)) for row, (n, d) in zip(rows.rows, sizes, strict=True)]
    (tmp_path / name).write_bytes(to_csv((*rows.header, "params", "tokens"), with_sizes))
    asked = ("learn", name, *QUICK, "--next", "2", "--next-runs", "next.csv")
    done = atlasmix(*asked, "--next-sizes", "100M:5B=1,1B:20B=9")
    assert done.status == 0, done.err
    assert "in relation to its cost" in " ".join(done.out.split())
    planned = read_rows((tmp_path / "next.csv").read_bytes(), "next")
    assert planned.header == ("run", "params", "tokens", *(f"w_{name}" for name in SOURCES))
    assert {row[1:3] for row in planned.rows} <= {
        ("100000000", "5000000000"),
        ("1000000000", "20000000000"),
    }
    again = atlasmix("learn", name, *QUICK, "--predict", "next.csv")
    assert again.status == 0, again.err
    assert_refused(atlasmix(*asked, "--next-sizes", "100M"), "expected PARAMS:TOKENS")
    assert_refused(atlasmix(*asked, "--next-sizes", "1M:1B=2,2M:1B"), "of every size or of none")
    assert_refused(atlasmix("learn", name, "--next-sizes", "1M:1B"), "say how many, as --next 8")
