"""What the labels of any exporter's series say: method, route and status, by all the names they go by."""

from collections.abc import Mapping
from typing import NamedTuple

ALL, UNMATCHED, OTHER_METHOD = "(all)", "(unmatched)", "(other)"
UNANSWERED, UNCLEAR = "-", "?"
"""Instead of a status: an exception left the request without one; or it is told in another way than by a number."""
CLIENT_LEFT = "499"
"""The client hung up before it had its answer, so that nobody refused anything."""
_ROUTES = ("http_route", "route", "handler", "path", "uri", "url_rule", "endpoint", "view", "http_target")
_STATUSES = ("http_response_status_code", "status_code", "status", "code", "http_status_code", "response_code")
_METHODS = ("http_request_method", "http_method", "method")
_OUTCOMES = {"CLIENT_ERROR": "4", "SERVER_ERROR": "5", "SUCCESS": "2", "REDIRECTION": "3", "INFORMATIONAL": "1"}
_NO_ROUTE = frozenset({"none", "None", "<unnamed view>", "NOT_FOUND", "UNKNOWN"})
_NO_METHOD = frozenset({"_OTHER", "<invalid method>"})
_LONGEST_METHOD, _LONGEST_ROUTE = 20, 300


class EndpointKey(NamedTuple):
    method: str
    route: str


def endpoint_key(labels: Mapping[str, str]) -> EndpointKey:
    """The route is empty where no label names one."""
    method = next((labels[alias] for alias in _METHODS if labels.get(alias)), "")
    route = next((labels[alias] for alias in _ROUTES if labels.get(alias)), "")
    method = OTHER_METHOD if method in _NO_METHOD else method.upper()
    return EndpointKey(method[:_LONGEST_METHOD], UNMATCHED if route in _NO_ROUTE else route[:_LONGEST_ROUTE])


def database_key(labels: Mapping[str, str]) -> EndpointKey:
    """Operation, and collection with its database where that is told, in the places of method and route."""
    names = (labels.get("db_namespace", ""), labels.get("db_collection_name", ""))
    return EndpointKey(labels.get("db_operation_name", ""), ".".join(name for name in names if name))


def status_class(labels: Mapping[str, str]) -> str:
    """The first digit of the status, of `404` as of `4xx`, or `CLIENT_LEFT`; empty where none is told."""
    told = next((labels[alias] for alias in _STATUSES if labels.get(alias)), "")
    if told == CLIENT_LEFT:
        return CLIENT_LEFT
    if told[:1] in tuple("12345"):
        return told[0]
    outcome = labels.get("outcome", "")
    return _OUTCOMES.get(outcome) or (UNCLEAR if told or outcome else "")
