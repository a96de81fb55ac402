"""Chapter 8: which of four plans costs least where some trainings fail."""


def numbers(rng):
    def cost(p, at, missed, alarm):
        return (p * ((1 - missed) * at + missed) + (1 - p) * (alarm * at + 1 - alarm)) / ((1 - p) * (1 - alarm))

    while True:
        p = rng.choice([0.3, 0.4, 0.5, 0.6])
        early = (rng.choice([0.05, 0.1, 0.15]), rng.choice([0.2, 0.3, 0.4, 0.5]), rng.choice([0.1, 0.2, 0.3]))
        late = (rng.choice([0.3, 0.4, 0.5]), rng.choice([0.02, 0.05, 0.1]), rng.choice([0.02, 0.05]))
        factor = rng.choice([1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5])
        costs = [cost(p, *early), cost(p, *late), cost(p, 1, 0, 0), factor]
        first, second = sorted(costs)[:2]
        if second > 1.03 * first:
            break
    return {
        "FAILS": p,
        "EARLY_AT": early[0],
        "EARLY_MISSED": early[1],
        "EARLY_ALARM": early[2],
        "LATE_AT": late[0],
        "LATE_MISSED": late[1],
        "LATE_ALARM": late[2],
        "FACTOR": factor,
    }


# %% [markdown] Four plans
# A training fails with probability FAILS, each seed for itself, and a whole training costs 1. You want one good training. A check looks at each run
# once and stops it if it looks ill. A run that is ill and not stopped goes on to its end, where everybody sees that it failed. Then the
# next seed starts.
#
# | plan | the check comes after this share of the training | ill runs that it overlooks | good runs that it stops |
# |---|---|---|---|
# | early | EARLY_AT | EARLY_MISSED | EARLY_ALARM |
# | late | LATE_AT | LATE_MISSED | LATE_ALARM |
# | none | no check | | |
#
# The plan "safe" is another recipe. It never fails, and costs FACTOR.
#
# Give `cost`, a dict from the four names "early", "late", "none" and "safe" to the mean cost of one good training, and `cheapest`, the name of the cheapest plan.


# %% solution
### BEGIN SOLUTION
def mean_cost(at, missed, alarm):
    # A try costs this on average, and it ends the search with this chance. So 1 / chance tries are made.
    ill = (1 - missed) * at + missed * 1
    good = alarm * at + (1 - alarm) * 1
    chance = (1 - FAILS) * (1 - alarm)
    return (FAILS * ill + (1 - FAILS) * good) / chance


cost = {
    "early": mean_cost(EARLY_AT, EARLY_MISSED, EARLY_ALARM),
    "late": mean_cost(LATE_AT, LATE_MISSED, LATE_ALARM),
    "none": mean_cost(1, 0, 0),
    "safe": FACTOR,
}
cheapest = min(cost, key=cost.get)
### END SOLUTION

# %% check
assert set(cost) == {"early", "late", "none", "safe"}, "a cost for each of the four plans"
assert all(value >= 1 for value in cost.values()), "at least one training is a whole one"
assert cheapest in cost, "the name of a plan"

# %% hidden
for name, (at, missed, alarm) in {
    "early": (EARLY_AT, EARLY_MISSED, EARLY_ALARM),
    "late": (LATE_AT, LATE_MISSED, LATE_ALARM),
    "none": (1.0, 0.0, 0.0),
}.items():
    expected, left = 0.0, 1.0  # go through the tries one by one until almost surely one has succeeded
    for _ in range(2000):
        expected += left * FAILS * ((1 - missed) * at + missed)
        expected += left * (1 - FAILS) * (alarm * at + (1 - alarm))
        left *= FAILS + (1 - FAILS) * alarm
    assert abs(cost[name] / expected - 1) < 2e-3, f"{name}: another mean cost"
assert abs(cost["safe"] / FACTOR - 1) < 1e-6, "safe: it never starts again"
assert cheapest == min(cost, key=cost.get), "another plan is cheaper"


# %% wrong: false alarms are forgotten
def mean_cost(at, missed):
    return 1 + FAILS / (1 - FAILS) * ((1 - missed) * at + missed)


cost = {
    "early": mean_cost(EARLY_AT, EARLY_MISSED),
    "late": mean_cost(LATE_AT, LATE_MISSED),
    "none": mean_cost(1, 0),
    "safe": FACTOR,
}
cheapest = min(cost, key=cost.get)


# %% wrong: the check overlooks nothing
def mean_cost(at, alarm):
    return (FAILS * at + (1 - FAILS) * (alarm * at + 1 - alarm)) / ((1 - FAILS) * (1 - alarm))


cost = {
    "early": mean_cost(EARLY_AT, EARLY_ALARM),
    "late": mean_cost(LATE_AT, LATE_ALARM),
    "none": mean_cost(1, 0),
    "safe": FACTOR,
}
cheapest = min(cost, key=cost.get)
