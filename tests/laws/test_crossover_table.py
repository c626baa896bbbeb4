"""From scratch or from a checkpoint: the paper's table, both readings of its law, GPU-hours."""

from __future__ import annotations

import pytest

from atlasmix.errors import DataError, ProblemError
from atlasmix.laws.crossover import crossover, study
from atlasmix.laws.hardware import DEFAULT_UTILISATION, gpus, machine, training_flops

PRINTED = {
    "eng": 144,
    "jpn": 145,
    "por": 148,
    "deu": 160,
    "rus": 189,
    "vie": 234,
    "spa": 239,
    "cmn": 283,
}


def test_the_printed_table() -> None:
    assert dict(study().measured) == {key: count * 1e9 for key, count in PRINTED.items()}
    assert study().params == 2_034_422_912


@pytest.mark.parametrize("language", PRINTED)
def test_measured_languages_at_the_size_of_the_table(language: str) -> None:
    at = PRINTED[language] * 1e9
    assert crossover(language, 2e9).measured == at
    assert crossover(language, 2e9, at * 0.99).verdict == "finetune"
    assert crossover(language, 2e9, at * 1.01).verdict == "from scratch"
    assert crossover(language, 2e9, at).warnings == ()
    assert crossover(language, 2e9, 2 * at, at / 3.9).verdict == "from scratch"
    assert crossover(language, 2e9, 2 * at, at / 4.1).verdict == "finetune"


def test_both_consistent_readings_and_not_the_one_of_the_caption() -> None:
    readings = [(law.coefficient, law.exponent) for law in study().readings]
    assert readings == [(1113708, 1.65), (10283128, 1.54)]
    low, high = min(PRINTED.values()) * 1e9, max(PRINTED.values()) * 1e9
    for law in study().readings:
        assert low < law.tokens(study().params) < high
    caption = 10283128 * study().params ** 1.65 / (6 * study().params)
    assert caption > 6 * high


def test_the_power_law_elsewhere() -> None:
    found = crossover("spa", 1e9)
    assert found.measured is None
    for law, tokens in found.by_law:
        assert training_flops(1e9, tokens) == pytest.approx(law.coefficient * 1e9**law.exponent)
    # A spread of 144-283B at 2B, carried over by each reading.
    ratios = [tokens / law.tokens(study().params) for law, tokens in found.by_law]
    assert found.spread == pytest.approx((144e9 * min(ratios), 283e9 * max(ratios)))
    assert crossover("spa", 1e9, found.spread[0] * 0.9).verdict == "finetune"
    assert crossover("spa", 1e9, sum(found.spread) / 2).verdict == "undecided"
    assert crossover("spa", 1e9, found.spread[1]).verdict == "from scratch"


def test_a_language_that_nobody_measured() -> None:
    found = crossover("cat", 2e9, 200e9)
    assert found.measured is None
    assert found.spread == found.range_measured == (144e9, 283e9)
    assert found.verdict == "undecided"
    assert "Catalan is not among the 8 languages measured" in found.warnings[0]


def test_larger_than_the_figure() -> None:
    said = " ".join(crossover("spa", 8e9).warnings)
    assert "measured at 2.03B parameters alone" in said
    assert "fitted up to about 4B parameters: 8B is an extrapolation" in said


@pytest.mark.parametrize("params", [0.0, 1e5, 1e14])
def test_sizes_without_sense(params: float) -> None:
    with pytest.raises(ProblemError, match="expected between 1M and 10T"):
        crossover("spa", params)


def test_the_limits_that_the_authors_state() -> None:
    said = " ".join(study().limits)
    for words in ("UniMax over 420 languages", "not all multilingual checkpoints", "repeated"):
        assert words in said


def test_gpu_hours_by_hand() -> None:
    """1.2e22 FLOPs at 40 % of 989.4 TFLOP/s: 3.03e7 seconds."""
    assert machine("H100", None, 0.4).hours(1.2e22) == pytest.approx(1.2e22 / 3.9576e14 / 3600)
    assert machine(None, 1e15, 0.5).hours(3.6e21) == pytest.approx(2000)
    assert machine("a100", None).utilisation == DEFAULT_UTILISATION
    assert machine("h100", None).gpu is machine("H100-SXM", None).gpu


def test_every_gpu_has_a_source_and_a_dense_peak() -> None:
    for gpu in gpus().values():
        assert gpu.source
        assert 1e14 < gpu.peak < 1e16
    # Dense: half of what the data sheet prints with sparsity.
    assert gpus()["h100"].peak == pytest.approx(1979e12 / 2, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "peak", "share", "error", "words"),
    [
        ("H1000", None, 0.4, DataError, "no GPU 'H1000' in the table: did you mean H100-SXM"),
        ("", None, 0.4, DataError, "or state its peak in FLOP/s"),
        ("H100", None, 0.0, ProblemError, "the utilisation is 0"),
        ("H100", None, 1.5, ProblemError, "the utilisation is 1.5"),
        ("mine", 10.0, 0.4, ProblemError, "a GPU of 10 FLOP/s: expected 1e9 to 1e18"),
    ],
)
def test_hardware_refusals(
    name: str, peak: float | None, share: float, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        machine(name, peak, share)
