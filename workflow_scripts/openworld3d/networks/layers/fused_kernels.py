"""Triton kernels of `fused_attention`: a program per point and head, for tables one per chunk of pairs and head.

Arrays are by head: points (h, N, e), tables (h, 3 L, e) with one axis after the other. All sums are in float32, and
none depends on the order in which programs run, so equal inputs give equal bits. `block` pairs are read at a time,
and `padded` channels, a power of two, of which `width` exist. Arguments have no types, which Triton would look up.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def places_of(row, pair, held, channel, length, pair_stride, axis_stride, width):
    """Return where the rows that pairs read for x, y and z lie in a table (3 L, e): (B,) -> three of (B, W)."""
    x = tl.load(row + pair * pair_stride, held, 0).to(tl.int32)
    y = tl.load(row + pair * pair_stride + axis_stride, held, 0).to(tl.int32) + length
    z = tl.load(row + pair * pair_stride + 2 * axis_stride, held, 0).to(tl.int32) + 2 * length
    channels = channel[None, :]
    return x[:, None] * width + channels, y[:, None] * width + channels, z[:, None] * width + channels


@triton.jit
def look_up(table, x, y, z, there):
    """Load t_ij = T_x[row_x] + T_y[row_y] + T_z[row_z], 0 where there is no pair or channel: -> (B, W)."""
    return tl.load(table + x, there, 0.0) + tl.load(table + y, there, 0.0) + tl.load(table + z, there, 0.0)


@triton.jit
def attend_kernel(
    query,
    key,
    value,
    query_table,
    key_table,
    value_table,
    start,
    other,
    row,
    out,
    log_sum,
    points,
    length,
    pair_stride,
    axis_stride,
    width: tl.constexpr,
    padded: tl.constexpr,
    block: tl.constexpr,
):
    """Write one query's attention, and the log of its sum of exponentials, -inf without pairs."""
    point, head = tl.program_id(0), tl.program_id(1)
    channel = tl.arange(0, padded)
    of_head, of_table = head.to(tl.int64) * points * width, head * 3 * length * width
    q = tl.load(query + of_head + point * width + channel, channel < width, 0.0).to(tl.float32)
    last = tl.load(start + point + 1)
    top = tl.full((), float("-inf"), tl.float32)
    total = tl.full((), 0.0, tl.float32)
    result = tl.zeros((padded,), tl.float32)
    for begin in range(tl.load(start + point), last, block):
        pair = begin + tl.arange(0, block)
        held = pair < last
        there = held[:, None] & (channel < width)[None, :]
        of_other = tl.load(other + pair, held, 0)[:, None] * width + channel[None, :]
        x, y, z = places_of(row, pair, held, channel, length, pair_stride, axis_stride, width)
        k = tl.load(key + of_head + of_other, there, 0.0).to(tl.float32)
        of_query = look_up(query_table + of_table, x, y, z, there)
        of_key = look_up(key_table + of_table, x, y, z, there)
        logit = tl.where(held, tl.sum(q[None, :] * (k + of_query) + k * of_key, 1), float("-inf"))
        higher = tl.maximum(top, tl.max(logit, 0))
        weight = tl.exp(logit - higher)
        fade = tl.exp(top - higher)
        v = tl.load(value + of_head + of_other, there, 0.0).to(tl.float32)
        v += look_up(value_table + of_table, x, y, z, there)
        total = total * fade + tl.sum(weight, 0)
        result = result * fade + tl.sum(weight[:, None] * v, 0)
        top = higher
    total = tl.where(total > 0, total, 1.0)
    result = result / total
    tl.store(out + of_head + point * width + channel, result.to(out.dtype.element_ty), channel < width)
    tl.store(log_sum + head.to(tl.int64) * points + point, top + tl.log(total))


