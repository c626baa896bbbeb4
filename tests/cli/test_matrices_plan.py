"""``matrices plan``: what to measure next, from another folder."""

from __future__ import annotations

from pathlib import Path

from command_line import runner


def test_the_command_plans_from_another_folder(tmp_path: Path) -> None:
    run = runner(tmp_path)
    done = run(
        *("matrices", "plan", "--target", "glg", "--pairs", "1", "--draws", "100"),
        *("--gpu", "H100", "--run-params", "300M", "--run-tokens", "6B", "--report", "plan.html"),
    )
    assert done.status == 0, done.err
    told = " ".join(done.out.split())
    assert "GPU-hours" in told
    assert "300M parameters" in told
    assert "Galician" in told
    assert "Galician" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_what_cannot_be_read_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    run = runner(tmp_path)
    for words, said in (
        (("--pairs", "many"), "--pairs"),
        (("--pairs", "0"), "0 pairs: expected at least 1"),
        (("--draws", "32"), "expected 64 or more"),
        (("--run-tokens", "x"), "--run-tokens"),
        (("--report", "plan.pdf"), "plan.pdf"),
    ):
        done = run("matrices", "plan", "--target", "glg", *words)
        assert (done.status, done.out) == (1, "")
        assert said in done.err
