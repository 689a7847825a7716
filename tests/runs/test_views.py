"""The pages of the queue, as a signed-in person meets them."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fiducial.runs import leases
from fiducial.runs.models import Run
from tests.factories import measurements, people, runs
from workers.training.cards import card


@pytest.fixture
def member(client: Client, measurement) -> Client:
    client.force_login(measurement.uploaded_by)
    return client


def page(client: Client, name: str, *arguments: object, status: int = 200, **data: object) -> str:
    response = client.get(reverse(f"runs:{name}", args=arguments), data)
    assert response.status_code == status
    return response.content.decode()


def asked(**changes: object) -> dict[str, object]:
    return {
        "factor": "4",
        "sampling": "binned",
        "channels": ["Si", "Fe"],
        "samples": "16",
        "seed": "3",
        **changes,
    }


def test_the_form_draws_every_way_of_sampling_and_names_the_price_of_strictness(
    member, measurement
):
    form = page(member, "run-new", measurement.pk)
    assert form.count('<svg class="sampling"') == 5
    figures = card()["figures"]["binned.x4"]
    price = figures["psnr_db"] - figures["strict_psnr_db"]
    assert f"{price:.1f} dB at ×4" in form
    # The map says how it was sampled, so that is what the form proposes.
    assert 'name="sampling" value="binned" checked' in form
    assert 'name="factor" value="4" checked' in form


def test_the_form_queues_a_run(member, measurement):
    response = member.post(reverse("runs:run-new", args=[measurement.pk]), asked(strict="on"))
    run = Run.objects.get()
    assert response.headers["Location"] == reverse("runs:run", args=[run.pk])
    assert (run.recipe, run.seed, run.submitted_by) == ("xray-ensemble", 3, measurement.uploaded_by)
    assert run.parameters == {
        "factor": 4, "sampling": "binned", "channels": ["Si", "Fe"], "samples": 16, "strict": True,
    }  # fmt: skip


def test_the_form_says_what_does_not_fit_and_keeps_what_was_chosen(member, measurement):
    response = member.post(
        reverse("runs:run-new", args=[measurement.pk]), asked(sampling="fine", samples="20")
    )
    shown = response.content.decode()
    assert response.status_code == 422
    assert "At ×4 the measured pixels are coarser than the estimate" in shown
    assert 'value="20"' in shown
    assert not Run.objects.exists()


def test_the_form_starts_from_an_earlier_run(member, measurement):
    earlier = runs.run(
        measurement,
        recipe="xray-ensemble",
        seed=11,
        parameters={
            "factor": 2, "sampling": "point", "channels": ["Fe"], "samples": 32, "strict": True,
        },
    )  # fmt: skip
    form = page(member, "run-new", measurement.pk, **{"from": earlier.pk})
    assert 'name="sampling" value="point" checked' in form
    assert 'value="32"' in form
    assert 'value="11"' in form


def test_a_measurement_that_is_not_ready_leads_back_to_its_page(member, measurement):
    measurement.state = "attention"
    measurement.save()
    response = member.get(reverse("runs:run-new", args=[measurement.pk]), follow=True)
    assert response.redirect_chain == [(measurement.get_absolute_url(), 302)]
    assert "the reader has a question about it" in response.content.decode()


def test_the_cost_is_told_before_anything_is_queued(member, measurement):
    shown = member.post(
        reverse("runs:run-cost", args=[measurement.pk]) + "?recipe=xray-ensemble", asked()
    ).content.decode()
    assert "about 8 s" in shown
    assert "An estimate for two CPU cores." in shown
    assert re.search(r"It needs about \d\d\d MB of memory\.", shown)
    assert "a fine map with 1/16 of the dwell takes the same beam time" in shown


def test_the_cost_says_what_does_not_fit(member, measurement):
    shown = member.post(
        reverse("runs:run-cost", args=[measurement.pk]), asked(factor="1")
    ).content.decode()
    assert "At ×1 every pixel of the final grid was measured" in shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_is_read_in_a_fixed_number_of_queries(
    member, measurement, django_assert_num_queries, count
):
    for _ in range(count):
        runs.run(measurement)
        runs.running(measurement)
        runs.run(measurement, state="failed", error="No.", finished=timezone.now())
    with django_assert_num_queries(19):
        shown = page(member, "queue")
    assert shown.count("No.") == count
    assert shown.count("<progress") == count


def test_the_queue_asks_again_only_while_something_is_under_way(member, measurement):
    assert "hx-get" not in page(member, "queue")
    assert "Nothing waits and nothing runs." in page(member, "queue")
    runs.run(measurement)
    assert "hx-get" in page(member, "queue")
    assert "<html" not in page(member, "queue-lines")


def test_the_queue_shows_a_reviewer_no_buttons(client, measurement):
    reviewer = people.person()
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    runs.run(measurement)
    client.force_login(reviewer)
    shown = page(client, "queue")
    assert measurement.name in shown
    assert "Cancel" not in shown


def test_a_running_run_shows_stage_percent_time_left_and_last_sign_of_life(member, measurement):
    run = runs.running(measurement, stage="drawing samples", fraction=0.43, seconds_left=71.0)
    shown = page(member, "run", run.pk)
    for words in ("43 %", "Drawing samples, 71 s left.", "Attempt 1 on gpu0@here", "sign of life"):
        assert words in shown


def test_a_failed_run_shows_its_reason_and_can_be_retried(member, measurement):
    run = runs.run(measurement, state="failed", error="The disk is full.", finished=timezone.now())
    shown = page(member, "run", run.pk)
    assert "The disk is full." in shown
    assert "hx-get" not in shown
    response = member.post(reverse("runs:run-retry", args=[run.pk]))
    retry = Run.objects.get(retry_of=run)
    assert response.headers["Location"] == retry.get_absolute_url()
    assert "see the retry" in page(member, "run", run.pk)


def test_progress_is_not_sent_again_while_nothing_moved(member, measurement, settings):
    settings.QUEUE_SEEN_SECONDS = 0.0
    run = runs.run(measurement)
    address = reverse("runs:run-progress", args=[run.pk])
    member.get(address)  # now the browser has its cookie
    first = member.get(address)
    kept = {"If-None-Match": first["ETag"]}
    assert "no-cache" in first["Cache-Control"]
    again = member.get(address, headers=kept)
    assert (again.status_code, again.content) == (304, b"")
    leases.claim("gpu0@here")
    moved = member.get(address, headers=kept)
    assert moved.status_code == 200
    assert "gpu0@here" in moved.content.decode()


def test_a_kept_form_to_cancel_is_not_shown_to_who_signed_in_anew(member, measurement):
    run = runs.run(measurement)
    address = reverse("runs:run-progress", args=[run.pk])
    member.get(address)
    kept = {"If-None-Match": member.get(address)["ETag"]}
    member.cookies["csrftoken"] = "A" * 32
    assert member.get(address, headers=kept).status_code == 200


def test_progress_reloads_the_page_once_the_run_is_over(member, measurement):
    run = runs.running(measurement)
    assert "hx-get" in page(member, "run-progress", run.pk)
    Run.objects.update(state="cancelled")
    response = member.get(reverse("runs:run-progress", args=[run.pk]))
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")


def test_cancelling_from_the_queue_leads_back_to_it(member, measurement):
    run = runs.run(measurement)
    response = member.post(reverse("runs:run-cancel", args=[run.pk]), {"next": "queue"})
    assert response.headers["Location"] == reverse("runs:queue")
    assert Run.objects.get().state == "cancelled"


def test_cancelling_what_is_over_says_so(member, measurement):
    run = runs.run(measurement, state="failed", error="No.", finished=timezone.now())
    response = member.post(reverse("runs:run-cancel", args=[run.pk]), follow=True)
    assert "This run has failed already." in response.content.decode()


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "run"), ("get", "run-progress"), ("post", "run-cancel"), ("post", "run-retry"),
        ("get", "run-new"), ("post", "run-new"), ("post", "run-cost"),
    ],
)  # fmt: skip
def test_what_belongs_to_another_lab_is_not_there(client, measurement, method, name):
    run = runs.run(measurement)
    client.force_login(people.person())
    key = measurement.pk if name.startswith("run-new") or name == "run-cost" else run.pk
    response = getattr(client, method)(reverse(f"runs:{name}", args=[key]))
    assert response.status_code == 404


@pytest.mark.parametrize("name", ["queue", "queue-lines"])
def test_whoever_is_signed_out_is_asked_to_sign_in(client, db, name):
    response = client.get(reverse(f"runs:{name}"))
    assert response.headers["Location"].startswith("/account/login/")


def test_an_unknown_recipe_is_not_there(member, measurement):
    page(member, "run-new", measurement.pk, recipe="alchemy", status=404)


def test_two_labs_see_only_their_own_lines(member, measurement):
    other = people.person()
    theirs = measurements.ready(
        measurements.project(people.lab(member=other)), other, name="Theirs"
    )
    runs.run(theirs)
    assert "Theirs" not in page(member, "queue")
