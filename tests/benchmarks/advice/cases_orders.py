"""Orders: equality, sort and range in all mixes, `$in`, `$or`, joins and writes."""

from .collections_of import customers_of, orders
from .commands import (
    aggregate,
    count,
    delete,
    distinct,
    find,
    group,
    limit,
    match,
    modify,
    only,
    order,
    update,
)
from .draw import Draw
from .workload import Shape, Workload, workload


@workload
def orders_customer_latest(draw: Draw) -> Workload:
    """Equality and sort with a limit."""
    data = orders(draw, draw.size(9_000, 16_000))
    latest = Shape(
        "latest", 120, lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", draw.choice([10, 20]))
    )
    return Workload({"orders": data}, [latest])


@workload
def orders_equality_sort_range(draw: Draw) -> Workload:
    """A range that keeps much, a sort, a limit: the sort before the range."""
    data = orders(draw, draw.size(9_000, 16_000))
    dear = Shape(
        "dear",
        60,
        lambda: find("orders", {"channel": data.rare("channel"), "total": data.above("total", 0.4)}, "-createdAt", 20),
    )
    return Workload({"orders": data}, [dear])


@workload
def orders_selective_range_sorted(draw: Draw) -> Workload:
    """A range that keeps very little and no limit: the range before the sort."""
    data = orders(draw, draw.size(9_000, 16_000))
    narrow = Shape(
        "narrow",
        40,
        lambda: find(
            "orders", {"country": data.rare("country"), "createdAt": data.window("createdAt", 0.004)}, "-total"
        ),
    )
    return Workload({"orders": data}, [narrow])


@workload
def orders_in_few_sorted(draw: Draw) -> Workload:
    """`$in` of a few values merges in the order of the sort."""
    data = orders(draw, draw.size(9_000, 16_000))
    several = Shape(
        "several",
        80,
        lambda: find("orders", {"warehouse": {"$in": data.some("warehouse", 4)}}, "-createdAt", 25),
    )
    return Workload({"orders": data}, [several])


@workload
def orders_in_many_sorted(draw: Draw) -> Workload:
    """From 201 values on the sort blocks."""
    data = orders(draw, draw.size(14_000, 20_000), customers=draw.size(1_200, 2_000))
    many = Shape(
        "many",
        20,
        lambda: find("orders", {"customer": {"$in": data.some("customer", draw.randint(230, 280))}}, "-createdAt", 50),
    )
    return Workload({"orders": data}, [many])


@workload
def orders_in_times_in(draw: Draw) -> Workload:
    """Two `$in` whose product decides whether the sort merges."""
    data = orders(draw, draw.size(9_000, 16_000))
    product = Shape(
        "product",
        40,
        lambda: find(
            "orders",
            {
                "customer": {"$in": data.some("customer", draw.randint(12, 15))},
                "channel": {"$in": data.some("channel", 2)},
            },
            "-createdAt",
            20,
        ),
    )
    return Workload({"orders": data}, [product])


@workload
def orders_shared_prefix(draw: Draw) -> Workload:
    """Three shapes that one or two indexes can serve."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload(
        {"orders": data},
        [
            Shape("of-customer", 100, lambda: find("orders", {"customer": data.pick("customer")})),
            Shape(
                "with-status",
                60,
                lambda: find(
                    "orders", {"customer": data.pick("customer"), "status": data.pick("status")}, "-createdAt", 10
                ),
            ),
            Shape(
                "since",
                30,
                lambda: find(
                    "orders",
                    {
                        "customer": data.pick("customer"),
                        "status": "delivered",
                        "createdAt": data.above("createdAt", 0.3),
                    },
                ),
            ),
        ],
    )


@workload
def orders_dearest(draw: Draw) -> Workload:
    """A sort with a limit and nothing else."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload({"orders": data}, [Shape("dearest", 50, lambda: find("orders", {}, "-total", 10))])


@workload
def orders_or(draw: Draw) -> Workload:
    """An index for each branch."""
    data = orders(draw, draw.size(9_000, 16_000))
    either = Shape(
        "either",
        50,
        lambda: find("orders", {"$or": [{"orderNo": data.rare("orderNo")}, {"coupon": data.rare("coupon")}]}),
    )
    return Workload({"orders": data}, [either])


@workload
def orders_or_within_customer(draw: Draw) -> Workload:
    """An equality beside `$or` that is selective enough alone."""
    data = orders(draw, draw.size(9_000, 16_000), customers=draw.size(40, 80))
    either = Shape(
        "either",
        50,
        lambda: find(
            "orders",
            {"customer": data.pick("customer"), "$or": [{"paid": False}, {"total": data.above("total", 0.01)}]},
        ),
    )
    return Workload({"orders": data}, [either])


