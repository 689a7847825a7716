from django.urls import include, path

signing_in = [
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("3rdparty/", include("allauth.socialaccount.urls")),
    path("oidc/<str:provider_id>/", include("fiducial.accounts.provider_urls")),
]
urlpatterns = [
    path("account/", include(signing_in)),
    path("", include("fiducial.accounts.urls")),
    path("", include("fiducial.trail.urls")),
    path("", include("fiducial.plans.urls")),
    path("", include("fiducial.measurements.urls")),
    path("", include("fiducial.runs.urls")),
    path("", include("fiducial.live.urls")),
    path("", include("fiducial.operate.urls")),
    path("", include("fiducial.viewer.urls")),
    path("", include("fiducial.learning.urls")),
    path("", include("fiducial.reports.urls")),
    path("", include("fiducial.audits.urls")),
    path("", include("fiducial.review.urls")),
    path("", include("fiducial.demo.urls")),
    path("", include("fiducial.api.urls")),
    path("", include("fiducial.operations.urls")),
]
