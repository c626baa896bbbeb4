"""``fit`` as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from command_line import COMMAND, REPOSITORY, Run, assert_refused, environment

RUNS = REPOSITORY / "data" / "runs"
REPEATED = str(RUNS / "datablations-fit182.csv")
OPEN_LM = str(RUNS / "openlm-104.csv")
QUICK = ("--bootstrap", "20", "--no-held-out")


def table(folder: Path, *lines: str, head: str = "params,tokens,loss") -> str:
    path = folder / "runs.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_from_runs_to_a_solve(atlasmix: Run) -> None:
    done = atlasmix("fit", REPEATED, "--law", "atlas", *QUICK, "--output", "mine.yaml")
    assert done.status == 0, done.err
    assert done.err == ""
    assert "R² 0.9337 on these runs" in done.out
    assert "0.03973" in done.out
    assert "Card written to mine.yaml: atlasmix solve --target LANG --law mine.yaml" in done.out
    card = yaml.safe_load((done.folder / "mine.yaml").read_text(encoding="utf-8"))
    assert card["decay"] == pytest.approx(0.03973, abs=1e-4)
    solved = atlasmix("solve", "--target", "cat", "--law", "mine.yaml", "--budget", "50B")
    assert solved.status == 0, solved.err
    assert "Law mine" in solved.out


def test_onto_the_shelf_and_back(atlasmix: Run) -> None:
    words = ("--column", "loss=loss_c4_val", "--where", "train_set=rpj", "--name", "ours")
    done = atlasmix("fit", OPEN_LM, *words, *QUICK, "--measured-on", "RedPajama")
    assert done.status == 0, done.err
    assert "On your shelf as ours" in done.out
    shown = atlasmix("laws", "show", "ours").out
    assert "RedPajama; 35 runs" in " ".join(shown.split())
    assert atlasmix("solve", "--target", "cat", "--law", "ours").status == 0
    again = atlasmix("fit", OPEN_LM, *words, *QUICK)
    assert_refused(again, "law 'ours' is on the shelf already")


def test_the_figures_in_print(atlasmix: Run) -> None:
    held = "E=1.8691437,A=520.82495,alpha=0.3526596,B=1487.7161,beta=0.3526596"
    words = ("--law", "data-constrained", "--data-only", "--fix", held, "--json", *QUICK)
    found = json.loads(atlasmix("fit", REPEATED, *words).out)
    assert found["constants"]["R_D"] == pytest.approx(2.915, abs=1e-3)
    assert found["r_squared"] == pytest.approx(0.7354, abs=1e-4)
    assert found["held"] == ["A", "B", "E", "alpha", "beta"]
    assert list(found["intervals"]) == ["R_D"]
    assert found["card"]["kind"] == "data-constrained"


def test_constants_of_a_law_on_the_shelf(atlasmix: Run) -> None:
    words = ("--law", "data-constrained", "--data-only", "--base", "muennighoff-2023", *QUICK)
    out = atlasmix("fit", REPEATED, *words).out
    assert "held" in out
    assert "2.9" in out


@pytest.mark.parametrize("columns", ["80", "120", "60"])
def test_the_report_fits_the_page(atlasmix: Run, columns: str) -> None:
    words = ("--column", "loss=loss_c4_val", "--where", "train_set=rpj", "--bootstrap", "20")
    done = atlasmix("fit", OPEN_LM, *words, env={"COLUMNS": columns})
    assert done.status == 0, done.err
    assert max(map(len, done.out.splitlines())) <= int(columns)
    said = " ".join(done.out.split())
    assert "the larger half by compute 18" in said
    assert "35 of 104 rows have train_set=rpj" in said
    assert "every run is taken to have read one epoch" in said


def test_a_card_on_stdout_is_nothing_but_the_card(atlasmix: Run) -> None:
    done = atlasmix("fit", REPEATED, "--law", "atlas", *QUICK, "--output", "-")
    assert yaml.safe_load(done.out)["name"] == "datablations-fit182"


def test_a_figure(atlasmix: Run) -> None:
    pytest.importorskip("plotly")
    done = atlasmix("fit", REPEATED, "--law", "atlas", *QUICK, "--plot", "fit.html")
    assert done.status == 0, done.err
    page = (done.folder / "fit.html").read_text(encoding="utf-8")
    assert "predicted and measured loss" in page
    assert "row 151" in page


GOOD = [
    f"{n},{d},{1.8 + 480 / n**0.35 + 2000 / d**0.37:.4f}"
    for n in (1e8, 4e8, 2e9)
    for d in (2e9, 1e10, 5e10)
]


@pytest.mark.parametrize(
    ("lines", "words", "said"),
    [
        (GOOD[:4], "", "4 runs (rows 2-5) cannot fit 5 constants"),
        (GOOD[:3] * 2, "", "3 runs (rows 2-4) cannot fit"),
        ([row.replace("100000000.0,", "1B,") for row in GOOD[:3]] * 3, "", "3 runs"),
        ([*GOOD, "1B,2e9,-3"], "", "row 11: loss is -3: expected a number above 0"),
        ([*GOOD, "1B,2e9,nan"], "", "row 11: loss is nan"),
        ([*GOOD, "1B,20,3.1"], "", "row 11: tokens is 20 where others have about 10B: mixed"),
        (GOOD, "--law atlas", "reads its text more than once, so lambda cannot be seen"),
        (GOOD, "--law curse", "no column holds languages"),
        (GOOD, "--where loss<1", "no row has loss<1"),
        (GOOD, "--where loss", "expected COLUMN=VALUE"),
        (GOOD, "--column loss=los", "did you mean loss?"),
        (GOOD, "--column loss", "expected FIELD=COLUMN"),
        (GOOD, "--fix alpha", "expected NAME=VALUE"),
        (GOOD, "--fix alpha=x", "--fix alpha is 'x'"),
        (GOOD, "--fix R_D=3", "R_D is no constant of the chinchilla law"),
        (GOOD, "--tau spa=0.4", "tau spa is no constant"),
        (GOOD, "--base nosuch", "no law 'nosuch'"),
        (GOOD, "--delta 0", "--delta is 0"),
        (GOOD, "--bootstrap many", "--bootstrap is 'many'"),
        (GOOD, "--bootstrap -5", "--bootstrap is '-5'"),
        (GOOD, "--data-only", "--data-only belongs to --law data-constrained"),
        (GOOD, "--stages 2", "has one stage"),
        (GOOD, "--tie-exponents --fix alpha=0.3", "hold neither of them"),
        (GOOD, "--target klingonese", "no language 'klingonese'"),
        (GOOD, "--name Our_Law", "cannot be the name of a law"),
        (GOOD, "--last-checkpoint", "a column that names the run"),
        (GOOD, "--output nosuch/mine.yaml --bootstrap 0 --no-held-out", "cannot be written"),
    ],
)
def test_bad_input_is_a_sentence(
    atlasmix: Run, tmp_path: Path, lines: list[str], words: str, said: str
) -> None:
    assert_refused(atlasmix("fit", table(tmp_path, *lines), *words.split()), said)


def test_one_size_only(atlasmix: Run, tmp_path: Path) -> None:
    lines = [f"1B,{d},{2 + 2000 / d**0.37}" for d in (1e9, 2e9, 5e9, 1e10, 2e10, 5e10, 1e11)]
    done = atlasmix("fit", table(tmp_path, *lines))
    assert_refused(done, "every run (rows 2-8) has 1B parameters")


def test_tokens_below_unique_tokens(atlasmix: Run, tmp_path: Path) -> None:
    lines = [row.replace(",", ",1e13,", 1) for row in GOOD]
    path = table(tmp_path, *lines, head="params,unique_tokens,tokens,loss")
    assert_refused(atlasmix("fit", path), "rows 2-10: tokens below unique tokens")
    done = atlasmix("fit", path, "--clip-unique", *QUICK)
    assert done.status == 0, done.err


def test_misuse(atlasmix: Run) -> None:
    assert_refused(atlasmix("fit"), "table", status=2)
    assert_refused(atlasmix("fit", REPEATED, "--law", "atlass"), "did you mean atlas", status=2)
    assert_refused(atlasmix("fit", "nosuch.csv"), "no file nosuch.csv")


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    words = ["fit", REPEATED, "--law", "atlas", "--bootstrap", "9000", "--output", "mine.yaml"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background has Ctrl-C switched off, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    _wait_for_work(process.pid)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=90)
    assert process.returncode == 130, said
    assert said.strip() == "atlasmix: stopped; nothing was written"
    assert not (tmp_path / "mine.yaml").exists()


def _wait_for_work(pid: int) -> None:
    """Until it has started processes of its own: before, Ctrl-C may fall into an import."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for _ in range(60 if children.exists() else 8):
        time.sleep(1)
        if children.exists() and len(children.read_text().split()) > 1:
            time.sleep(2)
            return


def test_help_needs_no_slow_library(tmp_path: Path) -> None:
    code = (
        "import sys; from atlasmix.cli.main import run; run(['fit', '--help']); "
        "print('numpy' in sys.modules, 'scipy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "False False"
