"""Norms of gradients: closed forms, and the difference between none and zero."""

import math

import torch
from torch import nn

from ganbook.viewing.gradients import gradient_norms


def test_the_norm_of_a_linear_layers_gradient():
    net = nn.Linear(2, 1)
    net(torch.tensor([[3.0, 4.0]])).sum().backward()  # d/dw (w x + b) = x, d/db = 1
    assert gradient_norms(net) == {"weight": 5.0, "bias": 1.0}


def test_missing_is_not_zero():
    net = nn.ModuleDict({"used": nn.Linear(2, 1), "dead": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    x = torch.ones(1, 2)
    (net["used"](x).sum() + 0 * net["dead"](x).sum()).backward()
    norms = gradient_norms(net)
    assert norms["used.weight"] > 0 and norms["dead.weight"] == 0 and math.isnan(norms["unused.weight"])
