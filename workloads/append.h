// SPDX-License-Identifier: Apache-2.0
#pragma once

// The list-append workload: transactions that append to lists and read them, as Elle judges them.
//
// Each vertex is a list: its property "list", absent while empty. A transaction is optimistic
// (optimistic.h), one to four micro-operations on a few hot lists; those that only read validate
// what they saw like any other. No element is appended to a list twice, so what a read shows tells
// which appends came before it and in which order. The harness judges the recorded history for
// strict serializability.

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/client_loop.h"
#include "workloads/optimistic.h"

namespace geode::workloads {

enum class MicroFunction : std::uint8_t { append, read };

struct MicroOperation {
    MicroFunction function = MicroFunction::read;
    VertexId key;
    std::int64_t element = 0;        ///< append
    std::vector<std::int64_t> seen;  ///< read: the list, first element first; of a transaction
                                     ///< that is ok
};

/// Carries the micro-operations out in their order, as one transaction; fills `seen`. The outcome
/// is OptimisticTransaction::commit's. Error besides: `invalid_argument` if a vertex holds no list.
Result<graph::Outcome> perform(PropertyStore& store, std::span<MicroOperation> operations);

/// Records events in the order of the calls. Must not suspend.
class AppendRecorder {
public:
    virtual ~AppendRecorder() = default;
    virtual void invoked(std::int64_t process, std::span<const MicroOperation> operations) = 0;
    /// What was seen means something if `ending` is ok.
    virtual void completed(std::int64_t process, Ending ending,
                           std::span<const MicroOperation> operations) = 0;
};

/// The lists that are in use, shared by all clients of a run. A list retires once so many appends
/// to it were asked for, and a fresh one takes its place: lists stay short, and reading them cheap,
/// however long a run lasts.
class AppendKeys {
public:
    AppendKeys(std::uint32_t hot, std::uint32_t appends_per_key);

    std::uint32_t hot() const { return static_cast<std::uint32_t>(slots_.size()); }
    /// The list that is in use at `slot`, below hot().
    VertexId key(std::uint32_t slot) const { return slots_.at(slot).key; }
    /// An append to it of an element that it never had; the last one retires the list.
    MicroOperation next_append(std::uint32_t slot);
    /// The lists 1 .. used() were or are in use.
    std::uint64_t used() const { return used_; }

private:
    struct Slot {
        VertexId key;
        std::int64_t appends = 0;
    };
    Slot fresh() { return {VertexId(++used_), 0}; }

    std::int64_t appends_per_key_;
    std::uint64_t used_ = 0;
    std::vector<Slot> slots_;
};

struct AppendOptions {
    std::uint32_t client = 0;  ///< 0..clients-1
    std::uint32_t clients = 1;
    Pace pace;  ///< its deadline is that of each request
};

/// Runs until `control.stop`. Suspends; throws Killed.
void run_append_client(World& world, node::Client& client, const AppendOptions& options,
                       const Control& control, AppendKeys& keys, AppendRecorder& recorder,
                       Progress& progress);

/// Reads the lists 1..`keys` once more as `process`, several per transaction, so that an append
/// lost at the end is missed by somebody. Suspends. Error: a transaction was not answered, or was
/// aborted again and again though nobody else should write; it is recorded as it ended.
Result<void> read_all_lists(PropertyStore& store, std::uint64_t keys, std::int64_t process,
                            AppendRecorder& recorder);

}  // namespace geode::workloads
