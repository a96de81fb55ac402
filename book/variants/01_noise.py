"""Chapter 1: a judge whose two mistakes have different prices."""


def numbers(rng):
    missed, believed = rng.sample(range(2, 30), 2)
    return {
        "MISSED": missed,
        "BELIEVED": believed,
        "PERCENT": rng.choice([n for n in range(3, 98) if n != 50]),
        "HIDDEN_LOGITS": [round(rng.uniform(-6, 6), 2) for _ in range(9)],
        "HIDDEN_LABELS": [1, 0, *(rng.choice([0, 1]) for _ in range(7))],
    }


# %% [markdown] Two mistakes, two prices
# A discriminator guards a collection of digits. To reject a digit costs MISSED times as much as the chapter's loss says. To
# believe a fake costs BELIEVED times as much. Digits have the label 1, fakes the label 0.
#
# 1. Write `price(logits, y)`. It returns the mean price of a batch, as a tensor from which gradients flow. A logit may be as
#    large as 200 or as small as $-200$, and the price must stay a finite and exact number.
# 2. Among images that all look alike, PERCENT % are digits and the others are fakes. Which probability of "digit" should $D$
#    answer for them, so that it pays least on average? Give it as the number `cheapest`.

# %% solution
import torch
import torch.nn.functional as F


def price(logits, y):
    ### BEGIN SOLUTION
    y = y.to(logits.dtype)
    # -log sigmoid(l) is softplus(-l), and -log(1 - sigmoid(l)) is softplus(l): nothing overflows.
    return (MISSED * y * F.softplus(-logits) + BELIEVED * (1 - y) * F.softplus(logits)).mean()
    ### END SOLUTION


### BEGIN SOLUTION
# The derivative of -a log d - b log(1 - d) is zero at d = a / (a + b).
digit, fake = MISSED * PERCENT, BELIEVED * (100 - PERCENT)
cheapest = digit / (digit + fake)
### END SOLUTION

# %% check
import torch

logits = torch.tensor([0.3, -1.2], requires_grad=True)
found = price(logits, torch.tensor([1, 0]))
assert found.shape == (), "one number for the whole batch"
found.backward()
assert logits.grad[0] < 0 < logits.grad[1], "a digit wants a higher logit, a fake a lower one"
assert 0 < cheapest < 1, "a probability"

# %% hidden
import math

logits, labels = HIDDEN_LOGITS, HIDDEN_LABELS
paid = 0.0
for logit, label in zip(logits, labels):
    d = 1 / (1 + math.exp(-logit))
    paid -= MISSED * math.log(d) if label else BELIEVED * math.log(1 - d)
found = float(price(torch.tensor(logits), torch.tensor(labels)))
assert abs(found / (paid / len(labels)) - 1) < 1e-4, "another price: which mistake costs what?"
extreme = float(price(torch.tensor([-200.0, 200.0]), torch.tensor([1, 0])))
assert abs(extreme - 100 * (MISSED + BELIEVED)) < 1e-2, "at logits of 200 the price is not exact"
below, at, above = (
    -PERCENT * MISSED * math.log(d) - (100 - PERCENT) * BELIEVED * math.log(1 - d)
    for d in (cheapest - 1e-3, cheapest, cheapest + 1e-3)
)
assert at < below and at < above, "another answer costs less"

# %% wrong: logarithms of probabilities
import torch


def price(logits, y):
    d = torch.sigmoid(logits)
    return -(MISSED * y * d.log() + BELIEVED * (1 - y) * (1 - d).log()).mean()


cheapest = MISSED * PERCENT / (MISSED * PERCENT + BELIEVED * (100 - PERCENT))

# %% wrong: the prices are exchanged
import torch
import torch.nn.functional as F


def price(logits, y):
    return (BELIEVED * y * F.softplus(-logits) + MISSED * (1 - y) * F.softplus(logits)).mean()


cheapest = MISSED * PERCENT / (MISSED * PERCENT + BELIEVED * (100 - PERCENT))

# %% wrong: D answers with the share of digits
import torch
import torch.nn.functional as F


def price(logits, y):
    return (MISSED * y * F.softplus(-logits) + BELIEVED * (1 - y) * F.softplus(logits)).mean()


cheapest = PERCENT / 100
