"""``capacity`` as a person runs it: multipliers, sizes, GPU-hours, a figure, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused

SIZED = ("capacity", "--from", "24", "--to", "48", "--params", "2B", "--tokens", "1T")


def test_multipliers_alone(atlasmix: Run) -> None:
    done = atlasmix("capacity", "--from", "24", "--to", "48")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "parameters x1.18, tokens x1.66 (x0.83 for each language), compute x1.96." in said
    assert "The start is taken as compute-optimal" in said
    assert "rounding of its printed exponents" in said
    assert max(map(len, done.out.splitlines())) <= 80


def test_sizes_flops_and_gpu_hours(atlasmix: Run) -> None:
    done = atlasmix(*SIZED, "--gpu", "H100", "--utilisation", "40%")
    assert done.status == 0, done.err
    rows = {
        line.split("  ")[1].strip(): line.split() for line in done.out.splitlines() if "  " in line
    }
    assert rows["FLOPs (6ND)"][2:4] == ["1.2e22", "2.35e22"]
    assert rows["GPU-hours"][1:3] == ["8.42K", "16.5K"]
    found = json.loads(atlasmix(*SIZED, "--gpu", "H100", "--json").out)
    cheapest = found["ways"][0]
    assert cheapest["flops"] == pytest.approx(1.2e22 * cheapest["compute"]["value"])
    assert cheapest["gpu_hours"] == pytest.approx(cheapest["flops"] / (989.4e12 * 0.4) / 3600)
    assert found["gpu"]["utilisation"] == 0.4
    assert cheapest["params"]["low"] <= cheapest["params"]["value"] <= cheapest["params"]["high"]
    assert len(found["iso_loss_curve"]) > 30


def test_a_start_that_is_not_compute_optimal_is_said(atlasmix: Run) -> None:
    done = atlasmix(*SIZED, "--capacity-share", "0.4", "--new-params", "4B")
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert "The start is not compute-optimal" in said
    assert "Part of that is balance" in said
    assert "4B parameters x2.00 (4B)" in said


def test_a_law_of_ones_own_says_it_by_itself(atlasmix: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nkind: curse\nunit: nats per token\nmeasured_on: ours\nsource: ours\n"
        "constants: {E: 1.5, A: 400, alpha: 0.34, B: 410, beta: 0.28, phi: 0.1, psi: -0.05}\n",
        encoding="utf-8",
    )
    done = atlasmix(*SIZED, "--law", "mine.yaml")
    assert done.status == 0, done.err
    assert "(by law mine)" in " ".join(done.out.split())
    assert "Its card gives no intervals." in " ".join(done.out.split())


def test_fewer_languages(atlasmix: Run) -> None:
    done = atlasmix("capacity", "--from", "48", "--to", "24")
    assert "parameters x0.85, tokens x0.60 (x1.21 for each language), compute x0.51." in " ".join(
        done.out.split()
    )


def test_a_figure(atlasmix: Run, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    done = atlasmix(*SIZED, "--figure", "curve.html")
    assert done.status == 0, done.err
    assert "Figure written to curve.html." in done.out
    html = (tmp_path / "curve.html").read_text(encoding="utf-8")
    assert "equal loss with 48 languages" in html
    assert_refused(atlasmix(*SIZED, "--figure", "curve.pdf"), "expected a file name that ends in")
    assert_refused(atlasmix(*SIZED, "--figure", "no/such/curve.html"), "cannot be written")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "0", "--to", "4"), "--from is '0': expected a whole number of languages"),
        (("--from", "4", "--to", "-4"), "--to is '-4': expected a whole number of languages"),
        (("--from", "4", "--to", "4.5"), "--to is '4.5': expected a whole number"),
        (("--from", "4", "--to", "99999999999"), "from 1 to 10,000"),
        (("--from", "4", "--to", "8", "--gpu", "H100"), "GPU-hours need a size"),
        (
            ("--from", "4", "--to", "8", "--params", "2B"),
            "params is given without tokens: a size needs both",
        ),
        (
            ("--from", "4", "--to", "8", "--tokens", "2B"),
            "leave both out for multipliers alone (--params)",
        ),
        (("--from", "4", "--to", "8", "--utilisation", "0.4"), "name one with --gpu"),
        ((*SIZED[1:], "--gpu", "GTX"), "no GPU 'GTX' in the table"),
        ((*SIZED[1:], "--gpu", "H100", "--utilisation", "0"), "the utilisation is 0"),
        ((*SIZED[1:], "--new-params", "1M"), "1M parameters never reach the loss of the start"),
        ((*SIZED[1:], "--capacity-share", "1"), "the capacity share is 1"),
        ((*SIZED[1:], "--params", "-2B"), "--params is -2B"),
        ((*SIZED[1:], "--law", "hoffmann-2022"), "does not know the number of languages"),
    ],
)
def test_refusals(atlasmix: Run, words: tuple[str, ...], sentence: str) -> None:
    assert_refused(atlasmix("capacity", *words), sentence)


def test_both_ends_are_needed(atlasmix: Run) -> None:
    assert_refused(atlasmix("capacity", "--from", "4"), "--to", status=2)
