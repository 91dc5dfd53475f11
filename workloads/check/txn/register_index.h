// SPDX-License-Identifier: Apache-2.0
#pragma once

// A history of registers, digested: who wrote what, and which write each read saw. What all checks
// of registers start from.
//
// A node is a transaction that happened: it committed, or its outcome is unknown and a committed
// one read from it. (An unknown one that nobody read from can be left out: what holds with it holds
// without it.) Nodes are numbered in the order of the history; keys densely, in the same order.
//
// A read is external if its transaction did not write the key before it. An external read of a
// committed transaction saw the last write of the key in another node, or the initial state;
// anything else is a ReadProblem, and the read counts no further:
//
//   internal       a transaction wrote a key and then read something else
//   future-read    it read what it wrote only later
//   garbage-read   nobody wrote the value
//   G1a            only transactions that aborted wrote it
//   G1b            its writer overwrote it itself
//
// Values should be written once per key. Where they are not, a read of such a value is ambiguous:
// then the writer is a guess (an explicit write before the initial state, a committed transaction
// before one that is not, the earliest), or the read is left out, as the caller wishes.
//
// Sources: Biswas, Enea, OOPSLA 2019, section 2; Møldrup, Pavlogiannis, PLDI 2025 (AWDIT),
// section 2 (read consistency); Adya's thesis, section 3.1.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "workloads/check/txn/history.h"

namespace geode::check::txn {

inline constexpr std::uint32_t no_node = UINT32_MAX;

enum class Ambiguity : std::uint8_t { guess, leave_out };

/// Which order of transactions a level promises beyond what they read and wrote.
enum class KeptOrder : std::uint8_t { none, session, real_time };

struct RegisterOptions {
    std::optional<ValueId> initial = std::nullopt;  ///< read before the first write, beside nil
    KeptOrder order = KeptOrder::none;
    Ambiguity ambiguity = Ambiguity::guess;
};

struct RegisterRead {
    std::uint32_t key = 0;
    std::uint32_t writer = no_node;  ///< a node, or no_node: the initial state
    std::uint32_t mop = 0;           ///< in the history
};

struct ReadProblem {
    std::string_view name;
    std::uint32_t transaction = 0;   ///< index in the history
    std::uint32_t mop = 0;           ///< the read
    std::uint32_t writer = no_node;  ///< index in the history of who wrote the value, if anybody
};

struct RegisterIndex {
    std::vector<std::uint32_t> sources;  ///< node -> index in the history
    std::vector<ValueId> keys;

    std::vector<std::uint32_t> reads_begin;  ///< node -> first of its reads; one more at the end
    std::vector<RegisterRead> reads;         ///< external ones, in program order
    std::vector<std::uint32_t> writes_begin;
    std::vector<std::uint32_t> writes;  ///< keys a node wrote, each once, ascending

    /// The node that precedes this one in its session, or no_node. Sessions are numbered densely;
    /// a node of unknown outcome ends its own, as it may take effect at any later time. With
    /// KeptOrder::none each node is a session.
    std::vector<std::uint32_t> before;
    std::vector<std::uint32_t> session;
    std::vector<std::uint32_t> position;  ///< in its session
    std::uint32_t session_count = 0;

    std::vector<ReadProblem> problems;
    std::uint64_t ambiguous_reads = 0;  ///< guessed, or left out
    std::uint32_t ambiguous_mop = 0;    ///< the first of them

    std::uint32_t count() const { return static_cast<std::uint32_t>(sources.size()); }
    std::span<const RegisterRead> reads_of(std::uint32_t node) const {
        return std::span(reads).subspan(reads_begin[node],
                                        reads_begin[node + 1] - reads_begin[node]);
    }
    std::span<const std::uint32_t> writes_of(std::uint32_t node) const {
        return std::span(writes).subspan(writes_begin[node],
                                         writes_begin[node + 1] - writes_begin[node]);
    }
    bool writes_key(std::uint32_t node, std::uint32_t key) const;
    std::uint64_t bytes() const;
};

/// Digests a history of registers, in time and space linear in it. Micro-operations on lists are
/// not looked at. Problems are in the order of the history.
RegisterIndex index_registers(const TxnHistory& history, const RegisterOptions& options);

/// Links the nodes of an index into sessions anew, by another order to keep.
void link_sessions(const TxnHistory& history, KeptOrder order, RegisterIndex& index);

/// About how many bytes index_registers() takes on the way.
std::uint64_t register_index_bytes(const TxnHistory& history);

}  // namespace geode::check::txn
