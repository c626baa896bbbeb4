"""docs/concepts/evidence-for-the-law.md prints what the scripts measure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atlasmix.laws.shelf import DEFAULT_LAW, load_law, shipped_laws

ROOT = Path(__file__).resolve().parents[2]
CONCEPTS = ROOT / "docs" / "concepts"
PAGE = (CONCEPTS / "evidence-for-the-law.md").read_text(encoding="utf-8")
CAPACITY = (CONCEPTS / "capacity.md").read_text(encoding="utf-8")


def printed(row: str) -> list[float]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {row}"))
    return [float(text) for text in re.findall(r"-?\d+\.\d+(?!\d*B|M)", line.split("|", 2)[2])]


def test_the_errors_on_english_and_french(script):
    module = script("evidence/english_french")
    runs, law = module.read_runs(), load_law(DEFAULT_LAW)
    fits = [module.fit(runs, law, **options) for _, options in module.LAWS]
    found = [module.findings(runs, law, constants) for constants in fits]
    for row, name in (
        ("fitted runs", "fitted"),
        ("**85M on 2.4B and 3.6B tokens**", "beyond"),
        ("the same, rms of the log ratio", "ratio"),
        ("302M parameters", "medium"),
        ("10.5M parameters", "mini"),
    ):
        measured = [getattr(one, name) for one in found]
        assert printed(row) == pytest.approx(measured, abs=0.006 if name == "mini" else 6e-4)
    assert printed("φ | 0.238")[:2] == pytest.approx([one.phi for one in fits[:2]], abs=6e-4)
    taus = [one.tau[False, french] for one in fits for french in (True, False)]
    assert printed("τ to French, to English, anchored") == pytest.approx(taus, abs=0.006)
    taus = [one.tau[True, french] for one in fits for french in (True, False)]
    assert printed("τ to French, to English, disjoint") == pytest.approx(taus, abs=0.006)


def test_the_capacity_of_half_the_tokens(script):
    module = script("evidence/shares_and_capacity")
    said = " ".join(PAGE.split())
    middle, least, most = module.half(load_law(DEFAULT_LAW))
    match = re.search(r"At a half: ([\d.]+) under .*?\(([\d.]+) to ([\d.]+) over", said)
    assert [float(text) for text in match.groups()] == pytest.approx(
        [middle, least, most], abs=6e-3
    )
    again = re.search(
        r"that is ([\d.]+) under .*?\(([\d.]+) to ([\d.]+) over", " ".join(CAPACITY.split())
    )
    assert [float(text) for text in again.groups()] == pytest.approx(
        [middle, least, most], abs=6e-3
    )
    for name in ("hoffmann-2022", "besiroglu-2024", "muennighoff-2023"):
        assert name in shipped_laws()
        shown = float(re.search(rf"([\d.]+) \(`{name}`\)", said)[1])
        assert shown == pytest.approx(module.half(load_law(name))[0], abs=6e-3)


def test_the_gains_of_even_mixtures_and_their_charts(script):
    """A page or a chart that stayed as it was when the estimate moved would be the fault."""
    module = script("evidence/scores")
    gains = module.gains(module.model())
    for count, row in ((4, "D_eff/D_own of the mixtures"), (8, "8 |"), (24, "24 |"), (50, "50 |")):
        assert gains[count] == pytest.approx(printed(row)[1 if count > 4 else -2], abs=0.006)
    for name, text in module.charts().items():
        assert (ROOT / "docs" / "figures" / name).read_text(encoding="utf-8") == text


def test_every_file_that_the_page_names_is_there():
    for name in re.findall(r"`((?:scripts|tests|data)/[\w./-]+)`", PAGE):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((\.\./figures/[\w.-]+)\)", PAGE):
        assert (CONCEPTS / name).exists(), name
