"""A third API in the catalog's table, as one of the package's own would be.

Run, it is the command line with it.
"""

from random import Random

import tablestore
from instquery.apis import catalog
from instquery.apis.samples import ANCHOR, creation_times, seeded, unique_suffix
from instquery.instants import to_text


def samples(count, *, seed=1, now=ANCHOR):
    return _samples(count, seeded(count, seed, now), now)


def _samples(count, random: Random, now):
    for number, created in enumerate(creation_times(random, count, now)):
        yield {
            "InstanceName": f"store-{unique_suffix(number)}",
            "Status": random.choices(("normal", "forbidden"), (9, 1))[0],
            "CreateTime": to_text(created, "seconds"),
        }


def questions(store, now):
    return {"The newest stores": {}, "Those that answer": {"Status": "normal"}}


ROW = catalog.Api(
    operation=tablestore.list_instances,
    read=tablestore.read,
    samples=samples,
    questions=questions,
    sample_questions={"A status that does not exist": {"Status": "gone"}},
    path="/v2/openapi/listinstances",
)

if __name__ == "__main__":
    catalog.CATALOG["tablestore"] = ROW

    from instquery.cli import main  # which reads the table as it is now

    main()
