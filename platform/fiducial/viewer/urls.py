from django.urls import path

from . import answering, preview, views

TILE = "tile/<path:image>/<int:channel>/<int:level>/<int:row>/<int:column>"

app_name = "viewer"
urlpatterns = [
    path("words/", views.words, name="words"),
    path(f"runs/<uuid:pk>/{TILE}", views.run_tile, name="run-tile"),
    path("runs/<uuid:pk>/preview", preview.run_preview, name="run-preview"),
    path(
        "runs/<uuid:pk>/preview/<int:token>/<path:image>/<int:channel>.png",
        preview.run_preview_picture,
        name="run-preview-picture",
    ),
    path("runs/<uuid:pk>/features", views.run_features, name="run-features"),
    path("runs/<uuid:pk>/figure/<slug:name>", views.run_figure, name="run-figure"),
    path("runs/<uuid:pk>/unit/<int:number>", views.run_unit, name="run-unit"),
    path("runs/<uuid:pk>/frame/<int:number>", views.run_frame, name="run-frame"),
    path("runs/<uuid:pk>/units.csv", views.run_units, name="run-units"),
    path("runs/<uuid:pk>/event", views.run_event, name="run-event"),
    path("runs/<uuid:pk>/events/<slug:kind>", views.run_events, name="run-events"),
    path("runs/<uuid:pk>/object/<path:image>/<int:channel>", views.run_object, name="run-object"),
    path("runs/<uuid:pk>/frames.csv", views.run_frames, name="run-frames"),
    path("runs/<uuid:pk>/profile", views.run_profile, name="run-profile"),
    path("runs/<uuid:pk>/phases.png", answering.run_phases, name="run-phases"),
    path("runs/<uuid:pk>/answers.csv", answering.run_answers, name="run-answers"),
    path("runs/<uuid:pk>/standards", answering.run_standards, name="run-standards"),
    path("runs/<uuid:pk>/download/<slug:kind>", views.run_download, name="run-download"),
    path(f"measurements/<uuid:pk>/{TILE}", views.measurement_tile, name="measurement-tile"),
]
