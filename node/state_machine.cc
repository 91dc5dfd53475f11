// SPDX-License-Identifier: Apache-2.0
#include "node/state_machine.h"

#include <charconv>
#include <set>

#include "base/probe.h"
#include "graph/graph_transaction.h"
#include "graph/record.h"

namespace geode::node {
namespace {

// The pointer file names the generation in use; each generation is a store of its own.
constexpr std::string_view pointer_name = "CURRENT";
constexpr std::string_view pointer_magic = "geode-state 1 ";
constexpr std::uint64_t first_generation = 1;
constexpr std::size_t pointer_bytes_max = 64;

// Read of a digest while nobody else gets at the store: a few milliseconds.
constexpr std::uint64_t digest_slice_bytes = 1 << 20;

constexpr char applied_key_bytes[] = {graph::meta_prefix, 'a'};
constexpr BytesView applied_key(applied_key_bytes, sizeof applied_key_bytes);

Bytes session_key(SessionId id) {
    Bytes key = {graph::meta_prefix, 's'};
    append_big64(key, id.value());
    return key;
}

Bytes encode_applied_index(raft::SnapshotId applied) {
    Bytes value;
    append_little(value, applied.index.value());
    append_little(value, applied.term.value());
    return value;
}

Error damaged(const char* what) {
    return make_error(ErrorCode::corrupt, what);
}

Result<void> write_pointer(Disk& disk, const std::string& directory, std::uint64_t generation) {
    const std::string target = directory + "/" + std::string(pointer_name);
    const std::string temporary = target + ".tmp";
    {
        GEODE_TRY(const std::unique_ptr<File> file, disk.open(temporary, OpenMode::truncate));
        GEODE_TRY_VOID(
            file->append(std::string(pointer_magic) + std::to_string(generation) + "\n"));
        GEODE_TRY_VOID(file->sync());
    }
    GEODE_TRY_VOID(disk.rename(temporary, target));
    return disk.sync_dir(directory);
}

/// The generation in the pointer file, or nothing if there is no such file.
Result<std::optional<std::uint64_t>> read_pointer(Disk& disk, const std::string& directory) {
    auto file = disk.open(directory + "/" + std::string(pointer_name), OpenMode::read);
    if (!file && file.code() == ErrorCode::not_found) return std::optional<std::uint64_t>();
    if (!file) return file.error();
    char buffer[pointer_bytes_max];
    GEODE_TRY(const std::size_t length, (*file)->read_at(0, buffer));
    const std::string_view text(buffer, length);
    std::uint64_t generation = 0;
    if (!text.starts_with(pointer_magic)) return damaged("the state's pointer file is damaged");
    const char* end = text.data() + text.size();
    const auto [rest, failure] =
        std::from_chars(text.data() + pointer_magic.size(), end, generation);
    if (failure != std::errc{} || rest == end || *rest != '\n' || generation == 0) {
        return damaged("the state's pointer file is damaged");
    }
    return std::optional(generation);
}

Result<void> remove_tree(Disk& disk, const std::string& directory) {
    GEODE_TRY(const std::vector<std::string> names, disk.list(directory));
    for (const std::string& name : names) {
        GEODE_TRY_VOID(disk.remove(directory + "/" + name));
    }
    return disk.remove_dir(directory);
}

}  // namespace

// ---- opening ----

std::string StateMachine::store_path(std::uint64_t generation) const {
    return options_.path + "/db-" + std::to_string(generation);
}

Result<std::unique_ptr<StateMachine>> StateMachine::open(World& world,
                                                         StateMachineOptions options) {
    std::unique_ptr<StateMachine> state(new StateMachine(world, std::move(options)));
    GEODE_TRY_VOID(state->recover());
    return state;
}

Result<void> StateMachine::recover() {
    GEODE_TRY(generation_, world_.offload().run([&] { return current_generation(); }));
    GEODE_TRY_VOID(remove_other_generations());
    GEODE_TRY(store_, open_store(generation_));
    GEODE_TRY(Contents contents, read_contents(*store_));
    adopt(std::move(contents));
    return {};
}

Result<std::uint64_t> StateMachine::current_generation() {
    Disk& disk = world_.disk();
    GEODE_TRY_VOID(disk.create_dir(options_.path));
    GEODE_TRY_VOID(disk.sync_dir(""));
    GEODE_TRY(const std::optional<std::uint64_t> found, read_pointer(disk, options_.path));
    if (found.has_value()) return *found;
    GEODE_TRY_VOID(write_pointer(disk, options_.path, first_generation));
    return first_generation;
}

Result<void> StateMachine::remove_other_generations() {
    std::erase_if(replaced_, [](const auto& entry) { return entry.second.expired(); });
    std::set<std::string> kept = {store_path(generation_)};
    for (const auto& [generation, store] : replaced_) kept.insert(store_path(generation));
    return world_.offload().run([&]() -> Result<void> {
        Disk& disk = world_.disk();
        GEODE_TRY(const std::vector<std::string> names, disk.list(options_.path));
        for (const std::string& name : names) {
            const std::string path = options_.path + "/" + name;
            if (!name.starts_with("db-") || kept.contains(path)) continue;
            GEODE_REACHED("state.abandoned_generation_removed");
            GEODE_TRY_VOID(remove_tree(disk, path));
        }
        return {};
    });
}

Result<std::unique_ptr<storage::KvStore>> StateMachine::open_store(std::uint64_t generation) {
    storage::KvOptions options;
    options.write_buffer_bytes = options_.write_buffer_bytes;
    return storage::KvStore::open(world_, store_path(generation), options);
}

Result<StateMachine::Contents> StateMachine::read_contents(storage::KvStore& store) {
    return store.access([](storage::KvAccess& access) -> Result<Contents> {
        Contents contents;
        GEODE_TRY(const std::optional<Bytes> applied, access.get(applied_key));
        if (applied.has_value()) {
            if (applied->size() != 16) return damaged("the applied index is damaged");
            contents.applied = {LogIndex(read_little<std::uint64_t>(*applied, 0)),
                                Term(read_little<std::uint64_t>(*applied, 8))};
        }
        const Bytes prefix = {graph::meta_prefix, 's'};
        Result<void> parsed;
        const auto visit = [&](BytesView key, BytesView value) {
            if (key.size() != prefix.size() + 8 || value.size() < 16) {
                parsed = damaged("a session record is damaged");
                return false;
            }
            contents.sessions.emplace(
                SessionId(read_big64(key, prefix.size())),
                Session{read_little<std::uint64_t>(value, 0),
                        LogIndex(read_little<std::uint64_t>(value, 8)), Bytes(value.substr(16))});
            return true;
        };
        GEODE_TRY_VOID(access.for_each({prefix, graph::prefix_end(prefix)}, visit));
        GEODE_TRY_VOID(parsed);
        return contents;
    });
}

void StateMachine::adopt(Contents contents) {
    applied_ = contents.applied;
    sessions_ = std::move(contents.sessions);
    sessions_by_use_.clear();
    for (const auto& [id, session] : sessions_) sessions_by_use_.emplace(session.last_used, id);
    GEODE_ASSERT_MSG(sessions_by_use_.size() == sessions_.size(), "one session a log index");
}

// ---- applying ----

namespace {

/// The server checks what it proposes, so this is a newer node's entry, or damage that no checksum
/// saw. Passing over it would leave this replica in another state than those that understand it.
Error not_understood(const raft::Entry& entry, const Error& why) {
    GEODE_REACHED("state.entry_not_understood");
    return make_error(ErrorCode::unsupported,
                      "log entry " + std::to_string(entry.index.value()) + " of term " +
                          std::to_string(entry.term.value()) +
                          " is committed, but this version cannot apply it: " + why.message);
}

/// The same for the first answer and for a repeated one.
void limit(graph::Outcome& outcome) {
    if (outcome.actual && graph::encoded_bytes(*outcome.actual) > outcome_actual_bytes_max) {
        GEODE_REACHED("state.actual_left_out");
        outcome.actual.reset();
    }
    if (outcome.message.size() > outcome_message_bytes_max) {
        outcome.message.resize(outcome_message_bytes_max);
    }
}

}  // namespace

/// One apply() call, on a worker thread while the calling fiber waits; the only writer of the
/// sessions.
class StateMachine::Applier {
public:
    Applier(StateMachine& state, storage::KvAccess& access)
        : state_(state), access_(access), view_(access), transaction_(view_) {}

