"""Customers of before get the key their duplicates are found by."""

from django.db import migrations

from zhike.customers.naming import name_key

BATCH = 5000


def fill(apps, schema_editor):
    customers = apps.get_model("customers", "Customer").objects.using(schema_editor.connection.alias)
    after = 0
    while rows := list(customers.filter(pk__gt=after).order_by("pk").only("pk", "name", "name_key")[:BATCH]):
        for row in rows:
            row.name_key = name_key(row.name)
        customers.bulk_update([row for row in rows if row.name_key], ["name_key"], batch_size=1000)
        after = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_archive")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
