"""The README is true: its picture and its links are there, its program runs and trains, its commands are known."""

import re
import struct
from pathlib import Path

import pytest
import torch
import yaml

from ganbook import Digits
from ganbook.models import dcgan
from ganbook.objectives import NonSaturating

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]


def program() -> str:
    (found,) = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return found


def run(steps: int, folder: Path, monkeypatch, **changed) -> dict:
    """Execute the README's program for so many steps in an empty folder; return its names."""
    monkeypatch.chdir(folder)
    short, count = re.subn(r"\b1000\b", str(steps), program())
    assert count == 1
    names = {"__name__": "readme", **changed}
    state = torch.random.get_rng_state()
    exec(compile(short, "README.md", "exec"), names)
    torch.random.set_rng_state(state)
    return names


def test_both_commands_and_the_picture_stand_in_the_first_lines():
    top = README.splitlines()[:15]
    assert [line.split("#")[0].strip() for line in top if line.startswith("make ")] == ["make book", "make test"]
    assert any(line.startswith("![") for line in top)


def test_links_and_pictures_of_the_readme_lead_to_files_of_the_repository_or_to_the_book():
    targets = re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", README)
    assert len(targets) > 5
    for picture, words, target in targets:
        assert words.strip(), target
        if target.startswith("https://"):
            assert not picture, "a picture from elsewhere is not part of the repository"
            place = f"{REPOSITORY['url'].removeprefix('https://github.com/')}/blob/{REPOSITORY['branch']}/"
            assert target.startswith(f"https://colab.research.google.com/github/{place}")
            target = target.partition(place)[2]
        assert (ROOT / target).is_file(), target
        if picture:
            assert len(words) > 40 and struct.unpack(">I", (ROOT / target).read_bytes()[16:20])[0] >= 800


def test_the_program_is_about_twenty_lines_that_fit_githubs_column():
    lines = program().splitlines()
    assert 15 <= len(lines) <= 24 and max(map(len, lines)) <= 100


def test_the_program_trains_both_networks_and_writes_a_picture(tmp_path, monkeypatch):
    before = run(0, tmp_path, monkeypatch)
    (tmp_path / "digits.png").unlink()
    after = run(3, tmp_path, monkeypatch)
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")
    for name in ("G", "D"):
        pairs = zip(before[name].parameters(), after[name].parameters())
        moved = [not torch.equal(old, new) for old, new in pairs]
        assert all(moved), f"{moved.count(False)} of the parameters of {name} stand still"


def test_the_two_losses_of_the_program_are_those_of_the_book(tmp_path, monkeypatch):
    """The losses that the program hands to `update`, against the package's objective on the same batch."""
    import ganbook

    seen = []
    real = ganbook.update
    monkeypatch.setattr(ganbook, "update", lambda optimiser, loss: (seen.append(loss.item()), real(optimiser, loss)))
    run(1, tmp_path, monkeypatch)
    torch.manual_seed(0)
    G, D = dcgan.Generator(), dcgan.Discriminator()
    x, _ = next(Digits("train").batches(64, seed=0))
    x_fake = G(torch.randn(64, 64))
    objective = NonSaturating()
    d_loss = objective.discriminator(D, x, x_fake.detach())["loss"]
    opt_d = torch.optim.Adam(D.parameters(), lr=4e-4, betas=(0.5, 0.99))
    real(opt_d, d_loss)
    g_loss = objective.generator(D, x, x_fake)["loss"]
    assert seen == pytest.approx([d_loss.item(), g_loss.item()], rel=1e-5)
