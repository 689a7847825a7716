"""Every number has its definition one click away, on pages and in reports that stand alone."""

import re
from collections import Counter

import pytest
from django.template import Context, Template
from django.test import Client

from fiducial.accounts.models import User
from fiducial.reports import services
from fiducial.runs.models import Run
from fiducial.viewer.glossary import WORDS
from tests.data import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
BUTTON = re.compile(r'<button type="button" class="define" popovertarget="([^"]+)">')


def drawn(text: str) -> str:
    return Template("{% load glossary %}" + text).render(Context())


def test_word_is_a_button_that_opens_what_it_means() -> None:
    text = drawn('{% define "coverage" "covers" %}')
    (target,) = BUTTON.findall(text)
    assert f'id="{target}" popover' in text
    assert ">covers</button>" in text
    assert WORDS["coverage"].means in text
    assert WORDS["coverage"].read in text


def test_word_used_twice_opens_two_definitions_of_different_names() -> None:
    assert len(set(BUTTON.findall(drawn('{% define "risk" %}{% define "risk" %}')))) == 2


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_define_only_words_the_glossary_knows(template) -> None:
    text = template.read_text()
    used = set(re.findall(r'{% define(?:d_below)? "([^"]+)"', text))
    for listed in re.findall(r"{% definitions ([^%]+)%}", text):
        used |= set(re.findall(r'"([^"]+)"', listed))
    assert used <= set(WORDS)


def test_every_word_of_the_run_page_opens_its_own_definition(client: Client, run: Run) -> None:
    text = client.get(f"/runs/{run.pk}/").content.decode()
    targets = BUTTON.findall(text)
    assert {"risk", "visibility", "share", "interval", "pixel-risk", "chi2"} <= {
        target.removeprefix("define-").rpartition("-")[0] for target in targets
    }
    ids = Counter(re.findall(r' id="([^"]+)"', text))
    assert all(ids[target] == 1 for target in targets)


def test_every_link_of_a_report_leads_to_a_definition_inside_it(run: Run, member: User) -> None:
    report = services.freeze(run=run, by=member, title="Zoned olivine")
    text = (services.folder(report) / "report.html").read_text()
    links = set(re.findall(r'class="define" href="#([^"]+)"', text))
    assert {"define-risk", "define-share", "define-visibility"} <= links
    assert links <= set(re.findall(r'<dt id="([^"]+)"', text))


def test_all_definitions_stand_on_one_page_open_to_everybody(db: None) -> None:
    text = Client().get("/words/").content.decode()
    assert all(f'<dt id="define-{key}"' in text for key in WORDS)
