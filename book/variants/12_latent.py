"""Chapter 12: mixtures, lines and truncated noise."""


def numbers(rng):
    weights = rng.sample([1, 2, 3, 4, 5, -1, -2, -3], 3)
    return {
        "DIM": rng.choice([48, 64, 96, 128, 256]),
        "WEIGHTS": [weight / 2 for weight in weights],
        "WAY": rng.choice([0.2, 0.25, 0.3, 0.35, 0.4]),
        "LIMIT": rng.choice([0.5, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0]),
    }


# %% [markdown] Three ways to leave the shell
# Noise has DIM components, each drawn from $\mathcal{N}(0, 1)$. The vectors $z_1$, $z_2$ and $z_3$ are drawn independently.
#
# 1. A mixture of handwritings is $m = c \, (w_1 z_1 + w_2 z_2 + w_3 z_3)$ with the weights WEIGHTS. Which $c > 0$ makes $m$ noise of the same distribution
#    again? Give it as `factor`.
# 2. Give `cosine`, the mean over the components of $m_i \, z_{1,i}$: in many dimensions this is the cosine of the angle between $m$ and $z_1$.
# 3. A straight line goes from $z_1$ to $z_2$. At the share WAY of the way, what is the root of the mean squared norm? Give it as `norm`.
# 4. The truncation trick draws each component again until it lies between -LIMIT and LIMIT. Give the root of the mean squared norm of such
#    noise as `truncated`.

# %% solution
import math

d, weights = DIM, WEIGHTS
### BEGIN SOLUTION
factor = 1 / math.sqrt(sum(w * w for w in weights))  # variances of independent parts add up
cosine = factor * weights[0]
norm = math.sqrt(d * (WAY**2 + (1 - WAY) ** 2))
# Integrate z^2 times the density by parts, between the limits, and divide by the mass between them.
density = math.exp(-(LIMIT**2) / 2) / math.sqrt(2 * math.pi)
mass = math.erf(LIMIT / math.sqrt(2))
truncated = math.sqrt(d * (1 - 2 * LIMIT * density / mass))
### END SOLUTION

# %% check
assert factor > 0 and -1 <= cosine <= 1, "a positive number and a cosine"
assert 0 < norm < 2 * DIM**0.5 and 0 < truncated < DIM**0.5, "two norms; truncated noise is shorter than noise"

# %% hidden
import torch

w = torch.tensor(WEIGHTS, dtype=torch.float64)
assert abs(factor**2 * (w @ w).item() - 1) < 1e-4, "the mixture has not the variance 1"
unit = torch.nn.functional.normalize(w, dim=0)
assert abs(cosine - unit[0].item()) < 1e-4, "another cosine"
line = torch.tensor([1 - WAY, WAY], dtype=torch.float64)
assert abs(norm / (line.norm().item() * DIM**0.5) - 1) < 1e-4, "another norm on the line"
z = torch.linspace(-LIMIT, LIMIT, 200_001, dtype=torch.float64)
weight = torch.exp(-(z**2) / 2)
square = (torch.trapezoid(z**2 * weight, z) / torch.trapezoid(weight, z)).item()
assert abs(truncated / (DIM * square) ** 0.5 - 1) < 1e-3, "another norm of truncated noise"

# %% wrong: the weights have the sum 1
import math

d, weights = DIM, WEIGHTS
factor = 1 / sum(abs(w) for w in weights)
cosine = factor * weights[0]
norm = math.sqrt(d * (WAY**2 + (1 - WAY) ** 2))
mass = math.erf(LIMIT / math.sqrt(2))
truncated = math.sqrt(d * (1 - 2 * LIMIT * math.exp(-(LIMIT**2) / 2) / math.sqrt(2 * math.pi) / mass))

# %% wrong: the line stays in the shell
import math

d, weights = DIM, WEIGHTS
factor = 1 / math.sqrt(sum(w * w for w in weights))
cosine, norm = factor * weights[0], math.sqrt(d)
mass = math.erf(LIMIT / math.sqrt(2))
truncated = math.sqrt(d * (1 - 2 * LIMIT * math.exp(-(LIMIT**2) / 2) / math.sqrt(2 * math.pi) / mass))

# %% wrong: noise beyond the limit is clamped
import math

d, weights = DIM, WEIGHTS
factor = 1 / math.sqrt(sum(w * w for w in weights))
cosine = factor * weights[0]
norm = math.sqrt(d * (WAY**2 + (1 - WAY) ** 2))
mass = math.erf(LIMIT / math.sqrt(2))
inside = mass - 2 * LIMIT * math.exp(-(LIMIT**2) / 2) / math.sqrt(2 * math.pi)
truncated = math.sqrt(d * (inside + (1 - mass) * LIMIT**2))
