"""The shop's export: order and line rows with both clocks, corrections, cancellations and returns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm.synthetic.catalogue import Catalogue
from crm.synthetic.shop import Shop
from crm.synthetic.signals import CATEGORIES, CHANNELS
from crm.synthetic.tables import NEVER, amounts, chosen, keys, moments, places, table
from crm.synthetic.world import DAY, Ints, World

OPS = ("assert", "correct", "retract")


def tables(world: World, catalogue: Catalogue, shop: Shop) -> dict[str, Any]:
    """The files ``orders``, ``order_lines``, ``returns`` and ``return_lines``, sorted by when each row was known.

    A row of `orders` or `order_lines` is one version: ``op`` says whether it states, corrects or takes back.
    Orders in the shop and by phone are known on the next morning; mistyped pieces are mended days later.
    """
    random = world.random("receipts")
    known = _known(shop, random)
    mended = known[shop.order] + random.integers(2 * DAY, 20 * DAY, len(shop.order))
    mended = np.where(shop.mistyped, mended, NEVER)
    mended = np.where(mended < np.minimum(shop.cancelled_at[shop.order], shop.returned_at), mended, NEVER)
    right = shop.pieces * shop.price
    total = np.bincount(shop.order, weights=right, minlength=len(shop.at)).astype(np.int64)
    wrong = np.where(mended < NEVER, 9 * right, 0)
    excess = np.bincount(shop.order, weights=wrong, minlength=len(shop.at)).astype(np.int64)
    order_mended = np.full(len(shop.at), NEVER)
    np.minimum.at(order_mended, shop.order, mended)
    return {
        "orders": _orders(world, shop, known, total, excess, order_mended),
        "order_lines": _lines(world, catalogue, shop, known, order_mended, mended < NEVER),
        **_returns(world, catalogue, shop, random),
    }


def _known(shop: Shop, random: np.random.Generator) -> Ints:
    """When each order was known: at once online, at two in the next morning from the shop and the phone."""
    night = (shop.at // DAY + 1) * DAY + 2 * 3600
    return np.where(shop.channel >= CHANNELS.index("shop"), night, shop.at + random.integers(0, 120, len(shop.at)))


def _versions(world: World, known: Ints, mended: Ints, cancelled: Ints) -> tuple[Ints, Ints, Ints]:
    """Row, op and known moment of each version that the export could know."""
    cancelled = np.where(cancelled < NEVER, np.maximum(cancelled, known + 60), NEVER)
    at = np.stack([known, mended, cancelled])
    op, row = places(at < world.stop)
    seen = known[row] < world.stop
    return row[seen], op[seen], at[op, row][seen]


def _orders(world: World, shop: Shop, known: Ints, total: Ints, excess: Ints, mended: Ints) -> Any:
    row, op, at = _versions(world, known, mended, shop.cancelled_at)
    return table(
        {
            "order_no": keys("O", row, 7),
            "op": chosen(OPS, op),
            "customer_no": keys("K", shop.customer[row]),
            "channel": chosen(CHANNELS, shop.channel[row]),
            "amount": amounts(total[row] + np.where(op == 0, excess[row], 0)),
            "ordered_at": moments(shop.at[row]),
            "known_at": moments(at),
        },
        order=at,
    )


def _lines(world: World, catalogue: Catalogue, shop: Shop, known: Ints, mended: Ints, wrong: Any) -> Any:
    row, op, at = _versions(
        world,
        known[shop.order],
        np.where(wrong, mended[shop.order], NEVER),
        shop.cancelled_at[shop.order],
    )
    order, product = shop.order[row], shop.product[row]
    pieces = shop.pieces[row] * np.where(wrong[row] & (op == 0), 10, 1)
    return table(
        {
            "line_no": _line_keys(order, shop.number[row]),
            "op": chosen(OPS, op),
            "order_no": keys("O", order, 7),
            "number": shop.number[row],
            "customer_no": keys("K", shop.customer[order]),
            "product_no": keys("P", product, 4),
            "category": chosen(CATEGORIES, catalogue.category[product]),
            "quantity": pieces,
            "unit_price": amounts(shop.price[row]),
            "amount": amounts(pieces * shop.price[row]),
            "ordered_at": moments(shop.at[order]),
            "known_at": moments(at),
        },
        order=at,
    )


def _returns(world: World, catalogue: Catalogue, shop: Shop, random: np.random.Generator) -> dict[str, Any]:
    """One return for each line that came back; the warehouse records it one to four days later."""
    back = np.flatnonzero((shop.returned_at < NEVER) & (shop.cancelled_at[shop.order] == NEVER))
    occurred = shop.returned_at[back]
    known = occurred + random.integers(DAY, 4 * DAY, len(back))
    back, occurred, known = (item[known < world.stop] for item in (back, occurred, known))
    order, product = shop.order[back], shop.product[back]
    number = keys("R", np.arange(len(back)), 6)
    shared = {
        "return_no": number,
        "customer_no": keys("K", shop.customer[order]),
        "amount": amounts(-shop.pieces[back] * shop.price[back]),
        "returned_at": moments(occurred),
        "known_at": moments(known),
    }
    lines = {
        "line_no": _line_keys(order, shop.number[back]),
        "product_no": keys("P", product, 4),
        "category": chosen(CATEGORIES, catalogue.category[product]),
        "quantity": -shop.pieces[back],
        "unit_price": amounts(shop.price[back]),
    }
    heads = {**shared, "channel": chosen(CHANNELS, shop.channel[order])}
    return {"returns": table(heads, order=known), "return_lines": table({**shared, **lines}, order=known)}


def _line_keys(order: Ints, number: Ints) -> Any:
    return pc.binary_join_element_wise(keys("O", order, 7), pc.cast(pa.array(number), pa.string()), "-")
