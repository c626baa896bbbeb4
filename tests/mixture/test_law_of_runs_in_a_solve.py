"""A law learned from runs drives a solve: the same numbers, the same optimum, its own doubt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from atlasmix import Store, learn
from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.inventory import Inventory
from atlasmix.laws.kinds import TargetLaws
from atlasmix.laws.saturation import saturate
from atlasmix.mixture.solve import solve
from atlasmix.mixture.uncertainty import uncertainty
from atlasmix.problem.parsing import Evidence, problem_from_mapping, problem_to_mapping
from atlasmix.recipe.check import check
from atlasmix.recipe.recipe import make_recipe
from atlasmix.solver.compile import compile_problem
from atlasmix.solver.conic import solve_conic
from atlasmix.solver.engines import violations
from atlasmix.solver.optimise import optimise_problem
from atlasmix.solver.program import objective
from atlasmix.solver.tokens import point_at, proved_over

LANGUAGES = ("cat", "eng", "spa")
FLOOR = np.array([1.8, 1.6, 1.7])
CAPACITY = np.array([0.30, 0.35, 0.30])
PHI = np.array([0.20, 0.10, 0.15])
ALPHA = np.array([0.35, 0.30, 0.33])
DATA = np.array([0.9, 1.0, 0.8])
BETA = np.array([0.30, 0.33, 0.28])
TAU = np.array([[1.0, 0.10, 0.40], [0.05, 1.0, 0.10], [0.30, 0.15, 1.0]])
LEAST = 0.02
PARAMS, TOKENS = 1e9, 2e10


def losses(read: np.ndarray, params: float, unique: np.ndarray, decay: float = 0.037):
    """(3,) the truth at tokens read of each language: the formula once more."""
    worn = saturate(read, unique, decay)
    share = LEAST + (1 - LEAST) * read / read.sum()
    lost = CAPACITY * (params / PARAMS) ** -ALPHA * share**-PHI
    return FLOOR + lost + DATA * (TAU @ worn / TOKENS) ** -BETA


def runs(
    count: int = 120, *, joint: bool = True, noise: float = 0.0, seed: int = 3, names=LANGUAGES
):
    """A table of runs of the truth."""
    source = np.random.default_rng(seed)
    weights = source.dirichlet(np.ones(3), count)
    params = source.choice([1e8, 4e8, 1e9, 3e9], count) if joint else np.full(count, PARAMS)
    tokens = 10 ** source.uniform(9.7, 11, count) if joint else np.full(count, TOKENS)
    endless = np.full(3, 1e18)
    table = pd.DataFrame({"params": params, "tokens": tokens})
    reached = np.array(
        [
            losses(share * total, size, endless)
            for share, total, size in zip(weights, tokens, params, strict=True)
        ]
    )
    reached += noise * source.normal(size=reached.shape)
    for place, name in enumerate(names):
        table[f"w_{name}"], table[f"loss_{name}"] = weights[:, place], reached[:, place]
    return table


def inventory(*tokens: float) -> Inventory:
    frame = pd.DataFrame({"language": LANGUAGES, "unique_tokens": tokens or (1e13, 1e13, 1e13)})
    return Inventory.from_frame(frame, "mine")


def asked(law: Path, held: Inventory | None = None, **other):
    """A question of the law in a file."""
    question = {"law": str(law), "targets": {"cat": 2, "eng": 1, "spa": 1}, "risk_aversion": 0}
    return problem_from_mapping(
        {**question, **other}, Store(None), Evidence(inventory=held or inventory())
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laws")


@pytest.fixture(scope="module")
def joint(folder: Path) -> Path:
    """Of runs that differ in N and D, without noise."""
    learn(runs(), compare=(), for_solve=True).save(folder / "joint.yaml")
    return folder / "joint.yaml"


@pytest.fixture(scope="module")
def noisy(folder: Path) -> Path:
    learn(runs(noise=0.01), compare=(), for_solve=True).save(folder / "noisy.yaml")
    return folder / "noisy.yaml"


def test_the_constants_of_the_truth_reach_the_solver(joint: Path) -> None:
    """τ turned about, N₀ forgotten in A or D₀ in B would show."""
    problem = asked(joint, budget="60B", params="2B")
    law = problem.law
    assert isinstance(law, TargetLaws)
    keys = [problem.transfer.index(key) for key in LANGUAGES]
    assert pytest.approx(TAU, abs=0.02) == problem.transfer.weights[np.ix_(keys, keys)].T
    assert problem.transfer.phi[keys] == pytest.approx(PHI, abs=0.02)
    for place, key in enumerate(LANGUAGES):
        assert law.of(key).alpha == pytest.approx(ALPHA[place], abs=0.02)
        assert law.of(key).beta == pytest.approx(BETA[place], abs=0.02)
    assert set(problem.transfer.status[problem.transfer.index("spa")].tolist()) == {
        "own",
        "defined",
    }


@pytest.mark.parametrize("held", [(1e13, 1e13, 1e13), (5e9, 1e13, 5e12), (2e9, 4e9, 1e10)])
def test_the_optimum_is_that_of_another_solver_on_the_formula(
    joint: Path, held: tuple[float, ...]
) -> None:
    """SLSQP on the truth itself, text that runs out included."""
    unique, params = np.array(held), 2e9
    budget = min(6e10, 3.9 * sum(held))
    problem = asked(joint, inventory(*held), budget=budget, params=params, tokens="exactly")
    mixture = solve(problem)
    weight = np.array([0.5, 0.25, 0.25])
    most = np.minimum(4 * unique / budget, 1.0)
    found = min(
        (
            minimize(
                lambda x: float(weight @ losses(np.maximum(x, 1e-9) * budget, params, unique)),
                start / start.sum(),
                bounds=[(1e-6, top) for top in most],
                constraints=[{"type": "eq", "fun": lambda x: x.sum() - 1}],
                method="SLSQP",
                options={"ftol": 1e-13, "maxiter": 500},
            )
            for start in (most, np.sqrt(most), np.ones(3))
        ),
        key=lambda each: each.fun + 1e3 * max(abs(each.x.sum() - 1) - 1e-6, 0),
    )
    shares = [mixture.proportions[key] for key in LANGUAGES]
    assert mixture.certificate.gap < 1e-6
    assert mixture.certificate.value == pytest.approx(found.fun, abs=2e-3)
    assert shares == pytest.approx(found.x, abs=0.02)
    told = losses(np.array(shares) * budget, params, unique)
    assert [each.loss for each in mixture.targets] == pytest.approx(told, abs=3e-3)


@pytest.mark.parametrize("budget", ["3B", "60B", "900B"])
def test_the_search_over_tokens_is_proved_with_constants_by_target(
    joint: Path, budget: str
) -> None:
    """A bound over T that took one β, one α, or μ for fixed would lie above some T's optimum."""
    problem = asked(joint, inventory(2e9, 1e13, 3e9), budget=budget, params="2B")
    solved = optimise_problem(problem)
    assert solved.gap < 1e-4
    for part in (0.02, 0.1, 0.3, 0.7, 1.0):
        fixed = replace(problem, budget=problem.budget * part, exact_tokens=True)
        try:
            there = optimise_problem(fixed)
        except AtlasMixError:  # caps leave no such many tokens
            continue
        assert there.optimum.value >= solved.bound - 1e-9


