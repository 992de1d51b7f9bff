"""Graphs of channels: nodes, edges, polynomials, curvature; and the networks on them."""

import math

import networkx
import numpy as np
import pytest
import torch

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.nets import build
from neurodecode.nets.graph.convolution import (
    ChebyshevConv,
    GraphConv,
    chebyshev,
    laplacian,
    rescaled,
)
from neurodecode.nets.graph.edges import EDGES, Fixed, PhaseLocking, heat, make_edges
from neurodecode.nets.graph.geometric import eigenmap, heat_of, nearest
from neurodecode.nets.graph.nodes import NODES, DifferentialEntropy
from neurodecode.nets.graph.ricci import curvature, ricci_flow, transport_cost

POSITIONS = np.random.default_rng(0).normal(size=(6, 3))
SPEC = Spec(6, 200, 200.0, 3, positions=POSITIONS)


def made(name, spec=SPEC, **params):
    torch.manual_seed(0)
    return build(name, spec, **params)


def some_graph(n: int = 6) -> torch.Tensor:
    weights = torch.rand(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return (weights + weights.T) * (1 - torch.eye(n, dtype=torch.float64))


class TestNodes:
    def test_entropy_of_unit_variance(self):
        x = torch.randn(1, 1, 100_000, generator=torch.Generator().manual_seed(0)).double()
        x = (x - x.mean()) / x.std(unbiased=False)
        whole = DifferentialEntropy(100_000, 100.0, ((0.0001, 50.0),))
        assert float(whole(x)) == pytest.approx(0.5 * math.log(2 * math.pi * math.e), abs=1e-4)

    def test_entropy_of_a_sine_lies_in_its_band(self):
        t = torch.arange(200) / 200
        found = DifferentialEntropy(200, 200.0)(torch.sin(2 * math.pi * 10 * t)[None, None])[0, 0]
        expected = 0.5 * math.log(2 * math.pi * math.e * 0.5)  # variance of a sine: a half
        assert float(found[2]) == pytest.approx(expected, abs=1e-5) and int(found.argmax()) == 2

    def test_windows_too_short_for_a_band(self):
        with pytest.raises(DataError, match="no entropy of 1-3 Hz in 50 samples at 200 Hz"):
            made("dgcnn", Spec(6, 50, 200.0, 2))
        with pytest.raises(DataError, match="no entropy of 31-50 Hz"):
            made("dgcnn", Spec(6, 90, 90.0, 2))


class TestEdges:
    @pytest.mark.parametrize("name", EDGES)
    def test_symmetric_hollow_and_not_negative(self, name):
        torch.manual_seed(0)
        weights = make_edges(name, SPEC, 5)(torch.randn(4, 6, 200), torch.randn(4, 6, 5)).detach()
        torch.testing.assert_close(weights, weights.transpose(-1, -2))
        assert bool((weights >= 0).all()) and float(weights.diagonal(0, -2, -1).abs().max()) == 0
        assert float(weights.max()) > 0

    def test_correlation_is_numpys(self):
        x = np.random.default_rng(0).normal(size=(3, 6, 200))
        found = make_edges("correlation", SPEC, 1)(torch.tensor(x), torch.zeros(1))
        expected = np.stack([np.abs(np.corrcoef(each)) - np.eye(6) for each in x])
        np.testing.assert_allclose(found, expected, atol=1e-12)

    def test_phase_locking_of_a_constant_lag_is_one(self):
        t = torch.arange(200, dtype=torch.float64) / 200
        x = torch.stack([torch.sin(20 * math.pi * t), torch.sin(20 * math.pi * t + 1),
                         torch.sin(26 * math.pi * t)])[None]  # fmt: skip
        found = PhaseLocking()(x, torch.zeros(1))[0]
        assert float(found[0, 1]) == pytest.approx(1) and float(found[0, 2]) < 1e-10

    def test_heat_at_the_median_distance(self):
        corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
        assert heat(corners)[0, 1] == pytest.approx(math.exp(-1))

    def test_arrays_functions_and_modules(self):
        weights = some_graph().numpy()
        x, nodes = torch.randn(2, 6, 200), torch.randn(2, 6, 5)
        for given in (weights, torch.tensor(weights), lambda x, nodes: torch.tensor(weights)):
            made_edges = make_edges(given, SPEC, 5)
            np.testing.assert_allclose(made_edges(x, nodes), weights, atol=1e-6)
        module = Fixed(weights)
        assert make_edges(module, SPEC, 5) is module

    def test_what_is_no_graph(self):
        for wrong in (np.ones((2, 3)), -np.ones((6, 6)), np.triu(np.ones((6, 6)))):
            with pytest.raises(DataError, match="not the edges of a graph"):
                make_edges(wrong, SPEC, 5)
        with pytest.raises(DataError, match="other channels"):
            make_edges(np.ones((4, 4)), SPEC, 5)
        with pytest.raises(DataError, match="where the channels are"):
            make_edges("distance", Spec(6, 200, 200.0, 2), 5)
        with pytest.raises(UnknownName, match="phase-locking"):
            make_edges("phase-lock", SPEC, 5)


class TestChebyshev:
    def test_two_nodes(self):
        """Eigenvalues 0 and 2 go to -1 and 1, where T_k is (-1)^k and 1."""
        matrix = laplacian(torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64))
        np.testing.assert_allclose(np.linalg.eigvalsh(matrix), [0, 2], atol=1e-12)
        scaled = rescaled(matrix)
        np.testing.assert_allclose(np.linalg.eigvalsh(scaled), [-1, 1], atol=1e-12)
        for k, each in enumerate(chebyshev(scaled, torch.eye(2, dtype=torch.float64), 5)):
            np.testing.assert_allclose(np.linalg.eigvalsh(each), sorted([(-1) ** k, 1]), atol=1e-12)

    def test_polynomials_of_the_spectrum(self):
        """T_k(L) has the eigenvalues cos(k arccos l): no power of L has."""
        scaled = rescaled(laplacian(some_graph()))
        values, vectors = torch.linalg.eigh(scaled)
        angle = values.clamp(-1, 1).acos()
        for k, each in enumerate(chebyshev(scaled, torch.eye(6, dtype=torch.float64), 6)):
            expected = vectors @ torch.diag((k * angle).cos()) @ vectors.T
            torch.testing.assert_close(each, expected, rtol=0, atol=1e-6)

    def test_order_one_ignores_the_graph_and_order_two_does_not(self):
        x = torch.randn(2, 6, 5)
        for order, same in ((1, True), (2, False)):
            torch.manual_seed(0)
            convolve = ChebyshevConv(5, 4, order)
            one, other = (convolve(x, graph) for graph in (torch.ones(6, 6), torch.eye(6).roll(1)))
            assert torch.allclose(one, other) is same

    def test_a_node_without_edges_keeps_to_itself(self):
        weights = torch.zeros(3, 3)
        weights[0, 1] = weights[1, 0] = 1
        assert laplacian(weights)[2].tolist() == [0, 0, 1]
        x = torch.randn(1, 3, 2)
        alone = GraphConv(2, 4)
        torch.testing.assert_close(alone(x, weights)[0, 2], alone.mix(x)[0, 2])

    def test_order_of_nodes(self):
        order, x, weights = torch.tensor([2, 0, 1, 5, 4, 3]), torch.randn(2, 6, 5), some_graph()
        for convolve in (ChebyshevConv(5, 4, 3).double(), GraphConv(5, 4).double()):
            moved = convolve(x[:, order].double(), weights[order][:, order])
            torch.testing.assert_close(moved, convolve(x.double(), weights)[:, order])


