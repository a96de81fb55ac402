"""Stored measurements: complete, made by a command that exists, from the recipes as they are."""

import ast
import dataclasses
import itertools
import json
import math
from pathlib import Path

import nbformat
import pytest
import torch

from ganbook.base.errors import InputError
from ganbook.chapters import results
from ganbook.data import Digits
from ganbook.models import takes_labels
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.training import pretrained
from ganbook.training.recipes import Recipe, get
from ganbook.training.run import Run
from tools.experiments import (
    best,
    conditional_ways,
    failure_runs,
    inductive_bias,
    normalisation,
    objective_runs,
    remedies,
    repairs,
    trials,
)


def test_an_unknown_result_lists_the_known_ones():
    with pytest.raises(InputError, match="repairs"):
        results.load("repair")


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe\x00", b"\x89PNG\r\n\x1a\n cut off"])
def test_a_damaged_file_is_named(tmp_path, monkeypatch, content):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.json is damaged"):
        results.load("t")
    (tmp_path / "t.json").write_text("{}")
    (tmp_path / "t.png").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.png is damaged"):
        results.picture("t")


def test_the_repairs_lead_from_the_published_pair_to_the_repaired_one_and_back():
    published, repaired = get("c-mlp"), get("mlp")
    there, back = published, repaired
    for repair in repairs.REPAIRS.values():
        there, back = repair.make(there), repair.undo(back)

    def settings(recipe):
        return repairs.settings(repairs.Plan(recipe, steps=1, seeds=1))

    assert settings(there) == settings(repaired) and settings(back) == settings(published)
    for repair in repairs.REPAIRS.values():
        assert settings(repair.make(published)) != settings(published), "a repair that changes nothing"
        assert settings(repair.undo(repaired)) != settings(repaired)


def test_the_tutorials_sigmoid_gives_the_same_losses_until_float32_ends():
    def losses(objective, scale):
        x = torch.linspace(-1, 1, 9) * scale
        d = objective.discriminator(lambda images: images, x, -x / 2)
        return [d["loss"].item(), objective.generator(lambda images: images, None, x)["loss"].item()]

    options = {"average": True, "joint": True}
    plain, sigmoid = NonSaturating(**options), repairs.Sigmoid(**options)
    assert losses(sigmoid, 5) == pytest.approx(losses(plain, 5), rel=1e-5)
    assert losses(sigmoid, 500) != pytest.approx(losses(plain, 500), rel=0.1), "BCELoss ends at 100"


def test_each_repair_was_measured_with_the_recipes_as_they_are():
    stored, table = results.load("repairs"), repairs.variants()
    assert stored["settings"] == {name: repairs.settings(plan) for name, plan in table.items()}
    assert [tuple(line) for line in stored["lines"]] == [(n, seed) for n, p in table.items() for seed in range(p.seeds)]
    h, w = results.picture("repairs").shape
    assert (h, w) == (len(stored["lines"]) * 29 - 1, 8 * 29 - 1)
    for name, plan in table.items():
        rows = stored["variants"][name]
        assert [row["seed"] for row in rows] == list(range(plan.seeds)), f"{name}: a seed is missing"
        for row in rows:
            assert row["steps"] == plan.steps and row["images"] == plan.steps * plan.recipe.m
            if row.get("diverged"):
                continue
            assert row["frechet"] > row["floor"] > 0 and sum(row["shares"]) == pytest.approx(1, abs=1e-3)
            assert row["lost"] == (min(row["shares"]) < stored["least_share"])
        if "epochs" not in name:
            assert all(row["images"] == stored["images"] for row in rows), "every run sees as many real images"


def test_scores_belong_to_the_networks_as_they_are():
    stored = results.load("scores")
    assert stored["weights"] == {name: pretrained.load(name).sha256 for name in pretrained.names()}
    assert set(stored["rows"]) == {"real", *pretrained.names()}
    for name, rows in stored["rows"].items():
        assert len({row["noise"] for row in rows}) == len(rows) >= 3, f"{name}: no spread"
        assert all(row["n"] == stored["n"] for row in rows)


def test_stored_distances_are_those_that_the_course_of_the_training_ended_with():
    for name in pretrained.names():
        row, end = results.load("scores")["rows"][name][0], pretrained.course(name)["quality"]["frechet"][-1]
        upright = row.get("upright", row["scores"]["frechet"])["value"]  # a course is judged by upright digits
        # A course asks for each digit equally often, and a score as often as MNIST has it.
        least = 0.1 if takes_labels(pretrained.load(name).G) else 0.02
        assert upright == pytest.approx(end, rel=least), "float16 weights change no more"


