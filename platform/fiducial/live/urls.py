from django.urls import path

from . import views

app_name = "live"
urlpatterns = [
    path("projects/<int:pk>/live/", views.new, name="new"),
    path("measurements/<uuid:pk>/live/", views.scan, name="scan"),
    path("measurements/<uuid:pk>/live/progress/", views.progress, name="progress"),
    path("measurements/<uuid:pk>/live/picture/", views.picture, name="picture"),
    path("measurements/<uuid:pk>/live/close/", views.close, name="close"),
    path("measurements/<uuid:pk>/live/preview/", views.preview, name="preview"),
]
