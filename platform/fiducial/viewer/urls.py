from django.urls import URLPattern

app_name = "viewer"
urlpatterns: list[URLPattern] = []
