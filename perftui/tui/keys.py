"""The one registry of what a key does: help, key line, palette and rebinding are all made from it."""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.tui.pages import PAGES

Context = Literal["app", "table", "main", "details", "plan", "advice", "timeline", "settings"]


class Command(Struct, frozen=True):
    """Something the user can do. A screen or the app runs it as `action_<name>`."""

    name: str
    keys: str
    """Default keys, comma separated, in Textual's names."""
    help: str
    label: str = ""
    """Short text for the key line; empty: not shown there."""
    context: Context = "app"
    changes_server: bool = False
    """Taken away in read-only mode."""


COMMANDS: tuple[Command, ...] = (
    Command("help", "question_mark,f1", "Help: every key of this screen", "Help"),
    Command("filter", "slash,f3,f4,backslash", "Filter: text, field:value, ! inverts", "Filter", "table"),
    Command("sort_next", "f6,greater_than_sign", "Sort by the next column", "Sort", "table"),
    Command("sort_previous", "less_than_sign", "Sort by the column before", "", "table"),
    Command("reverse", "I", "Reverse the order", "", "table"),
    Command("open", "enter", "Open the row under the cursor", "Open", "table"),
    Command("down", "down,j", "Next row", "", "table"),
    Command("up", "up,k", "Row before", "", "table"),
    Command("page_down", "pagedown", "Next screenful", "", "table"),
    Command("page_up", "pageup", "Screenful before", "", "table"),
    Command("first", "home,g", "First row", "", "table"),
    Command("last", "end,G", "Last row", "", "table"),
    Command("tag", "space", "Tag the row, or take the tag off", "", "table"),
    Command("untag", "U", "Take all tags off", "", "table"),
    Command("full_text", "w", "Show the row's full text", "Text", "table"),
    Command("copy", "y", "Copy the row's full text (OSC 52)", "", "table"),
    Command("export", "E", "Write the table to CSV and JSON files", "", "table"),
    Command("details", "d", "Details of the row, where Enter leads elsewhere", "Details", "main"),
    Command("origin", "o", "From a query to its endpoint; from an endpoint to its queries", "Origin", "main"),
    Command("explain", "e", "Explain the query: its plan, without running it", "Explain", "main"),
    Command("advise", "a", "Advice: the index that would help, and why", "Advice", "main"),
    Command("create", "A", "Create the advised index, asks first", "Create", "main", changes_server=True),
    Command("hide", "H", "Hide the index from the planner, or show it again, asks first", "Hide", "main", True),
    Command("drop", "D", "Drop the index, or abort its build, asks first", "Drop", "main", changes_server=True),
    Command("profiling", "P", "Profiling level, asks first", "Profiling", "main", changes_server=True),
    Command("kill", "K,f9", "Kill the operation, the whole group, or the session, asks first", "Kill", "main", True),
    Command("group", "b", "Group operations by shape, client, application, or not", "Group", "main"),
    Command("clear", "R", "Clear metrics, asks first", "Clear", "main", changes_server=True),
    Command("pause", "p", "Pause and go on", "Pause"),
    Command("back_in_time", "left_square_bracket", "One frame back in time", "Past"),
    Command("forward_in_time", "right_square_bracket", "One frame forward in time"),
    Command("refresh", "r", "Read all sources now"),
    Command("slower", "plus,equals_sign", "Longer interval"),
    Command("faster", "minus", "Shorter interval"),
    Command("window", "W", "Window of the digests: 1, 5, 15, 60 minutes"),
    Command("utc", "t", "Times in UTC or local"),
    Command("noise", "i", "Show idle and internal operations"),
    Command("next_member", "m", "Next member of the replica set, or next target of this kind", "", "main"),
    Command("verdict", "v", "Go to the evidence of the verdict", "Evidence", "main"),
    Command("verdict_whole", "V", "The whole verdict: what follows, what else, what was looked at", "Verdict", "main"),
    Command("timeline", "T", "All sources on one time axis", "Timeline", "main"),
    Command("next_pane", "tab", "Next table of this tab", "", "main"),
    Command("previous_pane", "shift+tab", "Table before", "", "main"),
    Command("zoom", "z", "Give the table the whole screen, and back", "", "main"),
    Command("next_page", "right,l", "Next tab", "", "main"),
    Command("previous_page", "left,h", "Tab before", "", "main"),
    Command("undo", "u", "Undo the last change of an index or of profiling, asks first", "Undo", changes_server=True),
    Command("report_card", "Y", "Copy a report card, redacted; again at once: with values and hosts", "Card"),
    Command("bundle", "B", "Write the last minutes, redacted, for colleagues to replay", "Bundle"),
    Command("settings", "S,f2", "Settings and theme", "Setup"),
    Command("palette", "colon", "Command palette (also ctrl+p)", "Palette"),
    Command("back", "q,escape,f10", "Back; at the root q and F10 quit", "Quit"),
    Command("quit", "ctrl+c", "Quit at once"),
    Command("next_value", "right,l", "Next value", "", "settings"),
    Command("previous_value", "left,h", "Value before", "", "settings"),
    Command("save_settings", "s", "Save to the settings file", "", "settings"),
    Command("scroll_down", "down,j", "Next line", "", "details"),
    Command("scroll_up", "up,k", "Line before", "", "details"),
    Command("scroll_page_down", "pagedown,space", "Next screenful", "", "details"),
    Command("scroll_page_up", "pageup", "Screenful before", "", "details"),
    Command("scroll_first", "home,g", "First line", "", "details"),
    Command("scroll_last", "end,G", "Last line", "", "details"),
    Command("search", "slash,f3", "Search in this page", "Search", "details"),
    Command("next_match", "n", "Next match", "Next", "details"),
    Command("previous_match", "N", "Match before", "", "details"),
    Command("fold", "w", "Fold long lines, or cut them at the edge", "Fold", "details"),
    Command("copy_text", "y", "Copy the whole text (OSC 52)", "Copy", "details"),
    Command("origin_this", "o", "From a query to its endpoint; from an endpoint to its queries", "Origin", "details"),
    Command("explain_this", "e", "Explain this query: its plan, without running it", "Explain", "details"),
    Command("advise_this", "a", "Advice: the index that would help, and why", "Advice", "details"),
    Command("create_this", "A", "Create the advised index, asks first", "Create", "details", changes_server=True),
    Command("hide_this", "H", "Hide this index, or show it again, asks first", "Hide", "details", changes_server=True),
    Command("drop_this", "D", "Drop this index, or abort its build, asks first", "Drop", "details", True),
    Command("kill_this", "K,f9", "Kill this operation or session, asks first", "Kill", "details", changes_server=True),
    Command("plan_other", "tab", "The next of the plans that the server rejected", "Rejected", "plan"),
    Command("plan_execute", "x", "Run the read part for real figures, asks first", "Run it", "plan"),
    Command("plan_raw", "v", "What the server said, as JSON, and back", "JSON", "plan"),
    Command("plan_again", "r", "Ask for the plan again", "", "plan"),
    Command("item_down", "down,j", "Next piece of advice", "", "advice"),
    Command("item_up", "up,k", "Piece of advice before", "", "advice"),
    Command("item_first", "home,g", "First piece of advice", "", "advice"),
    Command("item_last", "end,G", "Last piece of advice", "", "advice"),
    Command("item_tag", "space", "Tag the index, or take the tag off", "Tag", "advice"),
    Command("item_untag", "U", "Take all tags off", "", "advice"),
    Command("create_tagged", "A", "Create the tagged indexes, else this one, asks first", "Create", "advice", True),
    Command("dry_run", "d", "Dry run: check, and say what would be done", "Dry run", "advice"),
    Command("rehearse", "h", "Rehearse on a sample of the data, asks first", "Rehearse", "advice"),
    Command("copy_command", "y", "Copy the command (OSC 52)", "Copy", "advice"),
    Command("export_advice", "E", "Write the analysis as JSON to a file", "Export", "advice"),
    Command("advise_again", "r", "Ask for advice again", "", "advice"),
    Command("cursor_left", "left,h", "A column earlier", "Earlier", "timeline"),
    Command("cursor_right", "right,l", "A column later", "Later", "timeline"),
    Command("cursor_far_left", "pageup,H", "A tenth of the window earlier", "", "timeline"),
    Command("cursor_far_right", "pagedown,L", "A tenth of the window later", "", "timeline"),
    Command("cursor_first", "home,g", "The start of the window", "", "timeline"),
    Command("cursor_now", "end,G", "Now: the cursor follows the newest", "Now", "timeline"),
    Command("rows_down", "down,j", "Next rows", "", "timeline"),
    Command("rows_up", "up,k", "Rows before", "", "timeline"),
    Command("next_event", "n", "The next event", "Next event", "timeline"),
    Command("previous_event", "N", "The event before", "", "timeline"),
    Command("zoom_in", "plus,equals_sign", "A shorter window", "Closer", "timeline"),
    Command("zoom_out", "minus", "A longer window", "Wider", "timeline"),
    *(Command(f"page_{page.key}", page.key, f"Tab {page.title}", "", "main") for page in PAGES),
)

