"""Collections that have indexes already, and collections where none helps."""

from .collections_of import events, orders, products, readings, tickets, users
from .commands import aggregate, count, distinct, find, group, match
from .draw import Draw
from .workload import Shape, Workload, index, workload


@workload
def existing_serves_well(draw: Draw) -> Workload:
    data = orders(draw, draw.size(6_000, 9_000))
    latest = Shape("latest", 100, lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", 20))
    return Workload({"orders": data}, [latest], [index("orders", "customer createdAt")])


@workload
def existing_serves_with_more(draw: Draw) -> Workload:
    """The index is not the ideal one, but what is left to gain is small."""
    data = orders(draw, draw.size(6_000, 9_000), customers=1_500)
    mine = Shape("mine", 100, lambda: find("orders", {"customer": data.pick("customer"), "paid": True}, "-total", 5))
    return Workload({"orders": data}, [mine], [index("orders", "customer")])


@workload
def existing_to_extend(draw: Draw) -> Workload:
    """`{customer}` grows by the sort and is not needed beside the new one."""
    data = orders(draw, draw.size(9_000, 16_000), customers=draw.size(4, 6))
    latest = Shape("latest", 100, lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", 20))
    return Workload({"orders": data}, [latest], [index("orders", "customer")])


@workload
def existing_in_wrong_order(draw: Draw) -> Workload:
    data = events(draw, draw.size(9_000, 16_000))
    since = Shape("since", 60, lambda: find("events", {"session": data.pick("session"), "at": data.above("at", 0.6)}))
    return Workload({"events": data}, [since], [index("events", "at session")])


@workload
def existing_is_hidden(draw: Draw) -> Workload:
    data = users(draw, draw.size(6_000, 9_000))
    in_city = Shape("in-city", 60, lambda: find("users", {"city": data.rare("city")}, "-score", 10))
    return Workload({"users": data}, [in_city], [index("users", "city -score", hidden=True)])


@workload
def existing_is_sparse(draw: Draw) -> Workload:
    """A sparse index serves equality, but no look for null."""
    data = users(draw, draw.size(9_000, 16_000))
    return Workload(
        {"users": data},
        [
            Shape("referred", 60, lambda: find("users", {"referrer": data.pick("referrer")})),
            Shape("nowhere", 40, lambda: find("users", {"referrer": None, "city": data.rare("city")})),
        ],
        [index("users", "referrer", sparse=True)],
    )


@workload
def existing_is_partial(draw: Draw) -> Workload:
    """The partial index holds open tickets only."""
    data = tickets(draw, draw.size(9_000, 16_000))
    return Workload(
        {"tickets": data},
        [
            Shape("open", 60, lambda: find("tickets", {"state": "open", "queue": data.rare("queue")})),
            Shape("any", 60, lambda: find("tickets", {"queue": data.rare("queue")}, "-openedAt", 10)),
        ],
        [index("tickets", "queue", partialFilterExpression={"state": "open"})],
    )


@workload
def existing_wrong_direction(draw: Draw) -> Workload:
    """One of two directions is wrong, so that the sort blocks."""
    data = products(draw, draw.size(9_000, 16_000))
    best = Shape("best", 60, lambda: find("products", {"category": data.rare("category")}, "-rating price", 20))
    return Workload({"products": data}, [best], [index("products", "category rating price")])


@workload
def existing_redundant(draw: Draw) -> Workload:
    """Two indexes of which one is a prefix, and a new shape that neither serves."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload(
        {"orders": data},
        [
            Shape("of-customer", 100, lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", 10)),
            Shape("number", 100, lambda: find("orders", {"orderNo": data.rare("orderNo")})),
        ],
        [index("orders", "customer"), index("orders", "customer -createdAt")],
    )


@workload
def existing_unselective(draw: Draw) -> Workload:
    """An index on a field that says little is in use; a far better one is possible."""
    data = users(draw, draw.size(9_000, 16_000))
    named = Shape("named", 60, lambda: find("users", {"active": True, "plan": "free", "name": data.pick("name")}))
    return Workload({"users": data}, [named], [index("users", "active"), index("users", "plan")])


@workload
def existing_text_and_unique(draw: Draw) -> Workload:
    """A unique index must stay although the longer one begins with its field."""
    data = products(draw, draw.size(9_000, 16_000))
    return Workload(
        {"products": data},
        [
            Shape("sku", 200, lambda: find("products", {"sku": data.rare("sku")})),
            Shape("brand", 50, lambda: find("products", {"brand": data.rare("brand")}, "-rating", 20)),
        ],
        [index("products", "sku", unique=True), index("products", {"name": "text"})],
    )


@workload
def existing_many(draw: Draw) -> Workload:
    """Many single-field indexes; a compound one is missing."""
    data = readings(draw, draw.size(12_000, 20_000))
    series = Shape(
        "series",
        80,
        lambda: find("readings", {"site": data.rare("site"), "metric": data.rare("metric")}, "-at", 20),
    )
    fields = ("site", "metric", "quality", "battery", "value")
    return Workload({"readings": data}, [series], [index("readings", field) for field in fields])


@workload
def none_tiny(draw: Draw) -> Workload:
    """A hundred documents need no index."""
    data = products(draw, 100)
    return Workload(
        {"products": data},
        [
            Shape("category", 500, lambda: find("products", {"category": data.pick("category")}, "price", 10)),
            Shape("sku", 500, lambda: find("products", {"sku": data.rare("sku")})),
        ],
    )


@workload
def none_small(draw: Draw) -> Workload:
    """A few hundred documents: under the thousand that an index must save."""
    data = users(draw, draw.size(250, 400))
    return Workload({"users": data}, [Shape("login", 900, lambda: find("users", {"email": data.rare("email")}))])


@workload
def none_by_id(draw: Draw) -> Workload:
    data = events(draw, draw.size(6_000, 9_000))
    return Workload(
        {"events": data},
        [
            Shape("one", 300, lambda: find("events", {"_id": draw.randrange(len(data))})),
            Shape("some", 50, lambda: find("events", {"_id": {"$in": draw.sample(range(len(data)), 20)}})),
            Shape("checked", 50, lambda: find("events", {"_id": draw.randrange(len(data)), "ok": True})),
        ],
    )


@workload
def none_whole_reads(draw: Draw) -> Workload:
    """Everything is read, grouped or counted."""
    data = readings(draw, draw.size(6_000, 9_000))
    return Workload(
        {"readings": data},
        [
            Shape("export", 5, lambda: find("readings", {})),
            Shape("most", 20, lambda: find("readings", {"quality": "good"})),
            Shape("not-bad", 20, lambda: find("readings", {"quality": {"$ne": "bad"}, "battery": {"$gte": 10}})),
        ],
    )


@workload
def none_written_often(draw: Draw) -> Workload:
    """Read twice and written a hundred thousand times: keys written cost more than they save."""
    data = events(draw, draw.size(6_000, 8_000))
    rare = Shape("rare", 2, lambda: find("events", {"host": data.rare("host")}))
    return Workload({"events": data}, [rare], inserted={"events": 100_000})


@workload
def mixed_worth_and_not(draw: Draw) -> Workload:
    """One shape that gains beside one that cannot."""
    data = orders(draw, draw.size(9_000, 16_000))
    return Workload(
        {"orders": data},
        [
            Shape("number", 200, lambda: find("orders", {"orderNo": data.rare("orderNo")})),
            Shape("delivered", 20, lambda: find("orders", {"status": "delivered"})),
            Shape("channels", 20, lambda: aggregate("orders", match({"paid": True}), group("$channel", n={"$sum": 1}))),
        ],
    )


@workload
def mixed_harmful_neighbour(draw: Draw) -> Workload:
    """An index led by a field that half of the documents share makes whole reads slower."""
    data = events(draw, draw.size(9_000, 16_000))
    return Workload(
        {"events": data},
        [
            Shape("latest", 60, lambda: find("events", {"severity": "info"}, "-at", 20)),
            Shape("all-info", 20, lambda: find("events", {"severity": "info", "ok": True})),
            Shape("counted", 40, lambda: count("events", {"severity": "warning"})),
        ],
    )


@workload
def mixed_reports_and_lookups(draw: Draw) -> Workload:
    """Six shapes of one shop, two collections."""
    data, goods = orders(draw, draw.size(9_000, 14_000)), products(draw, draw.size(5_000, 8_000))
    return Workload(
        {"orders": data, "products": goods},
        [
            Shape("number", 150, lambda: find("orders", {"orderNo": data.rare("orderNo")}, limit=1)),
            Shape("mine", 120, lambda: find("orders", {"customer": data.pick("customer")}, "-createdAt", 10)),
            Shape("late", 30, lambda: find("orders", {"status": "pending", "createdAt": data.below("createdAt", 0.3)})),
            Shape("sku", 150, lambda: find("products", {"sku": goods.rare("sku")}, limit=1)),
            Shape("brands", 20, lambda: distinct("products", "brand", {"category": goods.rare("category")})),
            Shape("cheap", 50, lambda: find("products", {"category": goods.pick("category")}, "price", 20)),
        ],
    )


@workload
def mixed_directions(draw: Draw) -> Workload:
    """The same sort forwards and backwards, and one that differs: two indexes."""
    data = products(draw, draw.size(9_000, 14_000))
    return Workload(
        {"products": data},
        [
            Shape("cheap", 50, lambda: find("products", {"brand": data.rare("brand")}, "price rating", 10)),
            Shape("dear", 50, lambda: find("products", {"brand": data.rare("brand")}, "-price -rating", 10)),
            Shape("best", 50, lambda: find("products", {"brand": data.rare("brand")}, "price -rating", 10)),
        ],
    )
