"""What operators fill in. Every form asks for the reason."""

from django import forms

from fiducial.runs.models import Run, Worker


class Reasoned(forms.Form):
    """A change with its reason."""

    reason = forms.CharField(max_length=300)


class MoveForm(Reasoned):
    lane = forms.ChoiceField(choices=Run.Lane.choices)


class OrderForm(Reasoned):
    worker = forms.ModelChoiceField(Worker.objects.all())
    order = forms.ChoiceField(choices=Worker.Order.choices)


class AllotForm(Reasoned):
    share = forms.FloatField()
    compute_hours = forms.FloatField(required=False)
    storage_gb = forms.FloatField(required=False)
    beamtime_from = forms.DateTimeField(required=False)
    beamtime_until = forms.DateTimeField(required=False)
