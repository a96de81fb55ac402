"""Chapter 11: what a perfect conditional generator learns from labels that are partly wrong."""


def numbers(rng):
    while True:
        shares = [rng.randint(1, 9) for _ in range(4)]
        if sum(shares) == 20 and len(set(shares)) >= 3:
            break
    shares = [share / 20 for share in shares]
    words, rows = rng.choice(
        [
            ("a label that is drawn evenly from all four", [[0.25] * 4] * 4),
            (
                "the next label (after 3 comes 0)",
                [[float(label == (kind + 1) % 4) for label in range(4)] for kind in range(4)],
            ),
            ("the label 0", [[1.0, 0.0, 0.0, 0.0]] * 4),
        ]
    )
    return {
        "SHARES": shares,
        "NOISE": rng.choice([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]),
        "WORDS": words,
        "ROWS": rows,
    }


# %% [markdown] What wrong labels teach
# A data set has four kinds of images, 0 to 3, with the shares SHARES. Somebody labelled them. With probability NOISE, each image for itself, the
# label was replaced by WORDS. A conditional GAN learns from these labels, and reaches its optimum.
#
# 1. Give `table`, four lists of four numbers: `table[label][kind]` is the probability that $G$ draws this kind if it is asked for this label.
# 2. Everybody asks for the four labels equally often. How often does $G$ draw the kind that the label names? Give it as `obedience`.
# 3. Which share of the images in the data has a wrong label? Give it as `mislabelled`.

# %% solution
shares, noise = SHARES, NOISE
### BEGIN SOLUTION
replaced = ROWS  # the probability of each label, kind by kind, where it was replaced
joint = [
    [shares[k] * ((1 - noise) * (label == k) + noise * replaced[k][label]) for k in range(4)] for label in range(4)
]
table = [[value / sum(row) for value in row] for row in joint]  # p(kind | label), by Bayes
obedience = sum(table[label][label] for label in range(4)) / 4
mislabelled = 1 - sum(joint[label][label] for label in range(4))
### END SOLUTION

# %% check
assert len(table) == 4 and all(len(row) == 4 for row in table), "four lists of four numbers"
assert all(abs(sum(row) - 1) < 1e-6 for row in table), "for each label the four probabilities have the sum 1"
assert 0 < obedience < 1 and 0 < mislabelled < 1, "two shares"

# %% hidden
import torch

change = (1 - NOISE) * torch.eye(4, dtype=torch.float64) + NOISE * torch.tensor(ROWS, dtype=torch.float64)
both = torch.tensor(SHARES, dtype=torch.float64)[:, None] * change  # (kind, label)
drawn = (both / both.sum(0)).T
given = torch.tensor(table, dtype=torch.float64)
assert torch.allclose(given, drawn, atol=2e-4), "G is asked for a label and draws a kind: use the shares"
assert abs(obedience - drawn.diagonal().mean().item()) < 2e-4, "every label is asked for equally often"
assert abs(mislabelled - (1 - both.diagonal().sum().item())) < 2e-4, "a label may be replaced by itself"

# %% wrong: the probability of a label for a kind
shares, noise = SHARES, NOISE
replaced = ROWS
joint = [
    [shares[k] * ((1 - noise) * (label == k) + noise * replaced[k][label]) for k in range(4)] for label in range(4)
]
table = [[(1 - noise) * (label == k) + noise * replaced[label][k] for k in range(4)] for label in range(4)]
obedience = sum(table[label][label] for label in range(4)) / 4
mislabelled = 1 - sum(joint[label][label] for label in range(4))

# %% wrong: labels are asked for as often as they stand in the data
shares, noise = SHARES, NOISE
replaced = ROWS
joint = [
    [shares[k] * ((1 - noise) * (label == k) + noise * replaced[k][label]) for k in range(4)] for label in range(4)
]
table = [[value / sum(row) for value in row] for row in joint]
mislabelled = 1 - sum(joint[label][label] for label in range(4))
obedience = 1 - mislabelled

# %% wrong: the kinds are equally frequent
noise = NOISE
replaced = ROWS
joint = [[0.25 * ((1 - noise) * (label == k) + noise * replaced[k][label]) for k in range(4)] for label in range(4)]
table = [[value / sum(row) for value in row] for row in joint]
obedience = sum(table[label][label] for label in range(4)) / 4
mislabelled = noise
