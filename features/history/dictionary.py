"""Dictionaries: each text of a log's column has a code, which it keeps for ever."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.errors import unreadable
from features.kernel.codes import NULL
from features.kernel.program import Ints

FEW = 16  # below this many codes a plain loop is faster


class Dictionary:
    """Codes of the texts of one log, column by column; new texts are added at the end.

    Parameters
    ----------
    texts : dict of str to list of str, optional
        Texts of each column in order of their codes.

    Examples
    --------
    >>> dictionary = Dictionary()
    >>> dictionary.encode("kind", pa.chunked_array([["sale", None, "return"]])).tolist()[::2]
    [0, 1]
    >>> dictionary.code("kind", "return"), dictionary.code("kind", "gift")
    (1, -1)
    """

    def __init__(self, texts: dict[str, list[str]] | None = None) -> None:
        self.texts: dict[str, list[str]] = texts or {}
        self._decoded: dict[str, np.ndarray] = {}
        self._codes = {name: {text: code for code, text in enumerate(items)} for name, items in self.texts.items()}

    def code(self, column: str, text: str) -> int:
        """The code of a text; -1, which no row has, where it was never seen."""
        return self._codes.get(column, {}).get(text, -1)

    def encode(self, column: str, values: pa.ChunkedArray) -> Ints:
        """Codes of a column of texts; null stays null."""
        encoded = values.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        codes, texts = self._codes.setdefault(column, {}), self.texts.setdefault(column, [])
        local = []
        for text in encoded.dictionary.to_pylist():
            if text not in codes:
                codes[text] = len(texts)
                texts.append(text)
            local.append(codes[text])
        places = encoded.indices.fill_null(len(local)).to_numpy(zero_copy_only=False)
        answer: Ints = np.array([*local, NULL], np.int64)[places]
        return answer

    def decode(self, column: str, codes: Ints) -> np.ndarray:
        """Texts of codes as objects; the null word becomes None."""
        known = self.texts.get(column, [])
        if len(codes) <= FEW:
            few = np.empty(len(codes), object)
            few[:] = [None if code == NULL else known[code] for code in codes.tolist()]
            return few
        texts = self._decoded.get(column)
        if texts is None or len(texts) != len(known) + 1:
            texts = self._decoded[column] = np.array([*known, None], object)
        decoded: np.ndarray = texts[np.where(codes == NULL, len(texts) - 1, codes)]
        return decoded

    def ranks(self, column: str, codes: Ints) -> Ints:
        """The place of each code's text in alphabetical order, null last, so that ties never depend on arrival."""
        order = np.argsort(np.array(self.texts.get(column, []), object), kind="stable")
        ranks = np.empty(len(order) + 1, np.int64)
        ranks[order] = np.arange(len(order))
        ranks[-1] = len(order)
        answer: Ints = ranks[np.where(codes == NULL, len(order), codes)]
        return answer

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.texts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Dictionary:
        """Read what `save` wrote.

        Raises
        ------
        HistoryError
            If the file is missing or is not what `save` writes.
        """
        try:
            texts = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(texts, dict) or not all(map(_is_texts, texts.values())):
                raise ValueError("it holds no lists of texts")
        except (OSError, ValueError) as error:
            raise unreadable(path, error, "the JSON") from error
        return cls(texts)


def _is_texts(items: object) -> bool:
    return isinstance(items, list) and all(isinstance(text, str) for text in items)
