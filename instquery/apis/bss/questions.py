"""Questions to QueryAvailableInstances: what billing asks, whatever the inventory holds."""

from instquery.apis.questions import Questions, most_common, newest_records
from instquery.contract import Reads
from instquery.instants import to_text

__all__ = ["SAMPLE_QUESTIONS", "questions"]

_DAY = 86_400_000_000  # in microseconds

SAMPLE_QUESTIONS: Questions = {
    "A region without a product": {"Region": "cn-beijing"},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:
    """Make questions of the largest and smallest owner, and of what is common."""
    schema, newest = store.schema, newest_records(store)
    owners = list(store.facets("OwnerId")) or ["none"]
    product = most_common(schema, newest, "ProductCode")
    of_product = [item for item in newest if item.get("ProductCode") == product]
    region = most_common(schema, of_product, "Region")
    subscription = most_common(schema, newest, "SubscriptionType")
    month = {
        "EndTimeStart": to_text(now, "seconds"),
        "EndTimeEnd": to_text(now + 30 * _DAY, "seconds"),
    }
    year = {
        "CreateTimeStart": to_text(now - 365 * _DAY, "seconds"),
        "CreateTimeEnd": to_text(now, "seconds"),
    }

    return {
        "The newest instances, with the exact total": {},
        "The last page of everything": {"PageNum": max(1, -(-len(store) // 300)), "PageSize": 300},
        "The owner with the most": {"OwnerId": owners[0]},
        "The owner with the fewest": {"OwnerId": owners[-1]},
        "One owner's instances of one product": {"OwnerId": owners[0], "ProductCode": product},
        "One product": {"ProductCode": product},
        "One product in one region": {"ProductCode": product, "Region": region},
        "A hundred IDs": {"InstanceIDs": ",".join(item["InstanceID"] for item in newest[:100])},
        "Ending within 30 days": month,
        "Created within a year, one subscription type, page 5": {
            "SubscriptionType": subscription,
            "PageNum": 5,
            **year,
        },
        "Five filters": {
            "OwnerId": owners[0],
            "ProductCode": product,
            "SubscriptionType": subscription,
            **month,
            **year,
        },
    }
