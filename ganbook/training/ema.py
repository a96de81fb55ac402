"""The exponential moving average of a generator's weights."""

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged(G: nn.Module, decay: float) -> AveragedModel:
    """Return a copy of `G` that `update_parameters(G)` moves: w_avg <- decay w_avg + (1 - decay) w, BatchNorm's too.

    The first call copies, so the average does not remember the random weights (Yazici et al., 2019, section 2).
    """
    return AveragedModel(G, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def decayed(average: AveragedModel, decay: float) -> None:
    """From now on, average with `decay`: for a recipe whose average lengthens in the course of a training."""
    average.multi_avg_fn = get_ema_multi_avg_fn(decay)
