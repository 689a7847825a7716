"""A mail server that hangs delays no run, and gets its letter once it listens."""

from tests.factories.facility import wait_for
from tests.factories.post_office import post_office

WRITE = """
from fiducial.accounts import letters
letters.write(to="ada@lab.example", subject="Finished: iron", text="It is done.")
answer = None
"""
NOW = """
from django.utils import timezone
from fiducial.accounts.models import Letter
Letter.objects.update(due=timezone.now())
answer = None
"""
TRIES = "SELECT attempts, sent FROM accounts_letter"


def test_a_silent_mail_server_delays_no_run_and_gets_the_letter_later(broken):
    with post_office(silent=True) as (port, _):
        facility = broken(FIDUCIAL_EMAIL_HOST="127.0.0.1", FIDUCIAL_EMAIL_PORT=str(port))
        facility.shell(WRITE)
        facility.worker()
        wait_for(lambda: facility.query(TRIES) == [(1, None)], "the letter was taken")
        [run] = facility.submit({"steps": 2, "pause": 0.05})
        facility.wait_until(run, "succeeded")
        assert facility.query(TRIES) == [(1, None)]
    with post_office(port) as (_, taken):
        facility.shell(NOW)
        wait_for(lambda: len(taken) == 1, "the letter arrived", *facility.logs())
        assert "It is done." in taken[0]
        wait_for(lambda: facility.query(TRIES)[0][1] is not None, "it was noted as sent")
