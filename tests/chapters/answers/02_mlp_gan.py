"""Answers to the exercises of chapter 2, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-mlp-restart right: with next and a recording generator
def first_good(start, trial, accept, seeds):
    tried = []

    def runs():
        for seed in seeds:
            tried.append(seed)
            run = start(seed)
            trial(run)
            yield run

    for run in runs():
        if accept(run):
            return run, tried
    raise RuntimeError("nothing came of the seeds " + ", ".join(map(str, tried)))


# %% ex-mlp-restart wrong: trains all of them before it asks
def first_good(start, trial, accept, seeds):
    runs = [start(seed) for seed in seeds]
    for run in runs:
        trial(run)
    for number, run in enumerate(runs):
        if accept(run):
            return run, list(seeds)[: number + 1]
    raise RuntimeError(f"no run was accepted; seeds tried: {seeds}")


# %% ex-mlp-restart wrong: asks before it trains
def first_good(start, trial, accept, seeds):
    tried = []
    for seed in seeds:
        tried.append(seed)
        run = start(seed)
        if accept(run):
            return run, tried
        trial(run)
    raise RuntimeError(f"no run was accepted; seeds tried: {tried}")


# %% ex-mlp-restart wrong: returns None at the end
def first_good(start, trial, accept, seeds):
    tried = []
    for seed in seeds:
        tried.append(seed)
        run = start(seed)
        trial(run)
        if accept(run):
            return run, tried


# %% ex-mlp-restart wrong: leaves the accepted seed out
def first_good(start, trial, accept, seeds):
    tried = []
    for seed in seeds:
        run = start(seed)
        trial(run)
        if accept(run):
            return run, tried
        tried.append(seed)
    raise RuntimeError(f"no run was accepted; seeds tried: {tried}")


# %% ex-mlp-restart wrong: an error without the seeds
def first_good(start, trial, accept, seeds):
    tried = []
    for seed in seeds:
        tried.append(seed)
        run = start(seed)
        trial(run)
        if accept(run):
            return run, tried
    raise RuntimeError("no run was accepted")


# %% ex-mlp-logit right: with pencil and paper
saturating = 1 / (1 + 2.718281828**5)
non_saturating = 1 - saturating

# %% ex-mlp-logit right: a difference quotient
step = 1e-3
at = torch.tensor([-5 - step, -5 + step], dtype=torch.float64)
saturating = abs(torch.diff(torch.log(1 - torch.sigmoid(at))).item()) / (2 * step)
non_saturating = abs(torch.diff(-torch.log(torch.sigmoid(at))).item()) / (2 * step)

# %% ex-mlp-logit wrong: with their signs
saturating, non_saturating = -0.0066929, -0.9933071

# %% ex-mlp-logit wrong: exchanged
saturating, non_saturating = 0.9933071, 0.0066929

# %% ex-mlp-logit wrong: for D's probability instead of its logit
saturating, non_saturating = 1 / (1 - 0.0066929), 1 / 0.0066929

# %% ex-mlp-logit wrong: the losses, not their gradients
saturating, non_saturating = math.log1p(math.exp(-5)) if "math" in globals() else 0.006715, 5.006715

# %% ex-mlp-k right: as a loop that appends
G5, D5 = published.networks(seed=3, device=device)
opt_g, opt_d = published.optimisers(G5, D5)
five = []
for record in train(G5, D5, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32, k=5, seed=1):
    five.append(record)

# %% ex-mlp-k wrong: k is left at 1
G5, D5 = published.networks(seed=0, device=device)
opt_g, opt_d = published.optimisers(G5, D5)
five = list(train(G5, D5, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))

# %% ex-mlp-k wrong: five times the steps instead
G5, D5 = published.networks(seed=0, device=device)
opt_g, opt_d = published.optimisers(G5, D5)
five = list(train(G5, D5, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=5 * budget(200), m=32))

# %% ex-mlp-k wrong: the last record only
G5, D5 = published.networks(seed=0, device=device)
opt_g, opt_d = published.optimisers(G5, D5)
five = list(train(G5, D5, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32, k=5))[-1:]

# %% ex-mlp-k wrong: another batch
G5, D5 = published.networks(seed=0, device=device)
opt_g, opt_d = published.optimisers(G5, D5)
five = list(train(G5, D5, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=64, k=5))


# %% ex-mlp-sgd right: squares added up by hand
def relative_move(make_optimiser):
    G, D = published.networks(seed=0, device=device)
    old = [p.detach().clone() for p in G.parameters()]
    opt_g, opt_d = make_optimiser(G.parameters()), make_optimiser(D.parameters())
    list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))
    moved = sum((p - q).square().sum().item() for p, q in zip(G.parameters(), old))
    return (moved / sum(q.square().sum().item() for q in old)) ** 0.5


# %% ex-mlp-sgd wrong: keeps no copy of the weights
def relative_move(make_optimiser):
    G, D = published.networks(seed=0, device=device)
    before = [p.detach() for p in G.parameters()]
    opt_g, opt_d = make_optimiser(G.parameters()), make_optimiser(D.parameters())
    list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))
    moved = sum((p - q).square().sum().item() for p, q in zip(G.parameters(), before))
    return (moved / sum(q.square().sum().item() for q in before)) ** 0.5


# %% ex-mlp-sgd wrong: measures D
def relative_move(make_optimiser):
    G, D = published.networks(seed=0, device=device)
    before = torch.cat([p.detach().flatten().clone() for p in D.parameters()])
    opt_g, opt_d = make_optimiser(G.parameters()), make_optimiser(D.parameters())
    list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))
    after = torch.cat([p.detach().flatten() for p in D.parameters()])
    return ((after - before).norm() / before.norm()).item()


# %% ex-mlp-sgd wrong: not relative to the length
def relative_move(make_optimiser):
    G, D = published.networks(seed=0, device=device)
    before = torch.cat([p.detach().flatten().clone() for p in G.parameters()])
    opt_g, opt_d = make_optimiser(G.parameters()), make_optimiser(D.parameters())
    list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))
    after = torch.cat([p.detach().flatten() for p in G.parameters()])
    return (after - before).norm().item()


# %% ex-mlp-sgd wrong: the difference of the lengths instead of the length of the difference
def relative_move(make_optimiser):
    G, D = published.networks(seed=0, device=device)
    before = torch.cat([p.detach().flatten().clone() for p in G.parameters()])
    opt_g, opt_d = make_optimiser(G.parameters()), make_optimiser(D.parameters())
    list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=budget(200), m=32))
    after = torch.cat([p.detach().flatten() for p in G.parameters()])
    return abs(after.norm() - before.norm()).item() / before.norm().item()


# %% ex-mlp-sizes right: a loop over neighbours
def parameters_of_pair(z_dim, hidden_g, hidden_d):
    def total(widths):
        return sum((widths[i] + 1) * widths[i + 1] for i in range(len(widths) - 1))

    return total([784, *hidden_d, 1]), total([z_dim, *hidden_g, 784])


# %% ex-mlp-sizes wrong: forgets the biases
def parameters_of_pair(z_dim, hidden_g, hidden_d):
    weights = lambda *widths: sum(a * b for a, b in pairwise(widths))
    return weights(784, *hidden_d, 1), weights(z_dim, *hidden_g, 784)


# %% ex-mlp-sizes wrong: G before D
def parameters_of_pair(z_dim, hidden_g, hidden_d):
    return count(z_dim, *hidden_g, 784), count(784, *hidden_d, 1)


# %% ex-mlp-sizes wrong: z is always 100
def parameters_of_pair(z_dim, hidden_g, hidden_d):
    return count(784, *hidden_d, 1), count(100, *hidden_g, 784)


# %% ex-mlp-sizes wrong: D's hidden layers are G's, the other way round
def parameters_of_pair(z_dim, hidden_g, hidden_d):
    return count(784, *hidden_g[::-1], 1), count(z_dim, *hidden_g, 784)
