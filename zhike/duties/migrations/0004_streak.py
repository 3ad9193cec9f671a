"""Outcomes in a row are counted from period to period, so that a clause can say what follows so many of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0003_tries")]

    operations = [migrations.AddField("obligation", "streak", models.IntegerField(default=0))]