@workload
def orders_totals(draw: Draw) -> Workload:
    """`$group` after a selective `$match`."""
    data = orders(draw, draw.size(9_000, 16_000))
    totals = Shape(
        "totals",
        40,
        lambda: aggregate(
            "orders",
            match({"customer": data.pick("customer"), "status": "delivered"}),
            group("$channel", total={"$sum": "$total"}, count={"$sum": 1}),
        ),
    )
    return Workload({"orders": data}, [totals])


@workload
def orders_latest_of_each(draw: Draw) -> Workload:
    """`$sort` with `$group` and `$first`: a distinct scan."""
    data = orders(draw, draw.size(9_000, 16_000), customers=draw.size(60, 200))
    latest = Shape(
        "latest",
        20,
        lambda: aggregate("orders", order("customer -createdAt"), group("$customer", at={"$first": "$createdAt"})),
    )
    return Workload({"orders": data}, [latest])


@workload
def orders_lookup(draw: Draw) -> Workload:
    """The foreign side of a `$lookup` wants the index."""
    data = orders(draw, draw.size(9_000, 12_000))
    people = customers_of(draw, data)
    lookup = {"$lookup": {"from": "orders", "localField": "code", "foreignField": "customer", "as": "orders"}}
    joined = Shape(
        "joined",
        20,
        lambda: aggregate("customers", match({"code": {"$in": people.some("code", 3)}}), lookup),
    )
    return Workload({"orders": data, "customers": people}, [joined])


@workload
def orders_items_element(draw: Draw) -> Workload:
    """`$elemMatch` compounds its bounds."""
    data = orders(draw, draw.size(9_000, 16_000))
    element = Shape(
        "element",
        50,
        lambda: find("orders", {"items": {"$elemMatch": {"sku": data.pick("items.sku"), "qty": {"$gte": 7}}}}),
    )
    return Workload({"orders": data}, [element])


@workload
def orders_items_dotted(draw: Draw) -> Workload:
    """A dotted path into an array, sorted."""
    data = orders(draw, draw.size(9_000, 16_000))
    dotted = Shape("dotted", 50, lambda: find("orders", {"items.sku": data.pick("items.sku")}, "-createdAt", 10))
    return Workload({"orders": data}, [dotted])


@workload
def orders_writes_by_filter(draw: Draw) -> Workload:
    """Updates and deletes find their documents like queries."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload(
        {"orders": data},
        [
            Shape(
                "pay",
                200,
                lambda: update("orders", {"orderNo": data.rare("orderNo")}, {"$set": {"paid": True}}),
            ),
            Shape(
                "purge",
                5,
                lambda: delete("orders", {"status": "failed", "createdAt": data.below("createdAt", 0.1)}),
            ),
        ],
    )


@workload
def orders_next_job(draw: Draw) -> Workload:
    """findAndModify takes the first in order: equality and sort."""
    data = orders(draw, draw.size(9_000, 16_000))
    claim = Shape(
        "claim",
        100,
        lambda: modify(
            "orders",
            {"status": "pending", "warehouse": data.rare("warehouse")},
            "priority createdAt",
            {"$set": {"picker": draw.randint(1, 9)}},
        ),
    )
    return Workload({"orders": data}, [claim])


@workload
def orders_covered(draw: Draw) -> Workload:
    """A projection that an index can answer alone."""
    data = orders(draw, draw.size(9_000, 16_000), customers=draw.size(60, 150))
    covered = Shape(
        "covered",
        80,
        lambda: find("orders", {"customer": data.pick("customer")}, projection=only("total", "createdAt")),
    )
    return Workload({"orders": data}, [covered])


@workload
def orders_counts_and_distincts(draw: Draw) -> Workload:
    """count needs only keys; distinct wants its filter and its key."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload(
        {"orders": data},
        [
            Shape(
                "count", 60, lambda: count("orders", {"status": data.rare("status"), "channel": data.rare("channel")})
            ),
            Shape("distinct", 20, lambda: distinct("orders", "warehouse", {"country": data.rare("country")})),
        ],
    )


@workload
def orders_pages(draw: Draw) -> Workload:
    """Paging by skip reads all that it skips, in order at least."""
    data = orders(draw, draw.size(9_000, 16_000), customers=draw.size(30, 60))
    page = Shape(
        "page",
        60,
        lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", 20, skip=20 * draw.randint(1, 5)),
    )
    return Workload({"orders": data}, [page])


@workload
def orders_report(draw: Draw) -> Workload:
    """`$match`, `$sort` and `$limit` of a pipeline, beside the same equality in a find."""
    data = orders(draw, draw.size(20_000, 30_000))
    return Workload(
        {"orders": data},
        [
            Shape(
                "top",
                30,
                lambda: aggregate(
                    "orders",
                    match({"country": data.rare("country"), "channel": data.rare("channel")}),
                    order("-total"),
                    limit(10),
                ),
            ),
            Shape("in-country", 30, lambda: find("orders", {"country": data.rare("country"), "paid": False})),
        ],
    )
