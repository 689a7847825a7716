from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "fiducial.audits"
    default_auto_field = "django.db.models.BigAutoField"
