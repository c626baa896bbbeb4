"""Every control of the page, moved once after links with values that it does not offer."""

import pytest
import yaml
from crawler import faults, link
from explorer.presets import PRESETS

from atlasmix.evidence.shelf import MATRICES, shipped_names


@pytest.mark.parametrize("seed", [0, 6, 9, 21])
def test_no_control_fails_after_a_link_with_values_off_its_ladder(seed):
    """What a link said was taken off the slider once it was moved, and the page was gone.

    Budgets, parameters and compute that no slider offers, κ and worths past its end, all of the
    laws, matrices and inventories; hundreds by ``python tests/explorer/crawler.py 300``.
    """
    assert list(faults(seed)) == []


def test_the_links_of_the_crawler_are_beside_every_ladder():
    asked = [link(seed) for seed in range(60)]
    assert {3e22, 7.7e20, 1.234e24} <= {each.get("compute") for each in asked}
    assert {"90B", "1.37T"} <= {each.get("budget") for each in asked}
    assert {7.5} <= {each.get("risk_aversion") for each in asked}


@pytest.mark.parametrize("matrix", shipped_names(MATRICES))
def test_every_preset_stands_under_every_matrix(visit, matrix):
    """A target that a matrix lacks is refused in a sentence, and its control still stands."""
    for name in ("Nordic family", "South-East Asian family"):
        guest = visit(q=yaml.safe_dump(PRESETS[name], default_flow_style=True, width=10**6))
        at = guest.page("mix")
        (box,) = (box for box in at.selectbox if box.label == "Transfer matrix")
        box.set_value(matrix).run()
        guest.whole()
        (targets,) = (box for box in at.multiselect if box.label == "Target languages")
        assert set(targets.value) == set(PRESETS[name]["targets"])
        targets.set_value(list(targets.value)[1:])
        at.run()
        guest.whole()
