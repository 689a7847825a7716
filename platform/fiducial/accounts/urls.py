from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("under-way/", views.under_way, name="under-way"),
    path("example/", views.example, name="example"),
    path("you/", views.account, name="account"),
    path("you/mail/", views.mail, name="mail"),
    path("labs/<int:pk>/", views.lab, name="lab"),
    path("labs/<int:pk>/people/<int:user_pk>/", views.member, name="member"),
    path("labs/<int:pk>/view-as/", views.view_as, name="view-as"),
    path("yourself/", views.back, name="back"),
    path("once/<str:token>/", views.one_time, name="one-time"),
]
