"""Answers to the exercises of chapter 5, tried by tests/chapters/test_checks.py. Names are those of the notebook."""

# %% ex-measuring-halves right: by the formula of the chapter, another draw
mine = torch.randperm(n, generator=torch.Generator().manual_seed(77))
by_order = frechet_by_hand(f_real[:half], f_real[half:])
at_random = frechet_by_hand(f_real[mine[:half]], f_real[mine[half:]])

# %% ex-measuring-halves wrong: a half against itself
by_order = frechet(f_real[:half], f_real[half:])
at_random = frechet(f_real[shuffled[:half]], f_real[shuffled[:half]])

# %% ex-measuring-halves wrong: the first half against all
by_order = frechet(f_real[:half], f_real)
at_random = frechet(f_real[shuffled[:half]], f_real[shuffled[half:]])

# %% ex-measuring-halves wrong: every second image is not an order
by_order = frechet(f_real[0::2], f_real[1::2])
at_random = frechet(f_real[shuffled[:half]], f_real[shuffled[half:]])

# %% ex-measuring-halves wrong: the square root of the distance
by_order = frechet(f_real[:half], f_real[half:]) ** 0.5
at_random = frechet(f_real[shuffled[:half]], f_real[shuffled[half:]]) ** 0.5


# %% ex-measuring-memorise right: with the package's score
def verdict(fake, test, train):
    return "copies" if copying(fake, test, train) > 0.8 else "fine"


# %% ex-measuring-memorise right: sample by sample
def verdict(fake, test, train):
    reference = torch.cdist(test.double(), train.double()).amin(1)
    own = torch.cdist(fake.double(), train.double()).amin(1)
    wins = sum((distance < reference).double().mean().item() for distance in own) / len(own)
    return ["fine", "copies"][wins > 0.8]


# %% ex-measuring-memorise wrong: turned round
def verdict(fake, test, train):
    nearer = nearest(fake, train)[0][:, None] < nearest(test, train)[0]
    return "fine" if nearer.double().mean() > 0.8 else "copies"


# %% ex-measuring-memorise wrong: only exact copies count
def verdict(fake, test, train):
    return "copies" if (nearest(fake, train)[0] == 0).double().mean() > 0.8 else "fine"


# %% ex-measuring-memorise wrong: nearest test image instead of training image
def verdict(fake, test, train):
    nearer = nearest(fake, test)[0][:, None] < nearest(test, train)[0]
    return "copies" if nearer.double().mean() > 0.8 else "fine"


# %% ex-measuring-memorise wrong: any sample that is nearer is enough
def verdict(fake, test, train):
    nearer = nearest(fake, train)[0][:, None] < nearest(test, train)[0]
    return "copies" if nearer.any() else "fine"


# %% ex-measuring-classifier right: a dictionary from a helper
def both(count):
    kinds = ((train[:count][0], train.labels[:count]), (samples["a-dcgan"][:count], labels["a-dcgan"][:count]))
    return tuple(trained_on(x, y, x_real, y_real, steps=effort) for x, y in kinds)


worth = {count: both(count) for count in counts}

# %% ex-measuring-classifier wrong: the largest size only
worth = {
    counts[-1]: (
        trained_on(train[: counts[-1]][0], train.labels[: counts[-1]], x_real, y_real, steps=effort),
        trained_on(samples["a-dcgan"][: counts[-1]], labels["a-dcgan"][: counts[-1]], x_real, y_real, steps=effort),
    )
}

# %% ex-measuring-classifier wrong: per cent
worth = {count: (93.0, 88.0) for count in counts}

# %% ex-measuring-classifier wrong: only samples
worth = {
    count: trained_on(samples["a-dcgan"][:count], labels["a-dcgan"][:count], x_real, y_real, steps=effort)
    for count in counts
}
