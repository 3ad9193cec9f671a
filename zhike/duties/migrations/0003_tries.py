"""Tries that reached nobody are kept with the obligation, so that a clause can say what follows the third."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0002_open_holders")]

    operations = [migrations.AddField("obligation", "tries", models.JSONField(default=list))]
