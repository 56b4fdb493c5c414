"""Users: look-ups, skewed roles, nulls, missing fields, regular expressions and collations."""

from typing import Any

from .collections_of import users
from .commands import count, distinct, find, only
from .draw import Draw
from .workload import Shape, Workload, index, workload

CASELESS = {"locale": "en", "strength": 2}


@workload
def users_by_email(draw: Draw) -> Workload:
    data = users(draw, draw.size(9_000, 20_000))
    return Workload(
        {"users": data}, [Shape("login", 500, lambda: find("users", {"email": data.rare("email")}, limit=1))]
    )


@workload
def users_by_email_caseless(draw: Draw) -> Workload:
    """Only an index of the same collation serves."""
    data = users(draw, draw.size(8_000, 12_000))
    login = Shape("login", 200, lambda: find("users", {"email": data.rare("email").upper()}, collation=CASELESS))
    return Workload({"users": data}, [login])


@workload
def users_two_collations(draw: Draw) -> Workload:
    """One shape compares binary, the other without case: an index each."""
    data = users(draw, draw.size(8_000, 12_000))
    return Workload(
        {"users": data},
        [
            Shape("exact", 100, lambda: find("users", {"email": data.rare("email")})),
            Shape("by-name", 60, lambda: find("users", {"name": data.pick("name").lower()}, collation=CASELESS)),
        ],
    )


@workload
def users_country_age(draw: Draw) -> Workload:
    """Equality and range."""
    data = users(draw, draw.size(9_000, 20_000))

    def make() -> dict[str, Any]:
        low = draw.randint(20, 70)
        return find("users", {"country": data.rare("country"), "age": {"$gte": low, "$lt": low + 3}})

    return Workload({"users": data}, [Shape("aged", 60, make)])


@workload
def users_recently_active(draw: Draw) -> Workload:
    """Most are active: the sort carries it."""
    data = users(draw, draw.size(9_000, 20_000))
    recent = Shape("recent", 60, lambda: find("users", {"active": True}, "-lastLogin", 20))
    return Workload({"users": data}, [recent])


@workload
def users_rare_role(draw: Draw) -> Workload:
    data = users(draw, draw.size(9_000, 20_000))
    staff = Shape("staff", 40, lambda: find("users", {"role": draw.choice(["moderator", "admin", "editor"])}, "name"))
    return Workload({"users": data}, [staff])


@workload
def users_not_members(draw: Draw) -> Workload:
    """`$ne` on skewed values: the few others."""
    data = users(draw, draw.size(9_000, 20_000))
    others = Shape("others", 40, lambda: find("users", {"role": {"$ne": "member"}}))
    return Workload({"users": data}, [others])


@workload
def users_not_in_roles(draw: Draw) -> Workload:
    data = users(draw, draw.size(9_000, 20_000))
    others = Shape("others", 40, lambda: find("users", {"role": {"$nin": ["member", "editor"]}, "active": True}))
    return Workload({"users": data}, [others])


@workload
def users_name_prefix(draw: Draw) -> Workload:
    """An anchored regular expression is a range."""
    data = users(draw, draw.size(9_000, 20_000))
    prefix = Shape("prefix", 80, lambda: find("users", {"name": {"$regex": "^" + data.pick("name")[:7]}}, limit=20))
    return Workload({"users": data}, [prefix])


@workload
def users_name_contains(draw: Draw) -> Workload:
    """No index shortens an unanchored or case-insensitive search by half."""
    data = users(draw, draw.size(6_000, 9_000))
    return Workload(
        {"users": data},
        [
            Shape("contains", 30, lambda: find("users", {"name": {"$regex": data.pick("name")[2:6]}})),
            Shape(
                "caseless",
                30,
                lambda: find("users", {"name": {"$regex": "^" + data.pick("name")[:5].lower(), "$options": "i"}}),
            ),
        ],
    )


@workload
def users_deleted(draw: Draw) -> Workload:
    """`$ne: null` where most are null."""
    data = users(draw, draw.size(9_000, 20_000))
    gone = Shape("gone", 30, lambda: find("users", {"deletedAt": {"$ne": None}}))
    return Workload({"users": data}, [gone])


@workload
def users_not_deleted(draw: Draw) -> Workload:
    """Nearly all match: nothing to gain."""
    data = users(draw, draw.size(6_000, 9_000))
    return Workload({"users": data}, [Shape("kept", 20, lambda: find("users", {"deletedAt": None}))])


@workload
def users_with_phone(draw: Draw) -> Workload:
    """`$exists: true` pays with a sparse index only."""
    data = users(draw, draw.size(9_000, 20_000))
    return Workload({"users": data}, [Shape("phones", 30, lambda: find("users", {"phone": {"$exists": True}}))])


@workload
def users_without_referrer(draw: Draw) -> Workload:
    """`$exists: false` of a field that nine of ten lack, but in one city."""
    data = users(draw, draw.size(9_000, 20_000))
    without = Shape(
        "without", 50, lambda: find("users", {"city": data.rare("city"), "referrer": {"$exists": False}}, "-score", 10)
    )
    return Workload({"users": data}, [without])


@workload
def users_five_shapes(draw: Draw) -> Workload:
    """A busy collection: few indexes for many shapes."""
    data = users(draw, draw.size(9_000, 15_000))
    return Workload(
        {"users": data},
        [
            Shape("login", 400, lambda: find("users", {"email": data.rare("email")}, limit=1)),
            Shape("in-city", 50, lambda: find("users", {"city": data.rare("city"), "active": True}, "-lastLogin", 20)),
            Shape("city-count", 50, lambda: count("users", {"city": data.rare("city")})),
            Shape(
                "paying",
                30,
                lambda: find("users", {"plan": draw.choice(["pro", "team"]), "country": data.rare("country")}),
            ),
            Shape("newest", 60, lambda: find("users", {}, "-signupAt", 10)),
        ],
    )


@workload
def users_cities(draw: Draw) -> Workload:
    """Distinct values of one field without a filter, and of another within a country."""
    data = users(draw, draw.size(9_000, 20_000))
    return Workload(
        {"users": data},
        [
            Shape("all", 20, lambda: distinct("users", "plan", {})),
            Shape("of-country", 20, lambda: distinct("users", "city", {"country": data.rare("country")})),
        ],
    )


@workload
def users_scores_projected(draw: Draw) -> Workload:
    """Equality, sort and a covering projection."""
    data = users(draw, draw.size(9_000, 20_000))
    top = Shape(
        "top",
        60,
        lambda: find("users", {"country": data.pick("country")}, "-score", 50, projection=only("score", "name")),
    )
    return Workload({"users": data}, [top])


@workload
def users_email_is_unique_already(draw: Draw) -> Workload:
    """The unique index serves: nothing to add."""
    data = users(draw, draw.size(6_000, 9_000))
    return Workload(
        {"users": data},
        [Shape("login", 300, lambda: find("users", {"email": data.rare("email"), "active": True}))],
        [index("users", "email", unique=True)],
    )
