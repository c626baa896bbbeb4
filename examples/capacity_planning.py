"""How large must the model be? Parameters, tokens and mixture from one budget of compute."""

# %% One compute budget, three languages
import atlasmix as am

problem = am.Problem(["cat", "spa", "eng"], compute="1e22")
solution = problem.solve()
print(solution)
print(f"{solution.params / 1e9:.1f}B parameters, {solution.tokens / 1e9:.0f}B tokens")

# %% The other sizes that this compute pays for: how flat is the choice?
size = solution.question.allocation
for trial in size.others:
    print(
        f"{trial.params / 1e9:6.2f}B parameters  {trial.tokens / 1e9:7.0f}B tokens  "
        f"mean loss {trial.loss:.4f}"
    )

# %% What the next language costs: the same run asked to serve more of them
served = [["cat"], ["cat", "spa"], ["cat", "spa", "eng"], ["cat", "spa", "eng", "fra", "deu"]]
more = am.sweep(am.Problem("cat", budget="300B", params="4B"), targets=served)
print(more.to_frame()[["targets", "loss cat", "share cat"]])

# %% And what a larger model gives back
larger = am.sweep(
    am.Problem(["cat", "spa", "eng", "fra", "deu"], budget="300B"), params=["2B", "4B", "8B", "16B"]
)
print(larger.to_frame()[["params", "loss cat", "loss eng", "share cat"]])
