"""Where reports rest: one folder, one database file, tables by schema.csv. The only room that imports an engine."""

from primum.store.folder import (
    DATABASE,
    DERIVED_FROM,
    LOADING,
    SYNTHETIC_REPORTS,
    Store,
    default_folder,
    exists,
    open_store,
)

__all__ = [
    "DATABASE",
    "DERIVED_FROM",
    "LOADING",
    "SYNTHETIC_REPORTS",
    "Store",
    "default_folder",
    "exists",
    "open_store",
]
