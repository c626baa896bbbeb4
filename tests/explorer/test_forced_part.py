"""One share moved by hand on the page Mix: what it costs, and never a slider without its value."""

from __future__ import annotations

import pytest

from atlasmix.evidence.store import Store
from atlasmix.mixture.forced_share import force_share, share_steps
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.forced_share import forced_sentence


def slider(at):
    return next(each for each in at.select_slider if each.label.startswith("Its share"))


def test_a_share_is_moved_and_the_cost_is_the_librarys(visit):
    problem = problem_from_mapping({"targets": "cat,eng", "budget": 300e9}, Store("/none"))
    mixture = solve(problem)
    guest = visit(q="{targets: {cat: 1, eng: 1}, budget: 300B}")
    at = guest.page("mix")
    assert "Move the slider" in guest.words()
    for flat, place in ((mixture.flatness[0], 1), (mixture.flatness[1], 2)):
        at.selectbox(key="forced-language").select(flat.language).run()
        guest.whole()
        share = share_steps(flat)[place]
        slider(at).set_value(share).run()
        guest.whole()
        forced = force_share(problem, mixture.tokens, flat.language, share)
        assert forced_sentence(mixture, forced) in guest.words()
    at.selectbox(key="forced-language").select("cat").run()
    slider(at).set_value(share_steps(mixture.flatness[-1])[-1]).run()
    guest.whole()
    assert "No mixture within the limits reads" in guest.words()


@pytest.mark.parametrize("others", ["{cat: 1}", "{yor: 1}", "{deu: 1, fra: 1}"])
def test_another_question_has_another_slider(visit, others):
    guest = visit(q="{targets: {cat: 1, eng: 1}, budget: 300B}")
    at = guest.page("mix")
    slider(at).set_value(share_of_first(at)).run()
    at.query_params["q"] = f"{{targets: {others}}}"
    at.run()
    guest.whole()


def share_of_first(at):
    problem = problem_from_mapping({"targets": "cat,eng", "budget": 300e9}, Store("/none"))
    return share_steps(solve(problem).flatness[0])[0]
