from django.db import migrations

# A filling is never changed; it is emptied when its time of keeping is over, by a transaction that says so.
ONLY_EMPTIED = """
CREATE OR REPLACE FUNCTION records_filling_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('zhike.redacting', true) = 'on' AND NEW."values" = '{}'
        AND to_jsonb(NEW) - 'values' = to_jsonb(OLD) - 'values' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a filling is never changed; a correction is another filling';
END $$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION records_filling_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a filling is never changed; a correction is another filling';
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0003_likeness'),
    ]

    operations = [migrations.RunSQL(ONLY_EMPTIED, AS_BEFORE)]
