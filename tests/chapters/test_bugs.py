"""The mistakes of the bug clinic and of the list of bugs stay out of the package, and the list says what is true.

Where another module tests a thing already, it is not tested again: the last section names the tests of every mistake in
notebooks/04b_bug_clinic.ipynb and book/bugs.md, and checks that they exist.
"""

import ast
import itertools
import json
import math
import re
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from ganbook import Digits, cli
from ganbook.base import seeds
from ganbook.models import dcgan, mlp, with_labels
from ganbook.models.sampling import fixed_noise, sample
from ganbook.objectives import NonSaturating, Saturating
from ganbook.training.loop import train
from ganbook.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[2]
CLINIC = ROOT / "notebooks" / "04b_bug_clinic.ipynb"
INDEX = (ROOT / "book" / "bugs.md").read_text("utf-8")
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
LABELS = torch.arange(10)  # for the networks that take them


@pytest.fixture(params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


def leaves(network):
    return [module for module in network.modules() if not list(module.children())]


def small_train(recipe, objective, data, steps, **options):
    """Train a small pair on `data` with `objective`; return the networks, as they were before and are after."""
    pair = recipe.networks(0)
    before = deepcopy(pair)
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.1) for net in pair)
    records = list(train(*pair, objective, data, opt_g=opt_g, opt_d=opt_d, steps=steps, m=8, **options))
    return before, pair, records


@pytest.fixture
def small_pair():
    return replace(
        RECIPES["mlp"],
        G=lambda: mlp.Generator(z_dim=4, hidden=(16,), slope=0.2, norm=True),
        D=lambda: mlp.Discriminator(hidden=(16,), slope=0.2, dropout=0.0),
    )


# ------------------------------------------------------------------------------------------- layers that exist on paper


def test_every_layer_of_every_recipe_takes_part(recipe):
    """No layer is built and then left out of `forward`, and none is called that was not built."""
    for network, start in zip(recipe.networks(0), ("z", "x")):
        called = set()
        for layer in leaves(network):
            layer.register_forward_hook(lambda layer, _x, _y, called=called: called.add(layer))
        x = torch.zeros(2, recipe.channels, recipe.size, recipe.size)
        with_labels(network, LABELS[:2])(torch.randn(2, network.z_dim) if start == "z" else x)
        assert called == set(leaves(network)), [str(layer) for layer in set(leaves(network)) - called]


# --------------------------------------------------------------------------------------------------- a sigmoid too many


def test_every_discriminator_returns_logits(recipe):
    """Its output has no bounds, so the loss of a perfect one goes to 0; after a sigmoid it would stop at 0.5032."""
    _, D = recipe.networks(0)
    D.eval()
    last = [layer for layer in D.modules() if isinstance(layer, nn.Linear) and layer.bias is not None][-1]
    x = torch.zeros(4, recipe.channels, recipe.size, recipe.size)
    with torch.no_grad():
        logits = {}
        for bias in (-20.0, 20.0):
            last.bias.fill_(bias)
            logits[bias] = with_labels(D, LABELS[:4])(x)
    assert (logits[20.0] > 10).all() and (logits[-20.0] < -10).all()
    perfect = NonSaturating().discriminator(lambda images: images, logits[20.0], logits[-20.0])
    assert perfect["loss"] < 1e-3


# ------------------------------------------------------------ tanh against [0, 1], and digits that are normalised twice


def test_every_generator_reaches_paper_and_ink(recipe, small_folder):
    """The range of G is that of the data: paper at -1 and ink at 1 are both in its reach, and nothing is beyond."""
    x, _ = next(recipe.data(small_folder).batches(100))
    assert x.min() == -1 and x.max() > 0.9
    G, _ = recipe.networks(0)
    last = [layer for layer in G.modules() if isinstance(layer, nn.Linear | nn.ConvTranspose2d)][-1]
    with torch.no_grad():
        for bias in (-50.0, 50.0):
            last.bias.fill_(bias)
            made = with_labels(G, LABELS[:4])(torch.randn(4, G.z_dim))
            assert torch.allclose(made, torch.full_like(made, bias / 50), atol=1e-3)
            assert made.abs().max() <= 1


