"""What makes a matrix product give the same bits however the rows are divided over calls.

The bits of a row depend on which micro-kernel of the BLAS handles it, and OpenBLAS picks that by the place of the row
in the matrix, by how many rows are left, by the size of the whole product, and by the number of threads. Measured over
its x86 kernels, a row gets the same bits

* on one thread (``harken.blas.one_thread``),
* in matrices whose number of rows is a multiple of 48,
* at places that are equal modulo 12 (its Haswell kernel, also used for Zen, treats rows 0 to 5 of each twelve unlike
  rows 6 to 11; the others do not care), and
* in products too big for the separate kernels for small matrices, of up to 100 * 100 * 100 multiplications.

So every product is computed with spare rows before and after the wanted ones. Only NumPy's own copy of OpenBLAS is
used here (SciPy brings another).
"""

from ...blas import ROWS

PLACE_MODULUS = 12
SMALL_PRODUCT = 100 * 100 * 100


def spare_rows(row: int, count: int, inner: int, columns: int) -> tuple[int, int]:
    """Return the rows to compute before and after ``count`` wanted ones, of which the first is number ``row`` of all.

    The product of one row is (inner,) x (inner, columns).
    """
    before = row % PLACE_MODULUS
    least = SMALL_PRODUCT // (inner * columns) + 1
    rows = -(-max(before + count, least) // ROWS) * ROWS
    return before, rows - before - count
