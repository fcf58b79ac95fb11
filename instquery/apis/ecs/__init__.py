"""Alibaba Cloud ECS: one drawer with everything that the package knows of this API."""

from instquery.apis.ecs.literal import SCHEMA, describe_instances, read

__all__ = ["SCHEMA", "describe_instances", "read"]
