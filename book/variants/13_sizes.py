"""Chapter 13: how many modes a perfect generator is seen to reach."""


def numbers(rng):
    while True:
        shares = [rng.randint(1, 9) for _ in range(4)]
        if sum(shares) == 20 and len(set(shares)) >= 3:
            break
    return {
        "SHARES": [share / 20 for share in shares],
        "COUNT": rng.choice([20, 30, 40, 50, 60, 80, 100]),
        "TARGET": rng.choice([12, 13, 14, 15]),
        "CHANNELS_IN": rng.randint(3, 9),
        "CHANNELS_OUT": rng.randint(10, 20),
        "BEFORE": rng.choice([5, 6, 7, 8]),
    }


# %% [markdown] Sixteen modes
# Images of two colours hold one sign in each, drawn independently. There are four signs with the shares SHARES, so there are 16 modes. A perfect
# generator draws COUNT samples, and a perfect judge names the mode of each.
#
# 1. How many different modes does the judge find on average? Give it as `found`.
# 2. Give `needed`, the smallest number of samples for which the judge finds at least TARGET modes on average.
# 3. Give the leading term of the bias of the KL divergence, from the shares that the judge counts to the true ones, for COUNT samples, as `bias`.
# 4. A transposed convolution with kernel 4, stride 2 and padding 1 takes CHANNELS_IN channels of BEFORE × BEFORE to CHANNELS_OUT channels of twice the
#    side. How many multiplications does one image cost? Count every weight once for each pixel of the *input*. Give it as `products`.

# %% solution
shares = SHARES
### BEGIN SOLUTION
modes = [a * b for a in shares for b in shares]


def seen(n):
    return sum(1 - (1 - p) ** n for p in modes)  # each mode is missed by all n with probability (1 - p)^n


found = seen(COUNT)
needed = 1
while seen(needed) < TARGET:
    needed += 1
bias = (16 - 1) / (2 * COUNT)
products = BEFORE**2 * CHANNELS_IN * CHANNELS_OUT * 4 * 4
### END SOLUTION

# %% check
assert 1 <= found <= 16, "at most sixteen modes"
assert needed == int(needed) >= TARGET, "a whole number of samples"
assert bias > 0 and products == int(products) > 0, "a divergence, and a whole number of multiplications"

# %% hidden
import torch

one = torch.tensor(SHARES, dtype=torch.float64)
rest = (1 - torch.kron(one, one)).log()


def expected(n):
    return 16 - (n * rest).exp().sum().item()


assert abs(found - expected(COUNT)) < 1e-3, "another mean number of modes"
assert expected(needed) >= TARGET, "with so many samples the judge finds fewer"
assert expected(needed - 1) < TARGET, "fewer samples are enough"
assert abs(bias * COUNT - 7.5) < 1e-3, "another leading term"
layer = torch.nn.ConvTranspose2d(CHANNELS_IN, CHANNELS_OUT, 4, 2, 1, bias=False)
assert layer(torch.zeros(1, CHANNELS_IN, BEFORE, BEFORE)).shape[-1] == 2 * BEFORE
assert products == layer.weight.numel() * BEFORE**2, "another number of multiplications"

# %% wrong: all modes are equally frequent
# - modes = [a * b for a in shares for b in shares]
# + modes = [1 / 16] * 16

# %% wrong: one sample too many
# - while seen(needed) < TARGET:
# + while seen(needed - 1) < TARGET:

# %% wrong: every weight counts for a pixel of the output
# - products = BEFORE**2
# + products = (2 * BEFORE) ** 2
