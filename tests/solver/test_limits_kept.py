"""Each limit is kept in the mixture that is trained on, and bites where it should."""

from dataclasses import replace

import numpy as np
import pytest
from judge import broken, caps, effective, score, tokens_of
from worlds import pool, random_world, shipped, world

from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import EpochCap, KeepTokens, Selection, ShareLimit
from atlasmix.solver.engines import Engine

ENGINES = [None, Engine.CONIC]
# A world of real languages, so that families and scripts are known. Sorted keys.
LABELS = ("cat", "fra", "rus", "spa", "srp", "srp_Latn")
TAU = np.array(
    [
        [1.0, 0.3, 0.0, 0.4, 0.0, 0.0],
        [0.3, 1.0, 0.1, 0.3, 0.0, 0.0],
        [0.1, 0.1, 1.0, 0.1, 0.5, 0.3],
        [0.45, 0.3, 0.1, 1.0, 0.0, 0.0],
        [0.1, 0.0, 0.4, 0.0, 1.0, 0.8],
        [0.1, 0.0, 0.3, 0.0, 0.8, 1.0],
    ]
)


def europe(*limits, **options):
    pools = [
        pool("cat", 1.0),
        pool("cat", 2.0, "translated"),
        pool("fra", 20.0),
        pool("rus", 20.0),
        pool("rus", 5.0, corpus="books"),
        pool("spa", 20.0),
        pool("srp", 1.5),
        pool("srp_Latn", 1.0),
    ]
    settings = {"budget": 20e9, "targets": ["cat", "srp"], **options}
    targets = settings.pop("targets")
    return world(TAU, pools, targets, labels=LABELS, limits=limits, **settings)


def share_of(mixture, selection):
    return sum(s.proportion for s in mixture.pools if selection.matches(s.pool))


SELECTIONS = [
    Selection("language", "spa"),
    Selection("group", "big", ("fra", "rus")),
    Selection("family", "Indo-European"),
    Selection("family", "Romance"),
    Selection("script", "Cyrl"),
    Selection("script", "Latn"),
    Selection("provenance", "translated"),
    Selection("corpus", "books"),
    Selection("pool", "rus.human.books"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda s: s.label)
def test_shares(selection, engine):
    """A bound on each side of what the free answer reads is met to a millionth."""
    free = share_of(solve(europe()), selection)
    if free < 0.94:
        least = ShareLimit("min", selection, free + 0.05)
        mixture = solve(europe(least), engine)
        assert share_of(mixture, selection) == pytest.approx(least.share, abs=2e-6)
    if free > 0.99:
        return  # the whole world is in it
    # A corpus as good as another can be left for it, so a maximum is kept but need not be reached.
    most = ShareLimit("max", selection, free * 0.5)
    mixture = solve(europe(most), engine)
    assert share_of(mixture, selection) <= most.share + 2e-6
    if selection.kind not in {"corpus", "pool"}:
        assert share_of(mixture, selection) == pytest.approx(most.share, abs=2e-6)


def test_selections_mean_what_they_say():
    pools = europe().pools
    named = {
        s.label: {p.name for p, m in zip(pools, s.mask(pools), strict=True) if m}
        for s in SELECTIONS
    }
    assert named["spa"] == {"spa.human.web"}
    assert named["big"] == {"fra.human.web", "rus.human.web", "rus.human.books"}
    assert len(named["family:Indo-European"]) == 8
    assert {name[:3] for name in named["family:Romance"]} == {"cat", "fra", "spa"}
    assert {name.split(".")[0] for name in named["script:Cyrl"]} == {"rus", "srp"}
    assert "srp_Latn.human.web" in named["script:Latn"]
    assert named["provenance:translated"] == {"cat.translated.web"}
    assert named["corpus:books"] == named["pool:rus.human.books"] == {"rus.human.books"}


def test_a_domain_label_has_neither_family_nor_script():
    assert not Selection("family", "Romance").matches(pool("chemistry", 1.0))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_share_is_of_what_is_read_not_of_the_budget(engine):
    """40 % of the budget stays unspent; the minimum holds in what is read."""
    tau = [[1, 0, 0], [0, 1, 0], [0.2, 0, 1]]
    least = ShareLimit("min", Selection("language", "b"), 0.2)
    mixture = solve(world(tau, [1.0, 9.0, 0.5], budget=15e9, limits=(least,)), engine)
    assert mixture.unspent > 4e9
    # The search over tokens ends within a tolerance, and the valley is flat.
    assert mixture.proportions["b"] == pytest.approx(0.2, abs=1e-3)
    assert mixture.proportions["b"] >= 0.2 - 1e-6


@pytest.mark.parametrize("engine", ENGINES)
def test_kept_tokens(engine):
    keep = KeepTokens(Selection("provenance", "human"), 19e9)
    mixture = solve(europe(keep), engine)
    human = sum(s.tokens for s in mixture.pools if s.pool.provenance == "human")
    assert human >= 19e9 * (1 - 1e-6)
    free = solve(europe())
    assert sum(s.tokens for s in free.pools if s.pool.provenance == "human") < 19e9


@pytest.mark.parametrize("engine", ENGINES)
def test_epoch_caps(engine):
    own = (
        EpochCap(Selection("language", "cat"), 1.5),
        EpochCap(Selection("pool", "srp.human.web"), 8.0),
    )
    problem = europe(*own, max_epochs=3.0)
    mixture = solve(problem, engine)
    assert np.all(tokens_of(mixture) <= caps(problem) * (1 + 1e-6))
    epochs = {share.pool.name: share.epochs for share in mixture.pools}
    assert epochs["cat.human.web"] == pytest.approx(1.5, abs=1e-5)
    assert 3.0 < epochs["srp.human.web"] <= 8.0 + 1e-6


def test_the_last_cap_written_wins():
    caps_of_cat = tuple(EpochCap(Selection("language", "cat"), e) for e in (1.0, 2.0))
    mixture = solve(europe(*caps_of_cat))
    assert mixture.pools[0].epochs == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(141, 149))
