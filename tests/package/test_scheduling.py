"""What changes in the course of a training is what the schedule says, at every step, however often it is stopped."""

import dataclasses
import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR

from ganbook.base.errors import InputError
from ganbook.data import Images
from ganbook.models import mlp
from ganbook.objectives import NonSaturating, Relativistic, ZeroCentred
from ganbook.training import scheduling
from ganbook.training.ema import averaged
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from ganbook.training.scheduling import BurnIn, Every, Falling

STEPS = 12
DATA = Images(torch.randint(0, 256, (64, 4, 4), generator=torch.Generator().manual_seed(0)).byte())


ADAM = partial(Adam, lr=0.01, betas=(0.5, 0.9))


def recipe(opt=ADAM, **more):
    return Recipe(
        **{"name": "small", "title": "Small", "source": "a test", "objective": NonSaturating(), "m": 8, "steps": STEPS}
        | {"G": partial(mlp.Generator, z_dim=3, image=(1, 4, 4), hidden=(8,), norm=True), "opt_g": opt, "opt_d": opt}
        | {"D": partial(mlp.Discriminator, image=(1, 4, 4), hidden=(8,)), **more}
    )


def trained(recipe, *pieces):
    run = Run(recipe, data=DATA)
    for steps in pieces or (STEPS,):
        list(run.train(steps))
    return run


def same(a, b):
    pairs = [zip(p.state_dict().values(), q.state_dict().values()) for p, q in ((a.G, b.G), (a.D, b.D))]
    return all(torch.equal(v, w) for pair in pairs for v, w in pair)


@given(st.floats(0, 0.99, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False))
def test_falling_is_one_at_first_zero_at_the_end_and_never_rises(after, t):
    fall = Falling(after)
    assert fall(0.0) == fall(after) == 1 and fall(1.0) == 0
    assert 0 <= fall(1.0) <= fall(t) <= fall(t / 2) <= 1
    middle = (1 + after) / 2
    assert math.isclose(fall(middle), 0.5)


@given(
    st.floats(0, 10, allow_subnormal=False),
    st.floats(0, 10, allow_subnormal=False),
    st.floats(0.01, 1, allow_subnormal=False),
)
def test_a_burn_in_has_its_half_in_the_middle_and_then_stays(first, last, until):
    burn = BurnIn(first, last, until)
    assert burn(0.0) == first and math.isclose(burn(until / 2), (first + last) / 2, abs_tol=1e-9)
    assert math.isclose(burn(until), last, abs_tol=1e-9) and math.isclose(burn(1.0), last, abs_tol=1e-9)


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 10, allow_subnormal=False))
def test_every_so_many_steps_have_it_all_and_the_mean_is_the_value(every, times, value):
    steps = every * times
    taken = [scheduling.at({"r1": Every(every, steps, value)}, step, steps)["r1"] for step in range(1, steps + 1)]
    assert [i for i, one in enumerate(taken) if one] == (list(range(0, steps, every)) if value else [])
    assert math.isclose(sum(taken) / steps, value, abs_tol=1e-9)


def test_what_is_taken_at_every_so_many_steps_may_change_on_the_way():
    falling, steps = BurnIn(1.0, 0.1, 0.5), 40
    lazy = Every(4, steps, falling)
    taken = [scheduling.at({"r1": lazy}, step, steps)["r1"] for step in range(1, steps + 1)]
    assert taken == [0.0 if i % 4 else 4 * falling(i / steps) for i in range(steps)]


def test_a_lazy_penalty_is_taken_at_its_steps_only_and_goes_on_after_a_stop():
    lazy = recipe(objective=ZeroCentred(NonSaturating(), r1=0.5), schedule={"r1": Every(4, STEPS, 0.5)})
    run = Run(lazy, data=DATA)
    assert [record.step for record in run.train(STEPS) if "d_r1" in record.values] == [1, 5, 9]
    assert same(run, trained(lazy, 3, STEPS - 3))
    always = trained(recipe(objective=ZeroCentred(NonSaturating(), r1=0.5)))
    assert same(trained(recipe(objective=lazy.objective, schedule={"r1": Every(1, STEPS, 0.5)})), always)
    assert not same(run, always)
    with pytest.raises(InputError, match="counts 12 steps, and the training has 24"):
        lazy.change(steps=24)


def test_the_rates_are_those_of_pytorchs_own_scheduler():
    rates, run = [], Run(recipe(schedule={"lr": Falling(0.25)}), data=DATA)
    for _ in run.train(STEPS):
        rates.append((run.opt_g.param_groups[0]["lr"], run.opt_d.param_groups[0]["lr"]))
    opt = SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
    theirs = LambdaLR(opt, lambda made: Falling(0.25)(made / STEPS))
    for ours in rates:
        assert ours == pytest.approx((opt.param_groups[0]["lr"],) * 2)
        opt.step()
        theirs.step()
    assert rates[0] == (0.01, 0.01) and 0 < rates[-1][0] < 0.002


def test_a_schedule_that_changes_nothing_gives_the_bits_of_none_and_a_fall_gives_others():
    plain = trained(recipe())
    assert same(plain, trained(recipe(schedule={"lr": lambda t: 1.0, "beta_2": lambda t: 0.9})))
    assert not same(plain, trained(recipe(schedule={"lr": Falling(0.5)})))


