"""A team's own runs: fit the law to them, and plan with it.

The runs here are made from a known law with 0.3 % of noise, so that one sees what a fit recovers;
read yours with ``pd.read_csv``.
"""

# %% Twenty runs: four sizes, five budgets, of which some repeat their text
import numpy as np
import pandas as pd

import atlasmix as am

rng = np.random.default_rng(7)
truth = {"E": 1.9, "A": 520.0, "alpha": 0.36, "B": 2400.0, "beta": 0.37}
params, tokens = (
    grid.ravel() for grid in np.meshgrid([1e8, 3e8, 1e9, 3e9], [2e9, 6e9, 2e10, 6e10, 2e11])
)
loss = truth["E"] + truth["A"] / params ** truth["alpha"] + truth["B"] / tokens ** truth["beta"]
runs = pd.DataFrame(
    {"params": params, "tokens": tokens, "loss": loss * np.exp(0.003 * rng.normal(size=loss.size))}
)
print(runs.head())

# %% The constants, with the interval that resampled runs give
fitted = am.fit(runs, law="chinchilla", bootstraps=100, name="ours", measured_on="our web text")
print(fitted)
for sentence in fitted.warnings:
    print("-", sentence)

# %% The truth lies in the intervals
frame = fitted.to_frame()
frame["truth"] = pd.Series(truth)
print(frame.round(4))

# %% The law that ships, and ours, on the same question
problem = am.Problem("cat", budget="100B", params="2B")
both = am.sweep(problem, law=["datablations-2023-one-stage", fitted.law])
print(both.to_frame()[["law", "share cat", "share spa", "loss cat"]])
