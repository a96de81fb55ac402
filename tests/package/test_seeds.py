"""Randomness by address: the same address, the same draws; another, others; nothing else is touched."""

import torch

from ganbook.base import seeds

CPU = torch.device("cpu")


def test_an_address_names_one_stream():
    a, b, c = (torch.randn(3, generator=seeds.generator(*parts)) for parts in (("z", 1), ("z", 1), ("z", 2)))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_addresses_do_not_run_together():
    parts = [(name, seed, step) for name in ("noise", "order") for seed in range(10) for step in range(500)]
    assert len({seeds.address(*p) for p in parts}) > len(parts) - 3  # 32 bits: a chance collision is rare
    assert seeds.address("a", 1, 23) != seeds.address("a", 12, 3)


def test_neighbouring_steps_are_uncorrelated():
    draws = torch.stack([torch.randn(2000, generator=seeds.generator("noise", 0, step)) for step in range(40)])
    correlation = torch.corrcoef(draws) - torch.eye(40)
    assert correlation.abs().max() < 5 / 2000**0.5


def test_the_global_generator_is_put_back():
    torch.manual_seed(0)
    expected = torch.rand(5)
    torch.manual_seed(0)
    with seeds.global_draws("dropout", 1, device=CPU):
        inside = torch.rand(5)
    assert torch.equal(torch.rand(5), expected)
    with seeds.global_draws("dropout", 1, device=CPU):
        assert torch.equal(torch.rand(5), inside)


def test_the_global_generator_is_put_back_after_an_error():
    state = torch.get_rng_state()
    try:
        with seeds.global_draws("dropout", 1, device=CPU):
            torch.rand(1)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert torch.equal(torch.get_rng_state(), state)