# ------------------------------------------------------------ BatchNorm's scale around 0, and a momentum that is an eps


def test_batchnorm_starts_as_a_normalisation(recipe):
    """Scale around 1 (not 0), shift 0, and the numbers of the layer in the places where they belong."""
    for network in recipe.networks(0):
        for layer in network.modules():
            if isinstance(layer, NORMS) and layer.affine:  # the others have no scale of their own
                assert abs(layer.weight.mean() - 1) < 0.05 and layer.weight.std() < 0.05, layer
                assert layer.bias.abs().max() == 0
                assert (layer.eps, layer.momentum) == (1e-5, 0.1), layer


def test_there_are_batchnorms_to_look_at():
    found = [
        name for name, r in RECIPES.items() for net in r.networks(0) if any(isinstance(x, NORMS) for x in net.modules())
    ]
    assert {"mlp", "a-dcgan", "b-dcgan16"} <= set(found)


# ----------------------------------------------------------------------------------------------- turned training images


def test_only_the_recipes_of_tutorial_a_turn_their_images(recipe):
    assert (recipe.rotate > 0) == recipe.source.startswith("Tutorial A"), recipe.name


def test_without_rotation_a_batch_holds_the_images_themselves(small_folder):
    data = Digits(folder=small_folder)
    x, _ = next(data.batches(300))
    images = ((x[:, 0] + 1) * 127.5).round().byte()  # (300, 1, 28, 28) -> (300, 28, 28)
    as_sets = [sorted(bytes(image.flatten().tolist()) for image in part) for part in (images, data.images)]
    assert as_sets[0] == as_sets[1]
    assert Digits("test", folder=small_folder).rotate == 0  # what samples are judged against stands upright


# ------------------------------------------------------------------------------------------------- the short last batch


