"""Articles, places, tickets and products: arrays, nested documents, geometry, optional fields, skewed categories."""

from .collections_of import articles, places, products, tickets
from .commands import aggregate, count, find, group, limit, match, only, order, update
from .draw import Draw
from .workload import Shape, Workload, workload


@workload
def articles_of_tag(draw: Draw) -> Workload:
    data = articles(draw, draw.size(6_000, 12_000))
    tagged = Shape("tagged", 80, lambda: find("articles", {"tags": data.pick("tags")}, "-publishedAt", 20))
    return Workload({"articles": data}, [tagged])


@workload
def articles_of_all_tags(draw: Draw) -> Workload:
    data = articles(draw, draw.size(6_000, 12_000))
    both = Shape("both", 50, lambda: find("articles", {"tags": {"$all": data.some("tags", 2)}}))
    return Workload({"articles": data}, [both])


@workload
def articles_commented_by(draw: Draw) -> Workload:
    """`$elemMatch` beside a dotted path of the same array."""
    data = articles(draw, draw.size(6_000, 12_000))
    return Workload(
        {"articles": data},
        [
            Shape("by", 60, lambda: find("articles", {"comments.by": data.pick("comments.by")})),
            Shape(
                "liked",
                40,
                lambda: find(
                    "articles",
                    {"comments": {"$elemMatch": {"by": data.pick("comments.by"), "score": {"$gte": 50}}}},
                ),
            ),
        ],
    )


@workload
def articles_flagged(draw: Draw) -> Workload:
    data = articles(draw, draw.size(6_000, 12_000))
    flagged = Shape("flagged", 30, lambda: find("articles", {"comments.flag": True}, "-publishedAt", 20))
    return Workload({"articles": data}, [flagged])


@workload
def articles_of_site(draw: Draw) -> Workload:
    """A nested path."""
    data = articles(draw, draw.size(6_000, 12_000))
    site = Shape(
        "site",
        60,
        lambda: find("articles", {"meta.source.site": data.rare("meta.source.site"), "meta.lang": "en"}, "-views", 10),
    )
    return Workload({"articles": data}, [site])


@workload
def articles_of_category(draw: Draw) -> Workload:
    """Two shapes over category; most articles are published."""
    data = articles(draw, draw.size(6_000, 12_000))
    return Workload(
        {"articles": data},
        [
            Shape(
                "newest",
                100,
                lambda: find("articles", {"category": data.rare("category"), "published": True}, "-publishedAt", 20),
            ),
            Shape(
                "viewed",
                60,
                lambda: find("articles", {"category": data.rare("category"), "published": True}, "-views", 10),
            ),
        ],
    )


@workload
def articles_search(draw: Draw) -> Workload:
    """`$text` fails until there is a text index."""
    data = articles(draw, draw.size(5_000, 8_000))
    search = Shape(
        "search", 40, lambda: find("articles", {"$text": {"$search": f'"{data.pick("title")[:16]}"'}}, limit=10)
    )
    return Workload({"articles": data}, [search])


@workload
def articles_tags_unwound(draw: Draw) -> Workload:
    """A `$match` before `$unwind` is what an index serves."""
    data = articles(draw, draw.size(6_000, 12_000))
    unwound = Shape(
        "unwound",
        30,
        lambda: aggregate(
            "articles",
            match({"author": data.rare("author")}),
            {"$unwind": "$tags"},
            group("$tags", count={"$sum": 1}),
            order("-count"),
            limit(5),
        ),
    )
    return Workload({"articles": data}, [unwound])


@workload
def articles_facets(draw: Draw) -> Workload:
    """A first `$facet` scans everything whatever there is."""
    data = articles(draw, draw.size(5_000, 8_000))
    facets = Shape(
        "facets",
        20,
        lambda: aggregate(
            "articles",
            {
                "$facet": {
                    "count": [match({"author": data.rare("author")}), {"$count": "n"}],
                    "views": [match({"author": data.rare("author")}), group(None, views={"$sum": "$views"})],
                }
            },
        ),
    )
    return Workload({"articles": data}, [facets])


@workload
def articles_mostly_published(draw: Draw) -> Workload:
    data = articles(draw, draw.size(5_000, 8_000))
    return Workload({"articles": data}, [Shape("published", 30, lambda: find("articles", {"published": True}))])


@workload
def places_near(draw: Draw) -> Workload:
    """`$near` fails until there is a 2dsphere index."""
    data = places(draw, draw.size(5_000, 8_000))

    def point() -> dict[str, object]:
        return {"type": "Point", "coordinates": draw.choice(data)["loc"]["coordinates"]}

    near = Shape(
        "near",
        40,
        lambda: find("places", {"loc": {"$near": {"$geometry": point(), "$maxDistance": 20_000}}}, limit=10),
    )
    return Workload({"places": data}, [near])


