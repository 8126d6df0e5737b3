"""The compiled loop of eighth order: few long steps for a device whose equations are smooth and whose run is quiet.

The method of order 8 with 13 slopes a step of Prince and Dormand, J. Comput. Appl. Math. 7, 67 (1981), table 2
(RK8(7)13M), without its error estimate. At 1.1 radian a step it errs in a radian as much as the Runge-Kutta 3/8 rule at
0.056, so it asks for a sixth of the slopes. Arrays are those of ``stepping``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from spinode.compiled import LANES, wide
from spinode.devices.base import call_kernel
from spinode.signals import FloatArray
from spinode.stepping import ADDRESS, CLOCK, DRIVE, MEMBERS, at_sample, fill

NODES = (0.0, 1 / 18, 1 / 12, 1 / 8, 5 / 16, 3 / 8, 59 / 400, 93 / 200, 5490023248 / 9719169821, 13 / 20,
         1201146811 / 1299019798, 1.0, 1.0)  # fmt: skip
"""Where in the step each slope is taken."""
TABLE: tuple[dict[int, float], ...] = (
    {},
    {0: 1 / 18},
    {0: 1 / 48, 1: 1 / 16},
    {0: 1 / 32, 2: 3 / 32},
    {0: 5 / 16, 2: -75 / 64, 3: 75 / 64},
    {0: 3 / 80, 3: 3 / 16, 4: 3 / 20},
    {0: 0.04791013711111111, 3: 0.11224871277777777, 4: -0.02550567377777778, 5: 0.012846823888888888},
    {0: 0.01691798978729228, 3: 0.3878482784860432, 4: 0.03597736985150033, 5: 0.19697021421566607,
     6: -0.17271385234050185},
    {0: 0.0690957533591923, 3: -0.6342479767288541, 4: -0.16119757522460407, 5: 0.13865030945882525,
     6: 0.9409286140357562, 7: 0.21163632648194397},
    {0: 0.1835569968390454, 3: -2.4687680843155926, 4: -0.29128688781630047, 5: -0.026473020233117376,
     6: 2.8478387641928005, 7: 0.2813873314698498, 8: 0.12374489986331466},
    {0: -1.2154248173958881, 3: 16.672608665945774, 4: 0.915741828416818, 5: -6.056605804357471,
     6: -16.00357359415618, 7: 14.849303086297663, 8: -13.371575735289849, 9: 5.134182648179638},
    {0: 0.25886091643826425, 3: -4.774485785489205, 4: -0.4350930137770325, 5: -3.0494833320722416,
     6: 5.5779200399360995, 7: 6.15583158986104, 8: -5.062104586736939, 9: 2.193926173180679,
     10: 0.13462799865933495},
    {0: 0.8224275996265075, 3: -11.658673257277664, 4: -0.7576221166909362, 5: 0.7139735881595816,
     6: 12.075774986890057, 7: -2.127659113920403, 8: 1.9901662070489554, 9: -0.23428647154404028,
     10: 0.17589857770794226},
    {0: 0.041747491141530244, 5: -0.05545232861123931, 6: 0.2393128072011801, 7: 0.703510669403443,
     8: -0.7597596138144609, 9: 0.6605630309222863, 10: 0.15818748251012332, 11: -0.2381095387528628, 12: 0.25},
)  # fmt: skip
"""Weights of the earlier slopes in the trial state of each slope, and last in the step itself."""
_ROW = (*range(11), 1, 2)
"""Row of each slope in the work space; the last two take rows whose slopes are used up by then."""
_TRIAL, _INPUTS, ROWS = 11, 12, 13
"""Rows of the trial state and of the inputs, and how many rows there are."""
_STAGES = len(NODES)
_FLAT = types.float64[::1]


def _add_slopes(_: Any, stage: Any, start: Any, rows: Any, step: Any, result: Any) -> Any:
    """result = start + step (weighted slopes of a stage), start and result flat; the two may be one array.

    Written as vector instructions, a loop for each stage: LLVM does not vectorise a loop that reads ten arrays and
    cannot tell whether it also writes them, and in passes of a few arrays the sums took three times as long.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, step = args[0], args[3]
        arrays = [context.make_array(signature.args[k])(context, builder, args[k]) for k in (1, 2, 4)]
        first, table, target = arrays
        stride, count = (builder.extract_value(array.shape, axis) for array, axis in ((table, 1), (target, 0)))
        end = builder.append_basic_block("summed")
        switch = builder.switch(number, end)
        for case, terms in enumerate(TABLE):
            block = builder.append_basic_block(f"stage{case}")
            switch.add_case(number.type(case), block)
            builder.position_at_end(block)
            places = [builder.gep(table.data, [builder.mul(stride, stride.type(_ROW[slope]))]) for slope in terms]
            weights = [builder.fmul(step, step.type(weight)) for weight in terms.values()]
            _sum_loops(builder, count, (first.data, target.data), list(zip(weights, places, strict=True)))
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    return types.void(stage, start, rows, step, result), generate


