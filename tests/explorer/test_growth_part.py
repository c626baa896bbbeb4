"""More targets in this mixture, on the page Capacity: the library's numbers for both laws."""

from __future__ import annotations

from html import unescape

from atlasmix.evidence.store import Store
from atlasmix.laws.shelf import DEFAULT_CURSE, load_curse
from atlasmix.mixture.growth import growth
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.growth import growth_table


def test_both_laws_for_the_languages_that_are_added(visit):
    store = Store("/none")
    now, then = (
        problem_from_mapping({"targets": each, "budget": 300e9}, store)
        for each in ("cat,spa", "cat,spa,glg")
    )
    grown = growth(now, then)
    guest = visit(q="{targets: {cat: 1, spa: 1}, budget: 300B}")
    at = guest.page("capacity")
    guest.tab("capacity-section", "More in this mixture")
    assert "Choose one or more" in guest.words()
    next(each for each in at.multiselect if each.label == "Languages to add").set_value(
        ["glg"]
    ).run()
    guest.whole()
    said = unescape(guest.words())
    assert "Galician beside 2 targets, none of them worse than now: compute x" in said
    for row in growth_table(grown, load_curse(DEFAULT_CURSE, store)).texts()[2]:
        if row[1] != "least compute":  # left out where a slow machine has no time for it
            assert all(cell in said for cell in row)
