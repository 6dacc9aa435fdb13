"""The `rapport` command: finds a command's module by name and hands it over to `rapport.call`.

A command is one file in `rapport/commands/`; its docstring's first line is its help. Modules are loaded
only when called, so that `rapport --help` answers at once.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

COMMANDS = Path(__file__).parent / "commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 only when it did what it says.

    Examples
    --------
    >>> main(["--version"])
    rapport 0.1.0
    0
    """
    words = command_first(sys.argv[1:] if argv is None else argv)
    names = summaries()
    if words in (["--version"], ["-V"]):
        print(f"rapport {version('rapport')}")
        return 0
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview(names))
        return 0
    if words[0] not in names:
        sentence = f"the command {words[0]!r} is unknown; one of {', '.join(names)} is expected; see rapport --help"
        print(f"rapport: {sentence}", file=sys.stderr)
        return 2
    try:
        code: int = importlib.import_module("rapport.call").call(words[0], words[1:])
    except KeyboardInterrupt:  # while libraries were still loading; afterwards the call itself says so
        print("rapport: stopped by hand; nothing was begun; run the command again", file=sys.stderr)
        return 130
    return code


def command_first(words: Sequence[str]) -> list[str]:
    """The words with ``--home DIR`` and ``--json`` behind the command, where they stood before it.

    Examples
    --------
    >>> command_first(["--home", "shop", "--json", "segment", "list"])
    ['segment', 'list', '--home', 'shop', '--json']
    """
    rest, before = list(words), []
    while rest and (rest[0] in ("--home", "--json") or rest[0].startswith("--home=")):
        count = 2 if rest[0] == "--home" else 1
        before += rest[:count]
        del rest[:count]
    return rest + before


def summaries() -> dict[str, str]:
    """Every command's name and the first line of its module's docstring, without importing any."""
    found = {}
    for path in sorted(COMMANDS.glob("[a-z]*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem.rstrip("_")] = docstring.partition("\n")[0]
    return found


def overview(names: dict[str, str]) -> str:
    """The text of `rapport --help`."""
    width = max(map(len, names)) + 2
    lines = [f"  {name:<{width}}{summary}" for name, summary in names.items()]
    return "\n".join(
        [
            "Usage: rapport COMMAND [--home DIR] [--json] …",
            "",
            "From CRM records to scored customers, with reasons. Begin with: rapport demo",
            "",
            *lines,
            "",
            "rapport COMMAND --help tells more. The workspace is --home, RAPPORT_HOME, or ./var.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
