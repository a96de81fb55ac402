"""Conditional networks and the loop that hands them their labels: the label counts, and it is the right one."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ganbook.base import seeds
from ganbook.base.errors import InputError
from ganbook.models import conditional, dcgan, takes_labels, with_labels
from ganbook.models.minibatch import Deviation, Discrimination
from ganbook.models.sampling import fixed_noise, sample
from ganbook.objectives import NonSaturating
from ganbook.training.loop import train
from ganbook.training.precision import fast
from ganbook.training.recipes import get

CRITICS = [conditional.Discriminator, conditional.Projection]


def awake(network):
    """Larger weights than a new network has, so that its BatchNorm, in evaluation mode, passes differences on."""
    for p in network.parameters():
        if p.ndim == 4:
            nn.init.normal_(p, 0.0, 0.3)
    return network.eval()


def small_generator():
    torch.manual_seed(0)
    return awake(conditional.Generator(z_dim=8, width=4))


def critic(kind):
    """A small D whose label counts: the projection's vectors start at 0 and are drawn here."""
    torch.manual_seed(0)
    D = kind(width=4)
    if kind is conditional.Projection:
        nn.init.normal_(D.embed.weight)
    return awake(D)


def images(n, seed=0):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def rows(y, ink=1.0):
    """Images whose label can be read: row y is white, the rest black."""
    return (2 * F.one_hot(y, 28).float()[:, None, :, None].expand(-1, 1, -1, 28) - 1) * ink  # (m,) -> (m, 1, 28, 28)


def read(x):
    return x.sum((1, 3)).argmax(1)  # (m, 1, 28, 28) -> (m, 28) -> (m,)


class Readable:
    """Data made of such images; batch t depends on (seed, t)."""

    def batches(self, m, *, seed=0, start=0):
        for t in itertools.count(start):
            y = torch.randint(10, (m,), generator=seeds.generator("readable", seed, t))
            yield rows(y), y


class Obedient(nn.Module):
    """A G that draws the row it is asked for, or one `off` rows below, in grey; it has one parameter."""

    z_dim, classes = 8, 10

    def __init__(self, off=0):
        super().__init__()
        self.ink, self.off = nn.Parameter(torch.tensor(0.5)), off

    def forward(self, z, y):
        return rows((y + self.off) % 10, self.ink)


def test_the_label_changes_the_image_and_the_same_label_does_not():
    G = small_generator().eval()
    z = torch.randn(1, 8).expand(10, 8)
    x = G(z, torch.arange(10)).detach()
    apart = (x[:, None] - x[None]).abs().amax((2, 3, 4))  # (10, 10)
    assert x.shape == (10, 1, 28, 28) and x.abs().max() <= 1
    assert (apart + torch.eye(10) > 1e-4).all(), "ten labels, ten images"
    same = G(z, torch.full((10,), 3))
    assert torch.allclose(same, same[:1].expand_as(same), atol=1e-6), "one noise and one label, one image"


def test_appending_the_label_is_adding_a_learned_bias():
    G = small_generator().eval()
    layer, z, y = G.net.layers[1], torch.randn(6, 8), torch.tensor([0, 9, 4, 4, 2, 7])
    by_hand = torch.einsum("mz,zchw->mchw", z, layer.weight[:8]) + layer.weight[8:][y] + layer.bias[:, None, None]
    rest = G.net.layers[2:]
    assert torch.allclose(rest(by_hand), G(z, y), atol=1e-5)


def small_coded(codes=3):
    torch.manual_seed(0)
    G = awake(conditional.Coded(z_dim=8, width=4, codes=codes))
    for layer in G.modules():
        if isinstance(layer, conditional.ConditionalBatchNorm2d):
            nn.init.normal_(layer.scale.weight)
            nn.init.normal_(layer.shift.weight)
    return G


