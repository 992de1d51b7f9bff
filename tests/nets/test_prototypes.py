"""The prototype head: similarities, projection onto training trials, terms of its loss."""

import math

import pytest
import torch

from neurodecode.core import Spec
from neurodecode.nets import build
from neurodecode.nets.prototypes import PrototypeHead, with_prototypes


@pytest.fixture
def head():
    torch.manual_seed(0)
    return PrototypeHead(4, 3, n_prototypes=2)


def test_after_projection_a_prototype_is_a_training_trial(head):
    features, y = torch.randn(30, 4), torch.arange(30) % 3
    assert (head.source == -1).all()
    head.project(features, y)
    assert torch.equal(y[head.source], head.classes)
    likeness = head.similarity(features[head.source]).diagonal()
    torch.testing.assert_close(likeness, torch.full((6,), math.log(1e4)))  # 9.2103
    nearest = head.distance(features).argmin(0)
    assert torch.equal(nearest, head.source)


def test_an_output_is_what_likeness_to_its_own_prototypes_gives(head):
    with torch.no_grad():
        outputs = head(head.prototypes)
    assert outputs.argmax(1).tolist() == [0, 0, 1, 1, 2, 2]
    assert head.weigh.weight[0].tolist() == [1, 1, -0.5, -0.5, -0.5, -0.5]


def test_terms(head):
    with torch.no_grad():
        head.prototypes.copy_(10 * torch.eye(6, 4))
    cluster, separation = head.terms(10 * torch.eye(1, 4), torch.tensor([0]))
    assert cluster.item() == 0 and separation.item() == 100  # the origin stands for class 2


def test_on_a_network():
    net = build("mvcnet", Spec(3, 250, 250.0, 2))
    judged = with_prototypes(net, 3)
    judged(torch.randn(2, 3, 250)).square().sum().backward()
    assert all(p.grad is not None for p in judged.parameters())
    assert all(p.grad is None for p in net.parameters())
