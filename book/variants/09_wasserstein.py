"""Chapter 9: the earth mover's distance between two heaps on a line, and a critic that proves it."""


def numbers(rng):
    def heaps():
        cuts = sorted(rng.sample(range(1, 20), 4))
        return [b - a for a, b in zip([0, *cuts], [*cuts, 20])]

    while True:
        p, q = heaps(), heaps()
        ahead = [sum(p[: k + 1]) - sum(q[: k + 1]) for k in range(4)]
        if min(ahead) < 0 < max(ahead):  # earth moves both ways, so that no straight line is the best critic
            break
    return {
        "PLACES": sorted(rng.sample(range(-9, 15), 5)),
        "DATA": [a / 20 for a in p],
        "MADE": [b / 20 for b in q],
    }


# %% [markdown] Two heaps on a line
# The data and the fakes lie on five places of a line, PLACES. The data have the probabilities DATA there, and the fakes MADE.
#
# 1. Give the Wasserstein distance $W_1$ of the two as `distance`.
# 2. Give `critic`, the list of the values of a critic at the five places. Its slope between any two places is at most 1, and it proves the distance: its
#    mean on the data minus its mean on the fakes is $W_1$.
# 3. Give `straight`, the largest distance that a critic of the form $D(x) = w x$ with $|w| \le 1$ can prove.

# %% solution
places, p, q = PLACES, DATA, MADE
### BEGIN SOLUTION
# What lies too much to the left of a gap has to cross it. The critic falls where data have to be carried to the right.
distance, critic, ahead = 0.0, [0.0], 0.0
for k in range(4):
    ahead += p[k] - q[k]
    gap = places[k + 1] - places[k]
    distance += abs(ahead) * gap
    critic.append(critic[-1] + (-gap if ahead > 0 else gap))
straight = abs(sum((a - b) * x for a, b, x in zip(p, q, places)))
### END SOLUTION

# %% check
assert distance > 0 and straight >= 0, "two distances"
assert len(critic) == 5, "a value for each place"

# %% hidden
earth = [[x for x, share in zip(PLACES, heap) for _ in range(round(20 * share))] for heap in (DATA, MADE)]
moved = sum(abs(a - b) for a, b in zip(*map(sorted, earth))) / 20  # the n-th grain goes to the n-th place
assert abs(distance - moved) < 1e-4, "another distance"
for x, a in zip(PLACES, critic):
    for y, b in zip(PLACES, critic):
        assert abs(a - b) <= abs(x - y) + 1e-6, "the critic has a slope above 1 between two places"
proved = sum((a - b) * value for a, b, value in zip(DATA, MADE, critic))
assert abs(proved - moved) < 1e-4, "the critic proves another distance"
line = abs(sum(earth[0]) - sum(earth[1])) / 20
assert abs(straight - line) < 1e-4, "a straight critic proves another distance"

# %% wrong: the critic is a straight line
places, p, q = PLACES, DATA, MADE
distance, ahead = 0.0, 0.0
for k in range(4):
    ahead += p[k] - q[k]
    distance += abs(ahead) * (places[k + 1] - places[k])
straight = abs(sum((a - b) * x for a, b, x in zip(p, q, places)))
critic = list(places)

# %% wrong: the gaps between the places are forgotten
places, p, q = PLACES, DATA, MADE
distance, critic, ahead = 0.0, [0.0], 0.0
for k in range(4):
    ahead += p[k] - q[k]
    gap = places[k + 1] - places[k]
    distance += abs(ahead)
    critic.append(critic[-1] + (-gap if ahead > 0 else gap))
straight = abs(sum((a - b) * x for a, b, x in zip(p, q, places)))

# %% wrong: the critic is upside down
places, p, q = PLACES, DATA, MADE
distance, critic, ahead = 0.0, [0.0], 0.0
for k in range(4):
    ahead += p[k] - q[k]
    gap = places[k + 1] - places[k]
    distance += abs(ahead) * gap
    critic.append(critic[-1] + (gap if ahead > 0 else -gap))
straight = abs(sum((a - b) * x for a, b, x in zip(p, q, places)))
