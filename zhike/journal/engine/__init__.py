"""Django's PostgreSQL engine, with instants read by the standard library: settings name it as ENGINE."""