@pytest.mark.parametrize("tool", [objective_runs, failure_runs, remedies], ids=lambda tool: tool.__name__)
def test_every_variant_of_a_table_can_be_built_and_played(tool, small_folder):
    """The long tables take hours, so a variant that cannot take a step must show here."""
    for name, options in tool.variants().items():
        recipes = [options.at((0,) * len(options.axes))] if isinstance(options, trials.Grid) else [options]
        for recipe in recipes:
            run = Run(dataclasses.replace(recipe, m=min(recipe.m, 16)), folder=small_folder)
            (record,) = run.train(1)
            assert all(value.isfinite() for value in record.values.values()), name


def test_what_gans_are_sensitive_to_was_measured_with_the_recipes_as_they_are():
    stored = results.load("failures")
    for name, recipe in failure_runs.variants().items():
        assert stored["settings"][name] == trials.settings({"": recipe}), name
        rows = stored["variants"][name]
        assert [row["seed"] for row in rows] == list(range(len(rows))) and len(rows) >= 3, f"{name}: a seed is missing"
        for row in rows:
            assert row["lost"] == (row["diverged"] or min(row["shares"]) < stored["least_share"])
            assert row["seconds"] == pytest.approx(stored["cpu_seconds"], rel=0.05) or row["diverged"]


@pytest.mark.parametrize(("name", "tool"), [("objectives", objective_runs), ("remedies", remedies)])
def test_a_searched_table_was_measured_as_it_is_and_no_search_ended_at_an_edge(name, tool):
    stored, grids = results.load(name), tool.variants()
    for variant, grid in grids.items():
        assert stored["settings"][variant] == grid.settings(), variant
        found = stored["trials"][variant]
        assert grid.wanted(found) == [], f"{variant}: a neighbour of the best is untried or better"
        assert stored["chosen"][variant] == grid.best(found)
    for variant, rows in stored["variants"].items():
        assert [row["seed"] for row in rows] == tool.SEEDS, f"{variant}: a seed is missing"
        for row in rows:
            assert row["lost"] == (row["diverged"] or min(row["shares"]) < stored["least_share"])


def test_the_objectives_have_their_course_and_their_time():
    stored = results.load("objectives")
    for name, rows in stored["variants"].items():
        for row in rows:
            assert row["diverged"] or [step for step, _ in row["course"]] == objective_runs.LOOKS
        assert len(stored["ms"][name]) == trials.BLOCKS and min(stored["ms"][name]) > 0


def test_the_remedies_ran_for_the_same_steps_on_twins_that_differ_in_one_thing():
    stored, grids = results.load("remedies"), remedies.variants()
    for name, rows in stored["variants"].items():
        assert all(row["diverged"] or row["steps"] == stored["steps"] for row in rows), name
        middle = grids[name].label((0,) * len(grids[name].axes))
        assert set(stored["finals"][name]) == {middle, stored["chosen"][name]}, f"{name}: the last round"
    (G, D), (G_twin, D_twin) = (grids[f"{pair}, no remedy"].at((0, 0)).networks(0) for pair in remedies.PAIRS)
    assert str(D) == str(D_twin) and [str(layer) for layer in G_twin.layers if "Norm" not in str(layer)] == [
        str(layer) for layer in G.layers
    ]
    repaired = get("mlp")
    assert [str(net) for net in repaired.networks(0)] == [str(G_twin), str(D_twin)]
    for name, grid in grids.items():
        assert grid.at((0,) * len(grid.axes)).describe()["optimisers"] == repaired.describe()["optimisers"], name


BOWL = trials.Grid(recipe=lambda *values: values, axes={"a": (1.0, 2.0), "b": (0.1, 10.0)})


def climbed(grid, score):
    """Every trial of a search in which a setting scores so, in the order in which they were asked for."""
    done = {}
    while wanted := grid.wanted(done):
        done |= {grid.label(at): score(*grid.values(at)) for at in wanted}
    return done


@pytest.mark.parametrize("place", [(1.0, 0.1), (8.0, 0.1), (0.25, 100.0)])
def test_a_search_finds_the_bottom_of_a_bowl_wherever_it_lies_and_tries_all_around_it(place):
    done = climbed(BOWL, lambda *values: sum(math.log(v / p) ** 2 for v, p in zip(values, place)))
    a, b = place
    assert BOWL.find(BOWL.best(done)) == place
    assert {f"{v:g}, {w:g}" for v, w in ((a, b), (a / 2, b), (2 * a, b), (a, b / 10), (a, 10 * b))} <= set(done)


