"""Parameters that the official clients send with every request, whatever it asks for."""

__all__ = ["SYSTEM_PARAMETERS"]

SYSTEM_PARAMETERS = frozenset(
    {
        "AccessKeyId",
        "Action",
        "BearerToken",
        "Format",
        "RegionId",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)
"""They say who asks, and what is asked for how. None of them is a filter."""
