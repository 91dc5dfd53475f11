// SPDX-License-Identifier: Apache-2.0
#pragma once

// StateMachine: the replicated graph and the sessions of its clients, as one replica keeps them.
//
// Committed entries are applied in log order, many to one atomic write that also moves the applied
// index; nothing is synced, because the log is. After a crash the store stands at some applied
// index at or below the log's end and the rest is applied again.
//
// Invariants:
//  1. The store's contents are a function of the applied index: equal on all replicas at the same
//     index, byte for byte, sessions included. digest() compares them.
//  2. A request (session, sequence) changes the graph at most once; a repetition returns the first
//     outcome (Ongaro's dissertation, 6.3). A session knows its last request only, which suffices
//     because a client sends the next one after it has given up on the one before.
//  3. The least recently used sessions expire when a registration's `sessions_max` is exceeded.
//  Both
//     are in the log, and what is kept of an outcome has a maximum that is part of this state
//     machine, so all replicas expire and keep the same, however they are configured.
//
// A snapshot is a stable view of the store streamed in key order; installing one fills a second
// store beside the first and switches to it by one atomic rename, so that a crash leaves the old
// state or the new one. Keys: 'm','a' applied index and term; 'm','s',id a session; all else is
// the graph's.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/raft/types.h"
#include "graph/graph_reader.h"
#include "graph/store_view.h"
#include "node/wire/client_codec.h"
#include "runtime/world.h"
#include "storage/kv_store.h"

namespace geode::node {

struct StateMachineOptions {
    std::string path = "state";  ///< directory, made if absent
    std::size_t write_buffer_bytes = 4 << 20;
};

/// Of one outcome as it is kept and answered. A larger value that a compare-and-set found is left
/// out, so that sessions take little memory whatever the graph holds. Changing it changes the
/// replicated state: that needs a version.
inline constexpr std::uint64_t outcome_actual_bytes_max = 4096;
inline constexpr std::uint64_t outcome_message_bytes_max = 1024;

class StateMachine {
public:
    /// Opens or creates the state below `path`. Suspends. Errors: `corrupt`, `io_error`,
    /// `disk_full`.
    static Result<std::unique_ptr<StateMachine>> open(World& world, StateMachineOptions options);

    /// The last applied entry; none at first.
    raft::SnapshotId applied() const { return applied_; }

    /// Applies entries that continue at applied(), atomically, and returns what each came to (a
    /// no-op: a default). Suspends. After an error the state is unusable: `io_error`, `corrupt`,
    /// `unsupported` (an entry that this version cannot decode; nothing of the call is applied).
    Result<std::vector<wire::Applied>> apply(std::span<const raft::Entry> entries);

    /// Makes everything applied survive a crash. Suspends. Error: `io_error`, `disk_full`.
    Result<void> make_durable();

    /// Runs `use(graph::GraphReader&)` over the current state, off the loop. Suspends.
    template <class Use>
    auto read(Use&& use) {
        const std::shared_ptr<storage::KvStore> store = store_;
        return store->access([&](storage::KvAccess& access) {
            graph::StoreView view(access);
            graph::GraphReader reader(view);
            return use(reader);
        });
    }

    /// The digest of every key and value, and the index it belongs to. Suspends often: others read
    /// and apply meanwhile.
    Result<std::pair<LogIndex, std::uint64_t>> digest();

    /// A stable view of the state at applied(), to be streamed to another replica.
    class Snapshot {
    public:
        raft::SnapshotId id() const { return id_; }
        /// The next piece, of about `bytes_max` bytes at most; empty at the end. Suspends.
        Result<Bytes> next(std::uint64_t bytes_max);

    private:
        friend class StateMachine;
        raft::SnapshotId id_;
        std::shared_ptr<storage::KvStore> store_;
        std::unique_ptr<storage::KvSnapshot> view_;
        Bytes cursor_;
        bool done_ = false;
    };
    Result<std::unique_ptr<Snapshot>> snapshot();

    /// Starts to receive a snapshot beside the current state; drops an unfinished one. Suspends.
    Result<void> begin_install();
    /// Adds one piece made by Snapshot::next(). Suspends. Error also: `protocol_error`.
    Result<void> install(BytesView piece);
    /// Makes the received state durable and switches to it. `id` must be what it says of itself.
    /// Suspends. Error also: `protocol_error`, and the old state stays.
    Result<void> finish_install(raft::SnapshotId id);

private:
    struct Session {
        std::uint64_t last_sequence = 0;
        LogIndex last_used;
        Bytes outcome;  ///< encode_applied() of the last request's
    };
    struct Contents {
        raft::SnapshotId applied;
        std::map<SessionId, Session> sessions;
    };
    class Applier;

    StateMachine(World& world, StateMachineOptions options)
        : world_(world), options_(std::move(options)) {}
    Result<void> recover();
    Result<std::uint64_t> current_generation();
    /// Removes the directories of all generations but the current one and those still in use.
    Result<void> remove_other_generations();
    Result<std::unique_ptr<storage::KvStore>> open_store(std::uint64_t generation);
    static Result<Contents> read_contents(storage::KvStore& store);
    void adopt(Contents contents);
    std::string store_path(std::uint64_t generation) const;

    World& world_;
    StateMachineOptions options_;
    std::uint64_t generation_ = 0;
    std::shared_ptr<storage::KvStore> store_;
    /// Stores before it, by generation: readers and snapshots under way keep them open.
    std::map<std::uint64_t, std::weak_ptr<storage::KvStore>> replaced_;
    std::unique_ptr<storage::KvStore> incoming_;  ///< the snapshot being received
    raft::SnapshotId applied_;
    std::map<SessionId, Session> sessions_;
    std::map<LogIndex, SessionId> sessions_by_use_;
    wire::Scratch scratch_;
};

}  // namespace geode::node
