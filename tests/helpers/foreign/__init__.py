"""Small real applications that do not use our library, each measured by an exporter of others.

All serve the same: `GET /items/{item}` (`bad` fails with 500, `gone` is 404), `POST /orders` (201) and a route of odd
signs.
"""

ITEM_S = 0.03
"""An item's handler sleeps this long."""
ORDER_S = 0.12
ODD = 'odd "a} b\\c'
"""Signs that an exporter has to escape, in the middle of a route."""
