"""Catalan: what should a model of 2B parameters read to be good at Catalan?

Run it cell by cell (VS Code, PyCharm, Spyder and Jupytext know the marks), or as a script.
"""

# %% The question: 100B tokens, nothing decided yet
import tempfile
from pathlib import Path

import atlasmix as am

problem = am.Problem("cat", budget="100B", params="2B")
print(problem)

# %% The answer: Catalan to four epochs, and Spanish beside it
solution = problem.solve()
print(solution)
print(solution.to_frame("pool")[["tokens", "epochs"]])

# %% What each candidate donor is worth, and at which score it would come in
print(solution.donors()[["share", "score", "status", "threshold"]].head(6))

# %% Does it hold if a review doubts the scores? κ takes standard errors off every donor
doubt = am.sweep(problem, risk_aversion=[0, 0.5, 1, 2, 3])
print(doubt.to_frame()[["risk_aversion", "share cat", "share spa", "loss cat"]])

# %% And against what people do without evidence on transfer
print(solution.baselines())

# %% A team that also wants English, no worse than 5 % above what a natural mixture gives it
both = problem.with_(constraints=[am.NoWorse("eng", "5%"), am.AtLeast("eng", "10%")]).solve()
print(both)
print(both.prices()[["limit", "change", "relative"]].head())

# %% The recipe for the exporters, and a report for the review
with tempfile.TemporaryDirectory() as folder:
    both.save(Path(folder) / "recipe.yaml")
    both.report().save(Path(folder) / "report.html")
    print(am.check(am.load_recipe(Path(folder) / "recipe.yaml"), am.Store()).verdict)
