"""Chapter 4: a log in a convention of its own."""

import math


def numbers(rng):
    real, fake = rng.sample([0.5, 1.5, 2.0, 2.5, 3.0], 2)
    unit, word = rng.choice([(1.0, "natural logarithms"), (math.log(2), "logarithms to the base 2")])
    saturating = rng.random() < 0.5
    rows, impossible = [], rng.randint(1, 6)
    for row in range(1, 7):
        p, q = rng.uniform(0.4, 0.95), rng.uniform(0.05, 0.6)
        if row == impossible:
            p, q = rng.uniform(1.2, 1.35), rng.uniform(0.6, 0.7)
        d = (-real * math.log(p) - fake * math.log(1 - q)) / unit
        rows.append((d, (math.log(1 - q) if saturating else -math.log(q)) / unit))
    table = ["| row | loss of $D$ | loss of $G$ |", "|---|---|---|"]
    table += [f"| {row} | {d:.3f} | {g:.3f} |" for row, (d, g) in enumerate(rows, 1)]
    return {
        "REALS": real,
        "FAKES": fake,
        "UNIT": unit,
        "WORDS": word,
        "FORMULA": "\\log(1 - D(G(z)))" if saturating else "-\\log D(G(z))",
        "BELIEF": "1 - math.exp(g_loss * unit)" if saturating else "math.exp(-g_loss * unit)",
        "HALF": "math.log(0.5) / unit" if saturating else "math.log(2) / unit",
        "OTHER": "math.exp(-abs(g_loss) * unit)" if saturating else "1 - math.exp(-g_loss * unit)",
        "GAINS": saturating,
        "TABLE": "\n".join(table),
        "HIDDEN_ROW": impossible,
        "HIDDEN_CASES": [(round(rng.uniform(0.2, 0.9), 3), round(rng.uniform(0.1, 0.8), 3)) for _ in range(5)],
    }


# %% [markdown] A log from another house
# A log was written by somebody else's program. Its loss of $D$ is
#
# $$ REALS \cdot (-\log D(x)) + FAKES \cdot (-\log(1 - D(G(z)))), $$
#
# and its loss of $G$ is $FORMULA$. Both are means over a batch, and the program takes WORDS. Assume that $D$ says about the same
# of all digits, and about the same of all fakes.
#
# TABLE
#
# 1. Write `opinions(d_loss, g_loss)`, which returns $D(x)$ and $D(G(z))$.
# 2. Give `blind`, the pair of losses (of $D$, of $G$) if $D$ answers one half to everything.
# 3. One row of the log cannot come from any $D$. Give its number as `impossible`.

# %% solution
import math

log = """TABLE"""


def opinions(d_loss, g_loss):
    ### BEGIN SOLUTION
    unit = UNIT  # a logarithm to the base b is the natural one over log b
    q = BELIEF
    p = math.exp(-(d_loss * unit + FAKES * math.log(1 - q)) / REALS)
    return p, q
    ### END SOLUTION


### BEGIN SOLUTION
unit = UNIT
blind = ((REALS + FAKES) * math.log(2) / unit, HALF)
rows = [[float(part) for part in line.split("|")[2:4]] for line in log.split("\n")[2:]]
impossible = 1 + max(range(6), key=lambda row: opinions(*rows[row])[0])  # a D(x) above 1
### END SOLUTION

# %% check
assert len(opinions(*blind)) == 2, "two numbers: D(x) and D(G(z))"
assert len(blind) == 2, "two losses: that of D and that of G"
assert impossible in range(1, 7), "the number of a row"

# %% hidden
import math

for p, q in HIDDEN_CASES:
    d_loss = (-REALS * math.log(p) - FAKES * math.log(1 - q)) / UNIT
    g_loss = (math.log(1 - q) if GAINS else -math.log(q)) / UNIT
    back = opinions(d_loss, g_loss)
    assert abs(back[0] - p) < 1e-4 and abs(back[1] - q) < 1e-4, "the losses of this log give other opinions"
back = opinions(*blind)
assert abs(back[0] - 0.5) < 1e-4 and abs(back[1] - 0.5) < 1e-4, "blind: these are not the losses of one half"
assert impossible == HIDDEN_ROW, "this row can come from a D"

# %% wrong: the weights are exchanged
import math


def opinions(d_loss, g_loss):
    unit = UNIT
    q = BELIEF
    return math.exp(-(d_loss * unit + REALS * math.log(1 - q)) / FAKES), q


blind, impossible = ((REALS + FAKES) * math.log(2) / UNIT, (lambda unit: HALF)(UNIT)), HIDDEN_ROW

# %% wrong: another loss of G
import math


def opinions(d_loss, g_loss):
    unit = UNIT
    q = OTHER
    return math.exp(-(d_loss * unit + FAKES * math.log(1 - q)) / REALS), q


blind, impossible = ((REALS + FAKES) * math.log(2) / UNIT, (lambda unit: HALF)(UNIT)), HIDDEN_ROW

# %% wrong: another row
import math


def opinions(d_loss, g_loss):
    unit = UNIT
    q = BELIEF
    return math.exp(-(d_loss * unit + FAKES * math.log(1 - q)) / REALS), q


blind, impossible = ((REALS + FAKES) * math.log(2) / UNIT, (lambda unit: HALF)(UNIT)), HIDDEN_ROW % 6 + 1
