"""Unrolled GANs: Metz et al. (2017), "Unrolled generative adversarial networks"."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganbook.base import validate
from ganbook.base.errors import InputError


@dataclass(frozen=True)
class Unrolled:
    """Any `objective`, with a G that looks ahead: it is moved against the D that would stand there after `steps` steps.

    steps: K. 0 is `objective` itself.
    rate: eta, the length of the imagined steps.
    theta_D^(k+1) = theta_D^k - eta grad L_D, K times from the present D and on the same minibatch (section 2; the paper
    ascends what is here a loss). G descends its loss against D_K, and its gradient goes through all K steps. D itself
    takes its ordinary step. So G sees how D would answer: a batch of samples that are all alike looks good to D as it
    is, and bad to the D that has noticed.

    Each imagined step costs a pass through D and back, and G's gradient a second derivative of it. Ranks that train
    together imagine steps of their own, each on its part of the minibatch. BatchNorm in D normalises as in training,
    and its running statistics stay as they are.
    """

    objective: Any
    steps: int
    rate: float

    def discriminator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """The same as that of `objective`."""
        return self.objective.discriminator(critic, x, x_fake)

    def generator(self, critic: Callable[[Tensor], Tensor], x: Tensor, x_fake: Tensor) -> dict[str, Tensor]:
        """What `objective` gives for G, against D after the imagined steps. critic: a module, or one with its labels
        filled in, see ganbook.models.with_labels."""
        D, labels = (critic.func, critic.keywords) if isinstance(critic, partial) else (critic, {})
        if not isinstance(D, nn.Module):
            raise InputError(
                f"Expected a critic that is a network, whose steps can be imagined, got {validate.got(critic)}."
            )
        ahead: dict[str, Tensor] = dict(D.named_parameters())
        buffers = {name: b.clone() for name, b in D.named_buffers()}

        def looked_ahead(images: Tensor) -> Tensor:
            return functional_call(D, {**ahead, **buffers}, (images,), labels)

        for _ in range(self.steps):
            loss = self.objective.discriminator(looked_ahead, x, x_fake)["loss"]
            slopes = torch.autograd.grad(loss, list(ahead.values()), create_graph=True)
            ahead = {name: p - self.rate * slope for (name, p), slope in zip(ahead.items(), slopes)}
        return self.objective.generator(looked_ahead, x, x_fake)
