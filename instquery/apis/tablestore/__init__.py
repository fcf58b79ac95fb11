"""Alibaba Cloud Tablestore: one drawer with everything that the package knows of this API."""

from instquery.apis.tablestore.literal import SCHEMA, list_instances, read

__all__ = ["SCHEMA", "list_instances", "read"]
