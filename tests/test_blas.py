import threading

import numpy as np
from harken.blas import ROWS, one_thread, padded_rows
from threadpoolctl import threadpool_info, threadpool_limits


def blas_threads():
    """Return the thread counts of NumPy's own library (others may be loaded later, for other packages)."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    of_numpy = [library for library in libraries if "numpy" in library["filepath"]] or libraries
    assert of_numpy, np.__config__.CONFIG
    return {library["num_threads"] for library in of_numpy}


def test_the_limit_holds_until_the_last_user_leaves():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with one_thread():
            entered.set()
            leave.wait(10)

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        thread = threading.Thread(target=other)
        with one_thread():
            thread.start()
            assert entered.wait(10)
            with one_thread():
                assert blas_threads() == {1}
        assert blas_threads() == {1}
        leave.set()
        thread.join()
        assert blas_threads() == before


def test_the_limit_is_taken_back_after_an_exception():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        try:
            with one_thread():
                raise KeyError
        except KeyError:
            pass
        assert blas_threads() == before


def test_rows_are_padded_to_whole_slices():
    assert [padded_rows(rows) for rows in (0, 1, ROWS, ROWS + 1)] == [0, ROWS, ROWS, 2 * ROWS]


def test_it_holds_in_a_thread_while_another_thread_controls_the_library():
    seen = []

    def other():
        with one_thread():
            seen.append(blas_threads())

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [{1}]
        assert blas_threads() == before
