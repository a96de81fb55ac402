"""The bug clinic: five runs, each measured in seven ways."""

# The bug that a measurement shows, what is measured, a healthy value, and the value of a run with the bug.
SHOWN = {
    "range": ("smallest and largest pixel of the digits that D sees", "-1.00, 1.00", "{r}"),
    "sigmoid": ("loss of D after many updates on one batch", "0.00{c}", "0.50{d}"),
    "labels": ("D(x) and D(G(z)) behind these updates", "0.9{c}, 0.0{c}", "0.0{d}, 0.9{d}"),
    "optimiser": ("how far an update of D moves D and G", "0.0{e}, 0.000", "0.0{e}, 0.0{f}"),
    "detach": ("how far an update of G moves D and G", "0.000, 0.0{f}", "0.000, 0.000"),
    "zero": (
        "gradient norm of D at four calls with one batch, no update between",
        "0.{e}, 0.{e}, 0.{e}, 0.{e}",
        "0.{e}, {two:.2f}, {three:.2f}, {four:.2f}",
    ),
    "eval": ("batches that BatchNorm in G has counted, by the number of steps", "2.00", "0.00"),
}


def numbers(rng):
    bugs = rng.sample(sorted(SHOWN), 4)
    truth = dict(zip("ABCDE", rng.sample([*bugs, "none"], 5)))
    lines = ["| measured | A | B | C | D | E |", "|---|---|---|---|---|---|"]
    for bug, (what, healthy, ill) in SHOWN.items():
        cells = []
        for run in "ABCDE":
            e = rng.randint(31, 89)
            values = {
                "c": rng.randint(1, 9),
                "d": rng.randint(3, 9),
                "e": e,
                "f": rng.randint(11, 89),
                "r": rng.choice(["-3.00, 1.00", "0.00, 1.00", "-1.00, 0.00"]),
                "two": 2 * e / 100,
                "three": 3 * e / 100,
                "four": 4 * e / 100,
            }
            cells.append((ill if truth[run] == bug else healthy).format(**values))
        lines.append(f"| {what} | {' | '.join(cells)} |")
    wrong = dict(truth)
    wrong["A"], wrong["B"] = truth["B"], truth["A"]
    return {
        "TABLE": "\n".join(lines),
        "SMOOTH": rng.choice([0.8, 0.85, 0.9, 0.95]),
        "HIDDEN_TRUTH": truth,
        "EXCHANGED": wrong,
    }


# %% [markdown] Five patients
# Five runs use the pair of the clinic. Four of them have one mistake of the clinic, and one is healthy. The table shows what was
# measured. A number need not be odd only because it differs from its neighbours: batches and networks differ as well.
#
# TABLE
#
# 1. Give `diagnosis`, a dict from "A" to "E". Its values are `"range"` (digits that were normalised wrongly), `"sigmoid"` (a sigmoid too
#    many), `"labels"` (swapped labels), `"optimiser"` (the parameters of $G$ in the optimiser of $D$), `"detach"` ($G$ trained on detached
#    fakes), `"zero"` (gradients that are never zeroed), `"eval"` (evaluation mode left on) and `"none"`.
# 2. In a sixth run $D$ ends in a sigmoid, and its loss takes the answers for logits. Real images have the label SMOOTH. Below which
#    value can the loss of $D$, the *sum* of its two mean cross-entropies, never fall? Give it as `lowest`.

# %% solution
import math

### BEGIN SOLUTION
diagnosis = HIDDEN_TRUTH
# The loss takes an answer a in (0, 1) for a logit. For fakes it falls with a, to log 2 at a = 0. For real images
# its slope is sigmoid(a) - SMOOTH, below zero for all a up to 1, so that it is lowest at a = 1.
lowest = SMOOTH * math.log(1 + math.exp(-1)) + (1 - SMOOTH) * math.log(1 + math.e) + math.log(2)
### END SOLUTION

# %% check
known = {"range", "sigmoid", "labels", "optimiser", "detach", "zero", "eval", "none"}
assert set(diagnosis) == set("ABCDE"), "an entry for each of the five runs"
assert set(diagnosis.values()) <= known, "use the words of the exercise"
assert lowest > 0, "a sum of two losses"

# %% hidden
import torch
import torch.nn.functional as F

for run, name in HIDDEN_TRUTH.items():
    assert diagnosis[run] == name, f"run {run} has another illness, or none"
answers = torch.linspace(0, 1, 100_001, dtype=torch.float64)
least = sum(
    F.binary_cross_entropy_with_logits(answers, torch.full_like(answers, label), reduction="none").min().item()
    for label in (SMOOTH, 0.0)
)
assert abs(lowest - least) < 1e-3, "the loss can fall lower, or never so far"

# %% wrong: two runs are exchanged
import math

diagnosis = EXCHANGED
lowest = SMOOTH * math.log(1 + math.exp(-1)) + (1 - SMOOTH) * math.log(1 + math.e) + math.log(2)

# %% wrong: the floor of hard labels
import math

diagnosis = HIDDEN_TRUTH
lowest = math.log(1 + math.exp(-1)) + math.log(2)

# %% wrong: the floor of the mean
import math

diagnosis = HIDDEN_TRUTH
lowest = (SMOOTH * math.log(1 + math.exp(-1)) + (1 - SMOOTH) * math.log(1 + math.e) + math.log(2)) / 2
