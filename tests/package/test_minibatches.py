"""Data that are no data of ganbook's: any iterable of x or (x, y) trains as its minibatches say, or is told why not."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from ganbook.base import distributed
from ganbook.base.errors import GanbookWarning, InputError
from ganbook.data import Digits
from ganbook.models import conditional, mlp
from ganbook.objectives import NonSaturating
from ganbook.training.loop import train
from ganbook.training.minibatches import minibatches
from tests.package.test_train import Normal, exhaust, pair, weights

rng = torch.Generator().manual_seed(0)
POINTS = torch.randn(20, 2, generator=rng)
LABELS = torch.arange(20) % 10
CPU = torch.device("cpu")


class Again:
    """Minibatches that can be gone through again, as a DataLoader without shuffling gives them."""

    def __init__(self, sizes, labels=False):
        self.parts, self.labels = list(zip(POINTS.split(sizes), LABELS.split(sizes))), labels

    def __iter__(self):
        return iter(self.parts if self.labels else [x for x, _ in self.parts])


class Heard(nn.Module):
    """A D that writes down what it is shown."""

    def __init__(self):
        super().__init__()
        self.inner, self.heard = mlp.Discriminator(image=(2,), hidden=(8,), dropout=0.0), []

    def forward(self, x):
        self.heard.append(x.detach())
        return self.inner(x)


def listened(data, steps, **options):
    """What D was shown as real, the sizes of the fakes, and the records."""
    torch.manual_seed(0)
    G, D = pair()[0], Heard()
    opts = {"opt_g": torch.optim.SGD(G.parameters(), 0.1), "opt_d": torch.optim.SGD(D.parameters(), 0.1)}
    records = list(train(G, D, NonSaturating(), data, **opts, steps=steps, **options))
    return D.heard[::3], [len(x) for x in (*D.heard[1::3], *D.heard[2::3])], records


@pytest.mark.parametrize("sizes", [8, 5, 20, [3, 9, 8]])
@pytest.mark.parametrize("k", [1, 3])
def test_an_iterable_is_gone_through_epoch_after_epoch_with_noise_of_its_sizes(sizes, k):
    data, count = Again(sizes), 7
    expected = list(itertools.islice(itertools.cycle(data), count * k))
    G, D = pair()[0], Heard()
    opt_d = torch.optim.SGD(D.parameters(), 0.1)
    records = list(train(G, D, NonSaturating(), data, opt_g=None, opt_d=opt_d, steps=count, k=k))
    real, fake = D.heard[::2], D.heard[1::2]
    assert all(map(torch.equal, real, expected)) and len(real) == count * k
    assert [len(x) for x in fake] == [len(x) for x in expected]
    assert [r.images for r in records] == list(itertools.accumulate(len(x) for x in expected))[k - 1 :: k]


@pytest.mark.parametrize("form", ["x", "x, y", "[x, y]", "[x]"])
def test_every_form_of_a_minibatch_is_taken(form):
    forms = {"x": lambda x, y: x, "x, y": lambda x, y: (x, y), "[x, y]": lambda x, y: [x, y], "[x]": lambda x, y: [x]}
    data = list(map(forms[form], POINTS.split(8), LABELS.split(8)))
    real, fake, records = listened(data, 3)
    assert all(map(torch.equal, real, POINTS.split(8)))
    assert fake == [8, 8, 4] * 2 and records[-1].images == 20


def test_a_list_of_minibatches_trains_as_data_of_ganbook_that_give_the_same():
    """The same noise and the same dropout: only where the images come from differs."""
    ends = []
    for data, options in (
        (Normal(), {"m": 8}),
        (list(itertools.islice(Normal().batches(8, seed=3), 10)), {}),
        ((x for x, _ in Normal().batches(8, seed=3)), {"m": 8}),
    ):
        G, D, players = pair(dropout=0.5)
        exhaust(train(G, D, NonSaturating(), data, **players, steps=5, k=2, seed=3, **options))
        ends.append(weights(G, D))
    assert torch.equal(ends[0], ends[1]) and torch.equal(ends[0], ends[2])


class Noisy(Dataset):
    """A data set that draws as it is read, as an augmentation does."""

    def __len__(self):
        return 20

    def __getitem__(self, i):
        return POINTS[i] + 0.1 * torch.randn(2), int(LABELS[i])


@pytest.mark.parametrize("dataset", [TensorDataset(POINTS, LABELS), Noisy()], ids=["tensors", "noisy"])
def test_a_loader_that_shuffles_belongs_to_the_seed_and_nobody_who_draws_disturbs_it(dataset):
    def ends(seed, disturb):
        G, D, players = pair(dropout=0.5)
        torch.manual_seed(disturb)
        loader = DataLoader(dataset, batch_size=8, shuffle=True)
        for _ in train(G, D, NonSaturating(), loader, **players, steps=7, seed=seed):
            if disturb:
                torch.rand(disturb), next(iter(loader))
        return weights(G, D)

    assert torch.equal(ends(0, 0), ends(0, 5)) and not torch.equal(ends(0, 0), ends(1, 0))


def test_a_loader_that_shuffles_leaves_global_randomness_alone():
    G, D, players = pair()
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    exhaust(train(G, D, NonSaturating(), DataLoader(Noisy(), 8, shuffle=True), **players, steps=4))
    assert torch.equal(torch.rand(2), expected)


def test_what_a_loader_draws_on_the_cpu_is_a_stream_of_its_own_whatever_the_device_of_the_training():
    """On a GPU nothing else in the loop touches the generator of the CPU."""

    def taken(seed, disturb):
        torch.manual_seed(disturb)
        loader = DataLoader(Noisy(), batch_size=8, shuffle=True)
        batches = minibatches(loader, None, seed=seed, start=0, needed=7, device=CPU)
        parts = [(next(batches)[0], torch.rand(disturb)) for _ in range(7)]
        return torch.cat([x for x, _ in parts]), torch.cat([drawn for _, drawn in parts])

    (first, _), (second, drawn), (other, _) = taken(0, 0), taken(0, 3), taken(1, 0)
    assert torch.equal(first, second) and not torch.equal(first, other)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(21))


def test_each_epoch_of_a_loader_has_its_own_order():
    loader = DataLoader(TensorDataset(POINTS), batch_size=20, shuffle=True)
    real, _, _ = listened(loader, 3)
    assert len({tuple(x[:, 0].tolist()) for x in real}) == 3
    assert all(torch.equal(x.sort(0).values, POINTS.sort(0).values) for x in real)


def test_labels_of_a_loader_reach_the_networks_as_whole_numbers():
    class Reads(conditional.Discriminator):
        def forward(self, x, y):
            self.seen = y
            return super().forward(x, y)

    D = Reads(width=2)
    G = conditional.Generator(z_dim=4, width=2)
    x = torch.rand(10, 1, 28, 28) * 2 - 1
    for kind in (torch.uint8, torch.int32, torch.int64):
        data = [(x, torch.arange(10).to(kind))]
        next(train(G, D, NonSaturating(), data, opt_g=None, opt_d=torch.optim.SGD(D.parameters(), 0.1), steps=1))
        assert D.seen.dtype == torch.int64 and D.seen.tolist() == list(range(10))


def test_labels_that_nobody_reads_may_be_anything():
    data = [(POINTS, [f"caption {i}" for i in range(20)])]
    assert len(listened(data, 2)[2]) == 2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: iter(POINTS.split(8)), r"ended after 3 of the 8 minibatches"),
        (lambda: (x for x in POINTS.split(5)), r"ended after 4 of the 8 minibatches"),
        (lambda: map(torch.clone, POINTS.split(10)), r"ended after 2 of the 8 minibatches"),
        (lambda: zip(POINTS.split(4), LABELS.split(4)), r"ended after 5 of the 8 minibatches"),
        (lambda: [], "gives no minibatch"),
        (lambda: iter(()), "gives no minibatch"),
        (lambda: DataLoader(TensorDataset(POINTS), batch_size=64, drop_last=True), "gives no minibatch"),
    ],
)
def test_data_that_end_too_soon_say_after_how_many(make, sentence):
    with pytest.raises(InputError, match=sentence):
        listened(make(), 4, k=2)


def test_an_iterator_that_is_long_enough_is_as_good_as_a_list():
    assert len(listened(iter(POINTS.split(5)), 4)[2]) == 4


def test_data_of_ganbooks_form_that_end_are_told_not_to():
    class Short:
        def batches(self, m, *, seed=0, start=0):
            return iter([(POINTS, LABELS)] * 3)

    with pytest.raises(InputError, match="gave 3 minibatches and no more"):
        listened(Short(), 4, m=20)


class Single(IterableDataset):
    def __iter__(self):
        return iter(POINTS)


class OldStyle:
    """Gives one image for a number, as a map-style data set without a base class does."""

    def __len__(self):
        return 20

    def __getitem__(self, i):
        return POINTS[i]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (TensorDataset(POINTS), r"a TensorDataset, which gives one image.*DataLoader\(dataset, batch_size=64, shuffle"),
        (Noisy(), r"a Noisy, which gives one image"),
        (Single(), r"a Single, which gives one image"),
        (OldStyle(), r"a OldStyle, which gives one image"),
        (POINTS, r"single Tensor \(20, 2\).*ganbook.Images"),
        (np.zeros((4, 28, 28)), r"single ndarray \(4, 28, 28\)"),
        ((POINTS, LABELS), "one pair of all images and all labels"),
        ([POINTS, LABELS], "one pair of all images and all labels"),
        (Digits, r"the class Digits. Make an object of it: Digits\(...\)"),
        (DataLoader, r"the class DataLoader"),
        ("mnist", "got a str"),
        (b"", "got a bytes"),
        ({"x": POINTS}, "got a dict"),
        (None, "got a NoneType"),
        (7, "got a int"),
        (lambda: POINTS, "got a function"),
    ],
)
def test_what_gives_no_minibatches_is_refused_at_the_call(data, sentence):
    G, D, players = pair()
    with pytest.raises(InputError, match=sentence):
        train(G, D, NonSaturating(), data, **players, steps=1, m=8)


@pytest.mark.parametrize(
    ("batch", "sentence"),
    [
        ({"image": POINTS, "label": LABELS}, "got a dict with image, label"),
        ((POINTS, LABELS, LABELS), "got a tuple of Tensor, Tensor, Tensor"),
        ((POINTS.numpy(), LABELS.numpy()), "got a tuple of ndarray, ndarray"),
        ([], "got a list of "),
        (POINTS.numpy(), "got a ndarray"),
        (None, "got a NoneType"),
        ((POINTS, LABELS[:7]), r"label for each of 20 images of a minibatch, got y \(7,\)"),
        ((POINTS, LABELS[0]), r"label for each of 20 images of a minibatch, got y \(\)"),
        ("ab", "got a str"),
        (torch.tensor(3.0), r"at least one image, got \(\)"),
        (torch.zeros(0, 2), r"at least one image, got \(0, 2\)"),
    ],
)
def test_what_is_no_minibatch_is_refused_before_a_weight_moves(batch, sentence):
    G, D, players = pair()
    before = weights(G, D)
    with pytest.raises(InputError, match=sentence):
        next(train(G, D, NonSaturating(), [batch], **players, steps=1))
    assert torch.equal(weights(G, D), before)


def test_single_images_of_a_loader_without_batches_do_not_fit_those_of_g():
    with pytest.raises(InputError, match=r"The data are \(2,\) and G makes \(2, 2\)"):
        listened(DataLoader(TensorDataset(POINTS), batch_size=None), 1)


@pytest.mark.parametrize("m", [7, 1, 21])
def test_an_m_that_is_not_the_iterables_own_is_refused(m):
    with pytest.raises(InputError, match=f"minibatches of 8, and m is {m}"):
        listened(Again(8), 1, m=m)
    assert len(listened(Again(8), 3, m=8)[2]) == 3, "a short last one is no other m"


def test_data_of_ganbook_need_m():
    with pytest.raises(InputError, match=r"Expected m.*m=64"):
        listened(Normal(), 1)


def test_a_start_within_an_iterable_says_that_it_begins_anew():
    with pytest.warns(GanbookWarning, match="images begin anew"):
        real, _, records = listened(Again(8), 2, start=5)
    assert torch.equal(real[0], POINTS[:8]) and [r.step for r in records] == [6, 7]


def test_several_ranks_need_data_that_each_can_draw(monkeypatch):
    monkeypatch.setattr(distributed, "count", lambda: 2)
    with pytest.raises(InputError, match=r"Several ranks.*list does not promise"):
        minibatches([POINTS], None, seed=0, start=0, needed=1, device=CPU)


def test_tensors_are_moved_to_the_device_of_d():
    x, y = next(minibatches([(POINTS, LABELS)], None, seed=0, start=0, needed=1, device=torch.device("meta")))
    assert x.device.type == y.device.type == "meta"


def test_a_loader_with_workers_trains():
    """In a process of its own: workers and a coverage of threads do not go together."""
    code = """if True:
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        from ganbook.models import points
        from ganbook.objectives import NonSaturating
        from ganbook.training.loop import train
        torch.manual_seed(0)
        G, D = points.Generator(), points.Discriminator()
        opts = {"opt_g": None, "opt_d": torch.optim.SGD(D.parameters(), 0.1)}
        loader = DataLoader(TensorDataset(torch.randn(20, 2)), 8, shuffle=True, num_workers=1)
        print([record.images for record in train(G, D, NonSaturating(), loader, **opts, steps=4)])
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[8, 16, 20, 28]"
