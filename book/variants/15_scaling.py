"""Chapter 15: a batch in unequal parts."""


def numbers(rng):
    counts = rng.sample(range(20, 61), 3)
    while True:
        means = [rng.randint(-8, 8) / 4 for _ in range(3)]
        if len(set(means)) == 3:
            break
    return {
        "COUNTS": counts,
        "MEANS": means,
        "VARIANCES": [rng.randint(2, 12) / 4 for _ in range(3)],
        "PARAMETERS": rng.choice([20, 25, 30, 40, 50]) * 10**6,
        "EACH": rng.choice([12, 16, 20]),
        "IMAGE": rng.choice([3, 4, 5, 6, 7]) * 10**6,
        "MEMORY": rng.choice([2, 3, 4]) * 10**9,
        "WHOLE": rng.choice([1024, 1536, 2048, 4096]),
    }


# %% [markdown] A batch in parts
# Three ranks share a batch as COUNTS images. On its part each rank measures, for one channel, the means MEANS and the variances VARIANCES (divided by the number
# of values).
#
# 1. Give the mean and the variance of the whole batch as `mean` and `variance`, which BatchNorm would have used in one process.
# 2. Each rank has the gradient of the *mean* loss of its part. Give `weights`, the three numbers by which the gradients must be multiplied so that their sum is
#    the gradient of the mean loss of the whole batch.
# 3. A network has PARAMETERS parameters and holds EACH bytes for each. An image needs IMAGE bytes of activations. The card has MEMORY bytes. How many images
#    fit at once? Give it as `largest`. How many passes forward and backward must be added up for one batch of WHOLE images? Give it as `passes`.

# %% solution
import math

counts, means, variances = COUNTS, MEANS, VARIANCES
### BEGIN SOLUTION
weights = [n / sum(counts) for n in counts]
mean = sum(w * m for w, m in zip(weights, means))
# The variance within the parts, and that of their means.
variance = sum(w * (v + (m - mean) ** 2) for w, v, m in zip(weights, variances, means))
largest = (MEMORY - EACH * PARAMETERS) // IMAGE
passes = math.ceil(WHOLE / largest)
### END SOLUTION

# %% check
assert variance > 0 and len(weights) == 3, "a variance, and three weights"
assert largest == int(largest) > 0 and passes == int(passes) > 0, "two whole numbers"

# %% hidden
import torch

parts = []
for n, m, v in zip(COUNTS, MEANS, VARIANCES):
    x = torch.linspace(-1, 1, n, dtype=torch.float64) ** 3
    parts.append(m + (x - x.mean()) / x.std(correction=0) * v**0.5)
values = torch.cat(parts)
assert abs(mean - values.mean().item()) < 1e-4, "another mean of the whole batch"
assert abs(variance / values.var(correction=0).item() - 1) < 1e-4, "another variance of the whole batch"
w = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
slopes = [torch.autograd.grad(((w * part).sin()).mean(), w)[0] for part in parts]
(whole,) = torch.autograd.grad((w * values).sin().mean(), w)
assert abs(sum(a * slope for a, slope in zip(weights, slopes)) - whole) < 1e-6, "another gradient"
assert all(abs(a * sum(COUNTS) - n) < 1e-4 for a, n in zip(weights, COUNTS)), "other weights"
held = EACH * PARAMETERS
assert held + largest * IMAGE <= MEMORY < held + (largest + 1) * IMAGE, "fill the card, and no more"
assert (passes - 1) * largest < WHOLE <= passes * largest, "another number of passes"

# %% wrong: the parts count the same
import math

counts, means, variances = COUNTS, MEANS, VARIANCES
weights = [1 / 3] * 3
mean = sum(means) / 3
variance = sum(v + (m - mean) ** 2 for v, m in zip(variances, means)) / 3
largest = (MEMORY - EACH * PARAMETERS) // IMAGE
passes = math.ceil(WHOLE / largest)

# %% wrong: the means of the parts do not count
import math

counts, means, variances = COUNTS, MEANS, VARIANCES
weights = [n / sum(counts) for n in counts]
mean = sum(w * m for w, m in zip(weights, means))
variance = sum(w * v for w, v in zip(weights, variances))
largest = (MEMORY - EACH * PARAMETERS) // IMAGE
passes = math.ceil(WHOLE / largest)

# %% wrong: the parameters need no memory
import math

counts, means, variances = COUNTS, MEANS, VARIANCES
weights = [n / sum(counts) for n in counts]
mean = sum(w * m for w, m in zip(weights, means))
variance = sum(w * (v + (m - mean) ** 2) for w, v, m in zip(weights, variances, means))
largest = MEMORY // IMAGE
passes = math.ceil(WHOLE / largest)
