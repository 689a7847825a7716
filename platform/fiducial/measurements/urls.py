from django.urls import path

from . import views

app_name = "measurements"
urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<int:pk>/", views.project, name="project"),
    path("measurements/<uuid:pk>/", views.measurement, name="measurement"),
]
