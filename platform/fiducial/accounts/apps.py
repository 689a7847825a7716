from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "fiducial.accounts"
    default_auto_field = "django.db.models.BigAutoField"
