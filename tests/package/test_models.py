"""Models: published sizes, shapes and ranges, and what initialisation is for."""

import copy
import inspect
import pickle
import pkgutil
from importlib import import_module
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev, vmap

import ganbook.models
from ganbook.base.errors import InputError
from ganbook.models import (
    OfNoise,
    conditional,
    dcgan,
    diffusion,
    goodfellow,
    minibatch,
    mlp,
    parameters,
    points,
    pyramid,
    residual,
    vae,
    with_labels,
)
from ganbook.objectives import NonSaturating
from ganbook.training.ema import averaged
from ganbook.training.loop import train
from ganbook.training.precision import fast

PAIRS = {
    "mlp": (mlp.Generator(), mlp.Discriminator(), (1, 28, 28)),
    "mlp norm leaky": (mlp.Generator(64, (32,), slope=0.2, norm=True), mlp.Discriminator(hidden=(8,)), (1, 28, 28)),
    "linear": (mlp.Generator(hidden=()), mlp.Discriminator(hidden=(), dropout=0.0), (1, 28, 28)),
    "goodfellow": (goodfellow.Generator(), goodfellow.Discriminator(), (1, 28, 28)),
    "dcgan": (dcgan.Generator(), dcgan.Discriminator(), (1, 28, 28)),
    "dcgan in colour": (dcgan.Generator(32, 8, 3), dcgan.Discriminator(8, 3), (3, 28, 28)),
    "pyramid": (pyramid.Generator(), pyramid.Discriminator(), (1, 16, 16)),
    "pyramid in colour": (pyramid.Generator(channels=3), pyramid.Discriminator(channels=3), (3, 16, 16)),
    "pyramid 28": (pyramid.Generator(width=8, size=28), pyramid.Discriminator(8, size=28), (1, 28, 28)),
    "pyramid 32": (pyramid.Generator(width=8, size=32), pyramid.Discriminator(8, size=32), (1, 32, 32)),
    "pyramid 64": (pyramid.Generator(width=8, size=64), pyramid.Discriminator(8, size=64), (1, 64, 64)),
    "sees its batch": (dcgan.Generator(width=8), dcgan.Discriminator(8, minibatch=minibatch.Deviation), (1, 28, 28)),
    "compares": (dcgan.Generator(width=8), dcgan.Discriminator(8, minibatch=minibatch.Discrimination), (1, 28, 28)),
    "mlp compares": (mlp.Generator(), mlp.Discriminator(minibatch=minibatch.Discrimination), (1, 28, 28)),
    "no norm": (dcgan.Generator(width=8), dcgan.Discriminator(8, norm=nn.Identity), (1, 28, 28)),
    "coded": (conditional.Coded(width=8), dcgan.Discriminator(8), (1, 28, 28)),
    "residual": (residual.Generator(width=8).eval(), residual.Discriminator(8), (1, 28, 28)),
    "residual, patches": (residual.Generator(width=8, patch=2).eval(), residual.Discriminator(8, patch=2), (1, 28, 28)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_and_range(name):
    G, D, shape = PAIRS[name]
    x = G(torch.randn(5, G.z_dim))
    assert x.shape == (5, *shape)
    assert x.abs().max() <= 1
    logits = D(x)
    assert logits.shape == (5,)
    assert D(torch.ones(2, *shape)).isfinite().all()


OF_NOISE = {  # every network of the package that is called with noise
    conditional.Generator: conditional.Generator(5, 2, by_label=True),
    conditional.Coded: conditional.Coded(5, 2, codes=3),
    dcgan.Generator: dcgan.Generator(5, 2),
    diffusion.Diffusion: diffusion.Diffusion(8, steps=1),
    goodfellow.Generator: goodfellow.Generator(5, 4),
    mlp.Generator: mlp.Generator(5, (4,)),
    points.Generator: points.Generator(5, (4,)),
    pyramid.Generator: pyramid.Generator(5, 2),
    residual.Generator: residual.Generator(5, 8),
    vae.VAE: vae.VAE(5, 2, 2),
}


def called(G):
    return with_labels(G, torch.zeros(4, dtype=torch.int64))


def test_every_network_of_noise_of_the_package_is_in_these_tests():
    modules = [import_module(f"ganbook.models.{found.name}") for found in pkgutil.iter_modules(ganbook.models.__path__)]
    kinds = {kind for module in modules for kind in vars(module).values() if inspect.isclass(kind)}
    of_z = {kind for kind in kinds if issubclass(kind, nn.Module) and "z" in inspect.signature(kind.forward).parameters}
    assert of_z == set(OF_NOISE) and all(issubclass(kind, OfNoise) for kind in of_z)


@pytest.mark.parametrize("kind", OF_NOISE, ids=lambda kind: kind.__module__)
def test_noise_of_another_width_is_refused_with_both_shapes(kind):
    G = OF_NOISE[kind]
    d = G.z_dim
    for shape in ((4, d + 1), (4, d - 1), (4, d, 1, 1), (d + 3,), ()):
        for call in (
            lambda z: called(G)(z),
            lambda z: called(G)(z=z),
            called(fast(G, bf16=True)),
            called(copy.copy(G)),
        ):
            with pytest.raises(InputError) as caught:
                call(torch.zeros(shape))
            assert f"Expected noise z (m, {d}), got {shape}. Draw it with torch.randn(m, {d})" in str(caught.value)
    with pytest.raises(InputError, match=rf"z \(m, {d}\), a tensor, got 64\."):
        called(G)(64)
    assert called(G)(torch.zeros(4, d)).shape == called(G)(z=torch.zeros(4, d)).shape


@pytest.mark.parametrize("kind", OF_NOISE, ids=lambda kind: kind.__module__)
def test_looking_at_the_noise_changes_nothing_and_survives_copies(kind):
    G = copy.deepcopy(OF_NOISE[kind]).eval()
    z = torch.randn(4, G.z_dim, generator=torch.Generator().manual_seed(0))
    y = (torch.zeros(4, dtype=torch.int64),) if kind is conditional.Generator else ()
    for again in (G, pickle.loads(pickle.dumps(G)), averaged(G, 0.5).module):
        assert torch.equal(again.eval()(z, *y), G.forward(z, *y))
        with pytest.raises(InputError, match="Expected noise"):
            again(z[:, 1:], *y)
    with pytest.raises(InputError, match="Expected noise"):
        functional_call(G, dict(G.named_parameters()), (z[:, 1:], *y))


def test_the_look_at_the_noise_goes_with_torch_func_and_compiled_code():
    G, z = points.Generator(3), torch.randn(6, 3)
    assert torch.allclose(vmap(G)(z), G(z)), "under vmap z is (3,)"
    linear = points.Generator(3, hidden=())
    assert torch.equal(vmap(jacrev(linear))(z), linear.layers[0].weight.expand(6, 2, 3))
    for function in (
        vmap(G),
        vmap(jacrev(G)),
        torch.compile(G, backend="eager"),
        torch.compile(G, backend="aot_eager"),
    ):
        assert function(z) is not None
        with pytest.raises(InputError, match=r"Expected noise z \(m, 3\), got "):
            function(z[:, :2])
    whole = torch.compile(G, backend="eager", fullgraph=True)
    assert torch.equal(whole(z), G(z)), "the look breaks no graph"


@pytest.mark.parametrize(
    "kind", [kind for kind in OF_NOISE if kind is not diffusion.Diffusion], ids=lambda kind: kind.__module__
)
@pytest.mark.parametrize("z_dim", [0, -3, 2.5])
def test_a_generator_of_no_noise_is_refused(kind, z_dim):
    with pytest.raises(InputError, match="Expected z_dim "):
        kind(z_dim)


@pytest.mark.parametrize(
    ("D", "G", "published"),
    [
        (dcgan.Discriminator(), dcgan.Generator(), (64_545, 747_841)),
        (pyramid.Discriminator(), pyramid.Generator(), (134_595, 337_473)),
        (mlp.Discriminator(), mlp.Generator(), (1_460_225, 1_486_352)),
    ],
)
def test_parameter_counts_are_the_published_ones(D, G, published):
    assert (parameters(D), parameters(G)) == published


@pytest.mark.parametrize(
    ("network", "sides"),
    [
        (dcgan.Generator(), [1, 3, 6, 13, 28]),
        (dcgan.Generator(even=True), [1, 3, 6, 14, 28]),
        (dcgan.Discriminator(), [13, 5, 1]),
        (pyramid.Generator(), [1, 4, 8, 16]),
        (pyramid.Discriminator(), [8, 4, 1]),
    ],
)
def test_sides_are_the_published_ones(network, sides):
    seen = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Unflatten):
            layer.register_forward_hook(lambda _layer, _x, y: seen.append(y.shape[-1]))
    size = {dcgan.Discriminator: 28, pyramid.Discriminator: 16}.get(type(network))
    network(torch.zeros(2, 1, size, size) if size else torch.zeros(2, network.z_dim))
    assert seen == sides


@pytest.mark.parametrize("even", [True, False])
def test_even_kernels_make_all_pixels_of_equally_many_products(even):
    """With ones for weights and input, and no bias, what a layer makes is the number of its products at each pixel."""
    made = torch.ones(1, 1, 6, 6)
    for layer in [x for x in dcgan.Generator(width=1, even=even).modules() if isinstance(x, nn.ConvTranspose2d)][2:]:
        count = nn.functional.conv_transpose2d(
            torch.ones_like(made), torch.ones(1, 1, *layer.kernel_size), stride=layer.stride, padding=layer.padding
        )
        inside = count[..., 3:-3, 3:-3]
        made = torch.ones_like(count)
        if layer.kernel_size == (4, 4):
            assert inside.unique().tolist() == [4]
        else:
            assert not even and inside.unique().tolist() == [1, 2, 4]
    assert made.shape[-1] == 28


def test_every_parameter_is_used():
    for name, (G, D, _) in PAIRS.items():
        G.zero_grad(), D.zero_grad()
        D(G(torch.randn(8, G.z_dim))).square().sum().backward()
        dead = [key for net in (G, D) for key, p in net.named_parameters() if p.grad is None]
        assert not dead, (name, dead)


def test_dcgan_starts_as_radford_says_with_batchnorm_around_one():
    for network in (dcgan.Generator(), dcgan.Discriminator(width=64)):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                assert abs(layer.weight.mean()) < 0.005 and 0.015 < layer.weight.std() < 0.025
                assert layer.bias.abs().max() == 0
            if isinstance(layer, nn.BatchNorm2d):
                assert abs(layer.weight.mean() - 1) < 0.02 and layer.weight.std() < 0.03


def test_maxout_is_the_largest_of_its_pieces():
    layer = goodfellow.Maxout(3, 2, pieces=4)
    x = torch.randn(6, 3)
    W, b = layer.linear.weight.view(2, 4, 3), layer.linear.bias.view(2, 4)
    for j in range(2):
        by_hand = torch.stack([x @ W[j, i] + b[j, i] for i in range(4)]).max(0).values
        assert torch.allclose(layer(x)[:, j], by_hand, atol=1e-6)


def test_dropout_acts_in_training_only():
    D, x = mlp.Discriminator(), torch.randn(4, 1, 28, 28)
    D.train()
    assert not torch.equal(D(x), D(x))
    D.eval()
    assert torch.equal(D(x), D(x))


def test_slope_zero_is_relu():
    assert isinstance(mlp.activation(0.0), nn.ReLU)
    assert mlp.activation(0.2)(torch.tensor(-1.0)) == pytest.approx(-0.2)


def test_pyramid_refuses_another_size():
    with pytest.raises(RuntimeError):
        pyramid.Discriminator()(torch.zeros(2, 1, 28, 28))


def test_the_pair_of_2014_starts_from_its_published_weights_and_sees_pixels_from_zero_to_one():
    G, D = goodfellow.Generator(), goodfellow.Discriminator().eval()
    for network, bound in ((G, 0.05), (D, 0.005)):
        linears = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        assert all(0.95 * bound < layer.weight.abs().max() <= bound for layer in linears)  # the smallest has 240
        assert all(layer.bias.abs().max() == 0 for layer in linears)
    assert D(-torch.ones(1, 1, 28, 28)).item() == 0  # a black image is all zeros, and so are the biases


@pytest.mark.parametrize(("size", "sides"), [(16, [1, 4, 8, 16]), (28, [1, 7, 14, 28]), (64, [1, 4, 8, 16, 32, 64])])
def test_one_rule_gives_every_size_and_halves_the_channels_as_the_side_doubles(size, sides):
    G = pyramid.Generator(width=8, size=size)
    layers = [layer for layer in G.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert layers[0].kernel_size == (sides[1], sides[1]) and len(layers) == len(sides) - 1
    for wide, narrow in pairwise(layers[1:]):
        assert wide.in_channels == 2 * narrow.in_channels
    assert layers[-1].in_channels == 8


@pytest.mark.parametrize("size", [3, 4, 7, 18, 30, 0, -16])
def test_a_size_that_no_doubling_reaches_is_refused(size):
    with pytest.raises(InputError, match=f"got {size}"):
        pyramid.Generator(size=size)


def test_minibatch_deviation_is_that_of_the_batch_and_shown_to_all():
    h = torch.tensor([[0.0, 5.0], [2.0, 5.0]])  # deviations 1 and 0 in the batch, mean 0.5
    assert torch.allclose(minibatch.Deviation(2)(h), torch.tensor([[0.0, 5, 0.5], [2, 5, 0.5]]), atol=1e-3)


def test_minibatch_discrimination_is_its_formula_written_out():
    layer, h = minibatch.Discrimination(3, kernels=2, dims=4), torch.randn(5, 3)
    M = (h @ layer.T.weight.T).view(5, 2, 4)
    for i in range(5):
        for b in range(2):
            near = sum(torch.exp(-(M[i, b] - M[j, b]).abs().sum()) for j in range(5) if j != i)
            assert layer(h)[i, 3 + b].item() == pytest.approx(near.item(), rel=1e-4)


@pytest.mark.parametrize("kind", [minibatch.Deviation, minibatch.Discrimination])
def test_a_collapsed_batch_looks_different_from_a_varied_one(kind):
    layer, one, many = kind(4), torch.ones(6, 4), torch.randn(6, 4) * 3
    alike, varied = layer(one)[:, 4:], layer(many)[:, 4:]
    assert ((alike < varied) if kind is minibatch.Deviation else (alike > varied)).all()
    h = one.clone().requires_grad_()  # a collapsed batch gives a finite gradient, or training ends there
    layer(h)[:, 4:].sum().backward()
    assert h.grad.isfinite().all()


def test_packed_images_are_channels_of_one_and_the_parameters_of_a_pack_are_the_papers():
    D = minibatch.Packed(lambda c: dcgan.Discriminator(8, channels=c, norm=nn.Identity), pack=3)
    images = torch.randn(6, 1, 28, 28)
    by_hand = D.D(torch.stack([torch.cat(list(images[:3, 0, None])), torch.cat(list(images[3:, 0, None]))]))
    torch.testing.assert_close(D(images), by_hand)
    swapped = D(images[[3, 1, 2, 0, 4, 5]])  # an image of each pack goes to the other
    assert not torch.isclose(swapped, D(images)).any()
    two, three = (minibatch.Packed(lambda c: points.Discriminator((200,), dim=c), pack, channels=2) for pack in (2, 3))
    assert parameters(three) - parameters(two) == 2 * 200  # "2,000 weights" there, for maxout of five (section 4.1)
    with pytest.raises(InputError, match="packs of 3, got 4"):
        D(images[:4])


def test_a_network_that_judges_packs_is_trained_and_must_give_a_logit_a_pack(digits):
    def trained(inside, m=6):
        torch.manual_seed(0)
        G, D = dcgan.Generator(width=8), minibatch.Packed(inside, pack=3)
        opt_g, opt_d = (torch.optim.Adam(net.parameters()) for net in (G, D))
        before = [p.detach().clone() for p in (*G.parameters(), *D.parameters())]
        list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=2, m=m))
        return [not torch.equal(*pair) for pair in zip(before, (*G.parameters(), *D.parameters()))]

    assert all(trained(lambda c: mlp.Discriminator((c, 28, 28), hidden=(16,)))), "a weight of either player stood still"
    blind = lambda c: nn.Sequential(nn.Flatten(), nn.Linear(784 * c, 4), nn.Flatten(0))  # noqa: E731
    with pytest.raises(InputError, match=r"each pack of 3 of 6 images, \(2,\), got \(8,\)"):
        trained(blind)
    with pytest.raises(InputError, match="packs of 3, got 8"):
        trained(lambda c: mlp.Discriminator((c, 28, 28), hidden=(16,)), m=8)