def test_a_coded_generator_is_a_conditional_one_whose_label_is_the_largest_number():
    G = small_coded()
    z = torch.tensor([[2.0, 1, 0, 9, 9, 9, 9, 9], [0.0, 1, -1, 0, 0, 0, 0, 9], [-3.0, -2, -1, 0, 0, 0, 0, 0]])
    assert not takes_labels(G) and G.code(z).tolist() == [0, 1, 2]
    assert torch.equal(G(z), G.net(z, torch.tensor([0, 1, 2])))
    for other in ([1, 2, 0], [2, 0, 1]):
        apart = (G(z) - G.net(z, torch.tensor(other))).abs().amax((1, 2, 3))
        assert (apart > 1e-3).all(), "the code decides"


def test_every_code_is_as_likely_and_learns_from_its_own_samples():
    G, n = small_coded(), 30_000
    shares = torch.bincount(G.code(torch.randn(n, 8, generator=torch.Generator().manual_seed(1))), minlength=3) / n
    assert (shares - 1 / 3).abs().max() < 4 * (2 / 9 / n) ** 0.5, "four standard deviations"
    z = torch.zeros(4, 8)
    z[:, 1] = 1.0  # all of them are of code 1
    G(z).square().sum().backward()
    moved = G.net.net.layers[2].shift.weight.grad.abs().sum(0)
    assert moved[1] > 0 and moved[0] == moved[2] == 0


def test_noise_with_another_code_has_it_and_is_distributed_as_noise_that_has_it():
    G, z = small_coded(), torch.randn(60_000, 8, generator=torch.Generator().manual_seed(2))
    asked = torch.arange(len(z)) % 3
    other = G.with_code(z, asked)
    assert torch.equal(G.code(other), asked) and torch.equal(z.sort(1).values, other.sort(1).values)
    same = asked == G.code(z)
    assert torch.equal(other[same], z[same]) and (other[~same] != z[~same]).sum() == 2 * (~same).sum()
    for code in range(3):
        found, drawn = other[asked == code], z[G.code(z) == code]
        error = 5 * (2 / min(len(found), len(drawn))) ** 0.5  # five standard errors of a mean of variance 1 at most
        assert (found.mean(0) - drawn.mean(0)).abs().max() < error
        assert (found.T.cov() - drawn.T.cov()).abs().max() < 3 * error


@pytest.mark.parametrize(
    ("code", "got"),
    [
        (torch.tensor([0, 3]), "codes from 0 to 3"),
        (torch.tensor([-1, 0]), "codes from -1 to 0"),
        (torch.tensor([0]), "torch.int64 (1,)"),
        (torch.tensor([0.0, 1.0]), "torch.float32 (2,)"),
    ],
)
def test_codes_that_do_not_fit_are_refused_in_a_sentence(code, got):
    with pytest.raises(InputError) as caught:
        small_coded().with_code(torch.zeros(2, 8), code)
    assert str(caught.value) == f"Expected codes int64 (2,), one for each z, from 0 to 2, got {got}."


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [(1, "codes of 2 or more, got 1"), (9, "at most z_dim = 8"), (2.5, "codes as a whole number")],
)
def test_a_number_of_codes_that_z_cannot_hold_is_refused(codes, sentence):
    with pytest.raises(InputError, match=sentence):
        conditional.Coded(z_dim=8, codes=codes)


def test_concatenated_labels_reach_the_logits_only_through_themselves():
    D, x, y = critic(conditional.Discriminator), images(6), torch.tensor([0, 1, 2, 3, 4, 5])
    turned = y.roll(1)
    assert not torch.allclose(D(x, y), D(x, turned), atol=1e-4), "another label, another logit"
    with torch.no_grad():
        D.net.layers[0].weight[:, 1:] = 0  # the kernels that read the label's channels
    assert torch.equal(D(x, y), D(x, turned)), "nothing else in D knows the label"


