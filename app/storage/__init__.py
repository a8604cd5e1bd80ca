"""The database: peewee models, connection, migrations, and the queries that others need."""
