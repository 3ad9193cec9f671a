import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_initial'),
        ('customers', '0003_name_keys'),
        ('org', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Room in each page for a new next_due_at of the rows in it.
        migrations.RunSQL("ALTER TABLE cases_case SET (fillfactor = 90)", "ALTER TABLE cases_case RESET (fillfactor)"),
        migrations.RemoveIndex(
            model_name='case',
            name='cases_due',
        ),
        migrations.AlterField(
            model_name='case',
            name='customer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='customers.customer'),
        ),
        migrations.AlterField(
            model_name='case',
            name='department',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='org.department'),
        ),
        migrations.AlterField(
            model_name='case',
            name='handbook_version',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='org.handbookversion'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['status', '-opened_at', '-id'], name='cases_status'),
        ),
    ]
