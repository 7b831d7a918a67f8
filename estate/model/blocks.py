"""A PuLP problem whose large regular parts are arrays.

Building the model object by object costs about a hundred times what the same arrays cost
handed straight to the solver (``docs/decisions``). So columns and rows are added as blocks of
arrays, while any column can be had as a PuLP variable and any PuLP constraint over such
variables can be added: PuLP stays the language in which people write rules by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pulp
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from estate.core.errors import SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Labels: TypeAlias = "NDArray[np.str_] | pd.Categorical[str]"


@dataclass(frozen=True)
class ColumnBlock:
    """Columns of one family: ``offset .. offset + len(keys) - 1``."""

    family: str
    offset: int
    keys: pd.DataFrame

    @property
    def columns(self) -> Ints:
        """Return the numbers of the columns, shape (n,)."""
        return np.arange(self.offset, self.offset + len(self.keys))


@dataclass(frozen=True)
class RowBlock:
    """Rows of one rule: ``first .. first + len(lower) - 1`` of the problem's matrix."""

    rule: str
    first: int
    lower: Floats
    upper: Floats
    lazy: bool
    part: str
    about: NDArray[np.str_]


@dataclass(frozen=True)
class Arrays:
    """The whole problem: maximise ``saving @ x`` with ``row_lower <= matrix @ x <= row_upper``.

    Attributes
    ----------
    saving, upper : ndarray, shape (columns,)
        Objective [GBP] and upper bounds; every lower bound is 0.
    integer : ndarray of bool, shape (columns,)
        Columns that take whole values.
    matrix : csr_matrix, shape (rows, columns)
        Coefficients.
    rule : array of str, shape (rows,)
        Rule to which a row belongs.
    lazy : ndarray of bool, shape (rows,)
        Rows that are seldom broken, which a large model adds only when they are.
    part : array of str, shape (rows,)
        Which piece of its rule a row belongs to, where an engine treats the piece by its
        structure; else empty.
    """

    saving: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    rule: Labels
    lazy: NDArray[np.bool_]
    part: Labels

    def rows(self, keep: NDArray[np.bool_]) -> Arrays:
        """Return the problem with only the rows for which `keep` holds."""
        picked = {
            name: getattr(self, name)[keep]
            for name in self.__dataclass_fields__
            if name not in ("saving", "upper", "integer")
        }
        return replace(self, **picked)


