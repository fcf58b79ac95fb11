"""Alibaba Cloud BssOpenApi: one drawer with everything that the package knows of this API."""

from instquery.apis.bss.literal import (
    SCHEMA,
    Caller,
    Directory,
    check_directory,
    check_products,
    query_available_instances,
    read,
)

__all__ = [
    "SCHEMA",
    "Caller",
    "Directory",
    "check_directory",
    "check_products",
    "query_available_instances",
    "read",
]
