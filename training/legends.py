"""How to read each picture of a model card, for somebody who draws none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

WORDS: Mapping[str, str] = {
    "roc": "How many of the outcomes a list finds, for every share of the others that gets onto it. The further to the "
    "upper left, the better; along the dotted line is guessing.",
    "precision_recall": "How much of a list is right, by how many of the outcomes it finds. The higher, the better.",
    "gain": "How many of the outcomes are found when the highest scores are listed first, by the length of the list.",
    "lift": "How many times more outcomes a list holds than one of the same length that is drawn at random.",
    "profit": "What acting on the highest scores brings, less what it costs, by how many are acted on. It pays to stop "
    "at the top of the curve; the dashed line is where the threshold stops.",
    "reliability": "Whether probabilities can be taken at their word: of those given 30 %, does it happen to 30 %? "
    "Points on the dotted line keep the promise.",
    "stability": "Whether it ranks as well at one time as at another. A level line is good; one that falls, "
    "that it ages.",
    "influence": "By how much each thing it looks at moves an answer on average, up or down.",
    "families": "The same for all features of one kind together.",
    "segments": "How many of the customers are in each segment.",
    "later_spend": "What the customers of each segment spent afterwards, on average.",
    "profiles": "In what each segment differs from all customers: blue above their mean, red below it, the darker "
    "the more.",
    "migration": "Where the customers of the earlier segments are now. Most should have stayed where they were.",
    "ndcg_10": "How well the first ten items of its lists meet what was bought afterwards, beside simpler ways.",
    "ndcg_10_new": "The same where only items count that a customer had not bought before.",
}


def shown(drawn: Collection[str], *stems: str) -> list[str]:
    """The lines of a card that show some pictures, of those that were drawn.

    Parameters
    ----------
    drawn : collection of str
        File names.
    stems : str
        Names of pictures, in order; those that were not drawn are left out.

    Examples
    --------
    >>> shown({"families.svg", "families.png"}, "roc", "families")[1]
    '![The same for all features of one kind together.](pictures/families.svg)'
    >>> shown({}, "roc")
    []
    """
    lines: Sequence[str] = [f"![{WORDS[stem]}](pictures/{stem}.svg)" for stem in stems if f"{stem}.svg" in drawn]
    return ["", *lines] if lines else []