class TestDGCNN:
    def test_graph_is_symmetric_whatever_is_learned(self):
        net = made("dgcnn")
        edges = net.body[0].graphs[0]
        with torch.no_grad():
            edges.weights.normal_()
        weights = edges(torch.zeros(1), torch.zeros(1))
        torch.testing.assert_close(weights, weights.T)

    @pytest.mark.parametrize("nodes", NODES)
    def test_nodes(self, nodes):
        assert made("dgcnn", nodes=nodes)(torch.randn(2, 6, 200)).shape == (2, 3)

    def test_several_graphs_and_regions(self):
        net = made("dgcnn", edges=["learned", "distance", "attention"], regions=[[0, 1, 2], [3, 5]])
        assert net.head.in_features == (6 + 2) * 3 * 64
        net(torch.randn(4, 6, 200)).square().sum().backward()
        assert all(p.grad is not None for p in net.parameters())
        assert made("dgcnn", regions=[[0], [1]]).head.in_features == (6 + 2) * 64

    def test_regions_that_are_not_there(self):
        for regions in ([[0, 6]], [[]], [[-1]]):
            with pytest.raises(DataError, match="a region without channels"):
                made("dgcnn", regions=regions)

    def test_unknown_nodes(self):
        with pytest.raises(UnknownName, match="differential-entropy"):
            made("dgcnn", nodes="entropy")


def lengths_of(graph) -> np.ndarray:
    return networkx.to_numpy_array(graph)


