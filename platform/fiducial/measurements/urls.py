from django.urls import path

from .views import measurements, pictures, projects, uploads

PART = "measurements/<uuid:pk>/files/<int:file_pk>/parts/"

app_name = "measurements"
urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/upload/", projects.upload, name="measurement-new"),
    path("projects/<int:pk>/uploads/", uploads.create, name="upload-create"),
    path("measurements/<uuid:pk>/upload/", uploads.state, name="upload-state"),
    path(f"{PART}<int:number>/", uploads.part, name="upload-part"),
    path("measurements/<uuid:pk>/complete/", uploads.complete, name="upload-complete"),
    path("measurements/<uuid:pk>/", measurements.measurement, name="measurement"),
    path("measurements/<uuid:pk>/progress/", measurements.progress, name="measurement-progress"),
    path("measurements/<uuid:pk>/correct/", measurements.correct, name="measurement-correct"),
    path("measurements/<uuid:pk>/delete/", measurements.delete, name="measurement-delete"),
    path(
        "measurements/<uuid:pk>/histogram/<int:revision>/<int:channel>/",
        pictures.histogram,
        name="histogram",
    ),
    path(
        "measurements/<uuid:pk>/thumbnail/<int:revision>/<slug:image>/<int:channel>/",
        pictures.thumbnail,
        name="thumbnail",
    ),
    path(
        "measurements/<uuid:pk>/frames/<int:revision>/<int:number>/",
        pictures.frame,
        name="frame",
    ),
    path("measurements/<uuid:pk>/events/<int:revision>/", pictures.event, name="event"),
]
