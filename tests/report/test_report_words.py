"""The report of an answer: what stands first, what is certified, what the numbers are."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import pytest
from made_answers import EUROPEAN, REASONS, STEPS, STORE, beside, mixture_of, question

from atlasmix.laws.hardware import machine
from atlasmix.mixture.mixture import Caveat, Mixture, Price, SensitivityStep
from atlasmix.problem.constraints import Selection, ShareLimit
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem
from atlasmix.report import answer
from atlasmix.report.answer import (
    answer_report,
    comparison_blocks,
    cost_data,
    cost_sentence,
    explanation_report,
)
from atlasmix.report.answer_tables import (
    breaking_table,
    comparison_table,
    effects_table,
    flatness_table,
    mixture_table,
    prices_table,
)
from atlasmix.report.answer_words import effect_sentence, headline, proof_sentence
from atlasmix.report.blocks import Table
from atlasmix.report.certainty import decay_sentence, sensitivity_sentences
from atlasmix.report.findings import Findings
from atlasmix.solver.engines import Engine

SHARES = {"cat": 0.85, "spa": 0.15}
EVEN = {key: 1 / 13 for key in EUROPEAN.split(",")}
NO_TEXT = Caveat("no text", "no pool of Yoruba is in this question")


@pytest.fixture(scope="module")
def problem() -> MixProblem:
    return question()


@pytest.fixture(scope="module")
def mixture(problem: MixProblem) -> Mixture:
    return mixture_of(problem, SHARES)


def printed(problem: MixProblem, mixture: Mixture, columns: int = 80, hours: bool = False) -> str:
    gpu = machine("H100", None) if hours else None
    found = Findings(beside(mixture), REASONS, STEPS, machine=gpu)
    return answer_report(problem, mixture, found).text(columns) + "\n"


def rows(table: Table | None) -> dict[str, tuple[str, ...]]:
    """A table's rows by their first cell."""
    assert table is not None
    return {row[0]: row for row in table.texts()[2]}


def headings(table: Table | None) -> tuple[str, ...]:
    assert table is not None
    return table.texts()[0]


def test_the_parts_stand_in_the_order_in_which_they_are_read(
    problem: MixProblem, mixture: Mixture
) -> None:
    out = printed(problem, mixture)
    parts = [
        "Read 100B tokens: 85.0% Catalan and 15.0% Spanish.",
        "Predicted: ",
        "Certified: ",
        "Training costs 1.2e21 FLOPs",
        "\nMixture\n",
        "\nPredicted effect",
        "\nCompared with",
        "\nBreak a limit",
        "\nDonors\n",
        "\nWhat would help most",
        "\nHow sure\n",
        "\nWarnings\n",
    ]
    places = [out.index(part) for part in parts]
    assert places == sorted(places)
    assert out.startswith(parts[0])


def test_a_caveat_stands_before_the_answer_and_takes_its_certificate(
    problem: MixProblem, mixture: Mixture
) -> None:
    doubted = dataclasses.replace(mixture, caveats=(NO_TEXT,))
    out = printed(problem, doubted)
    assert out.startswith("Before you use this: No pool of Yoruba is in this question.\nRead 100B")
    assert "ertified" not in out
    assert "Proved optimal under the law, but see above" in out
    said = explanation_report(problem, doubted, REASONS, ()).text()
    assert said.startswith("Before you use this: No pool of Yoruba")


def test_only_a_proof_to_the_asked_precision_is_certified(mixture: Mixture) -> None:
    assert proof_sentence(mixture) == (
        "Certified: no mixture within these limits is better by more than 0.003% of the reducible "
        "loss, whatever number of tokens it reads, and none that reads as many by more than one "
        "part in a billion."
    )
    loose = dataclasses.replace(mixture.certificate, exact=False, gap=0.002, fixed_gap=0.002)
    said = proof_sentence(dataclasses.replace(mixture, certificate=loose))
    assert said.startswith("Not certified, but proved so far: no mixture within these limits")
    assert "0.2%" in said
    doubted = dataclasses.replace(mixture, certificate=loose, caveats=(NO_TEXT,))
    assert proof_sentence(doubted).startswith("Proved so far under the law, but see above: ")
    given = dataclasses.replace(mixture.certificate, engine=Engine.GIVEN)
    assert "not optimised" in proof_sentence(dataclasses.replace(mixture, certificate=given))


