"""Chapter 16: a leaderboard with an unequal search, a code of a VAE, and memory that fades."""


def numbers(rng):
    from itertools import combinations

    def best(values, k):
        lowest = [min(chosen) for chosen in combinations(values, k)]
        return sum(lowest) / len(lowest)

    while True:
        many = rng.sample(range(40, 160), 8)
        few = rng.sample(range(40, 160), 3)
        fair = best(many, 3), best(few, 3)
        # By the best seed of each, the method with more seeds wins. At an equal number of seeds it need not.
        if min(many) < min(few) and abs(fair[0] - fair[1]) > 3 and (fair[0] > fair[1]) == (rng.random() < 0.7):
            break
    return {
        "MANY": [value / 10 for value in many],
        "FEW": [value / 10 for value in few],
        "CODE_MEAN": [rng.randint(-6, 6) / 4 for _ in range(3)],
        "CODE_SD": [rng.choice([0.2, 0.4, 0.5, 0.8, 1.2]) for _ in range(3)],
        "KNOWN": rng.choice([20, 30, 40, 50, 60, 80]),
        "GENERATIONS": rng.randint(5, 40),
    }


# %% [markdown] Before you believe a leaderboard
# 1. Method A was trained from eight seeds and reached the distances MANY. Method B was trained from three, and reached FEW. Each reports its best seed. Take as many
#    seeds of A as B had, in all possible ways. Give `fair`, the mean of the best distance of A over these ways, and `leader`, the name ("A" or "B") of
#    the method whose best of three is smaller.
# 2. The encoder of a VAE gives an image a code of three independent normal components with the means CODE_MEAN and the standard deviations CODE_SD.
#    Give the KL divergence from this code to $\mathcal{N}(0, I)$ as `kl`, in nats.
# 3. A generator knows KNOWN images by heart and draws each with the same chance. The next one learns KNOWN of its drawings by heart, and so on. After
#    GENERATIONS such generations, which share of all pairs of drawings (with repetition, the same place of memory may be drawn twice) shows two
#    different originals, on average over all that chance may do? Give it as `differ`.

# %% solution
import math
from itertools import combinations

many, few = MANY, FEW
### BEGIN SOLUTION
lowest = [min(chosen) for chosen in combinations(many, 3)]
fair = sum(lowest) / len(lowest)
leader = "A" if fair < min(few) else "B"
kl = sum(m * m + s * s - 1 - 2 * math.log(s) for m, s in zip(CODE_MEAN, CODE_SD)) / 2
# Two drawings differ in generation 0 unless they come from one place, and in each later one their places must differ too.
differ = (1 - 1 / KNOWN) ** (GENERATIONS + 1)
### END SOLUTION

# %% check
assert min(MANY) <= fair <= max(MANY), "a mean of distances of A"
assert leader in ("A", "B"), "the name of a method"
assert kl > 0 and 0 < differ < 1, "a divergence and a share"

# %% hidden
import torch

ordered, ways = sorted(MANY), 0.0
for place, value in enumerate(ordered):  # the best of three is at this place if the other two are worse
    worse = len(ordered) - place - 1
    ways += value * worse * (worse - 1) / 2
assert abs(fair - ways / 56) < 1e-4, "another mean of the best of three: there are 56 ways"
assert leader == ("A" if ways / 56 < min(FEW) else "B"), "the other method leads"
code = torch.distributions.Normal(torch.tensor(CODE_MEAN), torch.tensor(CODE_SD))
true = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum().item()
assert abs(kl - true) < 1e-3, "another divergence"
same = 1 / KNOWN  # two drawings come from one place, or from two places that hold the same original
for _ in range(GENERATIONS):
    same = 1 / KNOWN + (1 - 1 / KNOWN) * same
assert abs(differ - (1 - same)) < 1e-4, "another share of pairs"

# %% wrong: the best of all seeds
import math

fair, leader = min(MANY), "A"
kl = sum(m * m + s * s - 1 - 2 * math.log(s) for m, s in zip(CODE_MEAN, CODE_SD)) / 2
differ = (1 - 1 / KNOWN) ** (GENERATIONS + 1)

# %% wrong: the divergence the other way round
import math
from itertools import combinations

lowest = [min(chosen) for chosen in combinations(MANY, 3)]
fair = sum(lowest) / len(lowest)
leader = "A" if fair < min(FEW) else "B"
kl = sum((1 + m * m) / s**2 - 1 + 2 * math.log(s) for m, s in zip(CODE_MEAN, CODE_SD)) / 2
differ = (1 - 1 / KNOWN) ** (GENERATIONS + 1)

# %% wrong: one generation too few
import math
from itertools import combinations

lowest = [min(chosen) for chosen in combinations(MANY, 3)]
fair = sum(lowest) / len(lowest)
leader = "A" if fair < min(FEW) else "B"
kl = sum(m * m + s * s - 1 - 2 * math.log(s) for m, s in zip(CODE_MEAN, CODE_SD)) / 2
differ = (1 - 1 / KNOWN) ** GENERATIONS
