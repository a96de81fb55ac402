"""Randomness by address: the same address, the same draws; another, others; nothing else is touched."""

import contextlib
import hashlib
import types

import numpy as np
import pytest
import torch

from ganbook.base import seeds
from ganbook.base.errors import InputError

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


def test_addresses_of_python_numbers_are_what_checkpoints_were_trained_with():
    """The definition that stored networks follow: BLAKE2b over the repr of the parts."""
    for parts in (("noise", 0, 1), ("order", 3, 0), ("weights", "eye"), ("x",), ("noise", -5, 10**12)):
        digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).digest()
        assert seeds.address(*parts) == int.from_bytes(digest, "big")


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint32, torch.tensor, np.array])
def test_a_whole_number_is_one_address_in_every_type(kind):
    assert seeds.address("noise", kind(3), 1) == seeds.address("noise", 3, 1)
    assert seeds.address(np.str_("noise"), 3) == seeds.address("noise", 3) != seeds.address("noise", "3")
    assert seeds.address("x", True) == seeds.address("x", 1)


@pytest.mark.parametrize("part", [1.5, 3.0, -0.0, None, (1, 2), b"noise", np.float32(3), float("nan"), [3]])
def test_what_is_no_whole_number_is_no_seed(part):
    with pytest.raises(InputError, match="Expected a seed that is a whole number"):
        seeds.generator("noise", part)
    with pytest.raises(InputError, match="Expected a seed"), seeds.global_draws("noise", part, device=CPU):
        pass


class Gpus:
    """Three GPUs as torch.cuda shows them: a generator each, and functions that speak of the current one."""

    def __init__(self):
        self.generators = [torch.Generator().manual_seed(i) for i in range(3)]
        self.current = 0

    @contextlib.contextmanager
    def device(self, device):
        before, self.current = self.current, self.current if device.index is None else device.index
        yield
        self.current = before

    def current_device(self):
        return self.current

    def get_rng_state(self):
        return self.generators[self.current].get_state()

    def set_rng_state(self, state):
        self.generators[self.current].set_state(state)

    def manual_seed(self, seed):
        self.generators[self.current].manual_seed(seed)


@pytest.mark.parametrize("current", [0, 1, 2])
@pytest.mark.parametrize("index", [None, 0, 1, 2])
@pytest.mark.parametrize("fails", [False, True])
def test_on_several_gpus_only_the_generator_of_the_one_that_is_meant_is_set_and_put_back(
    monkeypatch, current, index, fails
):
    gpus = Gpus()
    gpus.current = current
    names = ("device", "current_device", "get_rng_state", "set_rng_state", "manual_seed")
    monkeypatch.setattr(torch, "cuda", types.SimpleNamespace(**{name: getattr(gpus, name) for name in names}))
    meant = current if index is None else index
    before = [generator.get_state() for generator in gpus.generators]
    started = torch.Generator().manual_seed(seeds.address("dropout", 7)).get_state()
    with contextlib.suppress(KeyboardInterrupt), seeds.global_draws("dropout", 7, device=torch.device("cuda", index)):
        for i, generator in enumerate(gpus.generators):
            assert torch.equal(generator.get_state(), started if i == meant else before[i])
        assert gpus.current == current, "the block may choose a GPU for itself"
        torch.rand(5, generator=gpus.generators[meant])
        gpus.current = (current + 1) % 3
        if fails:
            raise KeyboardInterrupt
    assert all(torch.equal(g.get_state(), b) for g, b in zip(gpus.generators, before))
