"""Answers to the exercises of chapter 6, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-game-boxes right: adds up on a grid of its own
def jsd_boxes(t):
    places = torch.linspace(-1, 5, 600_001, dtype=torch.float64)
    p, q = ((places > left) & (places <= left + 1) for left in (0.0, t))
    alone = (p ^ q).double().sum() / (p.double().sum() + q.double().sum())
    return alone * math.log(2)


# %% ex-game-boxes right: two cases
def jsd_boxes(t):
    if t >= 1:
        return math.log(2)
    return t * math.log(2)


# %% ex-game-boxes wrong: has no end
def jsd_boxes(t):
    return t * math.log(2)


# %% ex-game-boxes wrong: in bits
def jsd_boxes(t):
    return min(t, 1.0)


# %% ex-game-boxes wrong: forgets the halves of the definition
def jsd_boxes(t):
    return 2 * min(t, 1.0) * math.log(2)


# %% ex-game-boxes wrong: the value of the game
def jsd_boxes(t):
    return 2 * (min(t, 1.0) - 1) * math.log(2)


# %% ex-game-boxes wrong: takes the part that overlaps
def jsd_boxes(t):
    return (1 - min(t, 1.0)) * math.log(2)


# %% ex-game-saturating right: from the logit
def advantage(d):
    return math.exp(-math.log(d / (1 - d)))


# %% ex-game-saturating right: by autograd, from the probability
def advantage(d):
    d = torch.tensor(d, dtype=torch.float64, requires_grad=True)
    (strong,) = torch.autograd.grad(-torch.log(d), d)
    (weak,) = torch.autograd.grad(torch.log(1 - d), d)
    return strong / weak


# %% ex-game-saturating wrong: the other way round
def advantage(d):
    return d / (1 - d)


# %% ex-game-saturating wrong: the push of one of the two alone
def advantage(d):
    return 1 - d


# %% ex-game-saturating wrong: one slope at the probability, the other at the logit
def advantage(d):
    return 1 / d


# %% ex-game-saturating wrong: the ratio of the losses
def advantage(d):
    return math.log(d) / math.log(1 - d)