def test_a_search_goes_around_what_diverges_and_ends_where_all_do():
    done = climbed(BOWL, lambda a, b: None if a > 1 else -a * b if b < 5 else None)
    assert BOWL.best(done) == "1, 1" and done["2, 1"] is None
    assert len(climbed(BOWL, lambda a, b: None)) == 5, "the middle and its neighbours"


def test_the_inductive_bias_was_measured_as_it_is_and_no_rate_lies_at_an_end():
    stored = results.load("inductive_bias")
    for name, rates in inductive_bias.variants().items():
        assert stored["settings"][name] == {"images": name.split(", ")[1], **trials.settings(rates)}, name
        scores, chosen = stored["trials"][name], stored["chosen"][name]
        assert list(rates) == sorted(scores, key=float) and scores[chosen] == min(scores.values())
        assert chosen not in (min(rates, key=float), max(rates, key=float)), f"{name}: a rate outside might be better"
        rows = stored["variants"][name]
        assert [row["seed"] for row in rows] == inductive_bias.SEEDS
        assert all(row["steps"] == stored["steps"] and row["frechet"] > 0 for row in rows)


def test_the_ways_to_give_a_label_were_measured_with_the_recipes_of_the_chapter():
    stored, table = results.load("conditional_ways"), conditional_ways.ways()
    cells = nbformat.read(Path(__file__).parents[2] / "notebooks" / "11_conditional.ipynb", as_version=4).cells
    tree = ast.parse("\n".join(c.source for c in cells if c.cell_type == "code" and "%pip" not in c.source))
    wanted, chapter = {"steps", "recipe", "concatenating", "kinds"}, {}
    for node in tree.body:  # run what makes the recipes, and nothing else
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        if isinstance(node, ast.ImportFrom) or (isinstance(node, ast.Assign) and names & wanted):
            exec(ast.unparse(node), chapter)
    assert chapter["steps"] == conditional_ways.STEPS == stored["steps"] and chapter["seed"] == 0
    for recipes in (table, chapter["kinds"]):
        assert {name: trials.settings({"": recipe}) for name, recipe in recipes.items()} == stored["settings"]
    for rows in stored["variants"].values():
        assert [row["seed"] for row in rows] == conditional_ways.SEEDS, "a seed is missing"
        assert all([step for step, _ in row["course"]][-1] == stored["steps"] for row in rows)


def test_shuffled_digits_are_the_same_pixels_and_go_back_to_their_places(digits):
    some = digits.subset(slice(50))
    there = inductive_bias.shuffled(some).images
    assert torch.equal(there.flatten(1).sort(1).values, some.images.flatten(1).sort(1).values)
    assert not torch.equal(there, some.images) and torch.equal(inductive_bias.restored(there), some.images)


@pytest.mark.parametrize(("name", "file"), best.FILES.items())
def test_the_best_recipes_were_measured_as_they_are(name, file):
    stored, recipe = results.load(file), get(name)
    assert stored["recipe"] == name and stored["command"].removesuffix(" --longer").endswith(("best", f"best {name}"))
    assert stored["settings"] == trials.settings({"": recipe})
    whole = [row["seed"] for row in stored["rows"] if row["steps"] == recipe.steps]
    assert whole == list(best.SEEDS), "a seed is missing"
    for row in stored["rows"]:
        assert len(row["average"]) == len(row["last"]) == best.DRAWS
        assert min(row["average"] + row["last"]) > 0 and 0 <= row["recall"] <= 1
        assert row["named_right"] > 0.9 if name == "conditional" else 0.1 < row["purity"] <= 1
        steps, seconds, _ = zip(*row["course"])
        assert [*seconds, row["seconds"]] == sorted([*seconds, row["seconds"]]) and max(steps) < row["steps"]


def test_a_table_keeps_rows_of_the_same_settings_and_drops_others(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "STORE", tmp_path)
    sheets = {"a": {"0": []}, "b": {"0": []}}
    (tmp_path / "cache.json").write_text(json.dumps(sheets))
    row = {"seed": 0, "steps": 5}
    old = {"settings": {"a": {"lr": 1}, "b": {"lr": 1}}, "variants": {"a": [row], "b": [row]}}
    (tmp_path / "t.json").write_text(json.dumps(old))
    table = trials.Table("t", tmp_path / "cache.json", {"a": {"lr": 1}, "b": {"lr": 2}, "c": {"lr": 1}})
    assert table.report["variants"] == {"a": [row], "b": [], "c": []}
    table.keep()
    assert json.loads((tmp_path / "t.json").read_text())["variants"]["a"] == [row]


