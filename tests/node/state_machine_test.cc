// SPDX-License-Identifier: Apache-2.0
#include "node/state_machine.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_world.h"

using namespace geode;
using namespace geode::node;
using geode::test::all_losses;
using geode::test::FakeWorld;
using geode::test::Loss;
using geode::test::MemoryDisk;
using Kind = wire::Applied::Kind;

namespace {

/// Builds log entries in order.
class LogWriter {
public:
    raft::Entry noop() { return {Term(1), next(), raft::EntryType::noop, nullptr}; }
    raft::Entry entry(const wire::LogCommand& command) {
        return {Term(1), next(), raft::EntryType::command,
                std::make_shared<const Bytes>(wire::encode_log_command(scratch_, command))};
    }
    raft::Entry registration(std::uint32_t sessions_max = 0) {
        return entry({SessionId(), 0, std::nullopt, sessions_max});
    }
    /// Adds one to a counter kept as "absent, 1, 2, …" by compare-and-set from `expected`.
    raft::Entry put(SessionId session, std::uint64_t sequence, std::uint64_t vertex) {
        graph::Vertex put;
        put.id = VertexId(vertex);
        put.properties.emplace("sequence", graph::Value(static_cast<std::int64_t>(sequence)));
        return entry({session, sequence, graph::PutVertex{put}});
    }
    raft::Entry swap(SessionId session, std::uint64_t sequence, std::int64_t from,
                     std::int64_t to) {
        return entry({session, sequence,
                      graph::CompareAndSet{VertexId(1), "sequence", graph::Value(from),
                                           graph::Value(to), false}});
    }
    LogIndex last() const { return last_; }

private:
    LogIndex next() { return last_ = last_.next(); }
    LogIndex last_;
    wire::Scratch scratch_;
};

struct Fixture {
    MemoryDisk disk;
    FakeWorld world{disk};
    std::unique_ptr<StateMachine> state;
    LogWriter log;

    Fixture() {
        world.run([&] {
            StateMachineOptions options;
            options.write_buffer_bytes = 64 * 1024;
            auto opened = StateMachine::open(world, options);
            CHECK(opened.has_value());
            if (opened) state = *std::move(opened);
        });
        REQUIRE(state != nullptr);
    }
    ~Fixture() {
        world.kill();
        state.reset();
    }
    std::vector<wire::Applied> apply(std::vector<raft::Entry> entries) {
        std::vector<wire::Applied> results;
        world.run([&] {
            auto applied = state->apply(entries);
            CHECK(applied.has_value());
            if (applied) results = *std::move(applied);
        });
        return results;
    }
    std::pair<LogIndex, std::uint64_t> digest() {
        std::pair<LogIndex, std::uint64_t> result;
        world.run([&] { result = state->digest().value(); });
        return result;
    }
};

}  // namespace

TEST_CASE("state machine: a repeated request returns its first outcome", "[fast]") {
    Fixture f;
    const auto registered = f.apply({f.log.noop(), f.log.registration()});
    REQUIRE(registered[1].kind == Kind::session_registered);
    const SessionId session = registered[1].session;
    CHECK(session == SessionId(2));
    f.apply({f.log.put(session, 1, 1)});
    const auto first = f.apply({f.log.swap(session, 2, 1, 7)});
    CHECK(first[0].outcome.is_ok());
    // Applied again it would be a conflict: the value is 7 now.
    const auto again = f.apply({f.log.swap(session, 2, 1, 7), f.log.swap(session, 3, 1, 9)});
    CHECK(again[0].outcome.is_ok());
    CHECK(again[1].outcome.code == graph::OutcomeCode::conflict);
    CHECK(again[1].outcome.actual == graph::Value(7));
    // A refusal is remembered as well as a success.
    const auto refused = f.apply({f.log.swap(session, 3, 1, 9)});
    CHECK(refused[0].outcome == again[1].outcome);
}

TEST_CASE("state machine: what a client has given up on stays undone", "[fast]") {
    Fixture f;
    const SessionId session = f.apply({f.log.registration()})[0].session;
    f.apply({f.log.put(session, 5, 1)});
    CHECK(f.apply({f.log.put(session, 4, 1)})[0].kind == Kind::stale_sequence);
}

TEST_CASE("state machine: the least recently used session expires", "[fast]") {
    Fixture f;
    const SessionId a = f.apply({f.log.registration(2)})[0].session;
    const SessionId b = f.apply({f.log.registration(2)})[0].session;
    f.apply({f.log.put(a, 1, 1)});
    f.apply({f.log.registration(2)});  // b was used least recently
    CHECK(f.apply({f.log.put(b, 1, 2)})[0].kind == Kind::session_expired);
    CHECK(f.apply({f.log.put(a, 2, 1)})[0].kind == Kind::outcome);
}

