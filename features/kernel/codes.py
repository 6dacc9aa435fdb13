"""The numbers by which the kernel's program speaks: kinds of value, families of step, operations."""

from __future__ import annotations

NULL = -(2**63)  # a missing whole number, moment or code; a missing float is NaN
FOREVER = 2**63 - 1
TILE = 86_400_000_000  # floats are added in time order inside these calendar tiles, then tile by tile

WHOLE, FLOAT = 0, 1

TALLY, DISTINCT, SINGLE = 0, 1, 2  # families of steps

COUNT, SUM, MEAN, MIN, MAX = 0, 1, 2, 3, 4  # of the family TALLY
NUNIQUE, MODE = 10, 11  # of the family DISTINCT
LATEST, LAG, FIRST, SINCE_LAST, SINCE_FIRST, GAP, STD, SLOPE, SHARE, AGE = 20, 21, 22, 23, 24, 25, 26, 27, 28, 29

IN, NOT_IN, LESS, AT_MOST, MORE, AT_LEAST, IS_NULL, NOT_NULL = 0, 1, 2, 3, 4, 5, 6, 7  # atoms of a filter

# tokens of a formula: values, functions of one value, of two, of three
LOAD, CONSTANT = 0, 1
NEGATE, ABS, SQRT, LOG, LOG1P, EXP, EXPM1, FLOOR, CEIL, SIGN, ISNAN = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MINIMUM, MAXIMUM, FMIN, FMAX = 20, 21, 22, 23, 24, 25, 26, 27, 28
BELOW, UP_TO, ABOVE, FROM, EQUAL, UNEQUAL = 30, 31, 32, 33, 34, 35
WHERE = 40