def test_unspent_tokens_and_why_stand_in_the_first_line(problem: MixProblem) -> None:
    short = mixture_of(problem, SHARES, tokens=30e9)
    short = dataclasses.replace(
        short, stopped="'max Spanish 15%' binds and Catalan is read 4 times"
    )
    assert headline(short) == (
        "Read 30B tokens: 85.0% Catalan and 15.0% Spanish. Leave 70B of the budget unspent: "
        "'max Spanish 15%' binds and Catalan is read 4 times."
    )
    assert "unspent" not in headline(mixture_of(problem, SHARES))


@pytest.fixture(scope="module")
def translated() -> Mixture:
    """Catalan alone, 72 % of it from its machine-translated pool."""
    asked = {"targets": "cat", "budget": "300B", "pools": ["human", "translated"]}
    problem = problem_from_mapping(asked, STORE)
    part = {"human": 0.28, "translated": 0.72}
    pools = [
        dataclasses.replace(share, tokens=300e9 * part[share.pool.provenance])
        for share in mixture_of(problem, {"cat": 0.5}).pools
        if share.pool.language == "cat"
    ]
    whole = [dataclasses.replace(one, proportion=one.tokens / 300e9) for one in pools]
    return dataclasses.replace(mixture_of(problem, {"cat": 1.0}), pools=tuple(whole))


def test_text_of_machines_is_told_in_the_first_line(translated: Mixture) -> None:
    assert (
        headline(translated) == "Read 300B tokens: 100% Catalan (72.0% of it machine-translated)."
    )


def test_text_of_machines_is_not_called_the_targets_own(translated: Mixture) -> None:
    asked = {"targets": "cat", "budget": "300B", "pools": ["human", "translated"]}
    said = effect_sentence(problem_from_mapping(asked, STORE), translated)
    assert "Its own pools" in said
    assert "own text" not in said


def test_all_is_said_of_all_alone(problem: MixProblem) -> None:
    said = headline(mixture_of(problem, {"cat": 0.99989, "spa": 0.00011}))
    assert said == "Read 100B tokens: 99.99% Catalan and 0.011% Spanish."


def test_every_language_that_is_read_is_counted(problem: MixProblem) -> None:
    """Two traces were in the table and not among the 'more' of the first line."""
    shares = {"cat": 0.97, "spa": 0.0299, "glg": 6e-5, "por": 3e-5, "fra": 1e-5}
    said = headline(mixture_of(problem, shares))
    assert said == "Read 100B tokens: 97.0% Catalan, 3.0% Spanish and 3 more."


def test_losses_below_those_alone_are_no_worse() -> None:
    problem = question("cat,spa")
    mixture = mixture_of(problem, {"cat": 0.5, "spa": 0.5})
    first, second = mixture.targets
    better = dataclasses.replace(first, loss_alone=first.loss / 0.683)
    worse = dataclasses.replace(second, loss_alone=second.loss / 1.012)
    mixed = dataclasses.replace(mixture, targets=(better, worse))
    assert "losses no worse (Catalan) to +1.2% (Spanish: " in effect_sentence(problem, mixed)
    same = dataclasses.replace(second, loss_alone=second.loss)
    both = effect_sentence(problem, dataclasses.replace(mixture, targets=(better, same)))
    assert "; no loss is worse than what each could have as the only target." in both


