"""The command that reproduces an answer asks exactly the question that was asked."""

import shlex

import pytest
from test_question_link import QUESTIONS

from atlasmix.cli.parsing import Parser
from atlasmix.cli.question_options import question_of
from atlasmix.cli.solve import EXAMPLE, add_arguments
from atlasmix.evidence.store import Store
from atlasmix.problem.command import needs_file, solve_command
from atlasmix.problem.link import short_question
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

STORE = Store("/nonexistent")


def asked_by(command):
    """The question of a command, read by the command line's own parser."""
    program, name, *words = shlex.split(command)
    assert (program, name) == ("atlasmix", "solve")
    parser = Parser("atlasmix solve", "x", EXAMPLE)
    add_arguments(parser)
    options = parser.read(words)
    assert options.output == "recipe.yaml"
    return question_of(options)


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: str(list(asked)[1:]))
def test_the_command_asks_the_same(asked, tmp_path, monkeypatch):
    problem = problem_from_mapping(asked, STORE)
    question = short_question(problem)
    command = solve_command(question)
    if needs_file(question):
        from atlasmix.recipe.file import dump_question

        monkeypatch.chdir(tmp_path)
        (tmp_path / "problem.yaml").write_text(dump_question(question), encoding="utf-8")
    again = problem_from_mapping(asked_by(command), STORE)
    assert problem_to_mapping(again) == problem_to_mapping(problem)


def test_the_plain_case_is_the_command_of_the_readme():
    question = short_question(problem_from_mapping({"targets": "cat"}, STORE))
    assert solve_command(question) == "atlasmix solve --target cat --output recipe.yaml"


def test_what_options_cannot_say_goes_into_a_file():
    assert needs_file({"targets": {"cat": 1}, "pools": {"name": ["cat.human.hplt-v4"]}})
    assert needs_file({"targets": {"cat": 1}, "law": {"name": "mine"}})
    assert needs_file({"targets": {"a, b": 1}})
    assert needs_file({"targets": {f"language{number}": 1 for number in range(80)}})
    assert not needs_file({"targets": {"cat": 1}, "max_epochs": {"default": 4, "cat": 8}})


def test_phases_are_said_as_a_person_writes_them():
    phases = [
        {"name": "main", "tokens": "rest"},
        {"name": "late", "tokens": 20_000_000_000, "max": {"script:Cyrl": 0.05}},
        {"name": "anneal", "tokens": 0.2, "min": {"cat": 0.575}},
    ]
    assert solve_command({"targets": {"cat": 1}, "phases": phases}) == (
        "atlasmix solve --target cat --phase main=rest --phase late=20B --phase anneal=20% "
        "--phase-max late:script:Cyrl=5% --phase-min anneal:cat=57.5% --output recipe.yaml"
    )
    assert needs_file({"targets": {"cat": 1}, "phases": [{**phases[2], "min": {"a=b": 1}}]})
    capped = [phases[0], {"name": "end", "tokens": 0.2, "max_epochs": {"default": 2, "cat": 1.5}}]
    assert solve_command({"targets": {"cat": 1}, "phases": capped}) == (
        "atlasmix solve --target cat --phase main=rest --phase end=20% "
        "--phase-max-epochs end=2 --phase-max-epochs end:cat=1.5 --output recipe.yaml"
    )
    assert needs_file({"targets": {"cat": 1}, "phases": [{**phases[2], "max_epochs": {"a=b": 1}}]})


def test_names_are_quoted_for_the_shell():
    question = {"targets": {"cat": 1}, "groups": {"my own": ["spa"]}, "max": {"my own": 0.5}}
    assert "'my own=spa'" in solve_command(question)
