"""Chapter 7: a duel with a weight and with friction."""


def numbers(rng):
    while True:
        weight = rng.choice([0.4, 0.5, 0.7, 0.8, 1.2, 1.3])
        slow, fast = rng.choice([0.3, 0.4, 0.5]), rng.choice([0.6, 0.7, 0.8, 0.9])
        friction = rng.choice([0.02, 0.03, 0.05, 0.07, 0.11])
        bound = 4 / (slow * fast * weight**2)
        shrinks, turns = 1 - fast * friction, slow * fast * weight**2
        # No bound near a whole number, and a pair of complex eigenvalues: the trace is 1 + shrinks - turns.
        if min(bound % 1, 1 - bound % 1) > 0.05 and (1 + shrinks - turns) ** 2 < 3.9 * shrinks:
            break
    return {
        "WEIGHT": weight,
        "RATE_G": slow,
        "RATE_D": fast,
        "FRICTION": friction,
        "STEPS": rng.randint(20, 60),
    }


# %% [markdown] A duel with a weight
# Two players have the value $V(\theta, \psi)$ = WEIGHT · $\theta\psi$. $\theta$ goes down its gradient with the rate RATE_G, and $\psi$ goes up its gradient with the
# rate RATE_D. They start at $\theta = 1$, $\psi = 0$.
#
# 1. Suppose that both move at once, and both with the rate RATE_D. Give their distance from the origin after STEPS steps as `distance`.
# 2. Now they move in turn, with their own rates: first $\psi$ makes $k$ updates, then $\theta$ makes one. Give the largest $k$ for which the pair does not run
#    away as `most`.
# 3. They move in turn with $k = 1$. At each update $\psi$ also loses a part of itself: its gradient is WEIGHT · $\theta$ − FRICTION · $\psi$. Each round
#    multiplies $(\theta, \psi)$ by a matrix with two conjugate complex eigenvalues. Give their modulus as `modulus`.
# 4. Give `rounds`, the smallest number of rounds after which a power of this modulus is below 0.001.

# %% solution
import math

### BEGIN SOLUTION
# With the weight each gradient is WEIGHT times that of the duel, so it counts like a factor of both rates.
distance = math.sqrt(1 + (RATE_D * WEIGHT) ** 2) ** STEPS
most = math.ceil(4 / (RATE_G * RATE_D * WEIGHT**2)) - 1
modulus = math.sqrt(1 - RATE_D * FRICTION)  # the square root of the determinant
rounds = math.floor(math.log(1000) / -math.log(modulus)) + 1
### END SOLUTION

# %% check
assert distance > 1, "both at once, the pair moves outwards"
assert most == int(most) and most >= 1, "a whole number of updates"
assert 0 < modulus < 1, "friction leads the pair inwards"
assert rounds == int(rounds) and rounds > 0, "a whole number of rounds"

# %% hidden
import torch

theta_, psi_ = 1.0, 0.0
for _ in range(STEPS):
    theta_, psi_ = theta_ - RATE_D * WEIGHT * psi_, psi_ + RATE_D * WEIGHT * theta_
assert abs(distance / (theta_**2 + psi_**2) ** 0.5 - 1) < 1e-3, "another distance"


def round_of(updates, friction=0.0):
    """The matrix of one round: its columns are what becomes of (1, 0) and of (0, 1)."""
    columns = []
    for theta, psi in ((1.0, 0.0), (0.0, 1.0)):
        for _ in range(updates):
            psi = psi + RATE_D * (WEIGHT * theta - friction * psi)
        columns.append((theta - RATE_G * WEIGHT * psi, psi))
    return torch.tensor(columns, dtype=torch.float64).T


def grows(updates):
    return torch.linalg.eigvals(round_of(updates)).abs().max() > 1 + 1e-6


assert not grows(int(most)), "with so many updates the pair runs away"
assert grows(int(most) + 1), "with one update more the pair still stays"
both = torch.linalg.eigvals(round_of(1, FRICTION)).abs().max().item()
assert abs(modulus - both) < 1e-5, "another modulus"
assert both ** int(rounds) < 1e-3 <= both ** (int(rounds) - 1) + 1e-9, "another number of rounds"

# %% wrong: the weight counts once
# - most = math.ceil(4 / (RATE_G * RATE_D * WEIGHT**2)) - 1
# + most = math.ceil(4 / (RATE_G * RATE_D * WEIGHT)) - 1

# %% wrong: one update too many
# - most = math.ceil(4 / (RATE_G * RATE_D * WEIGHT**2)) - 1
# + most = math.ceil(4 / (RATE_G * RATE_D * WEIGHT**2))

# %% wrong: the weight does not change the distance
# - distance = math.sqrt(1 + (RATE_D * WEIGHT) ** 2) ** STEPS
# + distance = math.sqrt(1 + RATE_D**2) ** STEPS

# %% wrong: the determinant, and not its root
# - modulus = math.sqrt(1 - RATE_D * FRICTION)  # the square root of the determinant
# + modulus = 1 - RATE_D * FRICTION

# %% wrong: the friction without its rate
# - modulus = math.sqrt(1 - RATE_D * FRICTION)  # the square root of the determinant
# + modulus = math.sqrt(1 - FRICTION)

# %% wrong: a round too few
# - rounds = math.floor(math.log(1000) / -math.log(modulus)) + 1
# + rounds = math.floor(math.log(1000) / -math.log(modulus))