def test_a_limit_that_shrank_the_run_is_named_before_the_answer(problem: MixProblem) -> None:
    """The caveat names its limit, and the reason is told once, in the headline."""
    limit = ShareLimit("min", Selection("language", "oci"), 0.0005)
    why = f"'{limit.title}' under the epoch cap of 4 leaves no more to read"
    caveat = Caveat("shrunk", f"a limit was met by shrinking the run from 100B to 30B: {why}")
    short = dataclasses.replace(
        mixture_of(problem, SHARES, tokens=30e9),
        stopped=why, stopped_by=(limit,), caveats=(caveat,),
        warnings=(f"70B of 100B tokens are left unread: {why}", "another"),
    )  # fmt: skip
    said = " ".join(printed(problem, short).split())
    first = (
        "Before you use this: 'min Occitan 0.05%' was met by shrinking the run from 100B to 30B."
    )
    assert said.startswith(f"{first} Read 30B tokens: ")
    assert said.count("under the epoch cap of 4 leaves no more to read") == 1
    assert "Warnings - another" in said


def test_what_is_within_the_gap_of_the_proof_is_the_same(
    problem: MixProblem, mixture: Mixture
) -> None:
    near = dataclasses.replace(beside(mixture)[0], value=mixture.certificate.value - 9e-7)
    assert rows(comparison_table(problem, mixture, (near,)))["natural"][3] == "the same"
    far = dataclasses.replace(near, value=mixture.certificate.value + 3e-6)
    assert rows(comparison_table(problem, mixture, (far,)))["natural"][3] == "+0.0000030"


def test_a_target_better_beside_others_than_alone_is_explained(problem: MixProblem) -> None:
    mixture = mixture_of(question("cat,spa"), SHARES)
    assert "better here than alone" not in printed(problem, mixture)
    better = dataclasses.replace(mixture.targets[1], loss_alone=9.0)
    mixture = dataclasses.replace(mixture, targets=(mixture.targets[0], better))
    assert "Spanish: better here than alone" in " ".join(printed(problem, mixture).split())


def test_the_parts_of_a_loss_add_up_to_it(problem: MixProblem, mixture: Mixture) -> None:
    said = effect_sentence(problem, mixture)
    loss, capacity, share, data, rest = map(
        float,
        re.findall(
            r"loss ([\d.]+), .* capacity is ([\d.]+) \(own share ([\d.]+)%\), data ([\d.]+), .* "
            r"([\d.]+), is beyond",
            said,
        )[0],
    )
    assert capacity + data + rest == pytest.approx(loss, abs=0.021), "each to a hundredth"
    assert share == 85.0
    assert "5.6% of them from donors" in said


def test_several_targets_are_told_by_what_they_give_up(problem: MixProblem) -> None:
    many = question(EUROPEAN)
    mixture = mixture_of(many, EVEN)
    ratio = {one.language: one.loss / one.loss_alone for one in mixture.targets}
    said = effect_sentence(many, mixture)
    assert f"{100 * (max(ratio.values()) - 1):+.1f}% (Welsh: " in said
    assert f"{100 * (min(ratio.values()) - 1):+.1f}% (English)" in said


def test_a_target_without_text_has_no_loss_and_no_bare_none() -> None:
    problem = question("yor,cat")
    mixture = mixture_of(problem, SHARES)
    assert math.isinf(mixture.targets[0].loss)
    out = printed(problem, mixture)
    assert "No loss can be predicted for Yoruba: no text of its own is read." in " ".join(
        out.split()
    )
    assert not re.search(
        r"\bnone\b|\binf\b|\bnan\b", out.partition("\nMixture")[2].partition("How sure")[0]
    )
    assert rows(effects_table(mixture))["Yoruba"][2] == "no own text"
    alone = mixture_of(question("yor"), SHARES)
    said = effect_sentence(question("yor"), alone)
    assert "no loss can be predicted, for the model reads no text in the language itself" in said


def test_every_part_of_an_effect_has_its_column(mixture: Mixture) -> None:
    table = effects_table(mixture)
    cells = dict(zip(headings(table), rows(table)["Catalan"], strict=True))
    effect = mixture.targets[0]
    assert set(cells) == {
        *("target", "own share", "loss", "capacity loss", "data loss"),
        *("effective", "own text", "donors", "φ"),
    }
    assert float(cells["capacity loss"]) == pytest.approx(effect.capacity_loss, abs=5e-4)
    assert float(cells["data loss"]) == pytest.approx(effect.data_loss, abs=5e-4)
    assert float(cells["φ"]) == pytest.approx(effect.phi, abs=5e-3)
    assert (cells["own text"], cells["donors"], cells["effective"]) == ("85B", "5B", "90B")
    several = mixture_of(question("cat,spa"), SHARES)
    assert "alone" in headings(effects_table(several))


