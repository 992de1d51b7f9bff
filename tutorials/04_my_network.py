"""My network against the others: a function from a `Spec` to a torch module is all it takes.

Under half a minute on one core; a network worth its name wants more epochs and more seeds.
"""

import torch
import torch.nn as nn

import neurodecode as nd


class LogPower(nn.Module):
    """Logarithm of the mean power over time: what motor imagery changes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.square().mean(dim=-1).clamp(min=1e-6).log()  # (batch, filters)


def my_net(spec: nd.Spec) -> nn.Module:
    """Filters over space, filters over time, their power, a linear layer; sizes from the data."""
    return nn.Sequential(
        nn.Conv1d(spec.n_channels, 8, 1, bias=False),
        nn.Conv1d(8, 8, 33, groups=8, bias=False),
        LogPower(),
        nn.Linear(8, spec.n_outputs),
    )


# An ordinary scikit-learn classifier: strings in, strings out, early stopping inside its own
# training data.
clf = nd.decoders.NetClassifier(my_net, epochs=30, device="auto")

epochs = nd.load("sim-mi")
print(epochs)

if __name__ == "__main__":
    result = nd.benchmark(epochs, ["tangent-lr", ("mine", clf)], split="cross-subject", k=3)
    print(result.table())
    print(result.compare("mine", "tangent-lr"))