_SHOWN = {
    "question_mark": "?", "slash": "/", "backslash": "\\", "greater_than_sign": ">", "less_than_sign": "<",
    "left_square_bracket": "[", "right_square_bracket": "]", "plus": "+", "equals_sign": "=", "minus": "-",
    "colon": ":", "space": "Space", "enter": "Enter", "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp",
    "home": "Home", "end": "End", "tab": "Tab", "shift+tab": "S-Tab", "up": "Up", "down": "Down", "left": "Left",
    "right": "Right", "comma": ",", "full_stop": ".", "exclamation_mark": "!", "number_sign": "#", "asterisk": "*",
    "semicolon": ";", "at": "@", "ampersand": "&", "percent_sign": "%", "dollar_sign": "$", "tilde": "~",
    "underscore": "_", "apostrophe": "'", "quotation_mark": '"', "grave_accent": "`", "vertical_line": "|",
    "circumflex_accent": "^", "left_parenthesis": "(", "right_parenthesis": ")", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "backspace": "Backspace", "delete": "Del", "insert": "Ins",
}  # fmt: skip
_NAMED = {shown.lower(): name for name, shown in _SHOWN.items()}


def show_key(key: str) -> str:
    """A key as people write it: `F6`, `Ctrl-C`, `?`."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return "Ctrl-" + show_key(key[5:]).upper()
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key


def parse_key(text: str) -> str | None:
    """Textual's name of a key written as `?`, `F6`, `ctrl+k`, `question_mark` or `K`; `None`: there is no such key."""
    key = text.strip()
    if len(key) == 1:
        return key if key.isalnum() else _NAMED.get(key)
    lowered = key.lower().replace("ctrl-", "ctrl+").replace("shift-", "shift+").replace("s-tab", "shift+tab")
    if lowered in _SHOWN:
        return lowered
    if lowered in _NAMED:
        return _NAMED[lowered]
    if lowered.startswith("f") and lowered[1:].isdigit() and 1 <= int(lowered[1:]) <= 24:
        return lowered
    if lowered.startswith("ctrl+") and len(lowered) == 6 and lowered[5].isalpha():
        return lowered
    return None


