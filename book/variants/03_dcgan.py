"""Chapter 3: the sides and the parameters of another pair."""


def numbers(rng):
    def down(side, layer):
        kernel, stride, padding = layer
        return (side + 2 * padding - kernel) // stride + 1

    while True:
        side = rng.randint(27, 45)
        layers = [(rng.randint(3, 6), rng.choice([2, 3]), rng.randint(0, 2)) for _ in range(3)]
        sides = [side]
        for layer in layers:
            sides.append(down(sides[-1], layer))
        if sides[-1] >= 2 and len({stride for _, stride, _ in layers}) == 2:
            break
    stack, start = [(rng.choice([2, 4, 6]), 2, rng.randint(0, 1)) for _ in range(3)], rng.randint(2, 4)
    target = start
    for kernel, stride, padding in stack:
        target = (target - 1) * stride - 2 * padding + kernel
    return {
        "SIDE": side,
        "LAYERS": layers,
        "WIDTHS": [rng.randint(5, 12), rng.randint(13, 24), rng.randint(25, 40)],
        "START": start,
        "TARGET": target,
        "STACK": stack,
    }


# %% [markdown] The sheet of another pair
# A discriminator reads grey images of SIDE × SIDE pixels. It has three convolutions without bias, with
# (kernel, stride, padding) = LAYERS and with WIDTHS channels. After the second and after the third stands a BatchNorm. At the end a linear layer
# with a bias makes one logit of all that is left.
#
# 1. Give `sides`, the list of the four sides of the images, from SIDE to the last one.
# 2. Give `count`, the number of parameters of the whole discriminator.
# 3. Give `stack` for a generator of three transposed convolutions that goes from START × START to TARGET × TARGET: a list of three
#    triples (kernel, stride, padding). Each stride is 2, and no layer may leave a checkerboard: 2 divides each kernel. The
#    padding is 2 at most. No layer has an output padding.
#
# Work them out before you build anything.

# %% solution
layers, widths = LAYERS, WIDTHS
### BEGIN SOLUTION
sides = [SIDE]
for kernel, stride, padding in layers:
    sides.append((sides[-1] + 2 * padding - kernel) // stride + 1)
count, before = 0, 1
for (kernel, _, _), width in zip(layers, widths):
    count += kernel * kernel * before * width
    before = width
count += 2 * (widths[1] + widths[2])  # BatchNorm has two numbers a channel
count += widths[2] * sides[-1] ** 2 + 1
stack = STACK  # each side is twice the one before, minus 2, minus 2 * padding, plus the kernel
### END SOLUTION

# %% check
assert sides[0] == SIDE and len(sides) == 4, "four sides, from the images to the last layer"
assert count == int(count) > 0, "a whole number"
assert len(stack) == 3 and all(len(layer) == 3 for layer in stack), "three triples (kernel, stride, padding)"
assert all(stride == 2 and kernel % 2 == 0 and 0 <= padding <= 2 for kernel, stride, padding in stack), (
    "each stride is 2, 2 divides each kernel, and the padding is 2 at most"
)

# %% hidden
import torch
from torch import nn

seen, parts = [SIDE], []
for (kernel, stride, padding), inward, outward in zip(LAYERS, [1, *WIDTHS], WIDTHS):
    parts.append(nn.Conv2d(inward, outward, kernel, stride, padding, bias=False))
    seen.append(nn.Sequential(*parts)(torch.zeros(1, 1, SIDE, SIDE)).shape[-1])
parts += [nn.BatchNorm2d(WIDTHS[1]), nn.BatchNorm2d(WIDTHS[2]), nn.Linear(WIDTHS[2] * seen[-1] ** 2, 1)]
assert list(sides) == seen, "the sides are others"
assert count == sum(p.numel() for part in parts for p in part.parameters()), "another number of parameters"
made = torch.zeros(1, 1, START, START)
for kernel, stride, padding in stack:
    made = nn.ConvTranspose2d(1, 1, kernel, stride, padding)(made)
assert made.shape[-1] == TARGET, f"the stack does not end at TARGET pixels, but at {made.shape[-1]}"

# %% wrong: the two numbers of BatchNorm are forgotten
# - count += 2 * (widths[1] + widths[2])
# + count += 0

# %% wrong: each convolution has a bias
# - kernel * kernel * before * width
# + (kernel * kernel * before + 1) * width

# %% wrong: the stack ends two pixels too far
# - stack = STACK
# + stack = [STACK[0], STACK[1], (STACK[2][0] + 2, 2, STACK[2][2])]