def test_the_sheet_has_a_row_a_variant_and_the_seeds_that_all_have(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "STORE", tmp_path)
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    levels = {"a": {"0": 0, "1": 255, "2": 100}, "b": {"0": 120, "1": 7}}
    table = trials.Table("t", tmp_path / "cache.json", {"a": {}, "b": {}})
    for name, seeds in levels.items():
        table.report["variants"][name] = [{"seed": int(seed)} for seed in seeds]
        table.sheets[name] = {s: torch.full((trials.SHOWN, 1, 28, 28), v).tolist() for s, v in seeds.items()}
    table.keep(), table.draw()
    drawn = results.picture("t") * 255
    assert drawn.shape == (2 * 29 - 1, 2 * trials.SHOWN * 29 - 1)
    middles = drawn[14::29, 14 :: 29 * trials.SHOWN]
    assert middles.round().tolist() == [[0, 255], [119, 0]], "the nearest of 16 levels"


def test_the_best_recipe_is_judged_with_the_labels_of_the_test_images(small_folder, monkeypatch):
    monkeypatch.setattr(Recipe, "data", lambda self, folder=None, device="cpu": Digits(folder=small_folder))
    monkeypatch.setattr(best, "LOOKS", 2)
    monkeypatch.setattr(best, "N", 200)
    asked, seen = [], []
    monkeypatch.setattr(best, "sample", lambda G, n, *, seed, y: asked.append(y) or sample(G, n, seed=seed, y=y))
    monkeypatch.setattr(best, "distance", lambda x: seen.append(x) or float(len(seen)))
    row = best.measure(get("conditional").change(m=8, steps=6), seed=3)
    assert (row["steps"], row["seed"]) == (6, 3) and [at for at, *_ in row["course"]] == [3], (
        "the end is no look on the way"
    )
    assert len(row["average"]) == len(row["last"]) == 3 and 0 <= row["named_right"] <= 1
    assert not any(a.equal(b) for a, b in itertools.combinations(seen[1:], 2)), "other noise, or another G, each time"
    counts = Digits("test").counts
    for y in asked:
        assert all(abs((y == label).sum() - 200 * n / sum(counts.values())) < 1 for label, n in counts.items())


class Hopeless(NonSaturating):
    """An objective whose loss is not a number."""

    def generator(self, critic, x, x_fake):
        return {"loss": critic(x_fake).mean() * math.nan}


def test_a_trial_ends_with_its_cpu_seconds_or_with_its_divergence(small_folder, monkeypatch):
    recipe = dataclasses.replace(get("d-linear"), m=16)
    monkeypatch.setattr(Recipe, "data", lambda self, folder=None, device="cpu": Digits(folder=small_folder))
    run, seconds, diverged, tail = trials.spend(recipe, 0, 0.5)
    assert 0.5 <= seconds < 2 and run.step > 1 and not diverged and tail[-1].step == run.step
    assert trials.spend(dataclasses.replace(recipe, objective=Hopeless()), 0, 60.0).diverged


def test_the_long_trainings_are_of_todays_recipes_and_differ_in_what_their_names_say():
    stored, recipes = results.load("normalisation"), normalisation.variants()
    assert stored["settings"] == {name: trials.settings({"": recipe}) for name, recipe in recipes.items()}
    for name, rows in stored["variants"].items():
        assert [row["seed"] for row in rows] == normalisation.SEEDS, name
        assert all(row["step"] == normalisation.LOOKS for row in rows) and stored["steps"] == rows[0]["step"][-1]
        shared = stored["variants"][name.removesuffix(", rates fall")]
        for one, other in zip(rows, shared, strict=True):  # until the rates fall, the two trainings are one
            assert one["average"][:3] == other["average"][:3] and one["step"][2] == normalisation.STEPS // 2
    assert recipes["none, rates fall"].describe()["schedule"] == get("conditional").describe()["schedule"]
    for mine, its in zip(recipes["none, rates fall"].networks(seed=0), get("conditional").networks(seed=0)):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), its.parameters(), strict=True))


def test_real_and_fake_in_one_batch_get_the_same_numbers_from_a_batchnorm():
    recipe = normalisation.variants()["BatchNorm, one batch"]
    _, D = recipe.networks(seed=0)
    x, y = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(0)), torch.arange(6)
    norm = next(layer for layer in D.modules() if isinstance(layer, torch.nn.BatchNorm2d))
    sizes = []
    norm.register_forward_hook(lambda layer, given, answer: sizes.append(len(given[0])))
    recipe.objective.discriminator(lambda images: D(images, y), x, x + 1)
    seen = recipe.objective.generator(lambda images: D(images, y), x, x + 1)
    assert sizes == [12, 12]
    assert seen["fake"].item() == pytest.approx(torch.sigmoid(D(torch.cat([x, x + 1]), y)[6:]).mean().item())
