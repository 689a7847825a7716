from django.urls import path

from . import views
from .doors import by_account, by_link

app_name = "review"
urlpatterns = [
    path("reports/<uuid:pk>/review/", by_account(views.review), name="review"),
    path("reports/<uuid:pk>/review/<int:number>/", by_account(views.mark), name="mark"),
    path("reports/<uuid:pk>/decide/", by_account(views.decide), name="decide"),
    path("reports/<uuid:pk>/decisions.json", by_account(views.decisions), name="decisions"),
    path("reports/<uuid:pk>/crate.zip", by_account(views.crate), name="crate"),
    path("reports/<uuid:pk>/links/", views.make_link, name="make-link"),
    path("reports/<uuid:pk>/links/<int:link>/revoke/", views.revoke, name="revoke"),
    path("reports/<uuid:pk>/requests/", views.ask, name="ask"),
    path("reports/<uuid:pk>/requests/<int:asked>/withdraw/", views.withdraw, name="withdraw"),
    path("reports/<uuid:pk>/unblind/", views.unblind, name="unblind"),
    path("review/<str:token>/", by_link(views.opened), name="link-report"),
    path("review/<str:token>/download", by_link(views.download), name="link-download"),
    path("review/<str:token>/pdf", by_link(views.printed), name="link-pdf"),
    path("review/<str:token>/review/", by_link(views.review), name="link-review"),
    path("review/<str:token>/review/<int:number>/", by_link(views.mark), name="link-mark"),
    path("review/<str:token>/decide/", by_link(views.decide), name="link-decide"),
    path("labs/<int:pk>/reviews/", views.lab, name="lab"),
    path("verify/", views.verify, name="verify"),
]
