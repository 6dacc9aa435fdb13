"""Formulas over the answers of one row: a small stack machine, so that every home computes the same bits."""

from __future__ import annotations

import math

import numpy as np

from features.kernel import codes
from features.kernel.compiled import compiled
from features.kernel.program import CONSTANTS, FORMULAS, TOKENS, Floats, Ints

DEPTH = 32  # most values that a formula may hold at once


@compiled
def one(operation: int, value: float) -> float:
    """A function of one value; outside its domain the answer is NaN."""
    if operation == codes.NEGATE:
        return -value
    if operation == codes.ABS:
        return abs(value)
    if operation == codes.SQRT:
        return math.sqrt(value) if value >= 0 else np.nan
    if operation == codes.LOG:
        return math.log(value) if value > 0 else np.nan
    if operation == codes.LOG1P:
        return math.log1p(value) if value > -1 else np.nan
    if operation == codes.EXP:
        return math.exp(value)
    if operation == codes.EXPM1:
        return math.expm1(value)
    if operation == codes.FLOOR:
        return float(np.floor(value))
    if operation == codes.CEIL:
        return float(np.ceil(value))
    if operation == codes.SIGN:
        return float(np.sign(value))
    return 1.0 if value != value else 0.0  # ISNAN


@compiled
def two(operation: int, left: float, right: float) -> float:
    """A function of two values; minimum and maximum pass a null on, fmin and fmax pass over it."""
    if operation == codes.ADD:
        return left + right
    if operation == codes.SUBTRACT:
        return left - right
    if operation == codes.MULTIPLY:
        return left * right
    if operation == codes.DIVIDE:
        return left / right if right != 0 else np.nan
    if operation == codes.POWER:
        return float(np.power(left, right))
    if operation == codes.MINIMUM or operation == codes.MAXIMUM:
        if left != left or right != right:
            return np.nan
        return min(left, right) if operation == codes.MINIMUM else max(left, right)
    if operation == codes.FMIN or operation == codes.FMAX:
        if left != left:
            return right
        if right != right:
            return left
        return min(left, right) if operation == codes.FMIN else max(left, right)
    return 1.0 if compare(operation, left, right) else 0.0


@compiled
def compare(operation: int, left: float, right: float) -> bool:
    """A comparison; with a null only ``!=`` holds."""
    if operation == codes.BELOW:
        return left < right
    if operation == codes.UP_TO:
        return left <= right
    if operation == codes.ABOVE:
        return left > right
    if operation == codes.FROM:
        return left >= right
    return (left == right) == (operation == codes.EQUAL)


@compiled
def run_formulas(code: Ints, constants: Floats, out: Floats, place: int) -> None:
    """Fill the slots of every formula at `place`; infinite answers are null."""
    if code[FORMULAS + 1] == 0:
        return
    stack = np.empty(DEPTH)
    for number in range(code[FORMULAS + 1]):
        formula, top = code[FORMULAS] + 3 * number, 0
        for token in range(code[formula + 1], code[formula + 2]):
            operation, operand = code[code[TOKENS] + 2 * token], code[code[TOKENS] + 2 * token + 1]
            if operation == codes.LOAD:
                stack[top] = out[operand, place]
                top += 1
            elif operation == codes.CONSTANT:
                stack[top] = constants[code[CONSTANTS] + operand]
                top += 1
            elif operation < codes.ADD:
                stack[top - 1] = one(operation, stack[top - 1])
            elif operation < codes.WHERE:
                top -= 1
                stack[top - 1] = two(operation, stack[top - 1], stack[top])
            else:
                top -= 2
                stack[top - 1] = stack[top] if stack[top - 1] != 0 else stack[top + 1]
        value = stack[0]
        out[code[formula], place] = value if abs(value) < np.inf else np.nan