def test_permuted_labels_and_permuted_kernels_are_the_same_network():
    D, x, y = critic(conditional.Discriminator), images(6), torch.tensor([0, 1, 2, 3, 8, 9])
    before, order = D(x, y), torch.randperm(10)
    with torch.no_grad():
        D.net.layers[0].weight[:, 1:] = D.net.layers[0].weight[:, 1:][:, order]
    assert torch.allclose(D(x, order.argsort()[y]), before, atol=1e-5)


def test_projection_is_psi_plus_the_product_with_the_labels_vector():
    D, x, y = critic(conditional.Projection), images(5), torch.tensor([3, 3, 0, 9, 5])
    *_, flatten, linear, _ = D.net.layers
    h = flatten(D.net.layers[:-3](x))  # (5, 16)
    psi = h @ linear.weight[0] + linear.bias
    by_hand = [psi[i] + sum(D.embed.weight[j, y[i]] * h[i, j] for j in range(16)) for i in range(5)]
    assert torch.allclose(D(x, y), torch.stack(by_hand), atol=1e-5)


@pytest.mark.parametrize("layer", [Deviation, Discrimination])
def test_what_the_batch_tells_a_projection_enters_psi_and_not_the_product_with_the_label(layer):
    torch.manual_seed(2)
    D = conditional.Projection(width=4, norm=nn.Identity, minibatch=layer)
    x, y = images(5), torch.tensor([3, 3, 0, 9, 5])
    assert D.net.score(D.net.features(x)).shape == (5,) and D.embed.weight.shape == (16, 10)
    torch.nn.init.normal_(D.embed.weight)
    seen = D.net.features(x)
    assert seen.shape == (5, 16 + D.net.layers[-3].extra)
    product = (D.embed.weight.T[y] * seen[:, :16]).sum(1)
    assert torch.allclose(D(x, y), D.net(x) + product, atol=1e-5)
    apart = torch.cat([D(x[i : i + 1], y[i : i + 1]) for i in range(5)])
    assert not torch.allclose(D(x, y), apart, atol=1e-5), "the company of the batch counts"


def test_the_best_recipe_takes_a_layer_that_sees_the_batch():
    D = get("conditional").change(minibatch=Deviation).networks(seed=0)[1]
    plain = get("conditional").networks(seed=0)[1]
    assert isinstance(D.net.layers[-3], Deviation) and D.net.layers[-2].in_features == 97
    assert str(D.net.layers[:-3]) == str(plain.net.layers[:-2])


def test_a_new_projection_ignores_the_label_and_can_learn_it():
    torch.manual_seed(0)
    D, x, y = conditional.Projection(width=4).eval(), images(4), torch.tensor([1, 2, 3, 4])
    assert torch.equal(D(x, y), D(x, y.roll(1))) and torch.equal(D(x, y), D.net(x))
    D(x, y).sum().backward()
    moved = D.embed.weight.grad.abs().sum(0)
    assert (moved[1:5] > 0).all() and moved[0] == 0 and (moved[5:] == 0).all(), "only the labels that were seen"


@pytest.mark.parametrize("kind", CRITICS)
def test_each_image_is_judged_with_its_own_label(kind):
    D, x, y = critic(kind), images(6), torch.tensor([0, 9, 4, 4, 2, 7])
    alone = torch.cat([D(x[i : i + 1], y[i : i + 1]) for i in range(6)])
    assert D(x, y).shape == (6,) and torch.allclose(D(x, y), alone, atol=1e-5)


@pytest.mark.parametrize("network", [small_generator(), critic(CRITICS[0]), critic(CRITICS[1])])
@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (torch.tensor([1, 2]), r"Expected 3 labels, int64 \(3,\), one a sample, got torch.int64 \(2,\)\."),
        (torch.tensor([[1], [2], [3]]), r"Expected 3 labels, .* got torch.int64 \(3, 1\)\."),
        (torch.tensor([1.0, 2.0, 3.0]), r"Expected 3 labels, .* got torch.float32 \(3,\)\."),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_a_sentence(network, y, sentence):
    first = torch.zeros(3, 8) if hasattr(network, "z_dim") else images(3)
    with pytest.raises(InputError, match=sentence):
        network(first, y)