def test_many_limits_at_once(seed):
    """Random limits that some mixture meets by construction: all are kept."""
    rng = np.random.default_rng(seed)
    problem = random_world(seed, languages=6, targets=2)
    # Within caps and budget on purpose: this mixture proves the limits can hold.
    anchor = np.minimum(rng.dirichlet(np.ones(6)) * problem.budget, caps(problem))
    share = anchor / anchor.sum()
    label = problem.matrix.keys
    limits = (
        ShareLimit("min", Selection("language", label[2]), round(0.9 * share[2], 4)),
        ShareLimit("max", Selection("language", label[0]), round(1.1 * share[0] + 1e-3, 4)),
        ShareLimit("min", Selection("group", "g", label[3:5]), round(0.8 * share[3:5].sum(), 4)),
        ShareLimit("max", Selection("group", "h", label[1:3]), round(share[1:3].sum() + 0.02, 4)),
        KeepTokens(Selection("language", label[5]), float(round(0.7 * anchor[5]))),
    )
    problem = replace(problem, limits=limits)
    mixture = solve(problem)
    for limit in limits:
        part = share_of(mixture, limit.selection)
        if isinstance(limit, KeepTokens):
            assert part * mixture.tokens >= limit.tokens * (1 - 1e-5)
        elif limit.bound == "min":
            assert part >= limit.share - 2e-6
        else:
            assert part <= limit.share + 2e-6
    assert broken(problem, tokens_of(mixture)) == []
    assert mixture.certificate.value <= score(problem, anchor) + 3e-5
    assert mixture.certificate.gap <= 1e-4


def test_worth_of_a_provenance():
    """A translated token counts half of a human one, and q can be changed."""
    problem = europe(targets=["cat"], budget=2e9)
    half = solve(problem)
    assert effective(problem, tokens_of(half), "cat") == pytest.approx(
        half.targets[0].effective_data
    )
    equal = solve(replace(problem, worth={"human": 1.0, "translated": 1.0}))
    assert equal.targets[0].effective_data == pytest.approx(2e9)
    assert half.targets[0].effective_data < 2e9


def test_limits_on_the_shipped_evidence():
    limits = (
        ShareLimit("min", Selection("language", "cat"), 0.3),
        ShareLimit("max", Selection("language", "cat"), 0.5),
        ShareLimit("min", Selection("family", "Germanic"), 0.1),
        ShareLimit("max", Selection("script", "Cyrl"), 0.05),
    )
    mixture = solve(shipped(["cat", "eng"], limits=limits))
    assert 0.3 - 2e-6 <= share_of(mixture, limits[0].selection) <= 0.5 + 2e-6
    assert share_of(mixture, limits[2].selection) >= 0.1 - 2e-6
    assert share_of(mixture, limits[3].selection) <= 0.05 + 2e-6
    assert mixture.certificate.exact
