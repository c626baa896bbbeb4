"""What may stand in a recipe's file, section by section; the leaves are the types of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from atlasmix.io.schema import AtLeastOne, Count, Digest, Name, NotNegative, Positive, Text
from atlasmix.mixture.mixture import Caveat
from atlasmix.problem.phases import MOST_PHASES
from atlasmix.problem.schema import QuestionFile
from atlasmix.recipe.phases import RecipePhase
from atlasmix.recipe.recipe import (
    RecipeAllocation,
    RecipeBaseline,
    RecipeCertificate,
    RecipePool,
    RecipeShareRange,
    RecipeTarget,
    RecipeUncertainty,
)

Pools = Annotated[list[RecipePool], Meta(min_length=1)]
Phases = Annotated[
    list[RecipePhase],
    Meta(
        min_length=1,
        max_length=MOST_PHASES,
        description="the same tokens divided over the question's phases; over the phases each "
        "pool's tokens sum to its own",
    ),
]
Divided = Annotated[RecipeAllocation, Meta(description="how the question's compute was divided")]
Read = Annotated[AtLeastOne, Meta(description="tokens read in all, repeats included")]
Unread = Annotated[Count, Meta(description="tokens of the budget that are not read")]


class Answer(Struct, forbid_unknown_fields=True, kw_only=True):
    """The mixture, what it is predicted to give, and the proof."""

    allocation: Divided | UnsetType = UNSET
    params: Annotated[AtLeastOne, Meta(description="parameters with embeddings")]
    tokens: Read
    unspent: Unread
    stopped: Annotated[Text, Meta(description="why they are not")] | UnsetType = UNSET
    flops: Annotated[Positive, Meta(description="6 x params x tokens")]
    caveats: Annotated[
        list[Caveat], Meta(description="what keeps the answer from being called certified")
    ]
    pools: Pools
    phases: Phases | UnsetType = UNSET
    targets: Annotated[list[RecipeTarget], Meta(min_length=1)]
    flatness: Annotated[
        list[RecipeShareRange],
        Meta(
            description="range of each language's share within which the objective is at most "
            "0.5 % of the reducible loss worse"
        ),
    ]
    uncertainty: (
        Annotated[RecipeUncertainty, Meta(description="how sure the answer is, by draws")]
        | UnsetType
    ) = UNSET
    certificate: RecipeCertificate
    baselines: list[RecipeBaseline]
    warnings: list[str]


class Solver(Struct, forbid_unknown_fields=True):
    """Who solved it."""

    engine: Name
    version: str


class MatrixOrigin(Struct, forbid_unknown_fields=True):
    """The transfer matrix behind the answer."""

    name: Name
    sha256: Digest
    metric: str
    calibration: Name
    source: str
    licence: str
    prior: Annotated[Name, Meta(description="relatedness prior that completes it")] | UnsetType = (
        UNSET
    )
    prior_sha256: Digest | UnsetType = UNSET


class InventoryOrigin(Struct, forbid_unknown_fields=True):
    """An inventory behind the answer."""

    name: Name
    sha256: Digest


class RunsOrigin(Struct, forbid_unknown_fields=True):
    """A file of runs that a law was learned from."""

    name: Name
    sha256: Digest


class TargetLaw(Struct, forbid_unknown_fields=True):
    """The constants of one target of a learned law."""

    language: Name
    E: float
    A: NotNegative
    alpha: NotNegative
    B: NotNegative
    beta: Positive
    phi: NotNegative
    least: Annotated[NotNegative, Meta(description="mu, capacity where nothing of it is read")]


class LawOrigin(Struct, forbid_unknown_fields=True, kw_only=True):
    """The law behind the answer, with its constants."""

    name: Name
    E: float
    A: float
    alpha: NotNegative
    B: float
    beta: Positive
    unit: str
    measured_on: str
    source: str
    decay: (
        Annotated[Positive, Meta(description="lambda that was fitted together with the constants")]
        | UnsetType
    ) = UNSET
    language: Annotated[str, Meta(description="the only language it speaks of")] | UnsetType = UNSET
    phi: Annotated[NotNegative, Meta(description="capacity exponent of a typical language")]
    phi_range: Annotated[
        list[NotNegative],
        Meta(min_length=2, max_length=2, description="least and most that the evidence allows"),
    ]
    least: (
        Annotated[NotNegative, Meta(description="mu, capacity where nothing of it is read")]
        | UnsetType
    ) = UNSET
    sha256: Annotated[Digest, Meta(description="of a learned law's file")] | UnsetType = UNSET
    runs: Annotated[list[RunsOrigin], Meta(description="what it was learned from")] | UnsetType = (
        UNSET
    )
    targets: (
        Annotated[list[TargetLaw], Meta(description="of each target of a learned law")] | UnsetType
    ) = UNSET


class PairOrigin(Struct, forbid_unknown_fields=True):
    """A score from a language that is read to a target, and what the law makes of it."""

    source: Name
    target: Name
    status: Annotated[
        Literal["measured", "own", "predicted", "completed", "defined", "missing"],
        Meta(description="how the score, or the weight where there is none, came to be"),
    ]
    score: float | None
    stderr: float | None
    transfer_weight: Annotated[
        NotNegative, Meta(description="tau, effective target tokens per source token")
    ]
    transfer_stderr: Annotated[NotNegative, Meta(description="its standard error")]


class TargetOrigin(Struct, forbid_unknown_fields=True):
    """The capacity exponent of a target."""

    language: Name
    phi: Annotated[
        NotNegative,
        Meta(description="capacity exponent, estimated from the scores under the law"),
    ]
    phi_stderr: NotNegative


class PoolOrigin(Struct, forbid_unknown_fields=True):
    """Where the count of a pool comes from."""

    name: Name
    obtained: Literal["counted", "estimated", "stated"]
    unit: str
    source: str
    licence: str


class Origin(Struct, forbid_unknown_fields=True):
    """Evidence, law and versions behind every number."""

    atlasmix: Annotated[Name, Meta(description="version that solved it")]
    solver: Solver
    matrix: MatrixOrigin
    inventories: Annotated[list[InventoryOrigin], Meta(min_length=1)]
    law: LawOrigin
    pairs: list[PairOrigin]
    targets: Annotated[list[TargetOrigin], Meta(min_length=1)]
    pools: list[PoolOrigin]
    rivals: (
        Annotated[list[MatrixOrigin], Meta(description="the other matrices of a regret")]
        | UnsetType
    ) = UNSET


class RecipeFile(Struct, forbid_unknown_fields=True):
    """A training mixture: the question, the answer with its proof, the origin of every number."""

    schema: Literal["atlasmix/recipe/2"]
    question: QuestionFile
    answer: Answer
    origin: Origin


class FormerQuestion(QuestionFile, forbid_unknown_fields=False):
    """A question of the first version: what it shares with today's is held to that."""

    objective: Any = UNSET


class FormerAnswer(Struct, kw_only=True):
    """What an answer of the first version says of the mixture alone; its law predicted the rest."""

    allocation: Divided | UnsetType = UNSET
    tokens: Read
    unspent: Unread
    pools: Pools
    phases: Phases | UnsetType = UNSET


class FormerLaw(Struct):
    """The law of the first version, by name."""

    name: Any


class FormerOrigin(Struct):
    """Evidence behind a mixture of the first version."""

    atlasmix: Name
    solver: Solver
    matrix: MatrixOrigin
    inventories: Annotated[list[InventoryOrigin], Meta(min_length=1)]
    law: FormerLaw
    pools: list[PoolOrigin]


class FormerRecipeFile(Struct, forbid_unknown_fields=True):
    """A recipe of the first version: its mixture is read, the rest is left open."""

    schema: Literal["atlasmix/recipe/1"]
    question: FormerQuestion
    answer: FormerAnswer
    origin: FormerOrigin
