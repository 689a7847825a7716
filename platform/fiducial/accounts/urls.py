from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("plan/", views.plan, name="plan"),
    path("you/", views.account, name="account"),
    path("once/<str:token>/", views.one_time, name="one-time"),
]