class Labels:
    """Readable images with labels that somebody else gave them."""

    def __init__(self, *labels):
        self.y = torch.tensor(labels)

    def batches(self, m, *, seed=0, start=0):
        while True:
            yield rows(self.y.clamp(0, 9)), self.y


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ((3, 10), r"labels y run from 3 to 10, and G knows 10 classes, 0 to 9\..*classes=11"),
        ((11, 0), r"labels y run from 0 to 11.*classes=12"),
        ((2, -1), r"labels y from 0 up, got -1"),
    ],
)
def test_labels_beyond_the_classes_are_refused_where_they_come_in(labels, sentence):
    G, D = small_generator(), critic(conditional.Projection)
    with pytest.raises(InputError, match=sentence):
        sample(G, z=torch.zeros(2, 8), y=torch.tensor(labels))
    before = torch.cat([p.detach().flatten() for net in (G, D) for p in net.parameters()])
    with pytest.raises(InputError, match=sentence):
        next(train(G, D, NonSaturating(), Labels(*labels), **sgd(G, D), steps=1, m=2))
    assert torch.equal(before, torch.cat([p.detach().flatten() for net in (G, D) for p in net.parameters()]))
    plain = dcgan.Discriminator(width=4)  # and where only D takes them, D is named
    with pytest.raises(InputError, match=sentence.replace("G", "D")):
        next(train(dcgan.Generator(8, 4), D, NonSaturating(), Labels(*labels), opt_g=None, **just(D), steps=1, m=2))
    next(train(dcgan.Generator(8, 4), plain, NonSaturating(), Labels(*labels), opt_g=None, **just(plain), steps=1, m=2))


def just(D):
    return {"opt_d": torch.optim.SGD(D.parameters(), lr=0.01)}


def test_a_forward_never_asks_a_gpu_for_a_number():
    """On the device meta there are none to ask for: .min(), .item() and `if tensor` raise there."""
    y = torch.zeros(3, dtype=torch.int64, device="meta")
    with torch.device("meta"):
        assert conditional.Generator(z_dim=8, width=4)(torch.zeros(3, 8), y).shape == (3, 1, 28, 28)
        for kind in CRITICS:
            assert kind(width=4)(torch.zeros(3, 1, 28, 28), y).shape == (3,)


def test_a_forward_compiles_to_a_single_graph():
    D, x, y = critic(conditional.Projection), images(3), torch.tensor([1, 2, 3])
    whole = torch.compile(D, backend="eager", fullgraph=True)
    assert torch.allclose(whole(x, y), D(x, y))


# ---- Which networks take labels


class Counts(nn.Module):
    """A G that takes no labels, and whose attribute `classes` is about something else."""

    z_dim, classes = 8, 3

    def __init__(self):
        super().__init__()
        self.inner = dcgan.Generator(8, 4)

    def forward(self, z, scale=1.0):
        return self.inner(z) * scale


class Optional(conditional.Generator):
    """A G that can do without labels, and does not say how many it knows."""

    def __init__(self):
        super().__init__(z_dim=8, width=4)
        self.count = self.__dict__.pop("classes")

    def forward(self, z, y=None):
        hot = torch.zeros(len(z), 10) if y is None else conditional.one_hot(y, len(z), self.count)
        return self.net(torch.cat([z, hot], dim=1))


WRAPPERS = {
    "plain": lambda network: network,
    "bf16": lambda network: fast(network, bf16=True),
    "averaged": AveragedModel,
    "compiled": lambda network: torch.compile(network, backend="eager"),
    "all": lambda network: torch.compile(fast(AveragedModel(network), bf16=True), backend="eager"),
}


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_a_network_takes_labels_if_its_forward_has_an_argument_y(wrap):
    wrap, y = WRAPPERS[wrap], torch.tensor([1, 2])
    for takes, network in (
        (True, small_generator()),
        (True, Optional()),
        (True, critic(conditional.Projection)),
        (False, dcgan.Generator(8, 4)),
        (False, Counts()),
        (False, nn.Sequential(dcgan.Discriminator(width=4))),
    ):
        wrapped = wrap(network)
        assert takes_labels(wrapped) == takes, network
        x = images(2) if "Discriminator" in repr(network) or "Projection" in repr(network) else torch.zeros(2, 8)
        assert torch.isfinite(with_labels(wrapped, y)(x)).all()


