"""A benchmark that a reviewer believes: splits, intervals, chance, comparison, report.

Here on simulated data of known truth; with real sets nothing but the names changes. Under half a
minute.
"""

import neurodecode as nd

# A recipe is a few lines of TOML. Names come from nd.list("step"), "feature" and "decoder".
MY_RECIPE = """
title = "Log band power of two bands, shrinkage LDA"
family = "linear"

[[step]]
name = "band-power"
bands = [[8, 12], [18, 26]]

[[step]]
name = "shrinkage-lda"
"""
with open("my_recipe.toml", "w", encoding="utf-8") as file:
    file.write(MY_RECIPE)


def main() -> nd.Result:
    """Everything that starts worker processes belongs in a function, on every system."""
    return nd.benchmark(
        datasets=["sim-mi"],
        recipes=["tangent-lr", "csp-lda", "my_recipe.toml"],
        split="cross-session",
        out="runs/mi",  # killed and started again, it goes on where it was
    )


if __name__ == "__main__":
    result = main()

    # Score, 95 % interval, chance, what was published, what it cost.
    print(result.table(by="dataset"))
    print(result.table(by="dataset", format="latex"))

    # Predictions of every trial are kept: any other metric needs no new run.
    print(result.table(metric="roc-auc"))

    # A difference on each data set, with a test that knows the folds share their training data.
    print(result.compare("tangent-lr", "csp-lda"))

    print("open", result.report("runs/mi/report.html"))