    Result<std::vector<wire::Applied>> run(std::span<const raft::Entry> entries) {
        std::vector<wire::Applied> results;
        results.reserve(entries.size());
        for (const raft::Entry& entry : entries) {
            GEODE_TRY(wire::Applied applied, apply(entry));
            results.push_back(std::move(applied));
        }
        transaction_.append_to(batch_);
        const raft::Entry& last = entries.back();
        batch_.put(applied_key, encode_applied_index({last.index, last.term}));
        GEODE_TRY_VOID(access_.write(batch_));
        return results;
    }

private:
    Result<wire::Applied> apply(const raft::Entry& entry) {
        if (entry.type == raft::EntryType::noop) return wire::Applied{};
        const Result<wire::LogCommand> decoded = wire::decode_log_command(*entry.payload);
        if (!decoded) return not_understood(entry, decoded.error());
        if (!decoded->command.has_value()) {
            return register_session(entry.index, decoded->sessions_max);
        }
        if (decoded->session.is_none()) return apply_command(*decoded->command);
        return apply_in_session(entry.index, *decoded);
    }

    Result<wire::Applied> apply_command(const graph::Command& command) {
        GEODE_TRY(graph::Outcome outcome, transaction_.apply(command));
        limit(outcome);
        return wire::Applied{wire::Applied::Kind::outcome, std::move(outcome), {}};
    }