@pytest.mark.parametrize("objective", [Saturating(), NonSaturating()])
@pytest.mark.parametrize("joint", [False, True])
def test_halves_of_different_sizes_keep_their_own_mean(objective, joint):
    """96 real images against 128 fakes: no fake is taken for real, and each half is averaged over itself."""
    game = replace(objective, joint=joint)
    d = game.discriminator(lambda logits: logits, torch.full((96,), 2.0), torch.full((128,), -3.0))
    expected = torch.log1p(torch.tensor([-2.0, -3.0]).exp()).sum()  # softplus(-2) + softplus(-3)
    assert d["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert d["accuracy"] == 1


# ------------------------------------------------------------------------------------------------ sixteen rows an image


def test_a_discriminator_answers_once_an_image_or_refuses(recipe):
    """An image of any other side gives an error or one answer; never several rows an image."""
    _, D = recipe.networks(0)
    D.eval()
    answered = []
    for side in range(8, 41):
        try:
            logits = with_labels(D, LABELS[:3])(torch.zeros(3, recipe.channels, side, side))
        except RuntimeError:
            continue
        assert logits.shape == (3,), f"side {side}: {tuple(logits.shape)}"
        answered.append(side)
    assert recipe.size in answered


# ------------------------------------------------------- divided by the wrong loader, end of an epoch, nothing recorded


class Noted:
    """The objective of the recipes, which notes every call: player, fakes, whether they lead back to G, values."""

    def __init__(self):
        self.calls = []

    def note(self, player, x_fake, values):
        self.calls.append(
            (player, x_fake.detach().clone(), x_fake.requires_grad, {n: v.item() for n, v in values.items()})
        )
        return values

    def discriminator(self, critic, x, x_fake):
        return self.note("d", x_fake, NonSaturating().discriminator(critic, x, x_fake))

    def generator(self, critic, x, x_fake):
        return self.note("g", x_fake, NonSaturating().generator(critic, x, x_fake))


@pytest.mark.parametrize("k", [1, 2])
def test_a_record_holds_the_values_of_its_own_step(small_pair, digits, k):
    """No running sum, no mean, no step left out: record s is what the objective said in step s."""
    objective = Noted()
    _, _, records = small_train(small_pair, objective, digits, 5, k=k)
    assert [record.step for record in records] == [1, 2, 3, 4, 5]
    said = {player: [values for who, *_, values in objective.calls if who == player] for player in "dg"}
    for record, d, g in zip(records, said["d"][k - 1 :: k], said["g"], strict=True):  # of k updates of D, the last
        assert all(record[f"d_{name}"] == value for name, value in d.items())
        assert all(record[f"g_{name}"] == value for name, value in g.items())
    assert len({record["d_loss"] for record in records}) == 5


def test_the_last_step_is_logged_whatever_the_interval(small_folder, tmp_path):
    """Three steps, a line every two, every three, every fifty: the last line is that of step 3."""
    for interval in (2, 3, 50):
        out = tmp_path / str(interval)
        options = ["--data", str(small_folder), "--device", "cpu", "--steps", "3", "--log-every", str(interval)]
        assert cli.main(["train", "d-linear", "--out", str(out), *options]) == 0
        lines = (out / cli.HISTORY).read_text("utf-8").splitlines()
        assert json.loads(lines[-1])["step"] == 3


# ------------------------------------------------------------------------------------------ built for CUDA is not a GPU


def test_only_one_module_asks_for_a_gpu():
    """No `is_built`, and no device written into the code: no .cuda(), no "cuda" that a call is given, or by default."""
    for path in sorted((ROOT / "ganbook").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = {node.func.attr for node in calls if isinstance(node.func, ast.Attribute)}
        assert not called & {"is_built", "mps"}, path.name
        moves = [ast.unparse(call) for call in calls if ast.unparse(call.func).endswith(".cuda") and not call.args]
        assert not moves, f"{path.name}: {moves}"
        if path.name == "devices.py":
            continue
        asked = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        gpus = [name for name in asked if name.endswith(("cuda.is_available", "mps.is_available"))]
        assert not gpus, f"{path.name}: the device is chosen in ganbook.base.devices"
        given = [word.value for call in calls for word in call.keywords if word.arg == "device"]
        given += [call.args[0] for call in calls if call.args and getattr(call.func, "attr", "") == "to"]
        given += [
            node for f in ast.walk(tree) if isinstance(f, ast.arguments) for node in [*f.defaults, *f.kw_defaults]
        ]
        written = {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert not {word for word in written if word.startswith(("cuda", "mps"))}, path.name


# ------------------------------------------------------------------------------------------------------- accuracy 100 %


def test_one_pixel_separates_untrained_noise_from_digits(digits):
    """The shortcut of chapter 1 is a fact about the recipe c-noise, and about no recipe in which G learns."""
    G, _ = RECIPES["c-noise"].networks(0)
    assert (digits.images[:, 0, 0] == 0).all()  # byte 0 is -1 exactly
    assert (sample(G, 2_000)[:, 0, 0, 0] > -1).all()
    assert [name for name, recipe in RECIPES.items() if recipe.opt_g is None] == ["c-noise"]


# ------------------------------------------------------------------------------------- results that show something else


def test_samples_come_from_the_generator(recipe):
    """They follow its weights: another generator, other samples; a generator of paper, sheets of paper."""
    G, _ = recipe.networks(0)
    x = sample(G, 4)
    assert not torch.equal(x, sample(recipe.networks(1)[0], 4))
    last = [layer for layer in G.modules() if isinstance(layer, nn.Linear | nn.ConvTranspose2d)][-1]
    with torch.no_grad():
        last.weight.zero_(), last.bias.fill_(-50.0)
    assert torch.equal(sample(G, 4), -torch.ones_like(x))


def test_samples_of_every_recipe_ignore_their_batch_mates(recipe):
    G, _ = recipe.networks(0)
    with torch.no_grad():
        for _ in range(3):
            with_labels(G.train(), torch.arange(16) % 10)(
                torch.randn(16, G.z_dim)
            )  # averages unlike those of any batch below
    z, y = fixed_noise(G, 6), LABELS[:6]
    together = sample(G, z=z, y=y)
    alone = torch.cat([sample(G, z=z[i : i + 1], y=y[i : i + 1]) for i in range(6)])
    assert torch.allclose(together, alone, atol=1e-5)
    if any(isinstance(layer, NORMS) for layer in G.modules()):  # in training mode they would not
        with torch.no_grad():
            assert not torch.allclose(with_labels(G.train(), y)(z)[:2], with_labels(G, y[:2])(z[:2]), atol=1e-3)


# ------------------------------------------------------------------------------------------ whose gradient, whose fakes


@pytest.mark.parametrize("reuse_fakes", [False, True])
def test_the_discriminator_is_shown_detached_fakes(small_pair, digits, reuse_fakes):
    """D moves first and k times, on fakes cut off from G; G moves on fakes that lead back to it."""
    objective = Noted()
    small_train(small_pair, objective, digits, 3, k=2, reuse_fakes=reuse_fakes)
    turns = [(player, leads_back) for player, _, leads_back, _ in objective.calls]
    assert turns == 3 * [("d", False), ("d", False), ("g", True)]


@pytest.mark.parametrize("reuse_fakes", [False, True])
def test_no_fakes_are_stale(small_pair, digits, reuse_fakes):
    """Noise is fresh at every update, unless G may reuse the fakes of the D that has just moved; never older ones."""
    objective = Noted()
    small_train(small_pair, objective, digits, 3, reuse_fakes=reuse_fakes)
    fakes = [x_fake for _, x_fake, *_ in objective.calls]
    for (i, one), (j, two) in itertools.combinations(enumerate(fakes), 2):
        assert torch.equal(one, two) == (reuse_fakes and j == i + 1 and i % 2 == 0), (i, j)


def test_an_update_of_d_is_made_against_the_g_of_this_moment(small_pair, digits):
    """The first fakes of step 2 are those of G after step 1, not before it."""
    objective = Noted()
    before, (G, _), _ = small_train(small_pair, objective, digits, 1)
    again = Noted()
    small_train(small_pair, again, digits, 2)
    assert torch.equal(objective.calls[0][1], again.calls[0][1])
    z = torch.randn(8, G.z_dim, generator=seeds.generator("noise", 0, 2))
    G.train(), before[0].train()
    assert torch.allclose(G(z), again.calls[2][1], atol=1e-6)
    assert not torch.allclose(before[0](z), again.calls[2][1], atol=1e-3)


# ----------------------------------------------------------------------------------- BatchNorm under a gradient penalty


@pytest.mark.parametrize("norm", [nn.BatchNorm2d, partial(nn.GroupNorm, 1)])
def test_a_critic_without_batchnorm_knows_no_neighbours(norm):
    """The answer to image 0 depends on the other images if and only if D holds a BatchNorm."""
    D = dcgan.Discriminator(norm=norm).train()
    x = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (gradient,) = torch.autograd.grad(D(x)[0], x)
    assert gradient[0].abs().max() > 0
    assert (gradient[1:].abs().max() > 0) == (norm is nn.BatchNorm2d)


# --------------------------------------------------------------------------------------------- eval() that was left on


def test_a_look_at_the_samples_does_not_change_the_training(small_pair, digits):
    """Networks that come in evaluation mode, or are looked at between two steps, are trained as if they were not."""
    ends = []
    for looks in (False, True):
        G, D = small_pair.networks(0)
        opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (G, D))
        if looks:
            G.eval(), D.eval()
        for _ in train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=3, m=8):
            if looks:
                sample(G, 4)
                G.eval(), D.eval()
        ends.append([value.clone() for net in (G, D) for value in net.state_dict().values()])
    assert all(torch.equal(one, two) for one, two in zip(*ends, strict=True))


# ------------------------------------------------------------------------------ the numbers that the list of bugs gives


def entry(symptom):
    """The text of one entry of book/bugs.md, without line breaks."""
    found = re.search(rf"^\*\*{re.escape(symptom)}\*\*.*?\n(: .*?)(?=\n\n)", INDEX + "\n\n", re.MULTILINE | re.DOTALL)
    assert found, f"book/bugs.md has no entry {symptom!r}"
    return " ".join(found[1].split())


def test_the_epoch_losses_of_tutorial_c():
    said = entry("The loss of an epoch doubles when the batch size doubles")
    combined = math.ceil(120_000 / 64)
    assert combined == math.ceil(60_000 / 32) and f"{combined:,}" in said
    assert f"a loss of 0.65 is printed as {combined * 0.65 / math.ceil(60_000 / 64):.2f}" in said


def test_when_tutorial_c_prints():
    printed = {m: [i + 1 for i in range(60_000 // m) if i == m - 1] for m in (32, 256)}
    said = entry("The log prints once an epoch, and the numbers jump")
    assert (
        printed[256] == [] and f"after step {printed[32][0]} of {60_000 // 32:,}, and never at a batch of 256" in said
    )


def test_the_rest_of_an_epoch():
    rest = 60_000 % 128
    said = entry("Target size [128, 1] must be the same as input size [96, 1]")
    assert f"60,000 leaves {rest} images over 128" in said
    with pytest.raises(ValueError, match=re.escape("[128, 1]")):
        nn.functional.binary_cross_entropy_with_logits(torch.zeros(rest, 1), torch.zeros(128, 1))
    assert f"{128 - rest} fakes as real" in said and 60_000 % 32 == 0  # C labels its first 128 rows as real


def test_the_rows_of_an_image_in_the_discriminator_of_tutorial_b():
    layers = nn.Conv2d(1, 64, 4, 2, 1), nn.Conv2d(64, 128, 4, 2, 1), nn.Conv2d(128, 1, 4, 1, 0)
    answers = nn.Sequential(*layers)(torch.zeros(8, 1, 28, 28)).view(-1, 1)
    assert f"{len(answers) // 8} rows an image" in entry("No error, but D has more answers than images")


def test_what_a_batchnorm_with_a_large_eps_returns():
    h = torch.randn(4_000, 256, generator=torch.Generator().manual_seed(0))
    h = 0.2 * (h - h.mean(0)) / h.std(0, correction=0)
    spread = nn.BatchNorm1d(256, 0.8)(h).std(correction=0).item()
    assert f"0.2 comes out as {spread:.3f}" in entry("BatchNorm's momentum was changed, and the signal shrank")


def test_the_least_loss_behind_two_sigmoids():
    ones, zeros = torch.ones(8), torch.zeros(8)
    least = NonSaturating(average=True).discriminator(lambda x: x, ones, zeros)["loss"].item()
    assert f"{least:.4f} is the least" in entry("The loss of D does not fall below 0.50")


# ---------------------------------------------------------------------------------------- every mistake names its tests

HERE = "tests/chapters/test_bugs.py"
DATA, MODELS, TRAIN, SAMPLE, OBJECTIVES = (
    f"tests/package/test_{name}.py" for name in ("data", "models", "train", "sample", "objectives")
)
# A label of the clinic, or the first words of an entry of the list, and where the package is tested for the mistake.
KEPT = {
    "bug-sigmoid-twice": {HERE: "test_every_discriminator_returns_logits", OBJECTIVES: "test_gradients_on_the_logit"},
    "bug-normalised-twice": {
        HERE: "test_every_generator_reaches_paper_and_ink",
        DATA: "test_indexing_scales_to_minus_one_and_one",
    },
    "bug-tanh-range": {
        HERE: "test_every_generator_reaches_paper_and_ink",
        TRAIN: "test_data_that_do_not_fit_end_in_a_sentence",
    },
    "bug-swapped-labels": {TRAIN: "test_one_step_is_algorithm_1_written_out"},
    "bug-both-players": {TRAIN: "test_update_descends_the_gradient_of_its_own_player_only"},
    "bug-detached-fakes": {HERE: "test_the_discriminator_is_shown_detached_fakes"},
    "bug-zero-grad": {TRAIN: "test_update_does_not_add_to_the_last_gradient"},
    "bug-eval-left-on": {
        HERE: "test_a_look_at_the_samples_does_not_change_the_training",
        SAMPLE: "test_sampling_disturbs_nothing",
    },
    "The loss of an epoch doubles": {HERE: "test_a_record_holds_the_values_of_its_own_step"},
    "The log prints once an epoch": {
        HERE: "test_the_last_step_is_logged_whatever_the_interval",
        TRAIN: "test_records_say_what_happened",
    },
    "The plot of the losses is empty": {"tests/package/test_plots.py": "test_a_history_is_drawn_as_recorded"},
    "NaN": {MODELS: "test_dcgan_starts_as_radford_says_with_batchnorm_around_one"},
    "Training got worse after a line was moved": {HERE: "test_an_update_of_d_is_made_against_the_g_of_this_moment"},
    "Grey background, digits washed out": {HERE: "test_batchnorm_starts_as_a_normalisation"},
    "Digits come out tilted": {HERE: "test_only_the_recipes_of_tutorial_a_turn_their_images"},
    "A digit changes with its batch-mates": {HERE: "test_samples_of_every_recipe_ignore_their_batch_mates"},
    "BatchNorm's momentum was changed": {HERE: "test_batchnorm_starts_as_a_normalisation"},
    "The samples are too good": {HERE: "test_samples_come_from_the_generator"},
    "Target size [128, 1]": {
        HERE: "test_halves_of_different_sizes_keep_their_own_mean",
        DATA: "test_an_epoch_shows_each_image_at_most_once_and_drops_the_partial_batch",
    },
    "No error, but D has more answers than images": {HERE: "test_a_discriminator_answers_once_an_image_or_refuses"},
    "Object has no attribute": {HERE: "test_every_layer_of_every_recipe_takes_part"},
    "A layer has no effect": {HERE: "test_every_layer_of_every_recipe_takes_part"},
    "Trying to backward": {HERE: "test_the_discriminator_is_shown_detached_fakes"},
    "The gradient penalty grows with the batch": {
        HERE: "test_a_critic_without_batchnorm_knows_no_neighbours",
        OBJECTIVES: "test_slope_penalties_of_the_linear_critic_3_4",
        "tests/package/test_lipschitz.py": "test_the_penalty_does_not_depend_on_the_size_of_the_batch",
    },
    "The GPU is not used": {
        HERE: "test_only_one_module_asks_for_a_gpu",
        "tests/package/test_device_and_files.py": "test_a_build_with_cuda_is_not_a_gpu",
    },
    "Accuracy 100 %": {HERE: "test_one_pixel_separates_untrained_noise_from_digits"},
}


def patients():
    """The text of each patient of the clinic, by its label: from the label to the next label or heading."""
    cells = nbformat.read(CLINIC, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = re.findall(r"^\((bug-[a-z-]+)\)=\n(\*\*Program .*?)(?=^\(bug-|^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def test_the_clinic_has_eight_patients_each_with_a_repair():
    assert len(patients()) == 8
    for label, text in patients().items():
        assert re.match(r"\*\*Program [a-i] .+?\.\*\*", text), f"{label}: its letter and its mistake first"
        assert text.count("*Repair:*") == 1, f"{label}: one repair"


def test_every_mistake_has_tests_that_exist():
    symptoms = re.findall(r"^\*\*(.+?)\*\*", INDEX, re.MULTILINE)
    for mistake, tests in KEPT.items():
        known = mistake in patients() or any(symptom.startswith(mistake) for symptom in symptoms)
        assert known, f"neither the clinic nor book/bugs.md has {mistake!r}"
        for module, test in tests.items():
            tree = ast.parse((ROOT / module).read_text("utf-8"))
            names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert test in names, f"{mistake}: there is no {module}::{test}"
    assert set(patients()) <= set(KEPT), f"patients without a test: {set(patients()) - set(KEPT)}"


def test_every_patient_is_in_the_index_by_symptom():
    missing = {label for label in patients() if f"{label}>`" not in INDEX}
    assert not missing, f"book/bugs.md leads to every patient but {sorted(missing)}"
