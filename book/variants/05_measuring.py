"""Chapter 5: the scores of a forger whose distributions are known."""


def numbers(rng):
    a, c = rng.sample(range(4, 13), 2)
    length = rng.randint(8, 14)
    first = rng.randint(1, length - 2)
    beyond = rng.choice([n for n in range(1, 10) if n != first])  # else precision and recall are the same
    return {
        "AAA": a,
        "BBB": rng.randint(1, a - 2),
        "CCC": c,
        "DDD": -rng.randint(1, c - 2),
        "SHIFT": [rng.randint(1, 4), rng.randint(1, 4)],
        "COUNT": rng.choice([50, 80, 100, 200, 400]),
        "KINDS": rng.randint(3, 8),
        "SURE": rng.choice([0.6, 0.7, 0.8, 0.9]),
        "LENGTH": length,
        "FIRST": first,
        "LAST": length + beyond,
    }


# %% [markdown] A forger without secrets
# All distributions of this exercise are known, so each score can be worked out.
#
# 1. The features of the data are normal with mean $(0, 0)$ and covariance $\begin{pmatrix} AAA & BBB \\ BBB & AAA \end{pmatrix}$. The features of the
#    forger are normal with mean SHIFT and covariance $\begin{pmatrix} CCC & DDD \\ DDD & CCC \end{pmatrix}$. Give the Fréchet distance $d^2$ as `distance`. (The two
#    covariances have the same eigenvectors.)
# 2. Take two independent sets of COUNT features of the *data*. What is the mean of the squared distance of their two mean features? Give it as
#    `floor`: a part of the Fréchet distance that only the number of images makes.
# 3. The forger draws KINDS of the ten digits, each as often as the others. The judge gives the right digit SURE and shares the rest evenly among
#    the nine other digits. Give the Inception Score of endless samples as `inception`.
# 4. Another forger draws numbers, evenly between FIRST and LAST. The data lie evenly between 0 and LENGTH. Give the precision and the recall of
#    endless samples, the shares that lie within the support of the other, as `precision` and `recall`.

# %% solution
import math

### BEGIN SOLUTION
# Along (1, 1) and (1, -1) the variances are AAA ± BBB and CCC ± DDD, and each adds the square of a difference of roots.
along = (math.sqrt(AAA + (BBB)) - math.sqrt(CCC + (DDD))) ** 2
across = (math.sqrt(AAA - (BBB)) - math.sqrt(CCC - (DDD))) ** 2
distance = sum(s * s for s in SHIFT) + along + across
floor = 2 * (2 * AAA) / COUNT  # each mean has the covariance of the data over COUNT, and a trace of 2 * AAA over COUNT
rest = (1 - SURE) / 9
inside = (SURE + (KINDS - 1) * rest) / KINDS  # the share that the judge sees of a digit that is drawn
marginal = -KINDS * inside * math.log(inside) - (10 - KINDS) * rest * math.log(rest)
conditional = -SURE * math.log(SURE) - 9 * rest * math.log(rest)
inception = math.exp(marginal - conditional)
precision, recall = (LENGTH - FIRST) / (LAST - FIRST), (LENGTH - FIRST) / LENGTH
### END SOLUTION

# %% check
assert distance > 0 and floor > 0, "squared distances"
assert 1 <= inception <= 10, "between 1 and the number of digits"
assert 0 <= precision <= 1 and 0 <= recall <= 1, "two shares"

# %% hidden
import numpy as np

one, two = np.array([[AAA, BBB], [BBB, AAA]]), np.array([[CCC, DDD], [DDD, CCC]])
values, vectors = np.linalg.eigh(one)
root = vectors * np.sqrt(values) @ vectors.T
mixed = np.sqrt(np.linalg.eigvalsh(root @ two @ root)).sum()
assert abs(distance / (np.sum(np.square(SHIFT)) + np.trace(one + two) - 2 * mixed) - 1) < 1e-3, "another distance"
assert abs(floor / (2 * np.trace(one / COUNT)) - 1) < 1e-3, "another floor: two sets, and all directions"
given = np.full((KINDS, 10), (1 - SURE) / 9)
given[np.arange(KINDS), np.arange(KINDS)] = SURE
score = np.exp((given * np.log(given / given.mean(0))).sum(1).mean())
assert abs(inception / score - 1) < 1e-3, "another Inception Score"
places = (np.arange(10**6) + 0.5) / 10**6
inside = (FIRST + (LAST - FIRST) * places < LENGTH).mean(), (LENGTH * places > FIRST).mean()
assert abs(precision - inside[0]) < 1e-3, "precision: the share of the samples that lie where data lie"
assert abs(recall - inside[1]) < 1e-3, "recall: the share of the data that lie where samples lie"

# %% wrong: precision and recall exchanged
# - precision, recall =
# + recall, precision =

# %% wrong: covariances without their correlation
# - along = (math.sqrt(AAA + (BBB)) - math.sqrt(CCC + (DDD))) ** 2
# + along = (math.sqrt(AAA) - math.sqrt(CCC)) ** 2
# - across = (math.sqrt(AAA - (BBB)) - math.sqrt(CCC - (DDD))) ** 2
# + across = along

# %% wrong: the score of a judge who is sure
# - inception = math.exp(marginal - conditional)
# + inception = KINDS
