"""Chapter 6: the game on four places."""


def numbers(rng):
    while True:
        p = [rng.randint(1, 9) for _ in range(4)]
        q = [rng.randint(1, 9) for _ in range(4)]
        ratios = {round(a / b, 6) for a, b in zip(p, q)}
        if sum(p) == sum(q) == 20 and len(ratios) == 4:
            break
    return {
        "DATA": [a / 20 for a in p],
        "MADE": [b / 20 for b in q],
        "REAL": rng.choice([0.8, 0.85, 0.9, 0.95]),
        "FAKE": rng.choice([0.05, 0.1, 0.15, 0.2]),
    }


# %% [markdown] Four places
# There are four places. The data have the probabilities $p$ = DATA there, and the fakes have $q$ = MADE.
#
# 1. $D$ is trained with the label REAL for data and the label FAKE for fakes. Give its best answers as the list `best`.
# 2. Give the Jensen-Shannon divergence of $p$ and $q$ as `divergence`, with natural logarithms.
# 3. Now $D$ was trained with the labels 1 and 0, is at its best, and stands still. $G$ moves a very small share of its fakes from one place to another, and
#    plays the value function: it wants $\mathbb{E} \log(1 - D)$ small. From which place to which should it move them? Give the pair `move` = (from, to),
#    with the places 1 to 4.

# %% solution
import math

p, q = DATA, MADE
### BEGIN SOLUTION
# In the proof of the best D, a is the sum of what pulls to log t: REAL p of the data and FAKE q of the fakes.
best = [(REAL * a + FAKE * b) / (a + b) for a, b in zip(p, q)]
middle = [(a + b) / 2 for a, b in zip(p, q)]
divergence = sum(a * math.log(a / c) + b * math.log(b / c) for a, b, c in zip(p, q, middle)) / 2
sure = [a / (a + b) for a, b in zip(p, q)]  # away from where D is surest of a fake, to where it believes most
move = (1 + sure.index(min(sure)), 1 + sure.index(max(sure)))
### END SOLUTION

# %% check
assert len(best) == 4 and all(0 < d < 1 for d in best), "four probabilities"
assert 0 < divergence < math.log(2), "between 0 and log 2"
assert set(move) <= {1, 2, 3, 4} and len(move) == 2, "two of the places 1 to 4"

# %% hidden
import torch

p_, q_ = torch.tensor(DATA, dtype=torch.float64), torch.tensor(MADE, dtype=torch.float64)
table = torch.logit(torch.tensor([float(d) for d in best], dtype=torch.float64)).requires_grad_()
bce = torch.nn.functional.binary_cross_entropy_with_logits
loss = (p_ * bce(table, torch.full_like(table, REAL), reduction="none")).sum()
loss = loss + (q_ * bce(table, torch.full_like(table, FAKE), reduction="none")).sum()
(slope,) = torch.autograd.grad(loss, table)
assert slope.abs().max() < 1e-4, "at the best answers the loss of D has no slope"
even = (p_ + q_) / 2
jsd = ((p_ * (p_ / even).log()).sum() + (q_ * (q_ / even).log()).sum()) / 2
assert abs(divergence / jsd.item() - 1) < 1e-3, "another divergence"
d, values = p_ / (p_ + q_), {}
for here in range(4):
    for there in range(4):
        moved = q_.clone()
        moved[here], moved[there] = moved[here] - 1e-3, moved[there] + 1e-3
        values[here + 1, there + 1] = (moved * (1 - d).log()).sum().item()
values = {pair: value for pair, value in values.items() if pair[0] != pair[1]}
assert tuple(move) == min(values, key=values.get), "another move makes the value smaller"

# %% wrong: labels 1 and 0
import math

p, q = DATA, MADE
best = [a / (a + b) for a, b in zip(p, q)]
middle = [(a + b) / 2 for a, b in zip(p, q)]
divergence = sum(a * math.log(a / c) + b * math.log(b / c) for a, b, c in zip(p, q, middle)) / 2
move = (1 + best.index(min(best)), 1 + best.index(max(best)))

# %% wrong: the label of fakes is forgotten
import math

p, q = DATA, MADE
best = [REAL * a / (a + b) for a, b in zip(p, q)]
middle = [(a + b) / 2 for a, b in zip(p, q)]
divergence = sum(a * math.log(a / c) + b * math.log(b / c) for a, b, c in zip(p, q, middle)) / 2
move = (1 + best.index(min(best)), 1 + best.index(max(best)))

# %% wrong: the fakes move the other way
import math

p, q = DATA, MADE
best = [(REAL * a + FAKE * b) / (a + b) for a, b in zip(p, q)]
middle = [(a + b) / 2 for a, b in zip(p, q)]
divergence = sum(a * math.log(a / c) + b * math.log(b / c) for a, b, c in zip(p, q, middle)) / 2
sure = [a / (a + b) for a, b in zip(p, q)]
move = (1 + sure.index(max(sure)), 1 + sure.index(min(sure)))

# %% wrong: the divergence is not halved
import math

p, q = DATA, MADE
best = [(REAL * a + FAKE * b) / (a + b) for a, b in zip(p, q)]
middle = [(a + b) / 2 for a, b in zip(p, q)]
divergence = sum(a * math.log(a / c) + b * math.log(b / c) for a, b, c in zip(p, q, middle))
sure = [a / (a + b) for a, b in zip(p, q)]
move = (1 + sure.index(min(sure)), 1 + sure.index(max(sure)))