@triton.jit
def query_gradient_kernel(
    query,
    key,
    value,
    query_table,
    key_table,
    value_table,
    start,
    other,
    row,
    grad,
    log_sum,
    weight,
    grad_weight,
    mean,
    grad_query,
    points,
    pairs,
    length,
    pair_stride,
    axis_stride,
    width: tl.constexpr,
    padded: tl.constexpr,
    block: tl.constexpr,
):
    """Write one query's gradient, its weights, their gradients, and the mean of these over the weights.

    A logit's gradient is its weight times what its weight's gradient is above the mean, known only at the end.
    """
    point, head = tl.program_id(0), tl.program_id(1)
    channel = tl.arange(0, padded)
    of_head, of_table = head.to(tl.int64) * points * width, head * 3 * length * width
    of_pairs, own = head.to(tl.int64) * pairs, head.to(tl.int64) * points + point
    q = tl.load(query + of_head + point * width + channel, channel < width, 0.0).to(tl.float32)
    g = tl.load(grad + of_head + point * width + channel, channel < width, 0.0).to(tl.float32)
    of_sum = tl.load(log_sum + own)
    last = tl.load(start + point + 1)
    total = tl.full((), 0.0, tl.float32)
    raised = tl.zeros((padded,), tl.float32)
    lowered = tl.zeros((padded,), tl.float32)
    for begin in range(tl.load(start + point), last, block):
        pair = begin + tl.arange(0, block)
        held = pair < last
        there = held[:, None] & (channel < width)[None, :]
        of_other = tl.load(other + pair, held, 0)[:, None] * width + channel[None, :]
        x, y, z = places_of(row, pair, held, channel, length, pair_stride, axis_stride, width)
        k = tl.load(key + of_head + of_other, there, 0.0).to(tl.float32)
        of_query = k + look_up(query_table + of_table, x, y, z, there)
        of_key = look_up(key_table + of_table, x, y, z, there)
        logit = tl.where(held, tl.sum(q[None, :] * of_query + k * of_key, 1), float("-inf"))
        probability = tl.exp(logit - of_sum)
        v = tl.load(value + of_head + of_other, there, 0.0).to(tl.float32)
        v += look_up(value_table + of_table, x, y, z, there)
        of_weight = tl.sum(g[None, :] * v, 1)
        tl.store(weight + of_pairs + pair, probability, held)
        tl.store(grad_weight + of_pairs + pair, of_weight, held)
        total += tl.sum(probability * of_weight, 0)
        raised += tl.sum((probability * of_weight)[:, None] * of_query, 0)
        lowered += tl.sum(probability[:, None] * of_query, 0)
    result = raised - total * lowered
    tl.store(mean + own, total)
    tl.store(grad_query + of_head + point * width + channel, result.to(grad_query.dtype.element_ty), channel < width)


@triton.jit
def key_gradient_kernel(
    query,
    key_table,
    start,
    by_key,
    owner,
    row,
    grad,
    weight,
    grad_weight,
    mean,
    grad_key,
    grad_value,
    points,
    pairs,
    length,
    pair_stride,
    axis_stride,
    width: tl.constexpr,
    padded: tl.constexpr,
    block: tl.constexpr,
):
    """Write the gradients of one point's key and value."""
    point, head = tl.program_id(0), tl.program_id(1)
    channel = tl.arange(0, padded)
    of_head, of_table = head.to(tl.int64) * points * width, head * 3 * length * width
    of_pairs, of_means = head.to(tl.int64) * pairs, head.to(tl.int64) * points
    last = tl.load(start + point + 1)
    of_key = tl.zeros((padded,), tl.float32)
    of_value = tl.zeros((padded,), tl.float32)
    for begin in range(tl.load(start + point), last, block):
        place = begin + tl.arange(0, block)
        held = place < last
        pair = tl.load(by_key + place, held, 0)
        there = held[:, None] & (channel < width)[None, :]
        i = tl.load(owner + pair, held, 0)
        of_owner = i[:, None] * width + channel[None, :]
        x, y, z = places_of(row, pair, held, channel, length, pair_stride, axis_stride, width)
        q = tl.load(query + of_head + of_owner, there, 0.0).to(tl.float32)
        q += look_up(key_table + of_table, x, y, z, there)
        g = tl.load(grad + of_head + of_owner, there, 0.0).to(tl.float32)
        above = tl.load(grad_weight + of_pairs + pair, held, 0.0) - tl.load(mean + of_means + i)
        probability = tl.load(weight + of_pairs + pair, held, 0.0)
        of_key += tl.sum((probability * above)[:, None] * q, 0)
        of_value += tl.sum(probability[:, None] * g, 0)
    place_of_point = of_head + point * width + channel
    tl.store(grad_key + place_of_point, of_key.to(grad_key.dtype.element_ty), channel < width)
    tl.store(grad_value + place_of_point, of_value.to(grad_value.dtype.element_ty), channel < width)