def _sum_loops(builder: Any, count: Any, ends: tuple[Any, Any], terms: list[tuple[Any, Any]]) -> None:
    """Emit target[i] = first[i] + sum of weight * place[i], whole vectors first and then what is left."""
    first, target = ends
    whole = builder.mul(builder.udiv(count, count.type(LANES)), count.type(LANES))
    for width, start, stop in ((LANES, count.type(0), whole), (1, whole, count)):
        kind = ir.VectorType(ir.DoubleType(), width)
        factors = [_repeated(builder, weight, kind) for weight, _ in terms]
        with cgutils.for_range_slice(builder, start, stop, count.type(width), count.type) as (position, _):
            places = [builder.gep(place, [position]) for place in (first, *(place for _, place in terms), target)]
            values = [builder.bitcast(place, kind.as_pointer()) for place in places]
            total = builder.load(values[0], align=8)
            for factor, value in zip(factors, values[1:-1], strict=True):
                product = builder.fmul(factor, builder.load(value, align=8), flags=("contract",))
                total = builder.fadd(total, product, flags=("contract",))
            builder.store(total, values[-1], align=8)


def _repeated(builder: Any, value: Any, kind: Any) -> Any:
    """A vector that holds one number in every lane."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), lanes)


add_slopes: Any = intrinsic(_add_slopes)


@njit(types.boolean(_FLAT, _FLAT), cache=True, nogil=True)
def _outside(flat: FloatArray, bounds: FloatArray) -> bool:
    """Whether a state is beyond its limit or not a number."""
    wide()
    outside = 0
    for i in range(flat.size):
        outside += not abs(flat[i]) <= bounds[i]
    return outside > 0


@njit(types.int64(ADDRESS, ADDRESS, MEMBERS, DRIVE, CLOCK), cache=True, nogil=True, error_model="numpy")
def prince_dormand(rhs: int, readout: int, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the method of eighth order; the step that diverged, or -1."""
    wide()
    state, parameters, limits, outputs, work = members
    first, last, substeps, step = clock
    size, smooth = state.shape[0], not drive[1].all()
    moved, inputs = work[_TRIAL, :size], work[_INPUTS, : drive[0].shape[1]]
    flat, bounds, rows = state.reshape(-1), limits.reshape(-1), work.reshape(work.shape[0], -1)
    trial = rows[_TRIAL, : flat.size]
    sample, substep, row = first // substeps, first % substeps, int(first == 0)
    at_sample(drive, sample, inputs)
    if row == 1:
        call_kernel(readout, state, inputs, parameters, outputs[0])
    for number in range(first, last):
        for stage in range(_STAGES):
            if smooth:
                fill(drive, (sample, substep), stage, inputs)
            slope = work[_ROW[stage], :size]
            if stage == 0:
                call_kernel(rhs, state, inputs, parameters, slope)
            else:
                add_slopes(stage, flat, rows, step, trial)
                call_kernel(rhs, moved, inputs, parameters, slope)
        add_slopes(_STAGES, flat, rows, step, flat)
        if _outside(flat, bounds):
            return number
        substep += 1
        if substep == substeps:
            sample, substep, row = sample + 1, 0, row + 1
            at_sample(drive, sample, inputs)
            call_kernel(readout, state, inputs, parameters, outputs[row - 1])
    return -1