def test_a_layer_that_somebody_calls_pack_is_no_number_of_images(digits):
    G, D = dcgan.Generator(width=8), mlp.Discriminator(hidden=(16,))
    D.pack = nn.Linear(1, 1)
    opt_g, opt_d = (torch.optim.Adam(net.parameters()) for net in (G, D))
    assert len(list(train(G, D, NonSaturating(), digits, opt_g=opt_g, opt_d=opt_d, steps=1, m=6))) == 1


def test_the_first_papers_d_takes_a_layer_that_sees_the_batch_and_leaves_it_its_own_weights():
    D = goodfellow.Discriminator(8, minibatch=minibatch.Discrimination)
    assert D(torch.zeros(4, 1, 28, 28)).shape == (4,) and D.layers[-2].in_features == 8 + 16
    drawn = [layer.weight for layer in D.modules() if isinstance(layer, nn.Linear) and layer is not D.layers[6].T]
    assert len(drawn) == 3 and max(weight.abs().max() for weight in drawn) <= 0.005
    assert D.layers[6].T.weight.abs().max() > 0.005, "or all images look alike to it"


def test_initialisation_takes_layers_without_bias_or_scale():
    layers = [nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2, affine=False), nn.ConvTranspose2d(2, 1, 3, bias=False)]
    network = nn.Sequential(*layers).apply(dcgan.init)
    assert all(weight.abs().max() < 0.2 for weight in network.parameters())