@triton.jit
def table_gradient_kernel(
    query,
    key,
    owner,
    other,
    row,
    grad,
    weight,
    grad_weight,
    mean,
    parts,
    points,
    pairs,
    of_chunk,
    length,
    pair_stride,
    axis_stride,
    width: tl.constexpr,
    padded: tl.constexpr,
    rows: tl.constexpr,
    block: tl.constexpr,
    precision: tl.constexpr,
):
    """Write what a chunk of pairs adds to the gradients of one head's three tables: (3, 3 L, e).

    Which row of a table a pair reads is a column of zeros and ones, so that adding up is a product of matrices.
    """
    chunk, head = tl.program_id(0), tl.program_id(1)
    channel, table_row = tl.arange(0, padded), tl.arange(0, rows)
    of_head, of_pairs = head.to(tl.int64) * points * width, head.to(tl.int64) * pairs
    of_means = head.to(tl.int64) * points
    of_query = tl.zeros((rows, padded), tl.float32)
    of_key = tl.zeros((rows, padded), tl.float32)
    of_value = tl.zeros((rows, padded), tl.float32)
    last = tl.minimum((chunk + 1) * of_chunk, pairs)
    for begin in range(chunk * of_chunk, last, block):
        pair = begin + tl.arange(0, block)
        held = pair < last
        x = tl.load(row + pair * pair_stride, held, 0).to(tl.int32)
        y = tl.load(row + pair * pair_stride + axis_stride, held, 0).to(tl.int32) + length
        z = tl.load(row + pair * pair_stride + 2 * axis_stride, held, 0).to(tl.int32) + 2 * length
        reads = (table_row[:, None] == x[None, :]).to(tl.float32) + (table_row[:, None] == y[None, :]).to(tl.float32)
        reads += (table_row[:, None] == z[None, :]).to(tl.float32)
        there = held[:, None] & (channel < width)[None, :]
        i = tl.load(owner + pair, held, 0)
        of_owner = i[:, None] * width + channel[None, :]
        of_other = tl.load(other + pair, held, 0)[:, None] * width + channel[None, :]
        above = tl.load(grad_weight + of_pairs + pair, held, 0.0) - tl.load(mean + of_means + i)
        probability = tl.load(weight + of_pairs + pair, held, 0.0)[:, None]
        of_logit = probability * above[:, None]
        q = of_logit * tl.load(query + of_head + of_owner, there, 0.0).to(tl.float32)
        k = of_logit * tl.load(key + of_head + of_other, there, 0.0).to(tl.float32)
        g = probability * tl.load(grad + of_head + of_owner, there, 0.0).to(tl.float32)
        of_query = tl.dot(reads, q, of_query, input_precision=precision)
        of_key = tl.dot(reads, k, of_key, input_precision=precision)
        of_value = tl.dot(reads, g, of_value, input_precision=precision)
    size = 3 * length * width
    part = parts + (chunk * tl.num_programs(1) + head).to(tl.int64) * 3 * size
    place = table_row[:, None] * width + channel[None, :]
    in_table = (table_row < 3 * length)[:, None] & (channel < width)[None, :]
    tl.store(part + place, of_query, in_table)
    tl.store(part + size + place, of_key, in_table)
    tl.store(part + 2 * size + place, of_value, in_table)