def test_a_second_argument_of_another_name_is_told_to_be_called_y():
    class Other(nn.Module):
        def forward(self, z, condition):
            return z

    with pytest.raises(InputError, match="got one of Other with the arguments z, condition"):
        takes_labels(Other())


def test_networks_without_labels_take_none_in_a_training_and_a_sample():
    torch.manual_seed(0)
    G, D = Counts(), dcgan.Discriminator(width=4)
    next(train(G, D, NonSaturating(), Readable(), **sgd(G, D), steps=1, m=4))
    assert sample(G, 3).shape == (3, 1, 28, 28)


def test_a_generator_that_does_not_say_how_many_classes_it_knows_must_be_told_labels():
    G = Optional()
    with pytest.raises(InputError, match=r"Expected labels y \(n,\)"):
        sample(G, 3)
    assert sample(G, 3, y=torch.tensor([0, 9, 4])).shape == (3, 1, 28, 28)


def test_data_without_labels_are_refused_by_networks_that_take_them():
    D = critic(conditional.Projection)
    with pytest.raises(InputError, match="D takes labels y, and the data give none"):
        next(train(dcgan.Generator(8, 4), D, NonSaturating(), [images(2)], opt_g=None, **just(D), steps=1))


def test_given_fills_in_labels_for_a_network_that_takes_them_and_leaves_another_alone():
    G, z, y = small_generator().eval(), torch.randn(3, 8), torch.tensor([5, 0, 5])
    assert torch.equal(with_labels(G, y)(z), G(z, y))
    plain = dcgan.Generator(8, 4)
    assert with_labels(plain, y) is plain


def test_samples_are_asked_for_each_class_in_turn_and_keep_their_label_across_chunks():
    G = small_generator()
    z, turn = fixed_noise(G, 23), torch.arange(23) % 10
    assert torch.equal(sample(G, 23), sample(G, z=z, y=turn))
    assert torch.allclose(sample(G, z=z, chunk=7), sample(G, z=z, y=turn), atol=1e-6)
    sevens = sample(G, z=z, y=torch.full((23,), 7))
    assert not torch.equal(sevens, sample(G, 23)) and torch.equal(sevens[7], sample(G, 23)[7])


class Listening(nn.Module):
    """A D that writes down what it is shown."""

    classes = 10

    def __init__(self):
        super().__init__()
        self.inner, self.heard = critic(conditional.Discriminator), []

    def forward(self, x, y):
        self.heard.append((x.detach(), y))
        return self.inner(x, y)


def sgd(G, D, rate=0.01):
    return {"opt_g": torch.optim.SGD(G.parameters(), lr=rate), "opt_d": torch.optim.SGD(D.parameters(), lr=rate)}


@pytest.mark.parametrize("reuse_fakes", [False, True])
@pytest.mark.parametrize("k", [1, 2])
def test_labels_in_training_are_those_of_the_real_batch_for_both_players(k, reuse_fakes):
    G, D = Obedient(), Listening()
    for _ in train(G, D, NonSaturating(), Readable(), **sgd(G, D), steps=3, m=6, k=k, seed=2, reuse_fakes=reuse_fakes):
        pass
    assert len(D.heard) == 3 * (2 * k + 1), "real and fake for each update of D, fake for each of G"
    assert all(torch.equal(read(x), y) for x, y in D.heard), "real or fake: the label is the image's own"
    real = [y for x, y in D.heard if x.max() == 1]
    batches = [y for _, y in itertools.islice(Readable().batches(6, seed=2), 3 * k)]
    assert len(real) == 3 * k and all(map(torch.equal, real, batches)), "and the real ones are those of the data"
    assert all(any(torch.equal(y, of) for of in batches) for _, y in D.heard), "the fakes got the same labels"


