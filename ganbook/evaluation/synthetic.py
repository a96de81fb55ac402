"""Are the samples good for anything? Train a classifier on them, and test it on real images."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def trained_on(
    x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor, *, steps: int = 1000, m: int = 100, seed: int = 0
) -> float:
    """Return the accuracy on (x_test, y_test) of a small classifier trained on (x, y) alone.

    x: (n, c, h, w) or (n, d); y: int64 (n,) from 0 to 9. The classifier has one hidden layer of 256 ReLU units and is
    trained by Adam (rate 1e-3, its default) on `steps` batches of `m` drawn with replacement, so that its effort does
    not depend on n. The global random state is left as it was.
    Source: Ravuri and Vinyals (2019), "Classification accuracy score for conditional generative models", section 3.

    Raises ValueError if images and labels do not fit together.
    """
    for images, labels in ((x, y), (x_test, y_test)):
        if labels.shape != images.shape[:1] or images.shape[1:] != x.shape[1:] or x.ndim < 2 or 0 in images.shape:
            raise ValueError(
                f"Expected x and y of one length n > 0, got {tuple(images.shape)} and {tuple(labels.shape)}."
            )
        if labels.dtype != torch.int64 or labels.min() < 0 or labels.max() > 9:
            raise ValueError(f"Expected labels y int64 from 0 to 9, got {labels.dtype} {labels[:5].tolist()}...")
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # initial weights
        net = nn.Sequential(nn.Linear(x[0].numel(), 256), nn.ReLU(), nn.Linear(256, 10))
    net = net.to(x.device)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, x_test = x.flatten(1).float(), x_test.flatten(1).float()  # (n, 1, 28, 28) -> (n, 784)
    with torch.enable_grad():
        for _ in range(steps):
            i = torch.randint(len(x), (m,), generator=rng).to(x.device)
            loss = F.cross_entropy(net(x[i]), y[i])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        return int((net(x_test).argmax(1) == y_test).sum()) / len(y_test)
