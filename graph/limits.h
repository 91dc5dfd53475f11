// SPDX-License-Identifier: Apache-2.0
#pragma once

// Named maxima of the property graph. A command beyond one of them has the outcome `invalid`.
//
// Every replica applies the same command, so every replica must judge it alike: lowering a limit
// is a change of the replicated state machine and needs a version gate, raising one too. Decoding
// never depends on these numbers, except on the list depth, which bounds its recursion.

#include <cstdint>

namespace geode::graph {

/// Bytes of a label, an edge type or a property name; each has at least one.
inline constexpr std::uint64_t name_bytes_max = 256;
/// Bytes of one string value.
inline constexpr std::uint64_t string_bytes_max = 1U << 20U;
/// Elements of one list value.
inline constexpr std::uint64_t list_elements_max = 1U << 16U;
/// Lists within lists: [1] has depth 1, [[1]] has depth 2.
inline constexpr std::uint32_t list_depth_max = 8;
inline constexpr std::uint64_t labels_max = 64;
inline constexpr std::uint64_t properties_max = 1024;
/// Bytes of one encoded vertex or edge (see record.h).
inline constexpr std::uint64_t record_bytes_max = 4U << 20U;
/// Commands in one Batch, and the bytes of all records that it writes.
inline constexpr std::uint64_t batch_commands_max = 10'000;
inline constexpr std::uint64_t batch_bytes_max = 16U << 20U;
/// Edges that one DeleteVertex with `detach` removes; delete some of them first beyond that.
inline constexpr std::uint64_t detach_edges_max = 100'000;
/// Entries of one page of neighbours.
inline constexpr std::uint32_t page_entries_max = 10'000;

static_assert(string_bytes_max < record_bytes_max, "the longest string must fit into a record");
static_assert(record_bytes_max < batch_bytes_max, "the largest record must fit into a batch");

}  // namespace geode::graph
