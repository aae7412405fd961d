"""Asks the processor for a piece of an array ahead of its use: a large graph does not fit into its caches."""

from typing import Any

import numba


def _emit(typing_context: Any, array: Any, index: Any) -> Any:
    """Emit LLVM's prefetch instruction (to read, to be kept in all caches) for the address of ``array[index]``."""
    from llvmlite import ir  # type: ignore[import-untyped]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        instruction = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        builder.call(instruction, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return numba.types.void(array, index), generate


def _nothing(array: Any, index: Any) -> None:
    """Stand for ``prefetch`` where nothing is compiled."""


prefetch: Any = _nothing if numba.config.DISABLE_JIT else numba.extending.intrinsic(_emit)
"""``prefetch(array, index)``: ask for the memory of ``array[index]``; the index may lie outside the array."""