TEST_CASE("state machine: a registration with a lower maximum expires as many as it takes",
          "[fast]") {
    Fixture f;
    std::vector<SessionId> sessions;
    for (int i = 0; i < 5; ++i) sessions.push_back(f.apply({f.log.registration()})[0].session);
    f.apply({f.log.registration(3)});
    for (std::size_t i = 0; i < 5; ++i) {
        const Kind expected = i < 3 ? Kind::session_expired : Kind::outcome;
        CHECK(f.apply({f.log.put(sessions[i], 1, i)})[0].kind == expected);
    }
}

TEST_CASE("state machine: an outcome keeps no large value, first or repeated", "[fast]") {
    Fixture f;
    const SessionId session = f.apply({f.log.registration()})[0].session;
    graph::Vertex vertex;
    vertex.id = VertexId(1);
    vertex.properties.emplace("small", graph::Value("text"));
    vertex.properties.emplace("large", graph::Value(std::string(outcome_actual_bytes_max, 'x')));
    f.apply({f.log.entry({session, 1, graph::PutVertex{vertex}})});
    for (const char* property : {"small", "large"}) {
        const graph::CompareAndSet swap{VertexId(1), property, graph::Value(1), graph::Value(2),
                                        false};
        for (int repeated = 0; repeated < 2; ++repeated) {
            const std::uint64_t sequence = property == std::string_view("small") ? 2 : 3;
            const auto applied = f.apply({f.log.entry({session, sequence, swap})});
            CHECK(applied[0].outcome.code == graph::OutcomeCode::conflict);
            CHECK(applied[0].outcome.actual.has_value() == (sequence == 2));
        }
    }
}

TEST_CASE("state machine: an entry that cannot be decoded is not passed over", "[fast]") {
    Fixture f;
    f.apply({f.log.noop()});
    const auto before = f.digest();
    const raft::Entry good = f.log.registration();
    raft::Entry bad = f.log.noop();
    bad.type = raft::EntryType::command;
    bad.payload = std::make_shared<const Bytes>(Bytes(16, 'x'));
    f.world.run([&] {
        const auto applied = f.state->apply(std::vector{good, bad});
        CHECK(applied.code() == ErrorCode::unsupported);
        CHECK(applied.error().message.find("log entry 3 of term 1") == 0);
    });
    CHECK(f.digest() == before);
}

TEST_CASE("state machine: a digest of much lets others in, and is of its beginning", "[fast]") {
    Fixture f;
    Prng prng(7);
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        graph::Vertex vertex;
        vertex.id = VertexId(id);
        std::string text(8192, ' ');
        for (char& letter : text) letter = static_cast<char>(prng.below(256));
        vertex.properties.emplace("text", graph::Value(text));
        f.apply({f.log.entry({SessionId(), 0, graph::PutVertex{vertex}})});
    }
    const auto before = f.digest();
    const std::vector<raft::Entry> entries = {f.log.put(SessionId(), 0, 1)};
    bool applied = false;
    bool applied_first = false;
    f.world.spawn("digest", [&] {
        const auto meanwhile = f.state->digest();
        applied_first = applied;
        CHECK(meanwhile.value() == before);
    });
    f.world.spawn("apply", [&] {
        CHECK(f.state->apply(entries).has_value());
        applied = true;
    });
    f.world.run_ready();
    CHECK(applied_first);
    CHECK(f.digest() != before);
}

TEST_CASE("state machine: replicas agree however entries are batched", "[fast]") {
    Fixture one_by_one;
    Fixture together;
    std::vector<raft::Entry> entries;
    Prng prng(4);
    LogWriter log;
    for (int i = 0; i < 300; ++i) {
        const SessionId session(1 + prng.below(20));
        switch (prng.below(4)) {
            case 0:
                entries.push_back(log.registration(static_cast<std::uint32_t>(1 + prng.below(5))));
                break;
            case 1: entries.push_back(log.noop()); break;
            default: entries.push_back(log.put(session, 1 + prng.below(4), prng.below(9)));
        }
    }
    for (const raft::Entry& entry : entries) one_by_one.apply({entry});
    together.apply(entries);
    CHECK(one_by_one.digest() == together.digest());
}

