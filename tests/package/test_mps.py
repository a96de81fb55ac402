"""Metrics and the space of the noise on a device without float64: the same numbers as on the CPU, and no TypeError."""

import pytest
import torch

from ganbook.base.devices import full_float32
from ganbook.metrics.classes import class_shares, kl, modes
from ganbook.metrics.frechet import frechet
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.neighbours import copying, nearest, prdc
from ganbook.metrics.strokes import properties
from ganbook.viewing import latent
from tests.package.pretended_mps import OnMPS, pretended_mps

RNG = torch.Generator().manual_seed(0)
A, B, C = torch.randn(3, 60, 6, generator=RNG)
Y = torch.arange(60) % 3
P = torch.softmax(A, dim=1)
X = torch.rand(5, 1, 8, 8, generator=RNG) * 2 - 1
CALLS = {
    "frechet": lambda to: frechet(to(A), to(B)),
    "kernel": lambda to: kernel_distance(to(A), to(B), block=20),
    "inception": lambda to: inception_score(to(P)),
    "prdc": lambda to: prdc(to(A), to(B)),
    "nearest": lambda to: nearest(to(A), to(B)),
    "copying": lambda to: copying(to(A), to(B), to(C)),
    "class_shares": lambda to: class_shares(to(Y), 3),
    "kl": lambda to: kl(to(P[0]), to(P[1])),
    "modes": lambda to: modes(to(Y), 3, least=0.3),
    "properties": lambda to: properties(to(X)),
    "slerp": lambda to: latent.slerp(to(A), to(B), to(torch.linspace(0, 1, 4))),
    "truncate": lambda to: latent.truncate(to(A), 0.7),
    "class_means": lambda to: latent.class_means(to(A), to(Y), 3),
    "regress": lambda to: latent.regress(to(A), to(B[:, 0])),
}


def on_the_cpu(value):
    if isinstance(value, dict):
        return [on_the_cpu(part) for part in value.values()]
    if isinstance(value, tuple):
        return [on_the_cpu(part) for part in value]
    return value.values_on_cpu if isinstance(value, OnMPS) else torch.as_tensor(value)


def test_the_pretended_device_refuses_float64_and_mixing():
    with pretended_mps():
        x = OnMPS(A)
        assert x.device.type == "mps" and (x + 1).device.type == "mps"
        with pytest.raises(TypeError, match="float64"):
            x.double()
        with pytest.raises(RuntimeError, match="same device"):
            x + B


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_device_without_float64_gives_the_same_numbers(call):
    with pretended_mps():
        found = call(OnMPS)
    expected = call(lambda x: x)
    for one, other in zip(
        torch.utils._pytree.tree_leaves(on_the_cpu(found)), torch.utils._pytree.tree_leaves(on_the_cpu(expected))
    ):
        assert torch.allclose(one.double(), other.double(), atol=1e-5)


@pytest.mark.skipif(not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="PyTorch before 2.9")
def test_full_float32_puts_back_what_the_user_has_set():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with full_float32(torch.device("cpu")):
            assert torch.backends.cuda.matmul.fp32_precision == torch.backends.cudnn.conv.fp32_precision == "ieee"
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
