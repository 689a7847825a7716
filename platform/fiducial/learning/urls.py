from django.urls import path

from . import views

app_name = "learning"
urlpatterns = [
    path("labs/<int:pk>/models/", views.lab, name="lab"),
    path("models/<uuid:pk>/", views.model, name="model"),
    path("models/<uuid:pk>/curve/", views.model_curve, name="model-curve"),
    path("models/<uuid:pk>/promote/", views.promote, name="promote"),
    path("models/<uuid:pk>/retire/", views.retire, name="retire"),
    path("runs/<uuid:pk>/curve/", views.curve, name="curve"),
    path("runs/<uuid:pk>/model/", views.keep, name="keep"),
]
