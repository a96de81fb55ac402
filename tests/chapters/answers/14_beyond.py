"""Answers to the exercises of chapter 14, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-beyond-leaks right: the matrix of all turns has a singular value of zero
def leaks(w):
    import numpy as np

    turns = np.stack([np.roll(w, j) for j in range(len(w))])
    return np.linalg.svd(turns.astype(float), compute_uv=False).min() < 1e-9


# %% ex-beyond-leaks right: the sums as they are written
def leaks(w):
    import cmath

    n = len(w)
    sums = [sum(chance * cmath.exp(-2j * cmath.pi * j * k / n) for j, chance in enumerate(w)) for k in range(n)]
    return any(abs(one) < 1e-9 for one in sums)


# %% ex-beyond-leaks right: half of the transform, as the rest is its mirror image
def leaks(w):
    return bool((torch.fft.rfft(torch.tensor(w, dtype=torch.float64)).abs() < 1e-9).any())


# %% ex-beyond-leaks wrong: part 1 the other way round
def leaks(w):
    return w[0] <= 0.5


# %% ex-beyond-leaks wrong: only evenly drawn turns leak
def leaks(w):
    return max(w) - min(w) < 1e-9


# %% ex-beyond-leaks wrong: cosines only
def leaks(w):
    return bool(torch.fft.fft(torch.tensor(w, dtype=torch.float64)).real.abs().min() < 1e-9)


# %% ex-beyond-leaks wrong: the alternating sum only
def leaks(w):
    return abs(sum(w[0::2]) - sum(w[1::2])) < 1e-9


# %% ex-beyond-leaks wrong: zero to the last of 24 bits
def leaks(w):
    return bool(torch.fft.fft(torch.tensor(w, dtype=torch.float32)).abs().min() < 1e-9)


# %% ex-beyond-leaks wrong: says when it does not leak
def leaks(w):
    return bool(torch.fft.fft(torch.tensor(w, dtype=torch.float64)).abs().min() > 1e-9)


# %% ex-beyond-leaks wrong: a chance of zero is no eigenvalue of zero
def leaks(w):
    return min(w) < 1e-9


# %% ex-beyond-twice right: sorted, by PyTorch
def repeated(images):
    return len(images) - len(torch.unique(images.view(len(images), -1), dim=0))


# %% ex-beyond-twice right: a count of each
def repeated(images):
    from collections import Counter

    return sum(times - 1 for times in Counter(bytes(image) for image in images.cpu().flatten(1).numpy()).values())


# %% ex-beyond-twice right: as one goes through the folder
def repeated(images):
    met, copies = set(), 0
    for image in images.cpu().numpy():
        key = image.tobytes()
        copies += key in met
        met.add(key)
    return copies


# %% ex-beyond-twice wrong: neighbours only
def repeated(images):
    return int((images[1:] == images[:-1]).flatten(1).all(1).sum())


# %% ex-beyond-twice wrong: originals counted as well
def repeated(images):
    _, times = torch.unique(images.flatten(1), dim=0, return_counts=True)
    return int(times[times > 1].sum())


# %% ex-beyond-twice wrong: how many pictures are there twice or more
def repeated(images):
    _, times = torch.unique(images.flatten(1), dim=0, return_counts=True)
    return int((times > 1).sum())


# %% ex-beyond-twice wrong: pairs
def repeated(images):
    _, times = torch.unique(images.flatten(1), dim=0, return_counts=True)
    return int((times * (times - 1) // 2).sum())


# %% ex-beyond-twice wrong: the same amount of ink
def repeated(images):
    return len(images) - len(images.long().sum((1, 2)).unique())


# %% ex-beyond-twice wrong: how many are left
def repeated(images):
    return len({image.numpy().tobytes() for image in images.cpu()})
