import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Give every run the lab of its project."""
    runs, measurements = (apps.get_model(*name) for name in
                          (("runs", "Run"), ("measurements", "Measurement")))
    lab = measurements.objects.filter(pk=OuterRef("measurement")).values("project__lab")
    runs.objects.update(lab=Subquery(lab))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('measurements', '0004_standards'),
        ('runs', '0003_lanes_and_allotments'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='lab',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='accounts.lab'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='run',
            name='lab',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='accounts.lab'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['lab', 'lane', 'created'], name='run_line'),
        ),
    ]