def test_baselines_that_break_a_limit_stand_apart_and_are_never_better(mixture: Mixture) -> None:
    limits = (
        ShareLimit("min", Selection("language", "spa"), 0.1),
        ShareLimit("max", Selection("language", "cat"), 0.0),
    )
    problem, comparisons = question(limits=limits), beside(mixture)
    assert comparisons[1].value < mixture.certificate.value, "a baseline that looks better"
    kept, broken = (
        table(problem, mixture, comparisons) for table in (comparison_table, breaking_table)
    )
    assert list(rows(kept)) == ["this one", "target only", "natural"]
    assert rows(kept)["target only"][3] == "the same"
    assert rows(kept)["natural"][3] == "+0.100"
    assert list(rows(broken)) == ["uniform"]
    assert rows(broken)["uniform"][-1] == (
        "the epoch cap (a pool is read 4,000 times); 'min Spanish 10%'; a guardrail"
    )
    assert not any("worse" in heading or "better" in heading for heading in headings(broken))
    assert breaking_table(problem, mixture, comparisons[:1]) is None
    breaks = ("epoch cap", "max cat 0%")
    closed = dataclasses.replace(comparisons[1], max_epochs=2.0, breaks=breaks)
    said = rows(breaking_table(problem, mixture, (closed,)))["uniform"][-1]
    assert said == "'max Catalan 0%'", "a closed pool is no matter of epochs"
    drawn = comparison_blocks(problem, mixture, comparisons)
    alone = comparison_blocks(problem, mixture, (closed,))
    assert [len(drawn), len(alone)] == [2, 1], "34 marks on one line say nothing"


def test_the_range_of_a_share_stands_beside_it_or_in_a_table_of_its_own(mixture: Mixture) -> None:
    table = mixture_table(mixture)
    place = headings(table).index("may be")
    assert rows(table)["Catalan (cat)"][place] == "42-100%"
    assert rows(table)["Spanish (spa)"][place] == "7.5-22%"
    english = dataclasses.replace(mixture.flatness[0], language="eng", share=0.0, low=0.0)
    other = dataclasses.replace(mixture, flatness=(*mixture.flatness, english))
    assert "Not read, and may be: English 0-100%." in mixture_table(other).notes[0]
    read = mixture.read[0]
    twice = dataclasses.replace(other, pools=(*mixture.pools, read))
    assert "may be" not in headings(mixture_table(twice))
    assert rows(flatness_table(twice))["English (eng)"] == ("English (eng)", "0%", "0-100%")
    assert "may be" not in headings(mixture_table(dataclasses.replace(mixture, flatness=())))


def test_prices_are_told_in_the_objective_and_in_its_room(
    problem: MixProblem, mixture: Mixture
) -> None:
    row = rows(prices_table(problem, mixture.prices))["+1B tokens of budget"]
    assert row[1:] == ("-0.0012", "-0.30%")


def test_each_constant_has_a_sentence(problem: MixProblem) -> None:
    decay, exponent, worth = sensitivity_sentences(problem, STEPS)
    assert decay == decay_sentence(problem, STEPS)
    assert "over 0.024 to 0.34 the donors are none up to 0.06; then Spanish." in decay
    assert f"{problem.law.phi:.3g} is used; over 0.073 to 0.16 the donors stay Spanish." in exponent
    assert "at 0.2 it would be 0% of what is read (Catalan 80.0% and Spanish 20.0%)" in worth
    assert "at 1 50.0% (Catalan 100%)" in worth


