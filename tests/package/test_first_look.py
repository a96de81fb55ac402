"""Mistakes that would train without an error, or end in an obscure one, are told in a sentence at the first step."""

import warnings
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ganbook.base.errors import GanbookWarning, InputError
from ganbook.models import dcgan, mlp, spectral
from ganbook.objectives import GradientPenalty, LeastSquares, NonSaturating, Wasserstein, ZeroCentred
from ganbook.objectives.augmentation import Augmented
from ganbook.training.loop import train
from ganbook.training.precision import fast
from ganbook.training.recipes import RECIPES
from tests.package.test_train import Normal, pair, weights

SGD = partial(torch.optim.SGD, lr=0.1)
IMAGES = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1


def small():
    torch.manual_seed(0)
    return mlp.Generator(z_dim=4, hidden=(8,)), mlp.Discriminator(hidden=(8,), dropout=0.0)


def once(G=None, D=None, x=IMAGES, objective=None, opt_g=SGD, opt_d=SGD, **options):
    """One step with images x, of networks that are small unless they are given."""
    G, D = G or small()[0], D or small()[1]
    objective = NonSaturating() if objective is None else objective
    opt_g, opt_d = opt_g and opt_g(G.parameters()), opt_d(D.parameters())
    return next(train(G, D, objective, [x], opt_g=opt_g, opt_d=opt_d, **{"steps": 1} | options))


# ---- Optimisers that hold something else


@pytest.mark.parametrize(
    ("swap", "sentence"),
    [
        (lambda G, D: (SGD(D.parameters()), SGD(D.parameters())), "opt_g holds the parameters of D, not those of G"),
        (lambda G, D: (SGD(D.parameters()), SGD(G.parameters())), "opt_g holds the parameters of D"),
        (lambda G, D: (SGD(G.parameters()), SGD(G.parameters())), "opt_d holds the parameters of G, not those of D"),
        (lambda G, D: (None, SGD(G.parameters())), "opt_d holds the parameters of G"),
        (lambda G, D: (SGD(pair()[0].parameters()), SGD(D.parameters())), "2 of the 2 .* opt_g .* G built anew"),
        (lambda G, D: (SGD(G.parameters()), SGD(pair()[1].parameters())), "4 of the 4 .* opt_d .* D built anew"),
        (lambda G, D: (SGD([*G.parameters(), *D.parameters()]), SGD(D.parameters())), "4 of the 6 .* opt_g"),
        (lambda G, D: (SGD([G.weight, nn.Parameter(torch.zeros(1))]), SGD(D.parameters())), "1 of the 2 .* opt_g"),
        (lambda G, D: (SGD([{"params": []}]), SGD(D.parameters())), "opt_g holds no parameters"),
        (lambda G, D: (SGD(G.parameters()), SGD([{"params": []}])), "opt_d holds no parameters"),
        (lambda G, D: (SGD(G.parameters()), None), "Expected opt_d as an optimiser.*got a NoneType"),
        (lambda G, D: (SGD, SGD(D.parameters())), "Expected opt_g as an optimiser.*got a partial"),
        (lambda G, D: (torch.optim.Adam, SGD(D.parameters())), "Expected opt_g as an optimiser.*got the class Adam"),
        (lambda G, D: (list(G.parameters()), SGD(D.parameters())), "Expected opt_g as an optimiser.*got a list"),
    ],
)
def test_an_optimiser_of_other_parameters_is_refused_at_the_call(swap, sentence):
    G, D, _ = pair()
    opt_g, opt_d = swap(G, D)
    with pytest.raises(InputError, match=sentence):
        train(G, D, NonSaturating(), Normal(), opt_g=opt_g, opt_d=opt_d, steps=1, m=4)


