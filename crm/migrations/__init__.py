"""The schema's way from one release to the next, run by `crm.open`.

In: a database of any earlier release, or none. Out: one of this release. `HEAD` names the newest
revision; a database that holds it is opened without loading alembic. A new revision is made with
``alembic -c crm/migrations/alembic.ini revision --autogenerate`` and raises `HEAD`.
"""

from crm.migrations.upgrading import HEAD, stored_revision, upgrade

__all__ = ["HEAD", "stored_revision", "upgrade"]
