"""Alibaba Cloud Airec: one drawer with everything that the package knows of this API."""

from instquery.apis.airec.literal import SCHEMA, list_instance, read

__all__ = ["SCHEMA", "list_instance", "read"]
