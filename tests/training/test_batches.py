import pytest
import torch

from neurodecode.training.batches import index_batches, n_batches


@pytest.mark.parametrize(
    ("n", "size", "lengths"),
    [(8, 4, [4, 4]), (9, 4, [4, 5]), (10, 4, [4, 4, 2]), (1, 4, [1]), (3, 4, [3]), (3, 2, [3])],
)
def test_every_trial_once_and_no_batch_of_one(n, size, lengths):
    index = torch.arange(n) + 100
    batches = index_batches(index, size, torch.Generator().manual_seed(0))
    assert [len(batch) for batch in batches] == lengths
    assert n_batches(n, size) == len(lengths)
    assert torch.equal(torch.cat(batches).sort().values, index)


def test_order_changes_with_every_epoch():
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.cat(index_batches(torch.arange(50), 8, generator)) for _ in range(2))
    assert not torch.equal(first, second)