# graph, edge: curvature at alpha 0 and at alpha .5
CURVATURES = [
    *[(networkx.complete_graph(n), (0, 1), (n - 2) / (n - 1), n / (2 * (n - 1)))
      for n in (2, 3, 4, 5, 8)],
    (networkx.cycle_graph(4), (0, 1), 0, 0.5),
    (networkx.cycle_graph(5), (0, 1), 0, 0.25),
    (networkx.cycle_graph(6), (0, 1), 0, 0),
    (networkx.cycle_graph(9), (0, 1), 0, 0),
    (networkx.path_graph(6), (2, 3), 0, 0),
    (networkx.path_graph(6), (0, 1), 0, 0.5),
    (networkx.star_graph(4), (0, 1), 0, 0.25),
    (networkx.Graph([(0, 1), *((0, i) for i in (2, 3, 4)), *((1, i) for i in (5, 6, 7))]),
     (0, 1), -1, -0.5),
]  # fmt: skip


class TestRicci:
    @pytest.mark.parametrize(("graph", "edge", "at_0", "at_half"), CURVATURES)
    def test_closed_forms(self, graph, edge, at_0, at_half):
        lengths = lengths_of(networkx.Graph(graph))
        assert curvature(lengths, 0.0)[edge] == pytest.approx(at_0, abs=1e-9)
        assert curvature(lengths, 0.5)[edge] == pytest.approx(at_half, abs=1e-9)

    def test_flow_stretches_the_bridge_of_two_cliques(self):
        graph = networkx.disjoint_union(networkx.complete_graph(5), networkx.complete_graph(5))
        graph.add_edge(4, 5)
        lengths = lengths_of(graph)
        first = curvature(lengths)
        found = [first[4, 5], first[0, 4], first[0, 1]]
        np.testing.assert_allclose(found, [-0.6, 0.425, 0.625], atol=1e-9)
        table = {1: (1.384, 1.023), 4: (2.696, 1.116), 8: (4.549, 1.274)}
        for n_sweeps, (bridge, inner) in table.items():
            after = ricci_flow(lengths, n_sweeps, 0.3)
            assert after.sum() == pytest.approx(lengths.sum())
            assert after[4, 5] == pytest.approx(bridge, abs=5e-4)
            after[4, 5] = after[5, 4] = 0
            assert after.max() == pytest.approx(inner, abs=5e-4)

    def test_transport_is_the_whole_linear_programme(self):
        from scipy.optimize import linprog

        rng = np.random.default_rng(0)
        points = rng.normal(size=(7, 2))
        distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
        source, target = rng.dirichlet(np.ones(7), size=2)
        sums = np.vstack([np.repeat(np.eye(7), 7, 1), np.tile(np.eye(7), 7)])
        whole = linprog(distances.ravel(), A_eq=sums, b_eq=np.concatenate([source, target]))
        assert transport_cost(source, target, distances) == pytest.approx(whole.fun, abs=1e-9)

    def test_what_is_no_graph(self):
        for wrong in (np.triu(np.ones((3, 3))), -np.ones((3, 3)), np.ones((2, 3))):
            with pytest.raises(DataError, match="not the lengths"):
                curvature(wrong)
        with pytest.raises(DataError, match="not a share"):
            curvature(np.ones((3, 3)), 1.0)
        with pytest.raises(DataError, match="not a step"):
            ricci_flow(np.ones((3, 3)), step=1.0)


class TestGeometric:
    def test_nearest_neighbours_are_joined_both_ways(self):
        line = np.array([[0.0], [1.0], [2.0], [10.0]])
        edges = nearest(line, 1) > 0
        assert edges.tolist() == edges.T.tolist() and edges.sum(1).tolist() == [1, 2, 2, 1]

    def test_eigenmap_of_a_ring_is_a_circle(self):
        ring = lengths_of(networkx.cycle_graph(8))
        places = eigenmap(ring, 2)
        radius = np.linalg.norm(places, axis=1)
        np.testing.assert_allclose(radius, radius[0])
        np.testing.assert_allclose(ring @ places, 2 * np.cos(np.pi / 4) * places, atol=1e-12)

    def test_graph_of_other_channels_and_no_positions(self):
        with pytest.raises(DataError, match="other channels"):
            made("geometric", lengths=np.ones((4, 4)))
        with pytest.raises(DataError, match="where the channels are"):
            made("geometric", Spec(6, 200, 200.0, 2))

    def test_curvature_has_an_effect(self):
        still, moved = (made("geometric", n_sweeps=n).body[0].weights for n in (0, 3))
        np.testing.assert_allclose(still, heat_of(nearest(POSITIONS, 3)), rtol=1e-6)
        assert not torch.allclose(still, moved)