    Result<wire::Applied> apply_in_session(LogIndex index, const wire::LogCommand& command);
    Result<wire::Applied> register_session(LogIndex index, std::uint32_t sessions_max);

    void touch(SessionId id, Session& session, LogIndex index) {
        state_.sessions_by_use_.erase(session.last_used);
        session.last_used = index;
        state_.sessions_by_use_.emplace(index, id);
        Bytes value;
        append_little(value, session.last_sequence);
        append_little(value, session.last_used.value());
        value.append(session.outcome);
        batch_.put(session_key(id), value);
    }

    StateMachine& state_;
    storage::KvAccess& access_;
    graph::StoreView view_;
    graph::GraphTransaction transaction_;
    storage::KvBatch batch_;
};

Result<wire::Applied> StateMachine::Applier::apply_in_session(LogIndex index,
                                                              const wire::LogCommand& command) {
    const auto found = state_.sessions_.find(command.session);
    if (found == state_.sessions_.end()) {
        return wire::Applied{wire::Applied::Kind::session_expired, {}, {}};
    }
    Session& session = found->second;
    if (command.sequence < session.last_sequence || command.sequence == 0) {
        GEODE_REACHED("state.stale_sequence");
        return wire::Applied{wire::Applied::Kind::stale_sequence, {}, {}};
    }
    if (command.sequence == session.last_sequence) {
        GEODE_REACHED("state.request_repeated");
        touch(command.session, session, index);
        return wire::decode_applied(session.outcome);
    }
    GEODE_TRY(wire::Applied applied, apply_command(*command.command));
    session.last_sequence = command.sequence;
    session.outcome = wire::encode_applied(state_.scratch_, applied);
    touch(command.session, session, index);
    return applied;
}

Result<wire::Applied> StateMachine::Applier::register_session(LogIndex index,
                                                              std::uint32_t sessions_max) {
    const SessionId id(index.value());
    auto& by_use = state_.sessions_by_use_;
    if (sessions_max == 0) sessions_max = wire::sessions_max_default;
    while (state_.sessions_.size() >= sessions_max) {
        GEODE_REACHED("state.session_expired");
        const SessionId oldest = by_use.begin()->second;
        by_use.erase(by_use.begin());
        state_.sessions_.erase(oldest);
        batch_.remove(session_key(oldest));
    }
    touch(id, state_.sessions_[id], index);
    return wire::Applied{wire::Applied::Kind::session_registered, {}, id};
}

Result<std::vector<wire::Applied>> StateMachine::apply(std::span<const raft::Entry> entries) {
    GEODE_ASSERT(!entries.empty());
    GEODE_ASSERT(entries.front().index == applied_.index.next());
    const std::shared_ptr<storage::KvStore> store = store_;
    auto results = store->access(
        [&](storage::KvAccess& access) { return Applier(*this, access).run(entries); });
    if (results) applied_ = {entries.back().index, entries.back().term};
    return results;
}

Result<void> StateMachine::make_durable() {
    const std::shared_ptr<storage::KvStore> store = store_;
    return store->make_durable();
}

Result<std::pair<LogIndex, std::uint64_t>> StateMachine::digest() {
    const std::shared_ptr<storage::KvStore> store = store_;
    std::unique_ptr<storage::KvSnapshot> view;
    LogIndex index;
    GEODE_TRY_VOID(store->access([&](storage::KvAccess& access) -> Result<void> {
        GEODE_TRY(view, access.snapshot());
        GEODE_TRY(const std::optional<Bytes> applied, access.get(applied_key, view.get()));
        if (applied) index = LogIndex(read_little<std::uint64_t>(*applied, 0));
        return {};
    }));
    storage::KvDigest digest;
    std::optional<Bytes> from = Bytes();
    while (from.has_value()) {
        GEODE_TRY(from, store->access([&](storage::KvAccess& access) {
            return access.extend_digest(digest, {*from, {}}, digest_slice_bytes, view.get());
        }));
        // Whoever waits for the store goes first: its mutex alone would let us in again.
        world_.scheduler().yield();
    }
    return std::pair(index, digest.hash);
}

// ---- snapshots ----
//
// A piece is a run of records in key order: u32 key bytes, u32 value bytes, key, value.

Result<std::unique_ptr<StateMachine::Snapshot>> StateMachine::snapshot() {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->store_ = store_;
    GEODE_TRY_VOID(store_->access([&](storage::KvAccess& access) -> Result<void> {
        GEODE_TRY(snapshot->view_, access.snapshot());
        GEODE_TRY(const std::optional<Bytes> applied,
                  access.get(applied_key, snapshot->view_.get()));
        if (!applied.has_value()) return make_error(ErrorCode::unavailable, "nothing is applied");
        snapshot->id_ = {LogIndex(read_little<std::uint64_t>(*applied, 0)),
                         Term(read_little<std::uint64_t>(*applied, 8))};
        return {};
    }));
    return snapshot;
}

Result<Bytes> StateMachine::Snapshot::next(std::uint64_t bytes_max) {
    Bytes piece;
    if (done_) return piece;
    GEODE_TRY_VOID(store_->access([&](storage::KvAccess& access) {
        bool more = false;
        const auto visit = [&](BytesView key, BytesView value) {
            if (!piece.empty() && piece.size() + key.size() + value.size() > bytes_max) {
                cursor_ = key;
                more = true;
                return false;
            }
            append_little(piece, static_cast<std::uint32_t>(key.size()));
            append_little(piece, static_cast<std::uint32_t>(value.size()));
            piece.append(key).append(value);
            return true;
        };
        const Bytes from = cursor_;
        const Result<void> visited = access.for_each({from, {}}, visit, view_.get());
        done_ = !more;
        return visited;
    }));
    return piece;
}

Result<void> StateMachine::begin_install() {
    incoming_.reset();
    GEODE_TRY_VOID(remove_other_generations());
    GEODE_TRY(incoming_, open_store(generation_ + 1));
    return {};
}

Result<void> StateMachine::install(BytesView piece) {
    GEODE_ASSERT(incoming_ != nullptr);
    storage::KvBatch batch;
    while (!piece.empty()) {
        const auto malformed = make_error(ErrorCode::protocol_error, "a malformed snapshot piece");
        if (piece.size() < 8) return malformed;
        const auto key_bytes = read_little<std::uint32_t>(piece, 0);
        const auto value_bytes = read_little<std::uint32_t>(piece, 4);
        piece.remove_prefix(8);
        if (std::uint64_t{key_bytes} + value_bytes > piece.size()) return malformed;
        batch.put(piece.substr(0, key_bytes), piece.substr(key_bytes, value_bytes));
        piece.remove_prefix(std::size_t{key_bytes} + value_bytes);
    }
    return incoming_->access([&](storage::KvAccess& access) { return access.write(batch); });
}

Result<void> StateMachine::finish_install(raft::SnapshotId id) {
    GEODE_ASSERT(incoming_ != nullptr);
    GEODE_TRY(Contents contents, read_contents(*incoming_));
    if (contents.applied != id) {
        incoming_.reset();
        return make_error(ErrorCode::protocol_error, "the snapshot is not the one announced");
    }
    GEODE_TRY_VOID(incoming_->make_durable());
    GEODE_TRY_VOID(world_.offload().run(
        [&] { return write_pointer(world_.disk(), options_.path, generation_ + 1); }));
    // From here on a restart finds the new state. Readers under way keep the old store alive; its
    // files go with the first installation after them, or a restart.
    replaced_.emplace(generation_++, store_);
    store_ = std::move(incoming_);
    adopt(std::move(contents));
    return {};
}

}  // namespace geode::node