ALL = {"lr": Falling(0.3), "beta_2": BurnIn(0.9, 0.99, 0.5), "r1": BurnIn(1.0, 0.1, 0.5), "ema": BurnIn(0.0, 0.9, 0.5)}


def full(**more):
    return recipe(objective=ZeroCentred(Relativistic(), r1=7.0, r2=0.5), ema=0.5, schedule=ALL, **more)


def test_a_run_that_was_stopped_and_loaded_follows_the_same_schedule(tmp_path):
    whole, part = trained(full()), trained(full(), 5)
    part.save(tmp_path / "run.pt")
    gone_on = Run.load(tmp_path / "run.pt", recipe=full(), data=DATA)
    list(gone_on.train_to(STEPS))
    assert same(whole, gone_on) and same(whole, trained(full(), 1, 4, 7))
    for ours, theirs in zip(whole.ema.state_dict().values(), gone_on.ema.state_dict().values()):
        assert torch.equal(ours, theirs)


@dataclasses.dataclass(frozen=True)
class Spy(NonSaturating):
    weight: float = 3.0

    def discriminator(self, critic, x, x_fake):
        return super().discriminator(critic, x, x_fake) | {"weight": torch.tensor(self.weight)}


def test_objective_beta_and_average_get_the_values_of_each_step():
    schedule = {"weight": BurnIn(1.0, 0.0, 1.0), "beta_2": BurnIn(0.5, 0.9, 0.5), "ema": BurnIn(0.1, 0.8, 1.0)}
    run = Run(recipe(objective=Spy(), ema=0.3, schedule=schedule), data=DATA)
    by_hand, at = averaged(run.G, 0.3), {name: [f(s / STEPS) for s in range(STEPS)] for name, f in schedule.items()}
    weights = []
    for s, record in enumerate(run.train(STEPS)):
        weights.append(record["d_weight"])
        assert run.opt_d.param_groups[0]["betas"] == (0.5, at["beta_2"][s]) == run.opt_g.param_groups[0]["betas"]
        for mine, new in zip(by_hand.module.parameters(), run.G.parameters()):
            mine.data = new.data.clone() if s == 0 else at["ema"][s] * mine.data + (1 - at["ema"][s]) * new.data
    assert weights == pytest.approx(at["weight"])
    for ours, mine in zip(run.sampler.parameters(), by_hand.module.parameters()):
        torch.testing.assert_close(ours, mine)


def test_no_step_is_made_after_the_rates_came_to_nothing_and_the_run_stays_whole(tmp_path):
    run = trained(recipe(schedule={"lr": Falling(0.5)}))
    with pytest.raises(InputError, match=r"fall to 0 at its last step, 12, and step 15 .* recipe.change\(steps=15\)"):
        list(run.train(3))
    run.save(tmp_path / "run.pt")
    assert run.step == STEPS and list(run.train_to(STEPS)) == []
    longer = trained(recipe(schedule={"beta_2": BurnIn(0.5, 0.9, 0.5)}), STEPS, 3)  # this one just stays as it is
    assert longer.step == STEPS + 3 and longer.opt_d.param_groups[0]["betas"][1] == pytest.approx(0.9)


def test_a_schedule_is_stretched_with_the_steps_described_and_compared(tmp_path):
    short, long = recipe(schedule={"lr": Falling(0.5)}), recipe(schedule={"lr": Falling(0.5)}, steps=24)
    assert short.change(steps=24).describe() == long.describe()
    assert short.at(10)["lr"] == long.at(19)["lr"] < 1
    assert long.describe()["schedule"] == {"lr": "Falling(after=0.5) over 24 steps"}
    assert "schedule" not in recipe().describe() and recipe().at(5) == {}
    trained(short, 2).save(tmp_path / "run.pt")
    with pytest.raises(InputError, match=r"schedule was .*over 12 steps.* and is .*over 24 steps"):
        Run.load(tmp_path / "run.pt", recipe=long, data=DATA)


WRONG = {
    "ema": ({"ema": Falling(0.5)}, "The recipe keeps no average"),
    "name": ({"learning_rate": Falling(0.5)}, "no setting 'learning_rate' to schedule. There are lr, beta_2"),
    "switch": ({"average": Falling(0.5)}, "no setting 'average'"),
    "number": ({"lr": 0.5}, r"a function of the progress .* got 0.5"),
    "list": ([Falling(0.5)], r"such as \{'lr': Falling\(0.5\)\}"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_schedule_is_a_sentence(kind):
    schedule, sentence = WRONG[kind]
    with pytest.raises(InputError, match=sentence):
        recipe(schedule=schedule)


def test_shares_out_of_range_and_an_optimiser_without_beta_2_are_sentences():
    for wrong in (lambda: Falling(1.0), lambda: Falling(-0.1), lambda: BurnIn(0, 1, 0.0), lambda: BurnIn(0, 1, 1.5)):
        with pytest.raises(InputError, match=r"Expected (after|until) in"):
            wrong()
    run = Run(recipe(partial(SGD, lr=0.1), schedule={"beta_2": lambda t: 0.9}), data=DATA)
    with pytest.raises(InputError, match="beta_2 needs optimisers that have one"):
        list(run.train(1))
    assert scheduling.at({}, 3, 10) == {}
