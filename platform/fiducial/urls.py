from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("", include("fiducial.accounts.urls")),
    path("", include("fiducial.trail.urls")),
    path("", include("fiducial.plans.urls")),
    path("", include("fiducial.measurements.urls")),
    path("", include("fiducial.runs.urls")),
    path("", include("fiducial.viewer.urls")),
    path("", include("fiducial.reports.urls")),
    path("", include("fiducial.audits.urls")),
    path("", include("fiducial.review.urls")),
    path("", include("fiducial.demo.urls")),
    path("api/", include("fiducial.api.urls")),
]
