"""Whoever a gate makes wait for a state keeps his place in the row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_ended")]

    operations = [
        migrations.AddField("presence", "wants", models.CharField(blank=True, default="", max_length=10)),
        migrations.AddField("presence", "wants_reason", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddField("presence", "wants_since", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "presence",
            models.Index(
                condition=models.Q(("wants", ""), _negated=True), fields=["wants_since"], name="conversations_wants"
            ),
        ),
    ]