class BlockProblem(pulp.LpProblem):  # type: ignore[misc]
    """A PuLP problem to maximise, made of array blocks.

    Every column lies between 0 and its upper bound.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, pulp.LpMaximize)
        self.blocks: dict[str, ColumnBlock] = {}
        self.row_blocks: list[RowBlock] = []
        self.width = 0
        self.saving: Floats = np.zeros(0)
        self._integer: list[NDArray[np.bool_]] = []
        self._pieces: list[sparse.csr_matrix] = []
        self._proxies: dict[int, pulp.LpVariable] = {}
        self._columns: dict[str, int] = {}

    def add_columns(self, family: str, keys: pd.DataFrame, *, integer: bool) -> ColumnBlock:
        """Add a family of columns between 0 and 1, one a row of `keys`, that save nothing yet.

        Parameters
        ----------
        family : str
            Name of the family.
        keys : DataFrame
            What each column decides.
        integer : bool
            Whether the columns take whole values.

        Returns
        -------
        ColumnBlock
        """
        block = ColumnBlock(family, self.width, keys.reset_index(drop=True))
        self.blocks[family] = block
        self._integer.append(np.full(len(keys), integer))
        self.width += len(keys)
        return block

    def set_saving(self, saving: Floats) -> None:
        """Set what each column saves [GBP]; columns added later save nothing.

        Raises
        ------
        SolverError
            If a coefficient is not a number, which a solver would report without its place.
        """
        bad = np.flatnonzero(~np.isfinite(saving))
        if len(bad):
            raise SolverError(f"The cost of a {self.family(int(bad[0]))} is not a number; check the inputs")
        self.saving = saving

    def add_rows(  # noqa: PLR0913 - what a row is, then what is known of it by keyword
        self,
        rule: str,
        triplets: tuple[ArrayLike, ArrayLike, ArrayLike],
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        lazy: bool = False,
        part: str = "",
        about: ArrayLike = "",
    ) -> None:
        """Add rows ``lower <= sum(value * x) <= upper`` of a rule.

        Parameters
        ----------
        rule : str
            Rule to which the rows belong.
        triplets : tuple of array_like
            Row within the block, column and value of every coefficient.
        lower, upper : array_like, shape (rows,)
            Bounds; the longer of the two says how many rows there are.
        lazy : bool
            Whether a large model may leave the rows out until they are broken.
        part : str
            Name of the piece, where an engine treats it by its structure.
        about : array_like of str, shape (rows,)
            Which line of the user's rule each row is; a conflict is told in these.
        """
        row, column, value = (np.asarray(part) for part in triplets)
        count = min(np.size(part) for part in (lower, upper)) and max(np.size(lower), np.size(upper))
        if count == 0:
            return
        last = self.row_blocks[-1] if self.row_blocks else None
        self.row_blocks.append(
            RowBlock(
                rule,
                last.first + len(last.lower) if last else 0,
                np.broadcast_to(np.asarray(lower, dtype=float), count),
                np.broadcast_to(np.asarray(upper, dtype=float), count),
                lazy,
                part,
                np.broadcast_to(np.asarray(about, dtype=str), count),
            )
        )
        # numbers of 32 bits, as the solver has them; numpy's own take twice the room
        where = row.astype(np.int32, copy=False), column.astype(np.int32, copy=False)
        piece = sparse.coo_matrix((np.broadcast_to(value, row.shape), where), shape=(count, self.width))
        self._pieces.append(piece.astype(float, copy=False).tocsr())

    def take_back(self, first: int) -> None:
        """Take back the row blocks from number `first` on."""
        matrix = self.matrix
        if first < len(self.row_blocks):
            self._pieces = [matrix[: self.row_blocks[first].first]]
        del self.row_blocks[first:]

    @property
    def matrix(self) -> sparse.csr_matrix:
        """Return the coefficients, shape (rows, columns); put together once, so not to be changed."""
        wide = [
            sparse.csr_matrix((piece.data, piece.indices, piece.indptr), shape=(piece.shape[0], self.width))
            for piece in self._pieces
        ]
        if len(wide) != 1:
            wide = [sparse.vstack([sparse.csr_matrix((0, self.width)), *wide], format="csr")]
        self._pieces = wide
        return wide[0]

    def variable(self, column: int) -> pulp.LpVariable:
        """Return a column as a PuLP variable, for rules that are written by hand."""
        if column not in self._proxies:
            name = f"x{column}"
            self._proxies[column] = self.add_variable(name, 0, None)
            self._columns[name] = int(column)
        return self._proxies[column]

    def add_rule(self, rule: str, constraint: Any) -> None:  # noqa: ANN401 - what PuLP makes of an expression
        """Add a PuLP constraint over columns had from :meth:`variable`.

        Raises
        ------
        SolverError
            If `constraint` is not a constraint: a comparison of two plain numbers is a bool,
            which PuLP would accept and forget.
        """
        if not isinstance(constraint, pulp.LpConstraint):
            raise SolverError(f"Rule {rule}: {constraint!r} is not a constraint")
        self.addConstraint(constraint, f"{rule}_{len(self.constraints)}")
        terms = list(constraint.items())
        columns = np.array([self._columns[variable.name] for variable, _ in terms], dtype=np.int64)
        values = np.array([float(value) for _, value in terms])
        side = -float(constraint.constant)
        lower = side if constraint.sense >= 0 else -np.inf
        upper = side if constraint.sense <= 0 else np.inf
        self.add_rows(rule, (np.zeros_like(columns), columns, values), lower=[lower], upper=[upper])

    def family(self, column: int) -> str:
        """Return the family of a column."""
        return next(b.family for b in self.blocks.values() if b.offset <= column < b.offset + len(b.keys))

    def arrays(self) -> Arrays:
        """Return the problem as arrays."""
        blocks = self.row_blocks
        sizes = [len(block.lower) for block in blocks]
        later = np.zeros(self.width - len(self.saving))
        return Arrays(
            saving=np.concatenate([self.saving, later]) if len(later) else self.saving,
            upper=np.broadcast_to(1.0, self.width),
            integer=np.concatenate([*self._integer, np.zeros(0, bool)]),
            matrix=self.matrix,
            row_lower=np.concatenate([*(block.lower for block in blocks), np.zeros(0)]),
            row_upper=np.concatenate([*(block.upper for block in blocks), np.zeros(0)]),
            rule=_labels([block.rule for block in blocks], sizes),
            lazy=np.repeat(np.array([block.lazy for block in blocks], dtype=bool), sizes),
            part=_labels([block.part for block in blocks], sizes),
        )


def _labels(names: list[str], sizes: list[int]) -> Labels:
    """Return every name as often as its size says, a byte each."""
    return pd.Categorical(names).repeat(sizes)


def to_pulp(arrays: Arrays) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """Write the arrays out as a plain PuLP problem, for solvers that take no arrays.

    Returns
    -------
    tuple
        The problem and its variables in the order of the columns.
    """
    problem = pulp.LpProblem("estate", pulp.LpMaximize)
    variables = [
        problem.add_variable(f"x{i}", 0, float(u), "Integer" if whole else "Continuous")
        for i, (u, whole) in enumerate(zip(arrays.upper, arrays.integer, strict=True))
    ]
    problem.setObjective(pulp.LpAffineExpression(list(zip(variables, arrays.saving.tolist(), strict=True))))
    matrix = arrays.matrix
    for i in range(matrix.shape[0]):
        part = slice(matrix.indptr[i], matrix.indptr[i + 1])
        terms = [(variables[j], a) for j, a in zip(matrix.indices[part], matrix.data[part], strict=True)]
        expression = pulp.LpAffineExpression(terms)
        low, high = arrays.row_lower[i], arrays.row_upper[i]
        if low == high:
            problem += expression == low
            continue
        if np.isfinite(high):
            problem += expression <= high
        if np.isfinite(low):
            problem += expression >= low
    return problem, variables
