from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clocks', '0002_charged'),
    ]

    operations = [
        migrations.AddField(
            model_name='clock',
            name='target_at',
            field=models.DateTimeField(null=True),
        ),
    ]
