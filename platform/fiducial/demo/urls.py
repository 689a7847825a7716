from django.urls import path

from . import views

app_name = "demo"
urlpatterns = [
    path("runs/<uuid:pk>/reveal/", views.reveal, name="reveal"),
    path(
        "runs/<uuid:pk>/slow-scan/<int:channel>/<int:level>/<int:row>/<int:column>/",
        views.slow_tile,
        name="slow-tile",
    ),
]
