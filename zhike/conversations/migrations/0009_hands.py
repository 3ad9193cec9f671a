"""What each has in hand is kept with his presence."""

from django.db import migrations, models

COUNT = """
UPDATE conversations_presence AS p SET in_hand = held.each FROM (
    SELECT who, jsonb_object_agg(medium, n) AS each FROM (
        SELECT who, medium, count(*) AS n FROM (
            SELECT owner_id AS who, medium FROM conversations_conversation
            WHERE owner_id IS NOT NULL AND state IN ('offered', 'open')
            UNION ALL
            SELECT offered_to_id, medium FROM conversations_conversation
            WHERE offered_to_id IS NOT NULL AND state = 'offered' AND owner_id IS DISTINCT FROM offered_to_id
        ) AS hands GROUP BY who, medium
    ) AS counted GROUP BY who
) AS held WHERE held.who = p.staff_id
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_waiting_turn")]

    operations = [
        migrations.AddField("presence", "in_hand", models.JSONField(default=dict)),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