def test_a_constant_on_which_the_tokens_read_depend(problem: MixProblem) -> None:
    shares = [{"cat": 0.9, "deu": 0.085}, {"cat": 0.895, "deu": 0.1}, {"cat": 1.0}]
    steps = [
        SensitivityStep("φ", 0.08, 0.12, ("deu",), 4.0, shares[0], 100e9),
        SensitivityStep("φ", 0.12, 0.15, ("deu",), 4.0, shares[1], 95e9),
        SensitivityStep("φ", 0.15, 0.17, (), 4.0, shares[2], 70e9),
    ]
    (said,) = sensitivity_sentences(problem, steps)
    assert "over 0.08 to 0.17 the donors are German up to 0.15; then none." in said
    assert "At 0.08 100B tokens are read; from φ = 0.15 on only 70B tokens." in said
    assert said.endswith("shares move too, most that of German: 8.5% to 10.0%.")
    (still,) = sensitivity_sentences(problem, steps[:1])
    assert still.endswith("over 0.08 to 0.12 the donors stay German.")


def test_training_costs_what_is_read_not_what_could_be(problem: MixProblem) -> None:
    short = mixture_of(problem, SHARES, tokens=30e9)
    assert cost_data(short) == {"params": 2e9, "tokens": 30e9, "flops": pytest.approx(3.6e20)}
    h100 = machine("H100", None)
    hours = 3.6e20 / (h100.gpu.peak * 0.4) / 3600
    assert cost_data(short, h100)["gpu_hours"] == pytest.approx(hours)
    assert f"{hours:.0f} GPU-hours (H100" in cost_sentence(short, h100)
    assert "GPU" not in cost_sentence(short)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("targets", ["cat", EUROPEAN])
def test_every_line_fits_the_page(targets: str, columns: int) -> None:
    problem = question(targets)
    shares = SHARES if targets == "cat" else EVEN
    out = printed(problem, mixture_of(problem, shares), columns, hours=True)
    assert max(len(line.rstrip()) for line in out.splitlines()) <= columns
    if columns >= 80:
        assert "Too narrow" not in out


def test_long_tables_are_cut_and_say_so(problem: MixProblem, mixture: Mixture) -> None:
    target = mixture.targets[0]
    long = dataclasses.replace(
        mixture,
        targets=tuple(target for _ in range(45)),
        pools=tuple(mixture.read[0] for _ in range(45)),
        flatness=tuple(mixture.flatness[0] for _ in range(45)),
    )
    assert effects_table(long).texts()[2][-1][0] == "and 5 more"
    assert flatness_table(long).texts()[2][-1][0] == "and 5 more"
    assert "and 5 more pools" in rows(mixture_table(long))
    for table in (effects_table(long), flatness_table(long), mixture_table(long)):
        assert len(table.texts()[2]) == 41, "a short page says how many it leaves out"
        assert len(table.texts(every=True)[2]) == 45, "a whole page has them all"


def test_a_group_named_like_a_language_keeps_its_name() -> None:
    """A limit is rendered from what it is, so a group called ``fin`` never becomes Finnish."""
    group = ShareLimit("min", Selection("group", "fin", ("spa", "por")), 0.1)
    assert (group.name, group.title) == ("min fin 10%", "min fin 10%")
    language = ShareLimit("min", Selection("language", "fin"), 0.1)
    assert (language.name, language.title) == ("min fin 10%", "min Finnish 10%")
    price = Price(language.name, "-1 point", -0.001, -0.002, "min", "fin")
    said = rows(prices_table(question(limits=(language,)), (price,)))
    assert list(said) == ["-1 point on 'min Finnish 10%'"]
    assert list(rows(prices_table(question(limits=(group,)), (price,)))) == [
        "-1 point on 'min fin 10%'"
    ]


def test_no_sentence_is_rewritten_on_its_way_to_a_page() -> None:
    """Patterns escape markup and find addresses; they never put other words into a message."""
    folder = Path(answer.__file__).parent
    using = {
        path.name for path in folder.rglob("*.py") if "\nimport re\n" in path.read_text("utf-8")
    }
    assert using == {"html.py", "markdown.py"}
