import django.db.models.deletion
from django.db import migrations, models

# An emptied fact keeps everything but its payload, and must be listed first; a line of the ledger keeps everything but its detail.
# The first function stands in 0001; what it refused it still refuses, unless the transaction says that it empties.
ONLY_EMPTIED = """
CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND journal_is_scratch() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME IN ('journal_fact', 'journal_clauseuse')
        AND current_setting('zhike.redacting', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Record a new fact that corrects the old one.';
END
$$;

CREATE FUNCTION journal_only_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'payload' = to_jsonb(OLD) - 'payload' AND OLD.type <> 'journal.redacted'
        AND EXISTS (SELECT FROM journal_redaction WHERE fact_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal_fact is append-only: only the payload of a listed fact is emptied'
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION journal_only_emptied_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'detail' = to_jsonb(OLD) - 'detail' AND OLD.detail @> NEW.detail THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal_clauseuse is append-only: only its detail is emptied' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER only_emptied BEFORE UPDATE ON journal_fact FOR EACH ROW EXECUTE FUNCTION journal_only_emptied();
CREATE TRIGGER only_emptied BEFORE UPDATE ON journal_clauseuse FOR EACH ROW EXECUTE FUNCTION journal_only_emptied_use();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_redaction EXECUTE FUNCTION journal_append_only();
"""

AS_BEFORE = """
DROP TRIGGER only_emptied ON journal_fact;
DROP TRIGGER only_emptied ON journal_clauseuse;
DROP TRIGGER append_only ON journal_redaction;
DROP FUNCTION journal_only_emptied();
DROP FUNCTION journal_only_emptied_use();
CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND journal_is_scratch() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Record a new fact that corrects the old one.';
END
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0003_audit'),
    ]

    operations = [
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('fact', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='redaction', serialize=False, to='journal.fact')),
                ('told', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='journal.fact')),
            ],
        ),
        migrations.RunSQL(ONLY_EMPTIED, AS_BEFORE),
    ]
