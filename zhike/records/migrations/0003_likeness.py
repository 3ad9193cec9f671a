import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from zhike.records.likeness import grams_of

BATCH = 500


def fill(apps, schema_editor):
    rows, likeness = (apps.get_model('records', name) for name in ('ReferenceRow', 'RowLikeness'))
    known = []
    for row in rows.objects.filter(is_active=True).iterator(chunk_size=BATCH):
        grams = grams_of(row.label, row.values)
        known.append(likeness(row_id=row.pk, handbook=row.handbook, record=row.record, grams=grams))
        if len(known) == BATCH:
            likeness.objects.bulk_create(known)
            known = []
    likeness.objects.bulk_create(known)


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0002_undonefilling'),
    ]

    operations = [
        migrations.CreateModel(
            name='RowLikeness',
            fields=[
                ('row', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='likeness', serialize=False, to='records.referencerow')),
                ('handbook', models.CharField(max_length=64)),
                ('record', models.CharField(max_length=40)),
                ('grams', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='rowlikeness',
            index=models.Index(fields=['handbook', 'record'], name='records_likeness_of'),
        ),
        migrations.AddIndex(
            model_name='rowlikeness',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['grams'], name='records_likeness_grams'),
        ),
    ]
