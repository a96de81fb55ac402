"""The arithmetic of tools/experiments/bench.py; the measurements need a machine that does nothing else."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ganbook.chapters import results
from ganbook.training.recipes import get
from tools.experiments import bench


@pytest.mark.parametrize(("name", "bf16"), [("mlp", False), ("dcgan", False), ("dcgan", True)])
def test_the_products_of_a_step_are_all_its_multiplications(name, bf16):
    loop = bench.ganbook_loop(get(name), 4, bf16=bf16)
    next(loop)  # the first step looks at the images once more
    with FlopCounterMode(display=False) as step, bench.Calls(bench.PRODUCTS) as noted:
        next(loop)
    with FlopCounterMode(display=False) as alone, torch.no_grad():
        noted.replay()
    assert alone.get_total_flops() == step.get_total_flops() > 0
    kinds = {t.dtype for _, args, _ in noted.calls for t in args if isinstance(t, torch.Tensor)}
    assert kinds == {torch.bfloat16 if bf16 else torch.float32}


def test_ratios_are_taken_round_by_round_and_called_noisy_where_they_scatter():
    plain = [100.0, 50.0, 80.0, 120.0, 100.0]  # a machine whose speed changes, from round to round
    seen = bench.summary({"plain": plain, "ganbook": [2 * p for p in plain], "wild": [100.0, 10.0, 300.0, 20.0, 90.0]})
    assert seen["ratio"]["ganbook"] == {"median": 2.0, "quartiles": [2.0, 2.0], "too_noisy": False}
    assert seen["ratio"]["wild"]["too_noisy"] and seen["images_per_second"]["plain"]["too_noisy"]


@pytest.mark.parametrize("name", ["c-mlp", "mlp", "dcgan", "conditional"])
def test_the_plain_loop_trains_the_networks_it_is_given(name, tmp_path):
    bench.unpack(tmp_path)
    networks = get(name).networks(seed=0)
    before = [[p.clone() for p in net.parameters()] for net in networks]
    next(bench.plain_loop(get(name), 8, tmp_path, networks))
    for net, old in zip(networks, before):
        assert not all(torch.equal(p, q) for p, q in zip(net.parameters(), old))


def test_the_stored_benchmark_is_whole_and_from_an_idle_machine():
    stored = results.load("bench")
    assert stored["machine"]["load"] <= 0.5, "measured while the machine did something else"
    assert [(case["recipe"], case["batch"]) for case in stored["cases"]] == list(bench.CASES)
    for case in stored["cases"]:
        assert case["all"].keys() == case["milliseconds"].keys() == {"plain", *bench.WAYS}
        for way, again in bench.summary(case["all"])["ratio"].items():
            assert case["ratio"][way]["median"] == pytest.approx(again["median"], abs=0.01), way
    memory, seconds = stored["endurance"]["megabytes"], stored["endurance"]["seconds"]
    assert memory[-1] - memory[1] < 20, "the memory of a long run must not grow"
    assert max(seconds) < 1.25 * min(seconds), "nor may its steps become slower"
    assert stored["imports"]["ganbook"]["median"] < 0.15
