from django.urls import path

from . import views

app_name = "audits"
urlpatterns = [
    path("measurements/<uuid:pk>/audit/", views.windows, name="windows"),
    path("measurements/<uuid:pk>/audit/offer/", views.offer, name="offer"),
    path("measurements/<uuid:pk>/audit/progress/", views.progress, name="progress"),
    path("runs/<uuid:pk>/audit/", views.claim, name="claim"),
    path("runs/<uuid:pk>/audit/choose/", views.choose, name="choose"),
    path("audit-windows/<int:pk>/stage-list.csv", views.stages, name="stage-list"),
    path("audit-windows/<int:pk>/bring/", views.bring, name="bring"),
    path("audit-windows/<int:pk>/rescans/", views.announce, name="announce"),
    path("rescans/<int:pk>/complete/", views.complete, name="complete"),
]