@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: fast(net, bf16=True), AveragedModel, torch.compile])
def test_optimisers_of_a_part_and_of_wrapped_networks_are_right(wrap):
    G, D = small()
    opt_g, opt_d = SGD([G.layers[0].weight]), SGD([{"params": D.layers[1].parameters()}, {"params": D.layers[3].bias}])
    G_in, D_in = wrap(G), wrap(D)
    if wrap is AveragedModel:  # it holds a copy
        G_in.z_dim, (opt_g, opt_d) = 4, (SGD(net.parameters()) for net in (G_in, D_in))
    train(G_in, D_in, NonSaturating(), [IMAGES], opt_g=opt_g, opt_d=opt_d, steps=0)


def test_a_part_that_is_frozen_stays_and_the_rest_learns():
    """Fine-tuning, both ways: an optimiser of a part, and one of all of a G of which a part wants no gradient."""
    for freeze in (False, True):
        G, D = small()
        before = [p.detach().clone() for p in G.parameters()]
        if freeze:
            G.layers[0].requires_grad_(False)
        opt_g = SGD(G.parameters() if freeze else G.layers[2].parameters())
        next(train(G, D, NonSaturating(), [IMAGES], opt_g=opt_g, opt_d=SGD(D.parameters()), steps=1))
        same = [torch.equal(p, q) for p, q in zip(G.parameters(), before)]
        assert same == [True, True, False, False]


# ---- A loss that does not reach the parameters


class Cut(mlp.Generator):
    def forward(self, z):
        return super().forward(z).detach()


class Constant(NonSaturating):
    """Its loss of G depends on D and not on what G makes."""

    def generator(self, critic, x, x_fake):
        return {"loss": critic(x).mean()}


class OfFakes(NonSaturating):
    """Its loss of D is one of the images of G."""

    def discriminator(self, critic, x, x_fake):
        return {"loss": x_fake.mean()}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"G": Cut(z_dim=4, hidden=(8,))}, "depends on none of them"),
        ({"objective": Constant()}, "depends on none of them"),
        ({"objective": Constant(), "reuse_fakes": True}, "depends on none of them"),
        ({"objective": OfFakes()}, "has a gradient, got a tensor .* without one"),
        ({"G": small()[0].requires_grad_(False)}, "depends on none of them"),
    ],
)
def test_a_loss_that_does_not_reach_its_parameters_is_refused_before_they_move(options, sentence):
    G, D = options.pop("G", None) or small()[0], small()[1]
    opt_g = torch.optim.Adam(G.parameters(), lr=0.1, weight_decay=0.1)
    before = weights(G)
    with pytest.raises(InputError, match=sentence):
        once(G, D, opt_g=lambda _: opt_g, **options)
    assert torch.equal(weights(G), before)


def test_parameters_that_are_not_used_do_no_harm():
    G, D = small()
    G.spare = nn.Linear(3, 3)
    before = weights(G.spare)
    once(G, D)
    assert torch.equal(weights(G.spare), before)


# ---- What an objective returns


class Returns:
    def __init__(self, d, g=None):
        self.d, self.g = d, g or d

    def discriminator(self, critic, x, x_fake):
        return self.d(critic(x))

    def generator(self, critic, x, x_fake):
        return self.g(critic(x_fake))


def right(out):
    return {"loss": out.mean()}


@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        (lambda out: out.mean(), r"got a Tensor \(\)"),
        (lambda out: out.mean().item(), "got a float"),
        (lambda out: None, "got a NoneType"),
        (lambda out: (out.mean(), {}), "got a tuple"),
        (lambda out: {}, "got a dict with nothing in it"),
        (lambda out: {"d_loss": out.mean()}, "got a dict with 'd_loss'"),
        (lambda out: {"Loss": out.mean(), "real": out.mean()}, "got a dict with 'Loss', 'real'"),
        (lambda out: {"loss": out.mean(), "real": out.mean().item()}, "got 'real': float"),
        (lambda out: {"loss": out}, r"got 'loss': Tensor \(6,\)"),
        (lambda out: {"loss": out.mean(), "real": out}, r"got 'real': Tensor \(6,\)"),
        (lambda out: {"loss": 0.5}, "got 'loss': float"),
    ],
)
def test_an_objective_that_returns_something_else_is_told_what(wrong, got):
    G, D = small()
    before = weights(G, D)
    with pytest.raises(InputError, match=rf'Expected Returns.discriminator to return a dict .*"loss".*{got}\.'):
        once(G, D, objective=Returns(wrong))
    assert torch.equal(weights(G, D), before)
    with pytest.raises(InputError, match=rf"Expected Returns.generator to return a dict .*{got}\."):
        once(objective=Returns(right, wrong))