@workload
def places_within(draw: Draw) -> Workload:
    """`$geoWithin` works without an index, and better with one."""
    data = places(draw, draw.size(6_000, 12_000))

    def around() -> dict[str, object]:
        centre = draw.choice(data)["loc"]["coordinates"]
        return {"$geoWithin": {"$centerSphere": [centre, 30 / 6378.1]}}

    within = Shape("within", 40, lambda: find("places", {"loc": around(), "kind": data.pick("kind")}))
    return Workload({"places": data}, [within])


@workload
def places_best_of_city(draw: Draw) -> Workload:
    """A sort in two directions after two equalities, and a part of it alone."""
    data = places(draw, draw.size(6_000, 12_000))
    return Workload(
        {"places": data},
        [
            Shape(
                "best",
                80,
                lambda: find("places", {"city": data.pick("city"), "kind": data.pick("kind")}, "-stars price", 10),
            ),
            Shape("in-city", 40, lambda: find("places", {"city": data.rare("city")}, limit=50)),
        ],
    )


@workload
def tickets_open_by_priority(draw: Draw) -> Workload:
    """A rare state; nearly all are closed."""
    data = tickets(draw, draw.size(9_000, 20_000))
    return Workload(
        {"tickets": data},
        [
            Shape("open", 100, lambda: find("tickets", {"state": "open"}, "-priority openedAt", 20)),
            Shape(
                "queue",
                60,
                lambda: find("tickets", {"state": {"$in": ["open", "new"]}, "queue": data.rare("queue")}),
            ),
        ],
    )


@workload
def tickets_not_closed(draw: Draw) -> Workload:
    data = tickets(draw, draw.size(9_000, 20_000))
    pending = Shape("pending", 60, lambda: find("tickets", {"state": {"$ne": "closed"}}, "openedAt", 50))
    return Workload({"tickets": data}, [pending])


@workload
def tickets_unassigned(draw: Draw) -> Workload:
    """An equality with null."""
    data = tickets(draw, draw.size(9_000, 20_000))
    unassigned = Shape("unassigned", 60, lambda: find("tickets", {"assignee": None, "queue": data.rare("queue")}))
    return Workload({"tickets": data}, [unassigned])


@workload
def tickets_escalated(draw: Draw) -> Workload:
    """`$exists: true` of a rare field, newest first."""
    data = tickets(draw, draw.size(9_000, 20_000))
    escalated = Shape(
        "escalated", 40, lambda: find("tickets", {"escalated": {"$exists": True}, "queue": data.rare("queue")})
    )
    return Workload({"tickets": data}, [escalated])


@workload
def tickets_never_closed(draw: Draw) -> Workload:
    """`$exists: false` of a field that few lack."""
    data = tickets(draw, draw.size(9_000, 20_000))
    never = Shape("never", 40, lambda: find("tickets", {"closedAt": {"$exists": False}}))
    return Workload({"tickets": data}, [never])


@workload
def tickets_of_customer(draw: Draw) -> Workload:
    """Equalities in different mixes: one order serves both."""
    data = tickets(draw, draw.size(9_000, 20_000))
    return Workload(
        {"tickets": data},
        [
            Shape("all", 100, lambda: find("tickets", {"customer": data.rare("customer")}, "-openedAt", 20)),
            Shape(
                "queue", 60, lambda: count("tickets", {"customer": data.rare("customer"), "queue": data.pick("queue")})
            ),
            Shape(
                "close",
                40,
                lambda: update(
                    "tickets",
                    {"customer": data.rare("customer"), "state": "waiting"},
                    {"$set": {"note": draw.words(2)}},
                    multi=True,
                ),
            ),
        ],
    )


@workload
def products_browse(draw: Draw) -> Workload:
    """Filters and sorts of a shop's pages."""
    data = products(draw, draw.size(9_000, 15_000))
    return Workload(
        {"products": data},
        [
            Shape("cheapest", 100, lambda: find("products", {"category": data.rare("category")}, "price", 24)),
            Shape(
                "of-brand",
                60,
                lambda: find("products", {"category": data.pick("category"), "brand": data.pick("brand")}, "price", 24),
            ),
            Shape(
                "rated",
                40,
                lambda: find(
                    "products", {"category": data.rare("category"), "rating": {"$gte": 48}}, projection=only("sku")
                ),
            ),
        ],
    )


@workload
def products_attributes(draw: Draw) -> Workload:
    data = products(draw, draw.size(9_000, 15_000))

    def make() -> dict[str, object]:
        return find(
            "products",
            {"attributes": {"$elemMatch": {"k": draw.choice(["color", "size"]), "v": data.pick("attributes.v")}}},
            "price",
            20,
        )

    return Workload({"products": data}, [Shape("with", 60, make)])


@workload
def products_price_bands(draw: Draw) -> Workload:
    """A range with the sort on the same field."""
    data = products(draw, draw.size(9_000, 15_000))
    band = Shape(
        "band",
        60,
        lambda: find("products", {"price": data.window("price", 0.2), "stock": {"$gt": 0}}, "price", 30),
    )
    return Workload({"products": data}, [band])
