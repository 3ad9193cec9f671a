"""The list is also filtered by fields of handbooks' own: what cards say stands beside the tags, in the same index over all labels."""

import django.contrib.postgres.fields
from django.db import migrations, models

DEFAULT = "ALTER TABLE customers_customer ALTER COLUMN kept SET DEFAULT '{}'"
SAID = """
CREATE FUNCTION customers_card_labels(handbook text, said jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT coalesce(array_agg(DISTINCT handbook || '.' || field.key || '=' || lower((one.value #>> '{}') COLLATE "C")), '{}')
FROM jsonb_each(said) AS field,
    LATERAL jsonb_array_elements(
        CASE jsonb_typeof(field.value) WHEN 'array' THEN field.value ELSE jsonb_build_array(field.value) END
    ) AS one(value)
WHERE jsonb_typeof(one.value) IN ('string', 'number', 'boolean') AND length(one.value #>> '{}') BETWEEN 1 AND 64
$$
"""
NO_SAID = "DROP FUNCTION customers_card_labels(text, jsonb)"
OF_ALL = """
SELECT coalesce(array_agg(label ORDER BY label COLLATE "C"), '{}')
FROM customers_customercard AS card, LATERAL unnest(customers_card_labels(card.handbook::text, card."values")) AS label
WHERE card.customer_id = customers_customer.id
"""
KEEP = f"""
CREATE FUNCTION customers_keep_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customers_customer SET kept = ({OF_ALL}) WHERE id IN (OLD.customer_id, NEW.customer_id);
    RETURN NULL;
END $$;
CREATE TRIGGER keep_labels AFTER INSERT OR DELETE OR UPDATE OF customer_id, handbook, "values" ON customers_customercard
FOR EACH ROW EXECUTE FUNCTION customers_keep_labels()
"""  # noqa: S608 - a constant above
NO_KEEP = "DROP TRIGGER keep_labels ON customers_customercard; DROP FUNCTION customers_keep_labels()"
FILL = f"UPDATE customers_customer SET kept = ({OF_ALL}) WHERE id IN (SELECT customer_id FROM customers_customercard)"  # noqa: S608
LABELS = """
CREATE FUNCTION customers_labels(kind text, tier text, tags text[], kept text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tags || kept || ARRAY['=' || kind, '#' || tier]
"""
NO_LABELS = "DROP FUNCTION customers_labels(text, text, text[], text[])"
INDEX = """
CREATE INDEX customers_labelled_all ON customers_customer
USING gin (customers_labels(kind::text, tier::text, tags::text[], kept::text[])) WITH (fastupdate = off)
"""
OLD_FUNCTION = """
CREATE FUNCTION customers_labels(kind text, tier text, tags text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tags || ARRAY['=' || kind, '#' || tier]
"""
OLD_INDEX = """
CREATE INDEX customers_labelled ON customers_customer
USING gin (customers_labels(kind::text, tier::text, tags::text[])) WITH (fastupdate = off)
"""


class Migration(migrations.Migration):
    atomic = True
    dependencies = [("customers", "0006_longer_fault_fields")]
    operations = [
        migrations.AddField(
            model_name="customer",
            name="kept",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, default=list, editable=False, size=None
            ),
        ),
        migrations.RunSQL(DEFAULT, migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX customers_labelled", OLD_INDEX),
        migrations.RunSQL("DROP FUNCTION customers_labels(text, text, text[])", OLD_FUNCTION),
        migrations.RunSQL(SAID, NO_SAID),
        migrations.RunSQL(KEEP, NO_KEEP),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(LABELS, NO_LABELS),
        migrations.RunSQL(INDEX, "DROP INDEX customers_labelled_all"),
    ]
