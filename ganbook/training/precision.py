"""Two ways to make the same step in less time, for networks while they train: fewer bits, and compiled code."""

import traceback
from typing import cast

import torch
from torch import Tensor, nn

# Where an error comes from if it is one of compilation; the last notices what old versions get wrong without a word.
COMPILER = ("torch._dynamo", "torch._inductor", "torch._functorch", "ganbook.objectives.slope")


def fast(network: nn.Module, *, bf16: bool = False, compiled: bool = False) -> nn.Module:
    """Return `network`, to be trained in its place: the same weights, in bfloat16 or compiled or both, as asked.

    compiled: by torch.compile at the first step, which takes from seconds to a minute and needs a C++ compiler on CPUs.
        Sums are rounded in another order and dropout draws other masks, so the numbers differ a little. PyTorch cannot
        differentiate compiled code twice, as a gradient penalty asks.
    """
    network = BFloat16(network) if bf16 else network
    return cast(nn.Module, torch.compile(network)) if compiled else network


def of_compilation(error: BaseException) -> bool:
    """Say whether `error` was raised by what compiles networks and runs what was compiled, and not by the rest."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return False
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    raised_in = [module for module in modules if module != "torch"][-1]  # torch itself only has the assertion
    return raised_in.startswith(COMPILER) or type(error).__module__.startswith(COMPILER)


class BFloat16(nn.Module):
    """`network` with its matrix products and convolutions in bfloat16, and everything else as it was.

    The weights stay float32 and copies of them are rounded (Micikevicius et al., 2018, section 3.1, for float16). The
    output is float32 again, so losses and penalties are computed in float32. bfloat16 has 8 bits of precision and the
    range of float32, so nothing has to be scaled to keep gradients from vanishing.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for name in ("z_dim", "classes"):  # what `train` asks a network
            if hasattr(network, name):
                setattr(self, name, getattr(network, name))

    def forward(self, *inputs: Tensor, **labels: Tensor) -> Tensor:  # whatever `network` takes: see takes_labels
        with torch.autocast(inputs[0].device.type, dtype=torch.bfloat16):
            out = self.network(*inputs, **labels)
        return out.float()
