from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "fiducial.runs"
    default_auto_field = "django.db.models.BigAutoField"
