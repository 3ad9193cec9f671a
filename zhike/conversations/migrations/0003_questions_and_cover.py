"""Each question is answered by itself; a colleague answers for one who is away; an answer may put an earlier one right."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MEDIA = [
    ("webchat", "Webchat"),
    ("email", "Email"),
    ("sms", "Sms"),
    ("wechat", "Wechat"),
    ("phone", "Phone"),
    ("visit", "Visit"),
    ("letter", "Letter"),
    ("wangwang", "Wangwang"),
]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_unknown_outcome"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AlterField("inbox", "medium", models.CharField(choices=MEDIA, max_length=8)),
        migrations.AlterField("address", "inbox_medium", models.CharField(choices=MEDIA, max_length=8)),
        migrations.AlterField("conversation", "medium", models.CharField(choices=MEDIA, max_length=8)),
        migrations.AddField(
            "conversation",
            "open_questions",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            "conversation",
            "covers",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="covered",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("message", "corrects", models.IntegerField(null=True)),
        migrations.AddIndex(
            "conversation",
            models.Index(
                condition=models.Q(("state__in", ("offered", "open"))),
                fields=["covers"],
                name="conversations_covered",
            ),
        ),
    ]
