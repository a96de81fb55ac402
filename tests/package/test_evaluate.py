"""All scores at once: complete, beside their floors, in the right direction, and without a trace in the generator."""

import gc
import hashlib
import json
import re
import weakref

import pytest
import torch

from ganbook.base import seeds
from ganbook.base.errors import InputError
from ganbook.data import Digits, Images, rotate
from ganbook.evaluation import distance, reference, report, scoring
from ganbook.evaluation.judge import WEIGHTS, judged, load
from ganbook.evaluation.report import SCORES, evaluate, evaluate_images
from ganbook.models.sampling import sample
from ganbook.training import pretrained, recipes

N = 200


@pytest.fixture(scope="module")
def real(digits):
    """Training images, judged as if they were samples."""
    return evaluate_images(digits[:N][0])


@pytest.fixture(scope="module")
def ones(digits):
    """A generator that draws nothing but real ones."""
    return evaluate_images(digits[digits.labels == 1][0][:N])


def test_every_score_carries_its_floor_n_and_extractor(real):
    sha256 = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert list(real.scores) == list(SCORES)
    for name, score in real.scores.items():
        assert score.n == N and score.extractor == f"judge {sha256[:12]}"
        assert score.better in ("lower", "higher", "0.5", "0.01") and score.better == SCORES[name].better
        assert isinstance(score.value, int | float) and isinstance(score.floor, int | float)
    assert real.scores["kernel"].error > 0
    assert real.accuracy > 0.98 and sum(real.shares) == pytest.approx(1)


def test_real_images_score_like_their_floor(real):
    for name in ("precision", "recall", "coverage", "certainty", "inception", "synthetic"):
        assert real[name] == pytest.approx(real.scores[name].floor, rel=0.15), name
    assert real["frechet"] < 1.5 * real.scores["frechet"].floor
    assert abs(real["kernel"] - real.scores["kernel"].floor) < 5 * real.scores["kernel"].error
    assert real["modes"] == 10


def test_what_is_kept_holds_no_images_and_no_more_than_it_needs(digits, real):
    """What is kept of a set is 138 numbers an image; a set that nobody holds is given back."""
    kept = reference.seen(digits, torch.device("cpu"))
    assert sum(part.numel() for part in kept) == 138 * len(digits)
    for cached in (reference._seen, reference.judge_on, report._floor, report._unseen, distance._floor):
        assert cached.cache_info().maxsize <= 4
    data = digits.subset(slice(300))
    gone = weakref.ref(data)
    reference.seen(data, torch.device("cpu"))
    del data
    gc.collect()
    assert gone() is None


def test_the_distance_is_that_of_the_evaluation(digits, real):
    value, floor, n = distance.distance_of_images(digits[:N][0])
    assert n == N and value == real["frechet"]
    assert floor == pytest.approx(real.scores["frechet"].floor, rel=1e-4), "the judge saw them in other batches"


def test_training_images_are_found_out_as_copies_and_their_floor_is_not(real):
    assert real["copying"] > 0.99
    assert 0.4 < real.scores["copying"].floor < 0.6
    assert real["copies"] > 0.99 and real.scores["copies"].floor < 0.06
    assert any("copies, or nearly so" in note for note in real.notes)