def test_a_loss_of_one_element_is_a_number():
    record = once(objective=Returns(lambda out: {"loss": out.mean(0, keepdim=True)}))
    assert set(record.row()) == {"step", "images", "d_loss", "g_loss"}


@pytest.mark.parametrize("objective", [NonSaturating, Wasserstein, nn.BCEWithLogitsLoss(), object(), "hinge", right])
def test_what_is_no_objective_is_refused_at_the_call(objective):
    with pytest.raises(InputError, match="Expected an objective with the methods discriminator and generator"):
        once(objective=objective)


# ---- Where the values of images lie


class Ends(nn.Module):
    """A generator of images that ends in another function than tanh."""

    z_dim = 4

    def __init__(self, last):
        super().__init__()
        self.linear, self.last = nn.Linear(4, 784), last

    def forward(self, z):
        return self.last(self.linear(z)).view(-1, 1, 28, 28)


@pytest.mark.parametrize(
    ("G", "x", "sentence"),
    [
        (None, (IMAGES + 1) / 2, "No value of the first minibatch is below 0: the data run from .* 2 x - 1"),
        (None, (IMAGES > 0).float(), "No value of the first minibatch is below 0"),
        (None, IMAGES.abs() * 0.3 + 0.5, "No value of the first minibatch is below 0"),
        (Ends(torch.sigmoid), IMAGES, "G makes no value below 0"),
        (Ends(torch.relu), IMAGES, "G makes no value below 0"),
        (None, (IMAGES + 1) / 255 - 1, "Were they scaled twice"),
        (None, IMAGES / 127.5 - 0.5, "Were they scaled twice"),
    ],
)
def test_images_on_a_scale_that_is_hardly_meant_warn_and_train(G, x, sentence):
    with pytest.warns(GanbookWarning, match=sentence):
        assert once(G, x=x).step == 1


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (IMAGES * 127.5 + 127.5, r"Expected images in \[-1, 1\]"),
        ((IMAGES + 1) / 2 / 0.3 - 0.4, r"Expected images in \[-1, 1\].*no other mean or deviation"),
        (((IMAGES + 1) * 127.5).byte(), r"torch.uint8 on cpu.*x.float\(\) / 127.5 - 1 for bytes"),
        (((IMAGES + 1) * 127.5).int(), r"torch.int32 on cpu.*for bytes"),
        (IMAGES.double(), r"torch.float64 on cpu.*x.to\(torch.float32\)"),
        (IMAGES.half(), r"torch.float16 on cpu.*x.to\(torch.float32\)"),
        (IMAGES * float("nan"), "finite numbers"),
    ],
)
def test_images_on_a_scale_that_is_wrong_are_refused(x, sentence):
    with pytest.raises(InputError, match=sentence):
        once(x=x)


@pytest.mark.parametrize(
    ("G", "x"),
    [
        (None, IMAGES),
        (Ends(torch.sigmoid), (IMAGES + 1) / 2),  # [0, 1] on both sides
        (None, torch.where(IMAGES > -0.99, 1.0, -1.0)),  # bright, and not only
        (None, torch.zeros(6, 1, 28, 28) - 1),  # black paper
    ],
)
def test_images_that_may_well_be_meant_are_not_warned_of(G, x):
    once(G, x=x)