@pytest.mark.parametrize("least", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("growing", [False, True])
def test_no_optimum_lies_below_what_one_point_proves_of_its_cell(
    joint: Path, least: float, growing: bool
) -> None:
    """f(T) solved anew inside every cell: μ that grew with T, or one β for all, would break it."""
    problem = asked(joint, inventory(2e9, 1e13, 3e9), budget="60B", params="2B")
    law = problem.law
    assert isinstance(law, TargetLaws)
    law = replace(law, targets=tuple(replace(each, least=least) for each in law.targets))
    compiled = compile_problem(replace(problem, law=law))

    def at(tokens: float):
        params = 2e9 * (2e10 / tokens if growing else 1.0)
        found = point_at(tokens, params, compiled.at(tokens, params))
        assert found is not None
        return found

    growth = np.array([each.alpha for each in compiled.laws]) if growing else 0.0
    point = at(2e10)
    ends = np.geomspace(1e10, 4e10, 7)
    cells, _, _ = proved_over(point, ends[:-1], ends[1:], growth)
    for left, right, proved in zip(ends[:-1], ends[1:], cells, strict=True):
        for tokens in np.geomspace(left, right, 4).tolist():
            assert at(tokens).optimum.value >= proved - 1e-9
    near, _, _ = proved_over(point, np.array([1.99e10]), np.array([2.01e10]), growth)
    assert near[0] == pytest.approx(point.optimum.value, rel=2e-3)


def test_compute_is_divided_by_each_target_s_own_exponents(joint: Path) -> None:
    from atlasmix.solver.compute import at_compute, at_size

    problem = at_compute(asked(joint, compute=5e20))
    chosen = problem.allocation
    assert chosen is not None
    assert chosen.gap < 1e-3
    for factor in (0.6, 1.6):
        other = at_size(problem, chosen.params * factor, chosen.tokens / factor)
        found = solve(replace(other, compute=None, allocation=None, draws=0))
        assert found.certificate.value > chosen.loss


@pytest.mark.parametrize("case", ["loss", "worst", "expected", "cautious", "guarded", "donors"])
def test_every_kind_of_question_takes_it(noisy: Path, case: str) -> None:
    """Certified by the engine, and by cvxpy where the program is one: constants by row."""
    more: dict[str, object] = {"budget": "60B", "params": "2B", "targets": ["cat", "spa"]}
    if case == "guarded":
        more |= {"guardrails": {"eng": "2%:uniform"}}
    elif case == "donors":
        more |= {"max_donors": 1, "targets": ["cat"], "risk_aversion": 1}
    else:
        more |= {"objective": case}
    problem = asked(noisy, inventory(5e9, 1e13, 2e10), **more)
    solved = optimise_problem(problem)
    assert solved.gap < 1e-4
    mixture = solve(problem)
    assert mixture.certificate.value >= mixture.certificate.bound
    sure = uncertainty(problem, mixture, 20, 1)
    assert all(each.loss.low <= each.loss.high for each in sure.losses)
    assert sure.losses[0].loss.low < sure.losses[0].loss.high
    if case == "donors":
        return
    program = solved.compiled.program
    oracle = solve_conic(program)
    assert oracle is not None
    assert not violations(program, oracle.x, 1e-5)
    assert solved.optimum.value <= objective(program, oracle.x) + 1e-6


def test_one_size_gives_what_learn_itself_finds(folder: Path) -> None:
    """The same law, the same targets and caps: no second optimum."""
    law = learn(runs(joint=False, noise=0.003), compare=(), for_solve=True)
    law.save(folder / "one.yaml")
    best = law.best(targets={"cat": 2, "eng": 1, "spa": 1}, max={"cat": 0.4}, draws=0)
    problem = asked(folder / "one.yaml", max={"cat": 0.4})
    assert (problem.params, problem.budget, problem.exact_tokens) == (1e9, 2e10, True)
    mixture = solve(problem)
    for key, share in best.shares.items():
        assert mixture.proportions.get(key, 0.0) == pytest.approx(share, abs=2e-4)
    assert mixture.certificate.value == pytest.approx(best.loss, abs=1e-6)
    for effect in mixture.targets:
        assert effect.loss == pytest.approx(best.losses[effect.language], abs=1e-4)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"params": "7B"}, "all of 1B parameters, so it says nothing of 7B"),
        ({"budget": "300B"}, "all of 20B tokens, so it says nothing of 300B"),
        ({"tokens": "at most"}, "does not say what fewer would give"),
        ({"compute": 1e21}, "cannot divide compute"),
        ({"targets": ["fra"]}, "fra"),
    ],
)
def test_what_the_runs_do_not_tell_is_refused(
    folder: Path, other: dict[str, object], words: str
) -> None:
    from atlasmix.solver.compute import at_compute

    learn(runs(60, joint=False, noise=0.003), compare=(), for_solve=True).save(
        folder / "small.yaml", draws=0
    )
    with pytest.raises(AtlasMixError, match=words):
        solve(at_compute(asked(folder / "small.yaml", **other)))


