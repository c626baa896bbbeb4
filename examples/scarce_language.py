"""One scarce language: Yoruba, 40M tokens a shelf holds, and a model that should still learn it."""

# %% What there is
import pandas as pd

import atlasmix as am

pools = am.Store().inventory().to_frame()
print(pools[pools["language"] == "yor"][["provenance", "corpus", "unique_tokens"]])

# %% A small model on 20B tokens
problem = am.Problem("yor", budget="20B", params="1B")
solution = problem.solve()
print(solution)
for sentence in solution.warnings[:3]:
    print("-", sentence)

# %% Repeating or borrowing? Scores as they are (κ = 0), and less one standard error (κ = 1)
for kappa in (0, 1):
    for cap in (1, 4, 16):
        limits = [am.MaxEpochs(cap)]
        answer = problem.with_(constraints=limits, risk_aversion=kappa).solve()
        own = answer.proportions.get("yor", 0.0)
        print(
            f"κ {kappa}, {cap:>2} epochs: reads {answer.tokens / 1e9:.2f}B, {own:.1%} Yoruba, "
            f"{len(answer.proportions) - 1} donors, predicted loss {answer.targets[0].loss:.2f}"
        )

# %% Translated text beside the little that people wrote: what it is worth decides
web = am.Store().inventory().to_frame()
own = web[web["language"] == "yor"].reset_index()[["language", "unique_tokens"]]
own["provenance"] = "human"
made = own.assign(provenance="translated", unique_tokens=10 * own["unique_tokens"])
both = am.Inventory.from_frame(pd.concat([own, made]), "with-translations")
for worth in (0.2, 0.5, 1.0):
    answer = am.Problem(
        "yor",
        budget="20B",
        params="1B",
        inventory=both,
        pools={"provenance": ["human", "translated"]},
        worth={"translated": worth},
    ).solve()
    read = answer.to_frame("pool")["tokens"] / 1e9
    print(f"worth {worth}: {read.round(2).to_dict()}, loss {answer.targets[0].loss:.3f}")

# %% What would help most
print(solution.prices()[["limit", "change", "relative"]])
