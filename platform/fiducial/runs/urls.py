from django.urls import path

from . import views

app_name = "runs"
urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/lines/", views.lines, name="queue-lines"),
    path("measurements/<uuid:pk>/run/", views.new, name="run-new"),
    path("measurements/<uuid:pk>/run/cost/", views.cost, name="run-cost"),
    path("measurements/<uuid:pk>/compare/", views.compare, name="compare"),
    path("runs/<uuid:pk>/", views.run, name="run"),
    path("runs/<uuid:pk>/progress/", views.progress, name="run-progress"),
    path("runs/<uuid:pk>/cancel/", views.cancel, name="run-cancel"),
    path("runs/<uuid:pk>/retry/", views.retry, name="run-retry"),
]