def test_a_law_of_another_form_says_how_to_learn_one_that_serves(folder: Path) -> None:
    """γ below 1 has no place in a solve; the refusal names the way out."""
    table = runs(60)
    law = learn(table, compare=())
    law.save(folder / "bent.yaml", draws=0)
    text = (folder / "bent.yaml").read_text()
    if "gamma: 1.0" in text:  # whatever was chosen, bend it
        text = text.replace("gamma: 1.0", "gamma: 0.7")
        (folder / "bent.yaml").write_text(text)
    with pytest.raises(ProblemError, match="tell less as more of it is read") as refused:
        asked(folder / "bent.yaml")
    assert "for_solve" in refused.value.hint


def test_names_of_languages_are_read_whatever_they_are(folder: Path) -> None:
    table = runs(60, names=("Catalan", "en", "Español"))
    learn(table, compare=(), for_solve=True).save(folder / "named.yaml", draws=0)
    problem = asked(folder / "named.yaml", budget="60B", params="1B")
    assert [target.language for target in problem.targets] == ["cat", "eng", "spa"]


def test_code_beside_languages_is_a_source_and_a_target_of_runs_that_measured_it(
    folder: Path,
) -> None:
    """Such a law was one of domains, and what helps code was said to be measured by nobody."""
    learn(runs(60, names=("cat", "Code", "spa")), compare=(), for_solve=True).save(
        folder / "coded.yaml", draws=0
    )
    held = Inventory.from_frame(
        pd.DataFrame({"language": ["cat", "code", "spa"], "unique_tokens": [1e13] * 3}), "mine"
    )
    problem = asked(folder / "coded.yaml", held, targets=["cat", "code"], budget="60B", params="1B")
    assert problem.matrix.card.axis == "language"
    shares = solve(problem).proportions
    assert min(shares["cat"], shares["code"]) > 0.3


