"""Erase one customer for good: rapport erase CUSTOMER [--yes].

Takes the person out of records (rows are removed, or cut loose and emptied, in every version), history, online
store, training sets, scores, prediction log, exports and reports kept in the workspace. There is no way back. Models
stay: they hold no rows. A run that was cut short is finished by the next one.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from configs import RapportError
from pipelines.erase import erase
from pipelines.workspace import Workspace
from rapport.answer import Answer


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("customer", metavar="CUSTOMER", help="customer number, present or former")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Ask, erase, and answer with the receipt."""
    if not arguments.yes:
        _confirm(arguments.customer)
    receipt = erase(workspace, arguments.customer)
    return Answer(receipt.to_json(), receipt.lines())


def _confirm(number: str) -> None:
    if not sys.stdin.isatty():
        raise RapportError(
            f"erasing the customer {number!r} cannot be undone; a confirmation is expected; say --yes, or ask in a "
            "terminal"
        )
    print(f"Erasing customer {number} cannot be undone. Type the number again to go on: ", end="", file=sys.stderr)
    sys.stderr.flush()
    typed = sys.stdin.readline().strip()
    if typed != number:
        raise RapportError(
            f"{typed!r} was typed instead of {number!r}; the same number is expected; nothing was erased"
        )
