"""The density that rows of scores are read with: its formulas, and what the scores say of it."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from atlasmix.evidence.store import Store
from atlasmix.transfer import exponents as rows

SCRIPT = Path(__file__).parents[2] / "scripts" / "data" / "row_density.py"


def test_log_erfc_is_that_of_the_library():
    at = np.linspace(-6, 25, 400)
    exact = [math.log(math.erfc(x)) for x in at]
    assert np.allclose(rows.log_erfc(at), exact, atol=2e-7, rtol=0)
    assert float(rows.log_erfc(np.array(60.0))) == pytest.approx(-3604.667, abs=0.01)


def test_the_density_of_a_score_adds_up_to_one():
    at = np.linspace(-3, 6, 20001)
    for sigma in (0.02, 0.1, 0.4):
        density = np.exp(rows._log_modified(at, np.full_like(at, sigma)))
        assert (density.sum() * (at[1] - at[0])) == pytest.approx(1.0, abs=1e-5)
        assert ((density * at).sum() * (at[1] - at[0])) == pytest.approx(rows.MEAN_GAIN, abs=1e-4)


def test_a_row_of_equal_scores_has_its_baseline_at_them_or_just_below():
    logs = np.full((20, 1), -0.1)
    use = np.ones((20, 1), dtype=bool)
    padded = [np.pad(each, ((0, 0), (0, 19))) for each in (logs, use)]
    found = rows.baselines(padded[0], np.full((20, 20), 0.03), padded[1])
    assert 0.1 <= found.mean[0] <= 0.13
    assert found.stderr[0] == pytest.approx(0.022, abs=0.003)
    assert np.all(np.isinf(found.stderr[1:]))


def test_the_measured_scores_bear_the_density_that_is_used():
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("row_density", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    matrix = Store().matrix("atlas-2025")
    scores = np.where(matrix.status == "measured", matrix.scores, 0.0)
    logs, use = -np.log1p(-scores / 2), matrix.status == "measured"
    errors = np.hypot(matrix.stderr / (2 - scores), rows.SCATTER)
    used, best = (
        script.log_evidence(logs, errors, use, density)
        for density in ((rows.NOTHING, rows.MEAN_GAIN), (1e-6, 0.12))
    )
    assert best - 4 < used < best
    assert script.log_evidence(logs, errors, use, (0.75, 0.1)) < used - 10


def test_estimating_imports_nothing_heavy():
    code = (
        "import sys\nfrom atlasmix.evidence.store import Store\n"
        "from atlasmix.transfer.estimation import estimate\n"
        "from atlasmix.laws.shelf import DEFAULT_LAW, load_law\n"
        "estimate(Store().matrix(), load_law(DEFAULT_LAW))\n"
        "print([n for n in ('scipy', 'pandas', 'cvxpy', 'pyarrow', 'plotly') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