def test_residual_blocks_change_nothing_at_first_and_keep_the_size_of_a_signal_at_any_depth():
    x = torch.randn(64, 16, 7, 7)
    assert torch.equal(residual.Block(16, depth=4)(x), x), "the last convolution starts at 0"
    for blocks in (1, 8):
        x = residual.Generator(width=8, blocks=blocks)(torch.randn(256, 64))
        assert 0.2 < x.std() < 2, "a deeper one starts neither louder nor fainter"


def test_residual_grouped_convolution_is_one_convolution_a_group():
    block = residual.Block(16, depth=1, expansion=2, group=16)
    second = block.layers[2]
    h = torch.randn(3, 32, 5, 5)
    apart = [nn.functional.conv2d(part, w, padding=1) for part, w in zip(h.split(16, 1), second.weight.split(16))]
    torch.testing.assert_close(second(h), torch.cat(apart, 1))
    with pytest.raises(InputError, match="whole groups of 16"):
        residual.Block(12, depth=1)


def test_residual_halves_as_it_doubles():
    """<twice(a), b> = 4 <a, half(b)>: the two resamplings are adjoint, up to the frame."""
    a, b = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 16, 16)
    a[..., 2:6, 2:6], b[..., 4:12, 4:12] = torch.randn(4, 4), torch.randn(8, 8)
    up, down = (residual.Twice()(a) * b).sum(), (a * residual.Half()(b)).sum()
    torch.testing.assert_close(up, 4 * down)


def test_residual_generator_is_free_in_training_and_cut_off_when_it_draws():
    G, z = residual.Generator(width=8), 5 * torch.randn(20, 64)
    assert G(z).abs().max() > 1 >= G.eval()(z).abs().max()


def test_with_the_weights_of_he_a_signal_keeps_its_size_where_dcgans_own_let_it_fade():
    x, sizes = torch.randn(64, 1, 28, 28), {}
    for name, first in (("he", dcgan.he), ("dcgan", dcgan.init), ("PyTorch", None)):
        D = dcgan.Discriminator(64, norm=nn.Identity, first=first)
        h = D.layers[:-3](x)
        sizes[name] = h.square().mean().sqrt() / x.square().mean().sqrt()
    assert 0.5 < sizes["he"] < 2 and sizes["dcgan"] < sizes["PyTorch"] < 0.5
    assert not D.layers[0].bias.eq(0).all(), "PyTorch's own weights stay where nothing is asked for"
