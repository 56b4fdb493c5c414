"""What `perftui index` can do, and the options of each action."""

import argparse

from perftui.commands.several_actions import Actions


def _show(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(dry_run=False, yes=False, confirm=None)  # of what only reads
    parser.add_argument("--json", action="store_true", help="what was done, or what there is, as JSON")


def _ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show all that would be done, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")
    _show(parser)


def _confirm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--confirm", metavar="NAME", help="the index's name, where one that is not hidden is dropped")
    _ask(parser)


def _build(parser: argparse.ArgumentParser) -> None:
    words = "votingMembers (default), majority or a number"
    parser.add_argument("--commit-quorum", metavar="QUORUM", help=words)
    _ask(parser)


def _create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="the index's name")
    parser.add_argument("--unique", action="store_true", help="refuse values that are there already")
    parser.add_argument("--sparse", action="store_true", help="leave documents without the field out")
    parser.add_argument("--partial", metavar="JSON", help="index only documents that match this filter")
    parser.add_argument("--collation", metavar="JSON", help="how strings compare, such as {locale: 'en'}")
    parser.add_argument("--expire-after", type=float, metavar="SECONDS", help="delete documents by their age")
    _build(parser)


def _apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this recommendation only")
    parser.add_argument(
        "--superseded",
        choices=("ask", "leave", "hide", "drop"),
        default="ask",
        help="what becomes of indexes that the new ones replace (default: offer to hide them)",
    )
    _build(parser)


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", type=int, choices=(0, 1, 2), default=1, help="profiling level (default: 1)")
    parser.add_argument("--slowms", type=int, metavar="MS", help="what is slow, on the whole mongod")
    parser.add_argument("--sample-rate", type=float, metavar="SHARE", help="share of slow operations kept, 0 to 1")
    parser.add_argument("--filter", metavar="JSON", help="which operations, instead of --slowms and --sample-rate")
    parser.add_argument("--seconds", type=float, default=60.0, help="then the old settings are restored (default: 60)")
    _ask(parser)


_RUNNING = f"{__package__}.running"
INDEX = Actions("index")
INDEX.add("create", "TARGET DB.COLLECTION KEYS", "create an index on a collection", _RUNNING, _create)
INDEX.add("apply", "FILE TARGET", "create what a saved analysis recommends", _RUNNING, _apply)
INDEX.add("hide", "TARGET DB.COLLECTION NAME", "hide an index from all queries; it is kept up to date", _RUNNING, _ask)
INDEX.add("unhide", "TARGET DB.COLLECTION NAME", "let queries use it again", _RUNNING, _ask)
INDEX.add("drop", "TARGET DB.COLLECTION NAME", "drop an index", _RUNNING, _confirm)
INDEX.add("abort", "TARGET DB.COLLECTION NAME", "end the build of an index", _RUNNING, _ask)
INDEX.add("undo", "TARGET [ENTRY]", "take the last action back, or one of the journal", _RUNNING, _ask)
INDEX.add("list", "TARGET [DB | DB.COLLECTION]", "list indexes with their sizes and uses", _RUNNING, _show)
INDEX.add("journal", "[TARGET]", "say what was done, and what became of it", _RUNNING, _show)
INDEX.add("profile", "TARGET DB", "profile for a time, then put the old settings back", _RUNNING, _profile)