@pytest.mark.parametrize("kind", CRITICS)
def test_a_trained_d_notices_a_wrong_label(kind):
    """The fakes of this training are real digits of another class: only the label tells them from the data."""
    torch.manual_seed(0)
    G, D = Obedient(off=1), kind(width=8)
    with torch.no_grad():
        G.ink.fill_(1.0)
    opt_d = torch.optim.Adam(D.parameters(), lr=1e-2, betas=(0.5, 0.99))
    for _ in train(G, D, NonSaturating(), Readable(), opt_g=None, opt_d=opt_d, steps=60, m=64):
        pass
    x, y = next(Readable().batches(200, seed=9))
    with torch.no_grad():
        right, wrong = D.eval()(x, y), D(x, (y - 1) % 10)
    assert (right > 0).float().mean() > 0.8 and (wrong < 0).float().mean() > 0.8


@pytest.mark.parametrize("kind", CRITICS)
def test_six_steps_are_three_and_three(kind):
    ends = []
    for parts in ((6,), (3, 3)):
        G, D, done = small_generator(), critic(kind), 0
        players = sgd(G, D, rate=0.05)
        for steps in parts:
            for _ in train(
                G, D, NonSaturating(), Readable(), **players, steps=steps, m=8, seed=3, start=done, reuse_fakes=True
            ):
                pass
            done += steps
        ends.append(torch.cat([p.detach().flatten() for net in (G, D) for p in net.parameters()]))
    assert torch.equal(*ends)


def test_conditional_batch_norm_is_batch_norm_with_the_scale_and_shift_of_the_label():
    torch.manual_seed(0)
    norm = conditional.ConditionalBatchNorm2d(3)
    x, y = torch.randn(40, 3, 4, 4) * 2 + 1, torch.arange(40) % 10
    plain = F.batch_norm(x, None, None, training=True)
    assert torch.allclose(norm(x, y), plain, atol=1e-6), "1 and 0 at first, for every label"
    for row in (norm.scale, norm.shift):
        nn.init.normal_(row.weight)
    out = norm(x, y)
    for label in range(10):
        scale, shift = (row.weight[:, label, None, None] for row in (norm.scale, norm.shift))
        assert torch.allclose(out[y == label], plain[y == label] * scale + shift, atol=1e-5)
    norm.eval()
    alone, among = norm(x[:1], y[:1]), norm(x, y)[:1]
    assert torch.allclose(alone, among, atol=1e-6), "in evaluation mode an image does not see its batch"


def test_a_generator_normalised_by_label_starts_as_the_plain_one_and_learns_a_scale_a_label():
    torch.manual_seed(0)
    G = conditional.Generator(z_dim=8, width=4, even=True, by_label=True)
    plain = conditional.Generator(z_dim=8, width=4, even=True)
    same = [k for k in plain.state_dict() if k.endswith(("weight", "bias")) and plain.state_dict()[k].ndim == 4]
    plain.load_state_dict({k: G.state_dict()[k] for k in same}, strict=False)
    for layer in plain.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
    z, y = torch.randn(20, 8), torch.arange(20) % 10
    x = G(z, y)
    assert x.shape == (20, 1, 28, 28) and torch.allclose(x, plain(z, y), atol=1e-6)
    G.eval()(z, y)[y == 3].sum().backward()  # in training mode an image reaches the others through the batch's mean
    for layer in G.modules():
        if isinstance(layer, conditional.ConditionalBatchNorm2d):
            reached = layer.scale.weight.grad.abs().sum(0) > 0  # a column a label
            assert reached.tolist() == [label == 3 for label in range(10)]
