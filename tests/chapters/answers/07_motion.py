"""Answers to the exercises of chapter 7, tried by tests/chapters/test_checks.py.

Names are those of the notebook.
"""


# %% ex-motion-k right: counts up
def largest_k(a, b):
    k = 1
    while a * b * (k + 1) < 4:
        k += 1
    return k


# %% ex-motion-k right: a tensor
def largest_k(a, b):
    return torch.ceil(torch.tensor(4 / (a * b), dtype=torch.float64)) - 1


# %% ex-motion-k right: tries
def largest_k(a, b):
    k = 1
    while duel(300, a, b, k=k + 1).norm(dim=1).max() < 100:
        k += 1
    return k


# %% ex-motion-k wrong: one too many
def largest_k(a, b):
    return math.ceil(4 / (a * b))


# %% ex-motion-k wrong: the bound itself counts as safe
def largest_k(a, b):
    return math.floor(4 / (a * b))


# %% ex-motion-k wrong: both rates alike
def largest_k(a, b):
    return math.ceil(4 / a**2) - 1


# %% ex-motion-k wrong: no whole number
def largest_k(a, b):
    return 4 / (a * b)


# %% ex-motion-k wrong: k multiplies both rates
def largest_k(a, b):
    return math.ceil(2 / math.sqrt(a * b)) - 1


# %% ex-motion-optimism right: two numbers in a loop
def optimistic(steps, h):
    theta, psi = 1.0, 0.0
    old_theta, old_psi = theta, psi
    path = [(theta, psi)]
    for _ in range(steps):
        g_theta, g_psi = 2 * psi - old_psi, 2 * theta - old_theta
        old_theta, old_psi = theta, psi
        theta, psi = theta - h * g_theta, psi + h * g_psi
        path.append((theta, psi))
    return torch.tensor(path)


# %% ex-motion-optimism right: as a matrix
def optimistic(steps, h):
    turn, one, none = torch.tensor([[0.0, -h], [h, 0.0]]), torch.eye(2), torch.zeros(2, 2)
    both = torch.cat([torch.cat([one + 2 * turn, -turn], 1), torch.cat([one, none], 1)])
    states = [torch.tensor([1.0, 0.0, 1.0, 0.0])]
    for _ in range(steps):
        states.append(both @ states[-1])
    return torch.stack(states)[:, :2]


# %% ex-motion-optimism wrong: plain steps
def optimistic(steps, h):
    return duel(steps, h, h, together=True)


# %% ex-motion-optimism wrong: one after the other
def optimistic(steps, h):
    theta, psi, last_theta, last_psi = 1.0, 0.0, 1.0, 0.0
    path = [(theta, psi)]
    for _ in range(steps):
        ahead, last_psi = 2 * psi - last_psi, psi
        theta, before = theta - h * ahead, theta
        psi, last_theta = psi + h * (2 * theta - last_theta), before
        path.append((theta, psi))
    return torch.tensor(path)


# %% ex-motion-optimism wrong: g_{-1} is 0
def optimistic(steps, h):
    state = torch.tensor([1.0, 0.0], dtype=torch.float64)
    last, path = torch.zeros(2, dtype=torch.float64), [state]
    for _ in range(steps):
        ahead = 2 * state - last
        last, state = state, state + h * torch.stack([-ahead[1], ahead[0]])
        path.append(state)
    return torch.stack(path)


# %% ex-motion-optimism wrong: looks back instead of ahead
def optimistic(steps, h):
    state = last = torch.tensor([1.0, 0.0], dtype=torch.float64)
    path = [state]
    for _ in range(steps):
        behind = 2 * last - state
        last, state = state, state + h * torch.stack([-behind[1], behind[0]])
        path.append(state)
    return torch.stack(path)


# %% ex-motion-optimism wrong: the start is missing
def optimistic(steps, h):
    state = last = torch.tensor([1.0, 0.0], dtype=torch.float64)
    path = []
    for _ in range(steps):
        ahead = 2 * state - last
        last, state = state, state + h * torch.stack([-ahead[1], ahead[0]])
        path.append(state)
    return torch.stack(path)


# %% ex-motion-optimism wrong: negative momentum
def optimistic(steps, h):
    return duel(steps, h, h, together=True, momentum=-0.5)
