from django.urls import path

from . import views

app_name = "operate"
urlpatterns = [
    path("operate/", views.page, name="page"),
    path("operate/state/", views.state, name="state"),
    path("operate/runs/<uuid:pk>/<str:action>/", views.change_run, name="run"),
    path("operate/workers/", views.order_worker, name="worker"),
    path("operate/labs/<int:pk>/", views.allot, name="lab"),
]
