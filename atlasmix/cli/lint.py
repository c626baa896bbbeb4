"""``atlasmix lint``: what to look at before a mixture is trained on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.reading_options import (
    add_reading_options,
    columns_of,
    quantity,
    request_of,
    whole,
)

if TYPE_CHECKING:
    from atlasmix.audit.lint import LintReport, Standard
    from atlasmix.audit.solving_again import Resolved, ResolveOptions
    from atlasmix.evidence.inventory import Inventory
    from atlasmix.evidence.mixture_file import GivenMixture
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.recipe import Recipe

EXAMPLE = """\
atlasmix lint mixture.yaml --budget 10T --floor 0.05%
atlasmix lint mix.txt --from megatron --counts counts --budget 10T --strict
atlasmix lint recipe.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "file", metavar="FILE", help="a mixture file, a recipe, or with --from a framework's file"
    )
    add_reading_options(parser)
    group = parser.add_argument_group("what it is held against")
    group.add_argument(
        "--max-epochs", metavar="N", help="cap of sources that have none (default: 4)"
    )
    group.add_argument("--floor", metavar="SHARE", help="least share of a language, such as 0.05%%")
    group.add_argument("--sequence-length", metavar="N", help="tokens a sample (default: 4096)")
    group.add_argument("--block", metavar="N", help="Levanter's mixture block (default: 2048)")
    group = parser.add_argument_group("solving again")
    group.add_argument(
        "--target",
        metavar="LANG[:WEIGHT]",
        action="append",
        help="language whose loss counts; repeatable (default: the mixture's own languages by "
        "their shares, or a recipe's own question)",
    )
    group.add_argument("--matrix", metavar="NAME", help="transfer matrix (default: atlasmix-2026)")
    group.add_argument("--params", metavar="N", help="parameters with embeddings (default: 2B)")
    group.add_argument("--no-solve", action="store_true", help="leave this part out")
    parser.add_argument("--all", action="store_true", help="list every source")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where there are faults")
    add_store(parser)
    add_json(parser)
    parser.epilog = (
        "Faults are caps passed, sources never drawn, languages below the floor and\n"
        "prefixes that stand twice; everything else is a note. Exit status 0; with\n"
        f"--strict 1 where there are faults.\n\n{parser.epilog}"
    )


def execute(options: argparse.Namespace) -> int:
    """Read, hold against the standard, solve again, print."""
    from atlasmix.audit.lint import lint, with_resolved
    from atlasmix.evidence.store import Store

    store = Store(options.store)
    inventory = store.inventory(options.inventory) if options.inventory else None
    mixture, recipe = _mixture(options, inventory)
    report = lint(mixture, _standard(options, inventory))
    if not options.no_solve:
        report = with_resolved(report, _resolved(options, report, recipe, store))
    if options.json:
        import dataclasses

        from atlasmix.audit.solving_again import resolved_data
        from atlasmix.cli.terminal import print_json

        resolved = report.resolved and resolved_data(report.resolved)
        print_json({**dataclasses.asdict(report), "resolved": resolved, "faults": report.faults})
    else:
        from atlasmix.cli.terminal import print_text
        from atlasmix.report.audit import lint_blocks
        from atlasmix.report.terminal import terminal_parts

        print_text(*terminal_parts(lint_blocks(report, options.all, ": --all")))
    return 1 if options.strict and report.faults else 0


def _mixture(
    options: argparse.Namespace, inventory: Inventory | None
) -> tuple[GivenMixture, Recipe | None]:
    from pathlib import Path

    from atlasmix.interop.importers.reading import import_mixture
    from atlasmix.recipe.as_mixture import given_of_recipe, read_given

    if options.form:
        return import_mixture(request_of(options, inventory)), None
    mixture, recipe = read_given(Path(options.file))
    if recipe is not None:
        return given_of_recipe(recipe, Path(options.file).name), recipe
    assert mixture is not None
    return mixture, None


def _standard(options: argparse.Namespace, inventory: Inventory | None) -> Standard:
    from pathlib import Path

    from atlasmix.audit.lint import Standard
    from atlasmix.interop.importers.counts import COUNT_FILES, Counts, read_counts
    from atlasmix.quantities import parse_quantity, parse_share

    usual = Standard()
    counts = Counts()
    if options.counts and not options.form:
        files = (options.counts_file,) if options.counts_file else COUNT_FILES
        counts = read_counts(Path(options.counts), files, columns_of(options))
    return Standard(
        tokens=quantity(options.budget, "--budget"),
        cap=usual.cap
        if options.max_epochs is None
        else parse_quantity(options.max_epochs, "--max-epochs", 1e6),
        floor=0.0 if options.floor is None else parse_share(options.floor, "--floor"),
        sequence_length=whole(options.sequence_length, "--sequence-length", usual.sequence_length),
        block=whole(options.block, "--block", usual.block),
        counts=counts,
        inventory=inventory,
    )


def _resolved(
    options: argparse.Namespace, report: LintReport, recipe: Recipe | None, store: Store
) -> Resolved | None:
    from atlasmix.audit.solving_again import recipe_again, solve_again
    from atlasmix.cli.terminal import working

    named = (options.target, options.matrix, options.params, options.budget)
    with working("solving again"):
        if recipe is not None and not any(named):
            return recipe_again(recipe, store)
        if report.tokens is None:
            return None
        return solve_again(report.rows, report.tokens, _question(options, store), store)


def _question(options: argparse.Namespace, store: Store) -> ResolveOptions:
    from atlasmix.audit.solving_again import ResolveOptions, read_targets

    usual = ResolveOptions({})
    params = quantity(options.params, "--params")
    name = options.matrix or usual.matrix
    return ResolveOptions(
        targets=read_targets(options.target or (), store.matrix(name)),
        matrix=name,
        params=usual.params if params is None else params,
    )
