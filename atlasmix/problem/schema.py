"""What may stand in a question: the type behind ``problem.yaml`` and the question of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from atlasmix.io.schema import Name, Names, Positive, Written
from atlasmix.problem.phases import MOST_PHASES
from atlasmix.problem.problem import MOST_DRAWS

PhaseName = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
Shares = dict[str, Written]


class PoolChoice(Struct, forbid_unknown_fields=True):
    """Which pools of the inventory may be read: those that meet every key."""

    provenance: Names | UnsetType = UNSET
    kind: Names | UnsetType = UNSET
    corpus: Names | UnsetType = UNSET
    language: Names | UnsetType = UNSET
    exclude_language: Names | UnsetType = UNSET
    name: Names | UnsetType = UNSET


class GuardrailChoice(Struct, forbid_unknown_fields=True):
    """How much worse than under a reference a language may get."""

    slack: Written
    reference: Name | UnsetType = UNSET


class PhaseChoice(Struct, forbid_unknown_fields=True):
    """A part of the run, with limits of its own."""

    name: PhaseName
    tokens: (
        Annotated[
            Written,
            Meta(
                description="a share of the tokens read (80% or 0.8), a count (80B), or rest",
            ),
        ]
        | UnsetType
    ) = UNSET
    min: Shares | UnsetType = UNSET
    max: Shares | UnsetType = UNSET
    max_epochs: (
        Annotated[
            Written | Shares,
            Meta(description="most passes over a pool in this phase, for all or by what is capped"),
        ]
        | UnsetType
    ) = UNSET


class QuestionFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A question: what to train for, with what, within which limits."""

    targets: Annotated[
        Annotated[dict[str, Positive], Meta(min_length=1)] | Name | list[Name],
        Meta(description="languages whose loss counts, with weights"),
    ]
    budget: (
        Annotated[Written, Meta(description="most tokens read in training, repeats included")]
        | UnsetType
    ) = UNSET
    tokens: (
        Annotated[
            Literal["exactly", "at most"],
            Meta(description="whether all of the budget is read, or no more than serves"),
        ]
        | UnsetType
    ) = UNSET
    params: Annotated[Written, Meta(description="parameters with embeddings")] | UnsetType = UNSET
    compute: (
        Annotated[
            Written,
            Meta(
                description="FLOPs to divide between parameters and tokens; then budget and "
                "params are in the answer"
            ),
        ]
        | UnsetType
    ) = UNSET
    objective: Literal["loss", "worst", "expected", "cautious", "regret"] | UnsetType = UNSET
    matrix: Name | UnsetType = UNSET
    rivals: (
        Annotated[Names, Meta(description="other matrices, for the objective 'regret'")] | UnsetType
    ) = UNSET
    calibration: Name | UnsetType = UNSET
    inventory: Names | UnsetType = UNSET
    pools: Names | PoolChoice | UnsetType = UNSET
    max_epochs: Written | Shares | UnsetType = UNSET
    decay: (
        Annotated[Written, Meta(description="decay of repeated tokens, per epoch")] | UnsetType
    ) = field(name="lambda", default=UNSET)
    risk_aversion: Written | UnsetType = UNSET
    box: (
        Annotated[
            Written,
            Meta(description="level of the interval at whose lower end a donor counts"),
        ]
        | UnsetType
    ) = UNSET
    wrong_scores: (
        Annotated[int, Meta(ge=0, description="most scores of a target that are wrong at once")]
        | UnsetType
    ) = UNSET
    unknown_human: (
        Annotated[Written, Meta(description="part of unknown text that people wrote, at least")]
        | UnsetType
    ) = UNSET
    drift_penalty: (
        Annotated[
            Written,
            Meta(
                description="loss given for one unit less of excess error amplification over the "
                "budget; 0 is none"
            ),
        ]
        | UnsetType
    ) = UNSET
    near: (
        Annotated[
            str,
            Meta(
                description="of the mixtures at most so much worse than the best (a share of the "
                "reducible loss, 0.5% unless said), the one nearest to a reference: "
                "0.5%:targets-temperature-3.33"
            ),
        ]
        | UnsetType
    ) = UNSET
    law: Name | dict[str, Any] | UnsetType = UNSET
    worth: (
        Annotated[Shares, Meta(description="worth of a token by provenance, against human text")]
        | UnsetType
    ) = UNSET
    groups: dict[str, Names] | UnsetType = UNSET
    min: Annotated[Shares, Meta(description="least shares; * is every target")] | UnsetType = UNSET
    max: Annotated[Shares, Meta(description="greatest shares; * is every target")] | UnsetType = (
        UNSET
    )
    keep: Shares | UnsetType = UNSET
    human_floor: (
        Annotated[
            Written,
            Meta(description="least share of human text in every target: a share, or its name"),
        ]
        | UnsetType
    ) = UNSET
    guardrails: dict[str, Written | GuardrailChoice] | UnsetType = UNSET
    max_donors: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    draws: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=MOST_DRAWS,
                description="draws of what nobody knows for certain, for intervals and regret",
            ),
        ]
        | UnsetType
    ) = UNSET
    seed: Annotated[int, Meta(ge=0, description="of the draws")] | UnsetType = UNSET
    tail: (
        Annotated[Written, Meta(description="part of the draws that 'cautious' speaks of")]
        | UnsetType
    ) = UNSET
    phases: (
        Annotated[
            list[PhaseChoice],
            Meta(
                min_length=1,
                max_length=MOST_PHASES,
                description="parts of the run in the order of training, each with limits of its "
                "own",
            ),
        ]
        | UnsetType
    ) = UNSET
