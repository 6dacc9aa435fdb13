"""A person's decision that a version answers from now on."""

from __future__ import annotations

from configs import RapportError
from pipelines.workspace import Workspace
from registry import ModelVersion


class PromotionError(RapportError):
    """There is nothing that could be promoted."""


def promote(
    workspace: Workspace, model: str, version: str | None = None, *, reason: str
) -> tuple[ModelVersion, str | None]:
    """Make a version the champion.

    Parameters
    ----------
    model : str
    version : str, optional
        Default: the challenger.
    reason : str
        Kept with the decision.

    Returns
    -------
    tuple of ModelVersion and (str or None)
        The champion now, and the version that it replaced.

    Raises
    ------
    RapportError
        If the model or version does not exist, has grade D, or there is no challenger.
    """
    if version is None:
        challenger = workspace.registry.alias(model, "challenger")
        if challenger is None:
            held = ", ".join(item.version for item in workspace.registry.versions(model)) or "none"
            raise PromotionError(
                f"{model!r} has no challenger; a version newer than the champion is expected (versions: {held}); "
                f"train one with rapport train {model}, or name a version: rapport promote {model} VERSION"
            )
        version = challenger.version
    before = workspace.registry.alias(model, "champion")
    champion = workspace.registry.promote(model, version, actor=workspace.settings.actor, reason=reason)
    workspace.records.audit("promote", model, {"version": champion.version, "reason": reason})
    return champion, before.version if before else None
