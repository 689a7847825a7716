from django.urls import path

from . import views

app_name = "plans"
urlpatterns = [
    path("plan/", views.plan, name="plan"),
    path("plan/page/", views.page, name="page"),
]
