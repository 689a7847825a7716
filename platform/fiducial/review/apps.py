from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "fiducial.review"
    default_auto_field = "django.db.models.BigAutoField"
