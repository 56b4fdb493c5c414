"""Kinds of collections. Their sizes, numbers of distinct values and shares change with the seed."""

from .draw import MISSING, Data, Draw

COUNTRIES = [f"country-{number:02d}" for number in range(30)]


def orders(draw: Draw, n: int, customers: int | None = None) -> Data:
    people = customers or max(20, n // draw.randint(15, 60))
    status = {"delivered": 0.8, "shipped": 0.1, "pending": 0.06, "returned": 0.025, "failed": 0.015}
    skus = [f"sku-{number:04d}" for number in range(draw.randint(200, 800))]
    return Data(
        draw,
        orderNo=[f"O-{number:06d}" for number in draw.sample(range(10**6), n)],
        customer=draw.skewed_of([f"c{number:05d}" for number in range(people)], n, 0.4),
        status=draw.shares_of(status, n),
        total=draw.amounts(60, n),
        createdAt=draw.rising_times(draw.randint(60, 200), n),
        country=draw.skewed_of(COUNTRIES, n),
        channel=draw.uniform_of(["web", "app", "phone", "shop"], n),
        warehouse=draw.uniform_of([f"w{number}" for number in range(draw.randint(6, 16))], n),
        priority=draw.integers(1, 5, n),
        coupon=draw.sparse((f"k{draw.randrange(400)}" for _ in range(n)), 0.04),
        paid=draw.shares_of({True: 0.95, False: 0.05}, n),
        items=draw.lists(
            lambda: {"sku": draw.choice(skus), "qty": draw.randint(1, 9), "price": draw.randint(1, 90)}, 4, n, 1
        ),
    )


def customers_of(draw: Draw, of: Data) -> Data:
    names = of.distinct("customer")
    return Data(
        draw,
        code=names,
        tier=draw.shares_of({"basic": 0.9, "gold": 0.08, "black": 0.02}, len(names)),
        country=draw.skewed_of(COUNTRIES, len(names)),
        name=draw.texts(2, len(names)),
    )


def users(draw: Draw, n: int) -> Data:
    return Data(
        draw,
        email=[f"{draw.words(1)}.{number}@example.com" for number in range(n)],
        name=[draw.words(2).title() for _ in range(n)],
        country=draw.skewed_of(COUNTRIES, n),
        city=draw.skewed_of([f"city-{number:03d}" for number in range(draw.randint(100, 300))], n, 0.7),
        role=draw.shares_of({"member": 0.95, "editor": 0.03, "moderator": 0.015, "admin": 0.005}, n),
        active=draw.shares_of({True: 0.9, False: 0.1}, n),
        age=draw.integers(16, 90, n),
        lastLogin=draw.times(120, n),
        signupAt=draw.rising_times(300, n),
        plan=draw.shares_of({"free": 0.85, "pro": 0.12, "team": 0.03}, n),
        score=draw.integers(0, 10_000, n),
        deletedAt=draw.nullable(draw.times(120, n), 0.02),
        phone=draw.sparse((f"+{draw.randrange(10**9)}" for _ in range(n)), 0.03),
        referrer=draw.sparse((f"r{draw.randrange(50)}" for _ in range(n)), 0.1),
    )


def events(draw: Draw, n: int) -> Data:
    return Data(
        draw,
        at=draw.rising_times(draw.randint(10, 40), n),
        type=draw.skewed_of([f"type-{number:02d}" for number in range(draw.randint(12, 30))], n, 1.2),
        user=draw.uniform_of([f"u{number:04d}" for number in range(n // draw.randint(20, 80))], n),
        session=draw.uniform_of([f"s{number:05d}" for number in range(n // draw.randint(5, 12))], n),
        service=draw.uniform_of([f"service-{number}" for number in range(draw.randint(8, 20))], n),
        host=draw.uniform_of([f"host-{number:02d}" for number in range(draw.randint(20, 60))], n),
        severity=draw.shares_of({"debug": 0.5, "info": 0.4, "warning": 0.08, "error": 0.017, "fatal": 0.003}, n),
        durationMs=draw.amounts(40, n),
        path=[f"/{draw.words(1)}/{draw.words(1)}/{draw.randrange(100)}" for _ in range(n)],
        ok=draw.shares_of({True: 0.97, False: 0.03}, n),
    )


def articles(draw: Draw, n: int) -> Data:
    tags = [f"tag-{number:02d}" for number in range(draw.randint(60, 140))]
    readers = [f"u{number:04d}" for number in range(draw.randint(500, 2000))]
    sites = [f"site-{number:03d}" for number in range(draw.randint(80, 200))]
    return Data(
        draw,
        slug=[f"{draw.words(1)}-{number}" for number in range(n)],
        title=draw.texts(5, n),
        author=draw.skewed_of([f"a{number:03d}" for number in range(draw.randint(100, 300))], n, 0.5),
        tags=[list(dict.fromkeys(draw.skewed_of(tags, draw.randint(1, 6), 0.8))) for _ in range(n)],
        category=draw.uniform_of([f"category-{number:02d}" for number in range(draw.randint(8, 16))], n),
        published=draw.shares_of({True: 0.85, False: 0.15}, n),
        publishedAt=draw.times(400, n),
        comments=draw.lists(
            lambda: {"by": draw.choice(readers), "score": draw.randint(0, 100), "flag": draw.random() < 0.02}, 5, n
        ),
        meta=[
            {
                "lang": draw.choice(["en", "de", "fr", "es"]),
                "source": {"site": draw.choice(sites), "rank": draw.random()},
            }
            for _ in range(n)
        ],
        views=draw.integers(0, 100_000, n),
        rating=draw.integers(1, 5, n),
    )


def places(draw: Draw, n: int) -> Data:
    return Data(
        draw,
        loc=[
            {"type": "Point", "coordinates": [round(draw.gauss(10, 4), 5), round(draw.gauss(50, 3), 5)]}
            for _ in range(n)
        ],
        kind=draw.skewed_of([f"kind-{number:02d}" for number in range(draw.randint(15, 30))], n, 0.8),
        city=draw.skewed_of([f"city-{number:03d}" for number in range(draw.randint(30, 80))], n, 0.6),
        stars=draw.integers(1, 5, n),
        price=draw.integers(5, 400, n),
        name=draw.texts(2, n),
        open=draw.shares_of({True: 0.92, False: 0.08}, n),
    )


def readings(draw: Draw, n: int) -> Data:
    return Data(
        draw,
        sensor=draw.uniform_of([f"sensor-{number:03d}" for number in range(draw.randint(100, 400))], n),
        metric=draw.uniform_of(["temperature", "humidity", "pressure", "co2", "noise"], n),
        at=draw.rising_times(30, n),
        value=[round(draw.gauss(50, 15), 3) for _ in range(n)],
        site=draw.uniform_of([f"site-{number}" for number in range(draw.randint(5, 12))], n),
        quality=draw.shares_of({"good": 0.97, "suspect": 0.02, "bad": 0.01}, n),
        battery=draw.integers(0, 100, n),
    )


def tickets(draw: Draw, n: int) -> Data:
    state = draw.shares_of({"closed": 0.965, "open": 0.02, "waiting": 0.01, "new": 0.005}, n)
    closed = draw.times(300, n)
    return Data(
        draw,
        number=list(range(10_000, 10_000 + n)),
        state=state,
        queue=draw.skewed_of([f"queue-{number}" for number in range(draw.randint(6, 14))], n, 0.6),
        assignee=draw.nullable((f"agent-{draw.randrange(60):02d}" for _ in range(n)), 0.97),
        priority=draw.integers(1, 4, n),
        openedAt=draw.rising_times(300, n),
        closedAt=[at if one == "closed" else MISSING for one, at in zip(state, closed, strict=True)],
        escalated=draw.sparse(draw.times(300, n), 0.015),
        customer=draw.uniform_of([f"c{number:04d}" for number in range(n // 8)], n),
        labels=draw.lists(lambda: f"label-{draw.randrange(40)}", 3, n),
    )


def products(draw: Draw, n: int) -> Data:
    return Data(
        draw,
        sku=[f"P{number:06d}" for number in draw.sample(range(10**6), n)],
        category=draw.skewed_of([f"cat-{number:02d}" for number in range(draw.randint(15, 40))], n, 0.7),
        brand=draw.skewed_of([f"brand-{number:02d}" for number in range(draw.randint(40, 120))], n, 0.6),
        price=draw.amounts(40, n),
        rating=draw.integers(10, 50, n),
        stock=draw.integers(0, 200, n),
        name=draw.texts(3, n),
        attributes=draw.lists(
            lambda: {"k": draw.choice(["color", "size", "material", "origin"]), "v": f"v{draw.randrange(30)}"}, 4, n, 1
        ),
        discontinued=draw.shares_of({False: 0.94, True: 0.06}, n),
    )
