from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_exports")]

    operations = [
        migrations.AddField(
            model_name="caseexport", name="waits_until", field=models.DateTimeField(null=True)
        ),
        # Requests that wait already keep the week they were promised.
        migrations.RunSQL(
            "UPDATE cases_caseexport SET waits_until = at + interval '7 days' WHERE consents <> '[]'::jsonb",
            migrations.RunSQL.noop,
        ),
    ]