def test_named_domains_have_targets_too(folder: Path) -> None:
    """Sources that are no languages: an inventory of the same domains."""
    names = ("wiki_like", "web_text", "code_files")
    learn(runs(60, names=names), compare=(), for_solve=True).save(folder / "domains.yaml", draws=0)
    held = inventory()
    pools = tuple(
        replace(pool, language=name, name=f"{name}.human.own")
        for pool, name in zip(held.pools, names, strict=True)
    )
    card = replace(held.card, axis="domain", names=tuple(sorted(names)))
    problem = asked(
        folder / "domains.yaml",
        replace(held, pools=pools, card=card),
        targets=["wiki_like"],
        budget="60B",
        params="1B",
    )
    assert solve(problem).proportions["wiki_like"] > 0.3


def test_another_matrix_takes_the_place_of_the_law_s_weights(joint: Path) -> None:
    """Constants and φ stay the law's; τ are the matrix's."""
    own = asked(joint, budget="60B", params="2B")
    other = asked(joint, budget="60B", params="2B", matrix="atlas-2025")
    assert other.matrix.name == "atlas-2025"
    place, mine = other.transfer.index("cat"), own.transfer.index("cat")
    assert other.transfer.phi[place] == own.transfer.phi[mine]
    pair = other.transfer.index("spa"), place
    assert other.transfer.weights[pair] != own.transfer.weights[own.transfer.index("spa"), mine]
    assert solve(other).certificate.gap < 1e-4


def test_the_doubt_is_that_of_the_draws_of_the_law(noisy: Path) -> None:
    """Every world is one draw: constants, φ and τ of one fit, never of two."""
    from atlasmix.problem.worlds import worlds

    problem = asked(noisy, budget="60B", params="2B")
    law = problem.law
    assert isinstance(law, TargetLaws)
    drawn = worlds(problem, 32)
    assert "24 draws" in drawn.drawn[0]
    keys = [drawn.transfer.model.keys[place] for place in drawn.transfer.targets]
    for draw in range(32):
        world = drawn.question(draw)
        assert isinstance(world.law, TargetLaws)
        assert world.law.targets in law.draws
        at = law.draws.index(world.law.targets)
        for column, key in enumerate(keys):
            assert drawn.transfer.phi[draw, column] == world.law.of(key).phi
            place = [each.language for each in law.targets].index(key)
            for row, source in enumerate(drawn.transfer.sources):
                name = drawn.transfer.model.keys[source]
                assert law.weights is not None
                assert law.transfer is not None
                expected = law.weights[at, law.transfer.keys.index(name), place]
                assert drawn.transfer.weights[draw, row, column] == expected


def test_a_recipe_holds_and_notices_another_law(noisy: Path, tmp_path: Path, folder: Path) -> None:
    """By the law's hash and its runs'; the question is read back as it was."""
    here = tmp_path / "law.yaml"
    here.write_bytes(noisy.read_bytes())
    mine = Store(tmp_path / "store")
    problem = problem_from_mapping(
        {"law": str(here), "targets": ["cat"], "budget": "60B", "params": "2B"}, mine
    )
    assert problem_to_mapping(problem)["law"] == str(here)
    recipe = make_recipe(problem, solve(problem), ())
    assert len(recipe.origin["law"]["runs"][0]["sha256"]) == 64
    assert check(recipe, mine).verdict == "holds"
    learn(runs(noise=0.01, seed=9), compare=(), for_solve=True).save(here)
    report = check(recipe, mine)
    assert report.verdict == "drifted"
    assert any("learned from other runs" in words for words in report.evidence)
    here.write_bytes(noisy.read_bytes() + b"# looked at\n")
    report = check(recipe, mine)
    assert report.verdict == "holds"
    assert any("another file" in words for words in report.evidence)