namespace {

struct Pieces {
    raft::SnapshotId id;
    std::vector<Bytes> pieces;
};

Pieces take_snapshot(Fixture& from, std::uint64_t piece_bytes) {
    Pieces taken;
    from.world.run([&] {
        const auto snapshot = from.state->snapshot().value();
        taken.id = snapshot->id();
        for (Bytes piece = snapshot->next(piece_bytes).value(); !piece.empty();
             piece = snapshot->next(piece_bytes).value()) {
            taken.pieces.push_back(piece);
        }
    });
    return taken;
}

/// In a fiber of the state's world.
Result<void> install(StateMachine& to, const Pieces& snapshot) {
    GEODE_TRY_VOID(to.begin_install());
    for (const Bytes& piece : snapshot.pieces) GEODE_TRY_VOID(to.install(piece));
    return to.finish_install(snapshot.id);
}

void fill(Fixture& f) {
    const SessionId session = f.apply({f.log.registration()})[0].session;
    for (std::uint64_t i = 1; i <= 60; ++i) f.apply({f.log.put(session, i, i)});
}

}  // namespace

TEST_CASE("state machine: an installed snapshot is the same state, sessions included", "[fast]") {
    Fixture from;
    Fixture to;
    fill(from);
    to.apply({to.log.noop()});
    for (const std::uint64_t piece_bytes : {1U, 100U, 1U << 20U}) {
        const Pieces snapshot = take_snapshot(from, piece_bytes);
        to.world.run([&] { CHECK(install(*to.state, snapshot).has_value()); });
        CHECK(to.digest() == from.digest());
        CHECK(to.state->applied() == from.state->applied());
    }
    const auto repeated = to.apply({from.log.put(SessionId(1), 60, 999)});
    CHECK(repeated[0].kind == Kind::outcome);  // deduplicated: vertex 999 was not written
    bool present = true;
    to.world.run([&] {
        const auto vertex = to.state->read(
            [](graph::GraphReader& reader) { return reader.get_vertex(VertexId(999)); });
        present = vertex->has_value();
    });
    CHECK_FALSE(present);
}

TEST_CASE("state machine: the files of a snapshot being read stay", "[fast]") {
    Fixture from;
    Fixture to;
    fill(from);
    fill(to);
    const Pieces other = take_snapshot(from, 10'000);
    const auto has_files_of = [&](const std::string& store) {
        const std::vector<std::string> files = to.disk.files();
        return std::any_of(files.begin(), files.end(),
                           [&](const std::string& file) { return file.find(store) == 0; });
    };
    to.world.run([&] {
        auto snapshot = to.state->snapshot().value();
        for (int round = 0; round < 3; ++round) CHECK(install(*to.state, other).has_value());
        CHECK(has_files_of("state/db-1/"));
        CHECK_FALSE(has_files_of("state/db-2/"));
        CHECK(snapshot->next(100).has_value());
        snapshot.reset();
        CHECK(install(*to.state, other).has_value());
        CHECK_FALSE(has_files_of("state/db-1/"));
    });
}

TEST_CASE("state machine: a snapshot that is not what it claims leaves the old state", "[fast]") {
    Fixture from;
    Fixture to;
    fill(from);
    to.apply({to.log.noop()});
    const auto before = to.digest();
    to.world.run([&] {
        CHECK(to.state->begin_install().has_value());
        CHECK(to.state->install("garbage, and more than eight bytes of it").code() ==
              ErrorCode::protocol_error);
        CHECK(to.state->finish_install({LogIndex(61), Term(1)}).code() ==
              ErrorCode::protocol_error);
    });
    CHECK(to.digest() == before);
}

TEST_CASE("state machine: a crash anywhere in an installation leaves old or new", "[fast]") {
    Fixture from;
    fill(from);
    const Pieces snapshot = take_snapshot(from, 500);
    std::uint64_t mutations = 0;
    {
        Fixture to;
        const std::uint64_t before = to.disk.mutations();
        to.world.run([&] { CHECK(install(*to.state, snapshot).has_value()); });
        mutations = to.disk.mutations() - before;
    }
    Prng prng(9);
    for (std::uint64_t at = 0; at < mutations; ++at) {
        for (const Loss loss : all_losses) {
            MemoryDisk disk;
            LogIndex old_index;
            {
                FakeWorld world(disk);
                std::unique_ptr<StateMachine> state;
                world.run([&] {
                    state = StateMachine::open(world, {}).value();
                    LogWriter log;
                    CHECK(state->apply(std::vector{log.noop()}).has_value());
                    CHECK(state->make_durable().has_value());
                    old_index = state->applied().index;
                });
                disk.die_at(at);
                world.run([&] { CHECK_FALSE(install(*state, snapshot).has_value()); });
                world.kill();
                state.reset();
            }
            disk.crash(loss, prng);
            FakeWorld world(disk);
            world.run([&] {
                auto state = StateMachine::open(world, {});
                INFO("crash at mutation " << at);
                CHECK(state.has_value());
                if (!state) return;
                const LogIndex found = (*state)->applied().index;
                CHECK((found == old_index || found == snapshot.id.index));
            });
        }
    }
}
