from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0012_freeze'),
    ]

    operations = [
        migrations.CreateModel(
            name='PeriodClosing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('handbook', models.CharField(max_length=64)),
                ('clause', models.CharField(max_length=32)),
                ('every', models.CharField(max_length=16)),
                ('begins', models.DateTimeField()),
                ('next_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='cases_closing_next')],
                'constraints': [models.UniqueConstraint(fields=('handbook', 'clause', 'every'), name='cases_closing_once')],
            },
        ),
    ]
