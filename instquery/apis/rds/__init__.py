"""Alibaba Cloud RDS: one drawer with everything that the package knows of this API."""

from instquery.apis.rds.literal import SCHEMA, describe_db_instances, read

__all__ = ["SCHEMA", "describe_db_instances", "read"]