def test_points_may_lie_where_they_like():
    G, D, players = pair()
    next(train(G, D, NonSaturating(), [torch.rand(8, 2) * 100 + 50], **players, steps=1))


# ---- What D gives


class Squashed(nn.Module):
    """A small D whose logits go through a function, which is no layer."""

    def __init__(self, last):
        super().__init__()
        self.inner, self.last = small()[1], last

    def forward(self, x):
        return self.last(self.inner(x))


SQUASHED = {
    "a layer at the end": lambda: nn.Sequential(small()[1], nn.Sigmoid()),
    "a layer before a Flatten": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 1), nn.Sigmoid(), nn.Flatten(0), nn.Identity()
    ),
    "a function": lambda: Squashed(torch.sigmoid),
    "a method, reshaped": lambda: Squashed(lambda out: out.sigmoid().view(-1, 1).squeeze(1).clone()),
    "a mean over patches": lambda: Squashed(lambda out: torch.sigmoid(out[:, None].expand(-1, 4)).mean(1)),
    "in bfloat16": lambda: fast(Squashed(torch.sigmoid), bf16=True),
    "compiled": lambda: torch.compile(nn.Sequential(small()[1], nn.Sigmoid()), backend="aot_eager"),
    "a logarithm of it": lambda: Squashed(F.logsigmoid),
}


@pytest.mark.parametrize("name", SQUASHED)
@pytest.mark.parametrize("objective", [NonSaturating(joint=True), LeastSquares()])
def test_a_d_that_ends_in_a_sigmoid_warns(name, objective):
    with pytest.warns(GanbookWarning, match="D ends in a sigmoid, and objectives expect logits") as caught:
        once(D=SQUASHED[name](), objective=objective)
    assert len(caught) == 1, "once, though D is asked three times"


class Gated(nn.Module):
    """A D that has a sigmoid in its middle, registered last, and gives logits."""

    def __init__(self):
        super().__init__()
        self.linear, self.gate, self.sigmoid = nn.Linear(784, 1), nn.Linear(784, 1), nn.Sigmoid()

    def forward(self, x):
        x = x.flatten(1)
        return (self.linear(x) * self.sigmoid(self.gate(x))).flatten(0)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_no_recipe_is_warned_of(recipe):
    """Warnings are errors here."""
    G, D = recipe.networks(0)
    data = recipe.data()
    for objective in (recipe.objective, Augmented(NonSaturating())):
        opt_g, opt_d = recipe.optimisers(G, D)
        next(train(G, D, objective, data, opt_g=opt_g, opt_d=opt_d, steps=1, m=16, k=2, reuse_fakes=True))


@pytest.mark.parametrize(
    "D",
    [
        Gated(),
        spectral.Discriminator(width=2),
        nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Flatten(0), nn.Tanh()),
    ],
)
@pytest.mark.parametrize("objective", [NonSaturating(), ZeroCentred(Wasserstein(), r1=1.0), GradientPenalty()])
def test_a_d_that_gives_logits_is_not_warned_of(D, objective):
    once(D=D, objective=objective)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (lambda out: out[:, None], r"D gives 1 numbers an image, in the shape \(6, 1\).*nn.Flatten\(0\)"),
        (lambda out: out[:, None].expand(-1, 10) * 1, r"D gives 10 numbers an image, in the shape \(6, 10\)"),
    ],
)
def test_a_d_with_a_column_of_logits_or_several_warns(last, sentence):
    with pytest.warns(GanbookWarning, match=sentence):
        once(D=Squashed(last))


@pytest.mark.parametrize(
    "last", [lambda out: out.mean(), lambda out: out[:3], lambda out: out.mean(0, keepdim=True), lambda out: out[None]]
)
def test_a_d_that_does_not_give_one_logit_an_image_is_refused(last):
    G, D = small()[0], Squashed(last)
    before = weights(G, D)
    with pytest.raises(InputError, match=r"Expected one logit of D for each of 6 images, \(6,\), got \("):
        once(G, D)
    assert torch.equal(weights(G, D), before)


