"""Chapter 14: which turns leak, and what lies behind turned images."""


def numbers(rng):
    def eigenvalues(w):
        return [w[0] - w[1] + w[2] - w[3], abs(complex(w[0] - w[2], w[1] - w[3]))]

    def draw(kind):
        while True:
            w = [rng.randint(1, 12) for _ in range(4)]
            if kind == "even":  # as many turns by an even number as by an odd one
                w[3] = w[0] + w[2] - w[1]
            if kind == "pairs":  # a turn as often as the turn by half a circle more
                w[2], w[3] = w[0], w[1]
            small = [abs(value) for value in eigenvalues(w)]
            leaks = min(small) < 1e-9
            if min(w) > 0 and leaks == (kind != "fine") and (leaks or min(small) >= 2) and sum(w) == 20:
                return [value / 20 for value in w]

    kinds = ["fine", "fine", rng.choice(["even", "pairs", "fine"]), rng.choice(["even", "pairs"])]
    rng.shuffle(kinds)
    policies = dict(zip("abcd", map(draw, kinds)))
    turns = draw("fine")
    while True:
        data = [rng.randint(1, 9) for _ in range(4)]
        if sum(data) == 20:
            break
    data = [share / 20 for share in data]
    shown = [round(sum(turns[j] * data[(k - j) % 4] for j in range(4)), 6) for k in range(4)]
    return {
        "POLICIES": policies,
        "TURNS": turns,
        "SHOWN": shown,
        "HIDDEN_LEAKS": dict(zip("abcd", (kind != "fine" for kind in kinds))),
        "HIDDEN_DATA": data,
    }


# %% [markdown] Quarter turns
# An augmentation turns each image by 0, 90, 180 or 270 degrees. It does so for real images and for fakes, before $D$ sees them.
#
# 1. Four people draw the turns with these probabilities, in this order: POLICIES. Give `leaks`, a dict that says for each of them, `True` or `False`, whether
#    the augmentation can leak: whether turned fakes may look like turned data although the fakes themselves do not have the distribution of the data.
# 2. In another set the images themselves lie in four orientations. Each was turned with the probabilities TURNS. The turned images have the orientations
#    0, 90, 180 and 270 degrees with the shares SHOWN. Which shares did the images have before? Give the list `original`.

# %% solution
import torch

policies, turns, shown = POLICIES, TURNS, SHOWN
### BEGIN SOLUTION
leaks = {}
for name, weights in policies.items():
    kappa = torch.fft.fft(torch.tensor(weights, dtype=torch.float64))
    leaks[name] = kappa.abs().min().item() < 1e-9
# Two turns in a row are a circular convolution, and a transform makes a product of it.
seen, kappa = (torch.fft.fft(torch.tensor(values, dtype=torch.float64)) for values in (shown, turns))
original = torch.fft.ifft(seen / kappa).real.tolist()
### END SOLUTION

# %% check
assert set(leaks) == set("abcd") and all(isinstance(value, bool) for value in leaks.values()), "True or False for each"
assert len(original) == 4 and abs(sum(original) - 1) < 1e-3, "four shares with the sum 1"

# %% hidden
import numpy as np

for name, weights in POLICIES.items():
    matrix = np.array([np.roll(weights, k) for k in range(4)])
    assert leaks[name] == (np.linalg.matrix_rank(matrix, tol=1e-9) < 4) == HIDDEN_LEAKS[name], f"{name}: look again"
again = [sum(TURNS[j] * original[(k - j) % 4] for j in range(4)) for k in range(4)]
assert np.allclose(again, SHOWN, atol=1e-3), "turned, these shares are not those that are shown"
assert np.allclose(original, HIDDEN_DATA, atol=2e-3), "other shares"

# %% wrong: nothing leaks where every turn has a chance
leaks = {name: min(weights) == 0 for name, weights in POLICIES.items()}
original = HIDDEN_DATA

# %% wrong: one half of the images must stay as they are
leaks = {name: weights[0] <= 0.5 for name, weights in POLICIES.items()}
original = HIDDEN_DATA

# %% wrong: the shares as they are shown
leaks, original = HIDDEN_LEAKS, SHOWN
