"""Numba where it is installed, plain Python where it is not: one source, the same answers.

Compiled code is kept on disk (``NUMBA_CACHE_DIR``, or beside the source, or in the user's cache
folder), so that only the first run waits for it. Without Numba everything below still runs,
some hundred times slower.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

try:
    import numba
except ImportError:  # pragma: no cover - tested in a process of its own
    numba = None

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_KERNELS: list[Any] = []


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays on first use, and keep the result on disk."""
    if numba is None:
        return function
    made = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    _KERNELS.append(made)
    return made  # type: ignore[no-any-return]


def engine_name() -> str:
    """Return what runs the kernels, for logs and result files."""
    return "plain Python (Numba is not installed)" if numba is None else f"Numba {numba.__version__}"


def first_run() -> bool:
    """Return whether some kernel has neither been compiled here nor kept on disk."""
    return any(not made.signatures and not _kept(made) for made in _KERNELS)


def _kept(made: Any) -> bool:  # noqa: ANN401 - Numba gives no type
    code = made.py_func.__code__
    folder = Path(made.stats.cache_path)
    pattern = f"{Path(code.co_filename).stem}.{code.co_name}-{code.co_firstlineno}.*.nbi"
    return any(folder.glob(pattern))