def test_logits_of_patches_are_logits():
    once(D=nn.Sequential(nn.Conv2d(1, 1, 4, 2)))


def test_looking_at_d_leaves_nothing_on_it_even_after_an_error():
    D = Squashed(lambda out: out.mean())
    with pytest.raises(InputError):
        once(D=D)
    assert not D._forward_hooks
    D = small()[1]
    records = train(small()[0], D, NonSaturating(), [IMAGES], opt_g=None, opt_d=SGD(D.parameters()), steps=2)
    next(records)
    assert not D._forward_hooks


def test_each_training_warns_anew():
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            once(x=(IMAGES + 1) / 2)
        assert [w.category for w in caught] == [GanbookWarning]


# ---- BatchNorm of a single image


@pytest.mark.parametrize(
    ("G", "D"),
    [
        (mlp.Generator(z_dim=4, hidden=(8,), norm=True), None),
        (None, dcgan.Discriminator(width=2)),
        (None, nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.BatchNorm1d(4), nn.Linear(4, 1), nn.Flatten(0))),
    ],
)
def test_batchnorm_of_a_single_image_is_a_sentence_and_no_weight_moves(G, D):
    G, D = G or small()[0], D or small()[1]
    before = weights(G, D)
    with pytest.raises(InputError, match=r"A minibatch of 1 is too small for BatchNorm.*m of 2 or more.*drop_last"):
        once(G, D, IMAGES[:1])
    assert torch.equal(weights(G, D), before)
    records = train(G, D, NonSaturating(), [IMAGES[:5], IMAGES[5:]], opt_g=None, opt_d=SGD(D.parameters()), steps=2)
    next(records)
    with pytest.raises(InputError, match="too small for BatchNorm"):  # the short last one of an epoch
        next(records)


def test_a_single_image_is_enough_where_batchnorm_has_more_than_one_number_of_it():
    D = nn.Sequential(nn.Conv2d(1, 2, 4, 4), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(98, 1), nn.Flatten(0))
    once(D=D, x=IMAGES[:1])


def test_other_errors_of_networks_are_left_as_they_are():
    class Broken(mlp.Discriminator):
        def forward(self, x):
            raise error

    for error in (ValueError("mine"), RuntimeError("mine"), KeyError("mine")):
        with pytest.raises(type(error), match="mine"):
            once(D=Broken(hidden=(2,)))


# ---- Networks without parameters, on two devices, or none


class Shelf(nn.Module):
    """A G without parameters, for a D that is trained alone."""

    z_dim = 4

    def forward(self, z):
        return z.sum(1)[:, None, None, None].expand(-1, 1, 28, 28).tanh()


def test_networks_without_parameters():
    assert once(Shelf(), opt_g=None).step == 1
    with pytest.raises(InputError, match="Expected a D with parameters to train, got a Flatten without any"):
        train(small()[0], nn.Flatten(0), NonSaturating(), [IMAGES], opt_g=None, opt_d=None, steps=1)


def test_networks_on_two_devices_are_refused():
    G, D = small()
    with pytest.raises(InputError, match="G is on cpu and D on meta"):
        once(G, D.to("meta"))


@pytest.mark.parametrize(
    ("G", "D", "sentence"),
    [
        (small()[1], small()[0], "Expected a G with the attribute z_dim"),
        (lambda z: z, small()[1], "Expected G as a torch.nn.Module, got a function"),
        (small()[0], mlp.Discriminator, "Expected D as a torch.nn.Module, got the class Discriminator"),
    ],
)
def test_what_is_no_network_is_refused(G, D, sentence):
    opt = SGD(small()[0].parameters())
    with pytest.raises(InputError, match=sentence):
        train(G, D, NonSaturating(), [IMAGES], opt_g=opt, opt_d=opt, steps=1)
