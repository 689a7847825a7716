from django.urls import path

from . import views

app_name = "reports"
urlpatterns = [
    path("runs/<uuid:pk>/freeze/", views.freeze, name="freeze"),
    path("reports/<uuid:pk>/", views.report, name="report"),
    path("reports/<uuid:pk>/check/", views.check_run, name="check-run"),
    path("reports/<uuid:pk>/download", views.download, name="download"),
    path("reports/<uuid:pk>/pdf", views.printed, name="pdf"),
]
