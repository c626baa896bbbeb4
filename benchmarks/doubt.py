"""Ways to choose under doubt, by what they lose in worlds that none of them has seen.

python -m benchmarks.doubt            # two minutes; writes DOUBT.md
"""

from __future__ import annotations

import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import uncertainty
from atlasmix.problem.parsing import problem_from_mapping

HERE: Final = Path(__file__).parent
DRAWS: Final = 128
SEED: Final = 7
EUROPE: Final = "cat,spa,eng,por,fra,ita,deu,ron,swe,hrv,ell,ukr,cym"
QUESTIONS: Final = (
    ("Galician", "glg", "100B"),
    ("Catalan, Galician, Basque, Occitan", "cat,glg,eus,oci", "100B"),
    ("13 of Europe", EUROPE, "300B"),
)
WAYS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("trust every score (κ 0)", {"risk_aversion": 0.0}),
    ("κ 1, the default", {}),
    ("box of 90 %", {"box": 0.9}),
    ("1 score wrong", {"wrong_scores": 1}),
    ("3 scores wrong", {"wrong_scores": 3}),
    ("expected", {"objective": "expected"}),
    ("cautious, worst fifth", {"objective": "cautious"}),
)
HEAD: Final = """# Choosing under doubt

Written by `python -m benchmarks.doubt` from the repository's folder, with the development
environment installed.

Python {python}, numpy {numpy}, one BLAS thread. Each way answers each question; its answer is then
tried in {draws} worlds by seed {seed}, which are other ones than any that it was chosen by. Regret
is against the best of each world, in per cent of the reducible loss; in those worlds the law's
constants and λ move too, which no way of choosing weighs.

| question | way | CPU s | reads most of | mean regret | 90 of 100 at most | certified gap |
|---|---|--:|---|--:|--:|--:|
"""


def main() -> None:
    """Answer every question in every way, and write the table."""
    head = HEAD.format(
        python=platform.python_version(), numpy=version("numpy"), draws=DRAWS, seed=SEED
    )
    lines = [head.rstrip("\n")]
    for name, targets, budget in QUESTIONS:
        question = problem_from_mapping({"targets": targets, "budget": budget})
        for way, options in WAYS:
            asked = replace(question, **options)
            begin = time.process_time()
            mixture = solve(asked)
            spent = time.process_time() - begin
            regret = uncertainty(asked, mixture, DRAWS, SEED).regret
            first = list(mixture.proportions.items())[:3]
            most = ", ".join(f"{name_of(key)} {share:.0%}" for key, share in first)
            lines.append(
                f"| {name} | {way} | {spent:.2f} | {most} | {regret.relative_expected:.2%} | "
                f"{regret.relative_high:.2%} | {mixture.certificate.gap:.0e} |"
            )
            print(lines[-1], flush=True)
    (HERE / "DOUBT.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
