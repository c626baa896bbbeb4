"""European languages with a team's own token counts: shares to take to a committee.

The counts below are those of the shipped inventory, halved where a team filtered harder: put yours
in their place. Transfer scores ship for 38 languages of the world; a language without scores cannot
be a target yet, and the first cell says which of the list those are.
"""

# %% Which of the languages can be asked about
import pandas as pd

import atlasmix as am

NAMES = """
bul cat ces cym dan deu ell eng est eus fin fra gle glg hrv hun isl ita lav lit mlt nld nno nob oci
pol por ron rus slk slv spa sqi srp swe ukr
"""
WANTED = NAMES.split()

shelf = am.Store()
scored = set(shelf.matrix().keys)
targets = [key for key in WANTED if key in scored]
print(f"{len(targets)} of {len(WANTED)} have scores: {' '.join(targets)}")
print(f"without scores: {' '.join(key for key in WANTED if key not in scored)}")

# %% The team's own counts
web = shelf.inventory().to_frame()
web = web[web["language"].isin(targets) & (web["kind"] == "web") & (web["provenance"] == "human")]
counts = web.groupby("language")["unique_tokens"].max().reset_index()
counts["unique_tokens"] = (counts["unique_tokens"] / 2).round()
own = am.Inventory.from_frame(counts, "own-web", source="our pipeline, after its filters")
print(own)
print(pd.Series(counts["unique_tokens"].values, counts["language"]).sort_values().head())

# %% Every language counts alike, none below a twentieth of a per cent, four epochs at most
problem = am.Problem(
    targets,
    budget="2T",
    params="8B",
    inventory=own,
    constraints=[am.AtLeast("*", "0.05%"), am.MaxEpochs(4)],
)
solution = problem.solve()
print(solution)
print(solution.to_frame()[["share", "share_low", "share_high"]].round(4))

# %% What keeps it from being called certified, before anybody else asks
for sentence in solution.warnings[:4]:
    print("-", sentence)

# %% How the same model does when English counts a quarter of all
rest = 3 / (len(targets) - 1)
weights = {key: (len(targets) - 1) / 3 * rest if key == "eng" else rest for key in targets}
english = problem.with_(targets=weights).solve()
print(f"English {solution.proportions['eng']:.1%} -> {english.proportions['eng']:.1%}")

# %% Where it differs from a model that exists
salamandra = dict(am.published("salamandra-7b").shares)
beside = pd.DataFrame({"here": solution.proportions, "salamandra-7b": salamandra})
print(beside.loc[targets].fillna(0).round(3))
