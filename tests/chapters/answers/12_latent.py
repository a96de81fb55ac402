"""Answers to the exercises of chapter 12, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-latent-slerp right: one point after the other, the angle by its tangent
def slerp(a, b, t):
    u, v = (torch.nn.functional.normalize(end, dim=1) for end in (a, b))
    omega = 2 * torch.atan2((u - v).norm(dim=1), (u + v).norm(dim=1))[:, None]
    return torch.stack([((1 - s) * omega).sin() / omega.sin() * a + (s * omega).sin() / omega.sin() * b for s in t])


# %% ex-latent-slerp right: by products of rows, everything broadcast
def slerp(a, b, t):
    cosine = (a * b).sum(-1, keepdim=True) / (a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True))
    omega, t = torch.arccos(cosine), t.view(-1, 1, 1)
    return (((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()


# %% ex-latent-slerp wrong: the straight line
def slerp(a, b, t):
    t = t[:, None, None]
    return (1 - t) * a + t * b


# %% ex-latent-slerp wrong: the line, pulled out to the norm of the start, so that the angles are not equal
def slerp(a, b, t):
    line = (1 - t[:, None, None]) * a + t[:, None, None] * b
    return line / line.norm(dim=-1, keepdim=True) * a.norm(dim=-1, keepdim=True)


# %% ex-latent-slerp wrong: the ends exchanged
def slerp(a, b, t):
    omega, t = torch.cosine_similarity(a, b).acos()[:, None], t[:, None, None]
    return (((1 - t) * omega).sin() * b + (t * omega).sin() * a) / omega.sin()


# %% ex-latent-slerp wrong: all pairs share one angle
def slerp(a, b, t):
    omega, t = torch.cosine_similarity(a.flatten(), b.flatten(), dim=0).acos(), t[:, None, None]
    return (((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()


# %% ex-latent-slerp wrong: the shape (n, k, d)
def slerp(a, b, t):
    omega, t = torch.cosine_similarity(a, b).acos()[:, None, None], t[:, None]
    return (((1 - t) * omega).sin() * a[:, None] + (t * omega).sin() * b[:, None]) / omega.sin()


# %% ex-latent-slerp wrong: turns vectors of norm 1
def slerp(a, b, t):
    a, b = torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)
    omega, t = torch.cosine_similarity(a, b).acos()[:, None], t[:, None, None]
    return (((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()


# %% ex-latent-keep right: from the differences to the first class, by QR
def without(vector, means):
    basis = torch.linalg.qr((means[1:] - means[0]).T).Q  # (d, 9)
    return torch.nn.functional.normalize(vector - basis @ (basis.T @ vector), dim=0)


# %% ex-latent-keep right: what least squares cannot explain
def without(vector, means):
    columns = (means - means.mean(0)).double().T[:, :9]
    told = columns @ torch.linalg.lstsq(columns, vector.double()[:, None]).solution[:, 0]
    rest = (vector - told).to(vector)
    return rest / rest.square().sum().sqrt()


# %% ex-latent-keep right: one direction after the other
def without(vector, means):
    basis = []
    for row_of in (means - means.mean(0)).double()[:9]:
        for other in basis:
            row_of = row_of - (row_of @ other) * other
        basis.append(row_of / row_of.norm())
    rest = vector.double()
    for other in basis:
        rest = rest - (rest @ other) * other
    return (rest / rest.norm()).float()


# %% ex-latent-keep wrong: not a unit vector
def without(vector, means):
    basis = torch.linalg.svd(means - means.mean(0), full_matrices=False).Vh[:9]
    return vector - basis.T @ (basis @ vector)


# %% ex-latent-keep wrong: the means are not at right angles to each other
def without(vector, means):
    rest = vector
    for one in torch.nn.functional.normalize(means - means.mean(0), dim=1):
        rest = rest - (vector @ one) * one
    return rest / rest.norm()


# %% ex-latent-keep wrong: forgets to take their mean away
def without(vector, means):
    basis = torch.linalg.svd(means, full_matrices=False).Vh
    rest = vector - basis.T @ (basis @ vector)
    return rest / rest.norm()


# %% ex-latent-keep wrong: ten directions of a space that has nine
def without(vector, means):
    basis = torch.linalg.svd(means - means.mean(0), full_matrices=False).Vh
    rest = vector - basis.T @ (basis @ vector)
    return rest / rest.norm()


# %% ex-latent-keep wrong: keeps what was to be taken out
def without(vector, means):
    basis = torch.linalg.svd(means - means.mean(0), full_matrices=False).Vh[:9]
    return torch.nn.functional.normalize(basis.T @ (basis @ vector), dim=0)


# %% ex-latent-keep wrong: some direction that keeps the classes, but no slant
def without(vector, means):
    return torch.linalg.svd(means - means.mean(0), full_matrices=True).Vh[20]


# %% ex-latent-shell right: starts as noise is drawn, and a gradient from backward
def on_the_shell(images, steps, lr=0.1):
    z = torch.randn(len(images), d, generator=torch.Generator().manual_seed(8)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        (G(z) - images).square().mean().backward()
        optimiser.step()
        z.data *= d**0.5 / z.data.norm(dim=1, keepdim=True)
    return z.detach(), (sample(G, z=z.detach()) - images).square().flatten(1).mean(1)


# %% ex-latent-shell right: a direction is sought, and its length does not count
def on_the_shell(images, steps, lr=0.1):
    free = fixed_noise(G, len(images), seed=2).requires_grad_()
    optimiser = torch.optim.Adam([free], lr=lr)
    for _ in range(steps):
        error = (G(d**0.5 * torch.nn.functional.normalize(free, dim=1)) - images).square().mean((1, 2, 3))
        optimiser.zero_grad()
        error.sum().backward()
        optimiser.step()
    z = d**0.5 * torch.nn.functional.normalize(free.detach(), dim=1)
    with torch.no_grad():
        return z, (G(z) - images).square().mean((1, 2, 3))


# %% ex-latent-shell wrong: put back at the end only
def on_the_shell(images, steps, lr=0.1):
    z = latent.invert(G, images, starts=1, steps=steps, lr=lr).z
    z = z * d**0.5 / z.norm(dim=1, keepdim=True)
    return z, (sample(G, z=z) - images).square().mean((1, 2, 3))


# %% ex-latent-shell wrong: free
def on_the_shell(images, steps, lr=0.1):
    free = latent.invert(G, images, starts=1, steps=steps, lr=lr)
    return free.z, free.error


# %% ex-latent-shell wrong: all rows together have the length of one
def on_the_shell(images, steps, lr=0.1):
    z = fixed_noise(G, len(images)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        (G(z) - images).square().mean().backward()
        optimiser.step()
        z.data *= d**0.5 / z.data.norm()
    return z.detach(), (sample(G, z=z.detach()) - images).square().mean((1, 2, 3))


# %% ex-latent-shell wrong: on the sphere of radius 1
def on_the_shell(images, steps, lr=0.1):
    z = fixed_noise(G, len(images)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        (G(z) - images).square().mean().backward()
        optimiser.step()
        z.data = torch.nn.functional.normalize(z.data, dim=1)
    return z.detach(), (sample(G, z=z.detach()) - images).square().mean((1, 2, 3))


# %% ex-latent-shell wrong: the errors are those before the last step
def on_the_shell(images, steps, lr=0.1):
    z = fixed_noise(G, len(images)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=lr)
    for _ in range(steps):
        error = (G(z) - images).square().mean((1, 2, 3))
        optimiser.zero_grad()
        error.sum().backward()
        optimiser.step()
        z.data *= d**0.5 / z.data.norm(dim=1, keepdim=True)
    return z.detach(), error.detach()


# %% ex-latent-shell wrong: no search at all
def on_the_shell(images, steps, lr=0.1):
    z = fixed_noise(G, len(images))
    z = z * d**0.5 / z.norm(dim=1, keepdim=True)
    return z, (sample(G, z=z) - images).square().mean((1, 2, 3))


# %% ex-latent-shell wrong: one error for all images
def on_the_shell(images, steps, lr=0.1):
    z = fixed_noise(G, len(images)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        (G(z) - images).square().mean().backward()
        optimiser.step()
        z.data *= d**0.5 / z.data.norm(dim=1, keepdim=True)
    return z.detach(), (sample(G, z=z.detach()) - images).square().mean()
