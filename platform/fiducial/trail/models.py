from django.conf import settings
from django.db import models

from .kept import Kept


class Entry(Kept):
    """Who did what to which thing, when and why; written once.

    Names are copied, so that an entry still reads after the person, the lab or the thing is gone.
    """

    when = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=40)  # a key of `actions.ACTIONS`
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    by_name = models.CharField(max_length=150)
    lab = models.ForeignKey("accounts.Lab", on_delete=models.SET_NULL, null=True)
    lab_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=200)  # what the thing is called
    subject_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    as_operator = models.BooleanField(default=False)  # by the power of running the machines

    class Meta:
        ordering = ("-when", "-pk")
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.by_name}: {self.action} {self.subject}"
