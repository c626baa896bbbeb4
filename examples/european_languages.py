"""Thirty-four European languages and code: shares to take to a committee.

A model of 7B parameters on 8T tokens. No language below a twentieth of a per cent as far as its
text goes, English at most 40 %, an eighth of code, four epochs, eight of Wikipedia. The counts are
those of the shelf: put yours in their place with ``am.Inventory.from_frame``.
"""

# %% The question
import pandas as pd

import atlasmix as am

NAMES = """
bul cat ces cym dan deu ell eng est eus fin fra gle glg hrv hun ita lav lit mlt nld nno nob oci
pol por ron rus slk slv spa srp swe ukr
"""
targets = NAMES.split()

problem = am.Problem(
    targets,
    budget="8T",
    params="7B",
    inventory=["web-2026", "finewiki-2026", "code-math-2023"],
    pools={"provenance": ["human"], "kind": ["web", "encyclopedia", "code"]},
    constraints=[
        am.AtLeast("*", "0.05%"),
        am.AtLeast("code", "12%"),
        am.AtMost("eng", "40%"),
        am.MaxEpochs(4),
        am.MaxEpochs(8, "corpus:finewiki"),
    ],
)

# %% The answer, certified, and the range that each share may move in
solution = problem.solve()
print(solution)
table = solution.to_frame()[["share", "share_low", "share_high"]]
print(table.head(15).round(4))

# %% What nobody measured, before anybody else asks
transfer = problem.question.transfer
at = [transfer.index(str(am.resolve(key))) for key in targets]
statuses = pd.Series(transfer.status[at][:, at].ravel()).value_counts()
print(statuses.drop("defined"))
for sentence in solution.warnings[:4]:
    print("-", sentence)

# %% How the same model does when English counts a quarter of all
weights = {key: (len(targets) - 1) / 3 if key == "eng" else 1.0 for key in targets}
english = problem.with_(targets=weights).solve()
print(f"English {solution.proportions['eng']:.1%} -> {english.proportions['eng']:.1%}")

# %% Where it differs from models that exist, by language
beside = {"here": solution.proportions}
for name in ("salamandra-7b", "openeurollm-8b"):
    beside[name] = dict(am.published(name).sources)
print(pd.DataFrame(beside).fillna(0).sort_values("here", ascending=False).head(20).round(3))