class KeymapError(UserError):
    """A mistake in the user's own keys; `name` is the action it stands at."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Keymap:
    """Which command a key runs in a context, with the user's own keys in place."""

    def __init__(self, commands: Iterable[Command], chosen: Mapping[str, str] | None = None) -> None:
        self.commands = {command.name: command for command in commands}
        self.keys = {name: tuple(command.keys.split(",")) for name, command in self.commands.items()}
        self._chosen = dict(chosen or {})
        for name, text in self._chosen.items():
            self.keys[self._known(name)] = tuple(_checked(name, key) for key in text.split(","))
        self._by_key: dict[tuple[Context, str], str] = {}
        for name, keys in self.keys.items():
            for key in keys:
                self._claim(self.commands[name], key)

    def find(self, key: str, contexts: Iterable[Context]) -> Command | None:
        """The command of a key; earlier contexts win."""
        for context in contexts:
            name = self._by_key.get((context, key))
            if name is not None:
                return self.commands[name]
        return None

    def of(self, contexts: Iterable[Context]) -> list[Command]:
        """The commands of some contexts, in the registry's order."""
        wanted = set(contexts)
        return [command for command in self.commands.values() if command.context in wanted]

    def shown(self, name: str, limit: int = 9) -> str:
        """The keys of a command for people: `K F9`."""
        return " ".join(show_key(key) for key in self.keys[name][:limit])

    def _known(self, name: str) -> str:
        if name not in self.commands:
            raise KeymapError(name, f"[keys] has no action '{name}'{_nearest(name, self.commands)}")
        return name

    def _claim(self, command: Command, key: str) -> None:
        place = (command.context, key)
        other = self._by_key.get(place)
        if other is not None:
            raise KeymapError(
                command.name if command.name in self._chosen else other,
                f"[keys] gives '{show_key(key)}' to both '{other}' and '{command.name}'; change one of them.",
            )
        self._by_key[place] = command.name


def keymap_of(settings: Settings) -> Keymap:
    """The keys in force. Raises `UserError` with the file and the line of what is wrong."""
    try:
        return Keymap(COMMANDS, settings.keys)
    except KeymapError as error:
        from perftui.config.lines import place_of

        place = place_of(settings.config_file, "keys", error.name, settings.keys[error.name])
        raise UserError(f"{place}: {error}") from None


def _checked(name: str, key: str) -> str:
    parsed = parse_key(key)
    if parsed is None:
        raise KeymapError(
            name, f"[keys] {name}: there is no key '{key.strip()}'; write it like K, F9, ctrl+k, space or ?."
        )
    return parsed


def _nearest(name: str, names: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean '{close[0]}'?" if close else "; `?` in the monitor lists them all."
