"""Where effective tokens come from, on the page Mix: all targets, or one of them."""

from __future__ import annotations

from atlasmix.evidence.store import Store
from atlasmix.mixture.flows import flows
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.flows import flows_table, grounds_sentence

QUESTION = "{targets: {cat: 1, glg: 1, eng: 1}, budget: 300B}"


def test_the_flows_are_the_librarys_for_all_targets_and_for_one(visit):
    problem = problem_from_mapping({"targets": "cat,glg,eng", "budget": 300e9}, Store("/none"))
    every = flows(problem, solve(problem))
    guest = visit(q=QUESTION)
    guest.page("mix")
    for target in ("", "glg"):
        guest.tab("section", "Effect")
        if target:
            guest.at.selectbox(key="flows-of").select(target).run()
            guest.whole()
        found = [flow for flow in every if target in ("", flow.target)]
        (sankey,) = [f["data"][0] for f in guest.figures() if f["data"][0]["type"] == "sankey"]
        names = [label.rsplit(" ", 1)[0] for label in sankey["node"]["label"]]
        assert {"Catalan", "Galician", "English"} <= {*names, *sankey["node"]["label"]}
        said = guest.words()
        assert grounds_sentence(found) in said
        for row in flows_table(found).texts()[2]:
            assert all(cell in said for cell in row)
