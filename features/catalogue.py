"""The catalogue: references such as ``buying:spend_90d`` to the features that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from features.declare.aggregate import Aggregate
from features.declare.expression import Expression
from features.declare.log import Log
from features.declare.request import Request
from features.declare.view import FeatureView, Field
from features.errors import FeatureError
from features.leakage import refuse_attribute


@dataclass(frozen=True)
class Feature:
    """What is known of a feature before any value.

    Attributes
    ----------
    ref : str
        ``view:feature``.
    flat : str
        ``view__feature``, its column name.
    dtype : {'float', 'category'}
    unit, title : str
        The title says the window in words.
    family : str
        The view's name.
    protected : bool
        Whether reasons must not show it.
    null : str
        What it is without rows.
    grows : bool
        Whether it rises with the calendar, as the time since a first event does.
    """

    ref: str
    flat: str
    dtype: str
    unit: str
    title: str
    family: str
    protected: bool
    null: str
    grows: bool


def flat(ref: str) -> str:
    """The column name of a reference.

    Examples
    --------
    >>> flat("buying:spend_90d")
    'buying__spend_90d'
    """
    return ref.replace(":", "__")


def references(refs: Iterable[str]) -> tuple[str, ...]:
    """`refs` themselves.

    Raises
    ------
    FeatureError
        If they are one bare text, or one of them is no text.
    """
    if isinstance(refs, str):
        raise FeatureError(f"the references are the text {refs!r}; a list of them is expected; write [{refs!r}]")
    if not isinstance(refs, Iterable):
        raise FeatureError(f"the references are {refs!r}; a list of texts is expected; write ['buying:spend_90d']")
    given = tuple(refs)
    for ref in given:
        if not isinstance(ref, str):
            raise FeatureError(
                f"the reference {ref!r} is no text; view:feature or view:* is expected; write 'buying:spend_90d'"
            )
    return given


class Catalogue:
    """All views, and how references become aggregates and aggregates columns.

    Parameters
    ----------
    views : mapping of str to FeatureView

    Raises
    ------
    FeatureError
        If two features of different views have one column name.
    """

    def __init__(self, views: Mapping[str, FeatureView]) -> None:
        self.views = dict(views)
        self._refuse_clashes()

    def _refuse_clashes(self) -> None:
        columns: dict[str, str] = {}
        for ref in (f"{view.name}:{name}" for view in self.views.values() for name in view.fields):
            other = columns.setdefault(flat(ref), ref)
            if other != ref:
                raise FeatureError(
                    f"the features {other!r} and {ref!r} are both the column {flat(ref)!r}; a column for each is "
                    "expected; rename one of the views"
                )

    def expand(self, refs: Iterable[str]) -> list[str]:
        """References with ``view:*`` written out, each once, in order.

        Raises
        ------
        FeatureError
            If a view or feature is unknown; the sentence lists the known ones.
        LeakageError
            If an attribute is known only after the outcome.
        """
        found: dict[str, None] = {}
        for ref in references(refs):
            view = self.view(ref)
            if ref.endswith(":*"):
                found |= dict.fromkeys(f"{view.name}:{name}" for name in view.fields)
            else:
                self.field(ref)
                found[ref] = None
        return list(found)

    def view(self, ref: str) -> FeatureView:
        """The view of a reference; raises like `expand`."""
        name = ref.partition(":")[0]
        if name not in self.views:
            raise FeatureError(
                f"the view of {ref!r} is unknown; a reference view:feature with one of the views "
                f"{', '.join(sorted(self.views))} is expected; correct it"
            )
        return self.views[name]

    def field(self, ref: str) -> Field:
        """The declaration of a reference; raises like `expand`."""
        view, name = self.view(ref), ref.partition(":")[2]
        if name in view.refused:
            refuse_attribute(view.entity.name, name)
        if name not in view.fields:
            raise FeatureError(
                f"the view {view.name!r} has no feature {name!r}; one of "
                f"{', '.join(sorted(view.fields)) or '(none yet)'} is expected; correct the name"
            )
        return view.fields[name]

    def feature(self, ref: str, unit: str | None = None) -> Feature:
        """What is known of a reference."""
        item = self.field(ref)
        return Feature(
            ref,
            flat(ref),
            "category" if item.is_category else "float",
            item.unit if unit is None else unit,
            item.title,
            ref.partition(":")[0],
            item.protected,
            item.null,
            isinstance(item.definition, Aggregate) and item.definition.grows,
        )

    def closure(self, refs: Iterable[str]) -> dict[str, Field]:
        """Some references and all that their formulas use, each after what it uses."""
        found: dict[str, Field] = {}
        for ref in refs:
            self._close(ref, found)
        return found

    def _close(self, ref: str, found: dict[str, Field]) -> None:
        if ref not in found:
            item = self.field(ref)
            if isinstance(item.definition, Expression):
                for name in item.definition.names:
                    self._close(f"{ref.partition(':')[0]}:{name}", found)
            found[ref] = item

    def aggregates(self, refs: Iterable[str]) -> list[Aggregate]:
        """Every aggregate that some references need, each once."""
        found = [item.definition for item in self.closure(refs).values()]
        return list(dict.fromkeys(item for item in found if isinstance(item, Aggregate)))

    def inputs(self, refs: Iterable[str]) -> list[str]:
        """The names of the numbers that some references ask for with the question, each once."""
        found = [item.definition for item in self.closure(refs).values()]
        return list(dict.fromkeys(item.name for item in found if isinstance(item, Request)))

    def logs(self, refs: Iterable[str]) -> list[Log]:
        """The logs that some references read, each once."""
        return list(dict.fromkeys(item.log for item in self.aggregates(refs)))
