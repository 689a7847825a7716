"""What the texts promise exists: commands, files, a reason for every dependency."""

import re

import pytest

from tests.data import ROOT
from tests.house.test_layout import tracked

TEXTS = sorted(str(p.relative_to(ROOT)) for p in tracked("*.md"))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("text", TEXTS)
def test_text_names_only_commands_that_exist(text):
    words = (ROOT / text).read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+[a-z])(?=[ `\n])", words, re.MULTILINE))
    assert named <= make_targets()


@pytest.mark.parametrize("text", TEXTS)
def test_text_links_only_to_files_that_exist(text):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", (ROOT / text).read_text())
    assert [link for link in links if not ((ROOT / text).parent / link).exists()] == []


def test_readme_says_why_each_dependency_is_here():
    pinned = re.findall(
        r"^([A-Za-z0-9_-]+)(?:\[\w+\])?==", (ROOT / "requirements/base.txt").read_text(), re.M
    )
    explained = re.findall(
        r"^\| ([A-Za-z0-9_-]+) \| \S", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(set(pinned) - set(explained)) == []
    assert sorted(set(explained) - set(pinned) - {"package", "place"}) == []


def test_requirements_are_pinned_and_agree_with_the_constraints():
    lines = [
        line.split("#")[0].strip()
        for name in ("base", "dev")
        for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines()
    ]
    wanted = [line for line in lines if line and not line.startswith("-")]
    assert [line for line in wanted if "==" not in line] == []
    constraints = [
        line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    ]
    for constraint in constraints:
        name = constraint.partition("==")[0]
        assert [line for line in wanted if line.startswith(f"{name}==")] in ([], [constraint])


def test_nothing_depends_on_torchvision():
    assert [p for p in tracked("requirements/*.txt") if "torchvision==" in p.read_text()] == []
