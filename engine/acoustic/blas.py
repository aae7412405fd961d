"""What makes a matrix product give the same bits however the rows are divided over calls.

The bits of a row depend on which micro-kernel of the BLAS handles it, and OpenBLAS picks that by the place of the row
in the matrix, by how many rows are left, by the size of the whole product, and by the number of threads. Measured over
its x86 kernels, a row gets the same bits

* on one thread,
* in matrices whose number of rows is a multiple of 48,
* at places that are equal modulo 12 (its Haswell kernel, also used for Zen, treats rows 0 to 5 of each twelve unlike
  rows 6 to 11; the others do not care), and
* in products too big for the separate kernels for small matrices, of up to 100 * 100 * 100 multiplications.

So BLAS is held to one thread (parallel work is over streams and files), and every product is computed with spare rows
before and after the wanted ones. Only NumPy's own copy of OpenBLAS is used here (SciPy brings another).
"""

from functools import cache
from typing import Any

ROW_MULTIPLE = 48
PLACE_MODULUS = 12
SMALL_PRODUCT = 100 * 100 * 100


def padded_rows(rows: int, inner: int, columns: int) -> int:
    """Return with how many rows the product (rows, inner) x (inner, columns) must be computed, at least ``rows``."""
    least = SMALL_PRODUCT // (inner * columns) + 1
    return -(-max(rows, least) // ROW_MULTIPLE) * ROW_MULTIPLE


def use_one_thread() -> None:
    """Hold the process's BLAS libraries to one thread, now and until somebody asks them for more.

    Setting it back afterwards would change the bits of a product that another thread of the process is computing.
    """
    for library in _libraries():
        if library.num_threads != 1:
            library.set_num_threads(1)


@cache
def _libraries() -> tuple[Any, ...]:
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)