def test_a_fifth_of_copies_is_found_and_none_are_not(digits):
    """The mean over all samples is blind to them: bad samples lie as far out as copies lie near."""
    G = pretrained.load("a-dcgan").G
    samples, some = sample(G, N, seed=1), torch.randperm(len(digits), generator=seeds.generator("test", 0))
    mixed = torch.cat([samples[: N - N // 5], digits[some[: N // 5]][0]])
    bad, found = evaluate_images(samples), evaluate_images(mixed)
    assert 0.4 < found["copying"] < 0.6, "as if all were new"
    assert 0.2 <= found["copies"] < 0.25 and any("20." in n and "copies, or nearly so" in n for n in found.notes)
    assert bad["copies"] < 0.02 and not any("copies, or nearly so" in note for note in bad.notes)


def test_places_that_samples_were_made_from_are_no_training_images(digits):
    some = torch.randperm(len(digits), generator=seeds.generator("test", 1))[:N]
    found = evaluate_images(digits[some][0], without=some)
    assert found["copies"] < 0.06 and 0.4 < found["copying"] < 0.6
    assert evaluate_images(digits[some][0])["copies"] == 1
    for without in (some.float(), some[None], some - 70_000, torch.arange(len(digits))):
        with pytest.raises(InputError, match="places"):
            evaluate_images(digits[some][0], without=without)


def test_sorted_samples_score_as_shuffled_ones_where_scores_cut_them_into_pieces(digits):
    """In the order of their classes every piece would be far from the real images."""
    x, y = digits[torch.arange(N)]
    found, in_order = evaluate_images(x), evaluate_images(x[y.argsort()])
    assert found["frechet"] == pytest.approx(in_order["frechet"], rel=1e-6)
    for name in ("kernel", "limit"):
        assert abs(in_order[name] - found[name]) < 3 * found.scores[name].error, name


def test_few_samples_are_said_to_read_as_far_and_what_many_would_have(real):
    (note,) = (note for note in real.notes if f"n = {N} is small" in note)
    limit = real.scores["limit"]
    assert f"d² is {real['frechet']:.4g}" in note and f"{limit.value:.4g} ± {limit.error:.2g}" in note
    assert abs(limit.value) < 4 * limit.error < real["frechet"] * 4
    assert scoring.too_few(real.scores, scoring.FEW, scoring.FULL) == []


def test_the_limit_of_images_is_that_of_their_evaluation(digits, real):
    assert distance.limit_of_images(digits[:N][0]) == (real["limit"], real.scores["limit"].error)


def test_labels_in_turn_do_not_mislead_the_limit(digits):
    """Every second image would have an even label, and a piece would have five classes."""
    places = [
        torch.nonzero(digits.labels == y)[:50, 0] for y in range(10)
    ]  # few enough for pieces of a half and a third
    in_turn = distance.limit_of_images(digits[torch.stack(places, dim=1).flatten()][0])
    assert abs(in_turn.value) < 4 * in_turn.error < 80


def test_one_digit_only_is_precise_and_recalls_little(real, ones):
    assert ones["precision"] > 0.8 and ones["recall"] < 0.3
    assert ones["inception"] < 1.2 and ones["modes"] == 1 and ones["class_kl"] > 1.5
    assert ones["frechet"] > 5 * real["frechet"] and ones["kernel"] > 5 * ones.scores["kernel"].error
    assert ones["synthetic"] < 0.2


def test_the_result_is_one_json_object_and_a_table_of_all_scores(ones):
    again = json.loads(json.dumps(ones.as_dict(), allow_nan=False))
    assert again["scores"]["recall"]["value"] == ones["recall"] and again["n"] == N
    table = ones.table()
    lines = {name: next(line for line in table.splitlines() if line.startswith(SCORES[name].label)) for name in SCORES}
    for name, score in ones.scores.items():
        assert lines[name].removeprefix(SCORES[name].label).split()[:2] == [f"{score.value:.4g}", f"{score.floor:.4g}"]
    assert lines["frechet"].endswith(f"lower is better; n = {N}") and "floors" not in table
    assert lines["limit"].endswith(f"± {ones.scores['limit'].error:.2g}")
    assert f"right on {ones.accuracy:.2%} of these" in table and "Not comparable" in table
    assert f"1: {ones.shares[1]:.1%}" in table.splitlines()[-1] and ones.shares[1] > 0.97


def test_evaluating_leaves_the_generator_and_the_random_state_as_they_were(real):
    G, _ = recipes.get("a-dcgan").networks(seed=0)
    G.train()
    next(layer for layer in G.modules() if isinstance(layer, torch.nn.BatchNorm2d)).eval()  # modes may be mixed
    modes = [layer.training for layer in G.modules()]
    before = {name: value.clone() for name, value in G.state_dict().items()}
    state = torch.get_rng_state()
    first = evaluate(G, n=N, seed=3)
    assert [layer.training for layer in G.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in G.state_dict().items()), "a buffer has moved"
    assert torch.equal(torch.get_rng_state(), state)
    assert evaluate(G, n=N, seed=3).as_dict() == first.as_dict(), "the same noise, the same scores"


def test_the_real_images_are_turned_as_those_of_the_training(digits):
    """Digits that are turned by angles of their own are at home among turned ones, and upright ones are not."""
    data = Digits("train", rotate=45).subset(slice(2000))
    held = digits[torch.arange(20_000, 20_400)][0]
    angles = 90 * torch.rand(400, generator=torch.Generator().manual_seed(0)) - 45
    turned, upright = (evaluate_images(x, data=data) for x in (rotate(held, angles), held))
    assert turned["frechet"] < 1.4 * turned.scores["frechet"].floor < upright["frechet"]
    assert any("turned by up to 45 degrees" in note for note in turned.notes)
    by_itself = distance.distance_of_images(rotate(held, angles), data=data)
    assert by_itself.value == turned["frechet"]
    assert by_itself.floor == pytest.approx(turned.scores["frechet"].floor, rel=1e-4)


def test_sixteen_pixel_images_are_compared_with_real_ones_that_lost_the_same_detail():
    digits = recipes.get("b-dcgan16").data().subset(slice(5_000))
    small = evaluate_images(digits[:N][0], data=digits)
    assert small.size == 16 and small.accuracy > 0.9
    assert small["frechet"] < 2 * small.scores["frechet"].floor
    assert small["copying"] > 0.99, "training images were reduced as well, so these are found among them"


@pytest.mark.parametrize("n", [0, 99, 10_001])
def test_n_out_of_range(n):
    G, _ = recipes.get("mlp").networks(seed=0)
    with pytest.raises(InputError, match=f"100 to 10,000.*{n}"):
        evaluate(G, n=n)


@pytest.mark.parametrize(
    "x, says",
    [
        (torch.zeros(N, 3, 28, 28), r"\(n, 1, h, w\)"),
        (torch.zeros(N, 784), r"\(n, 1, h, w\)"),
        (torch.zeros(N, 1, 28, 20), "square"),
        (torch.full((N, 1, 28, 28), 1.5), r"\[-1, 1\]"),
        (torch.full((N, 1, 28, 28), torch.nan), r"\[-1, 1\]"),
    ],
)
def test_images_that_cannot_be_judged(x, says):
    with pytest.raises(InputError, match=says):
        evaluate_images(x)


def test_the_reference_is_drawn_once_for_all(digits):
    device = torch.device("cpu")
    first, again = (reference.against(150, digits, device) for _ in range(2))
    assert torch.equal(first.index, again.index) and torch.equal(first.real.features, again.real.features)


# Parts of MNIST, as somebody may train on: (label, how many images of it)
PARTS = {
    "two classes": {3: 600, 7: 600},
    "unequal": {0: 900, 1: 100, 9: 200},
    "odd ones": {1: 400, 3: 500, 5: 600, 7: 700, 9: 800},
}


def part(digits, counts):
    """The first so many images of each label."""
    return digits.subset(torch.cat([torch.nonzero(digits.labels == y)[:k, 0] for y, k in counts.items()]))


class Dealer(torch.nn.Module):
    """A perfect conditional generator: deals test images of the label that it is asked for. It notes what that was."""

    z_dim, classes = 2, 10

    def __init__(self):
        super().__init__()
        self.images, self.asked = Digits("train"), []

    def forward(self, z, y):
        self.asked += y.tolist()
        rng = torch.Generator().manual_seed(len(self.asked))
        random = torch.rand(len(y), len(self.images), generator=rng)
        return self.images[(random * (self.images.labels == y[:, None])).argmax(1)][0]


@pytest.mark.parametrize("counts", PARTS.values(), ids=PARTS)
def test_a_generator_is_scored_over_the_labels_of_its_own_data(digits, counts):
    G, data = Dealer(), part(digits, counts)
    found = evaluate(G, data=data, n=160)
    total = sum(counts.values())
    for y in range(10):
        assert abs(G.asked.count(y) - 160 * counts.get(y, 0) / total) < 1
        assert found.shares[y] == pytest.approx(counts.get(y, 0) / total, abs=0.03)
    assert found["frechet"] < 2 * found.scores["frechet"].floor
    assert found["modes"] == found.scores["modes"].floor == len(counts)
    assert found["class_kl"] < 0.05 and found["precision"] > 0.6 and found["recall"] > 0.6
    assert distance.frechet_distance(G, data=data, n=160).floor == pytest.approx(
        found.scores["frechet"].floor, rel=1e-4
    )


def test_other_classes_than_those_of_the_data_are_far_away_and_not_counted(digits):
    threes = digits.where(labels={3})[:200][0]
    found = evaluate_images(threes, data=part(digits, {4: 800}))
    assert found["frechet"] > 5 * found.scores["frechet"].floor and found["modes"] == 0 and found["precision"] < 0.2


@pytest.mark.parametrize("counts, most", [({3: 600, 7: 600}, 600), ({0: 900, 1: 100}, 500), ({3: 3000, 4: 300}, 1111)])
def test_n_is_at_most_what_data_and_test_images_have(digits, counts, most):
    data = part(digits, counts)  # 1,010 test images are 3s: 1,010 * 3,300 / 3,000
    assert reference.most(data) == most
    assert len(reference.against(most, data, torch.device("cpu")).index.unique()) == most
    with pytest.raises(InputError, match=f"from 100 to {most:,}.*classes and shares of the data, got {most + 1}"):
        evaluate(Dealer(), data=data, n=most + 1)


@pytest.mark.parametrize("n, silent", [(100, False), (128, False), (129, True), (N, True)])
def test_fewer_samples_than_features_are_said_to_be_too_few(digits, n, silent):
    found = evaluate_images(digits[:n][0], data=digits.subset(slice(1000)))
    assert any("Fréchet distance" in note and "128 dimensions" in note for note in found.notes) != silent
    assert any("precision" in note and "ball" in note for note in found.notes), "balls are wide at any of these n"
    most = reference.most(digits.subset(slice(1000)))
    assert [note for note in found.notes if re.search("(?i)take n|n = .* or more", note)] == (
        [f"Take n = {most:,} for all of these scores."] if n < most else []
    ), "one n, and one that these data allow"
    assert all(f"Note: {note}" in found.table() for note in found.notes)
    assert json.loads(json.dumps(found.as_dict()))["notes"] == list(found.notes)


@pytest.mark.parametrize("change", [lambda x: (x + 1) / 2, lambda x: (x + 1) / 20, lambda x: 0.5 + x / 2])
def test_images_from_0_to_1_are_refused(digits, change):
    for function in (evaluate_images, distance.distance_of_images):
        with pytest.raises(InputError, match=r"in \[0, 1\]: pass 2 \* x - 1"):
            function(change(digits[:N][0]))


def test_black_on_white_is_noticed_and_white_on_black_is_not(digits):
    negative, positive = (
        evaluate_images(x, data=digits.subset(slice(1000))) for x in (-digits[:100][0], digits[:100][0])
    )
    assert any(
        "judge -x, in Python: evaluate_images(-x)." in note and "1.00 at the rim" in note for note in negative.notes
    )
    assert not any("-x" in note for note in positive.notes)


def test_data_that_the_judge_does_not_know_are_refused(digits):
    rng = torch.Generator().manual_seed(0)
    noise = Images(torch.randint(256, (400, 28, 28), dtype=torch.uint8, generator=rng), torch.arange(400) % 10)
    inverted = Images(255 - digits.images[:2000], digits.labels[:2000])
    for data in (noise, inverted):
        with pytest.raises(InputError, match="not MNIST's digits"):
            evaluate_images(digits[:100][0], data=data)
        with pytest.raises(InputError, match="not MNIST's digits"):
            distance.distance_of_images(digits[:100][0], data=data)
    with pytest.raises(InputError, match=r"\(1, 28, 28\).*\(1, 16, 16\)"):
        evaluate_images(digits[:100][0], data=Digits("test", size=16))


def test_both_sides_are_seen_on_the_device_of_the_samples(digits, monkeypatch):
    """The real images follow the samples. No second device is here, so the judge notes where it is asked for."""
    asked = []
    monkeypatch.setattr(reference, "judge_on", lambda device: asked.append(device) or load())
    moved = []
    monkeypatch.setattr(reference, "judged", lambda judge, x: moved.append(x.device) or judged(judge, x.cpu()))
    monkeypatch.setattr(reference, "at_judges_size", lambda x: x)
    reference._seen.cache_clear()
    key = reference.Key.of(data := digits.subset(slice(200)), torch.device("cpu"))
    reference._seen(key)
    assert asked == ["cpu"] and moved == [torch.device("cpu")]
    assert reference.Key.of(data, torch.device("cuda:1")) != key, "what another device saw is not taken"
    reference._seen.cache_clear()
