from django.urls import include, path

from . import views
from .v1 import api

pages = [
    path("", views.tokens, name="tokens"),
    path("<int:pk>/revoke/", views.revoke, name="revoke"),
]
urlpatterns = [
    path("api/v1/", api.urls),
    path("you/tokens/", include((pages, "tokens"))),
]
