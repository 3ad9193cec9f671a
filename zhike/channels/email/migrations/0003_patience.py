from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0002_what_language'),
    ]

    operations = [
        migrations.AddField(model_name='mailbox', name='patience', field=models.IntegerField(default=72)),
        migrations.AddField(model_name='mailbox', name='failures', field=models.IntegerField(default=0)),
        migrations.AddField(model_name='mailbox', name='failing_since', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='mailbox', name='next_try_at', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='mailbox', name='gave_up_at', field=models.DateTimeField(null=True)),
    ]
