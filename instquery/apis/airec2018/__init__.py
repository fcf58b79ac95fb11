"""Alibaba Cloud Airec as it was: one drawer with everything that the package knows of this API."""

from instquery.apis.airec2018.literal import SCHEMA, list_instance, read

__all__ = ["SCHEMA", "list_instance", "read"]
