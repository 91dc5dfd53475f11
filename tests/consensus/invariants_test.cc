// SPDX-License-Identifier: Apache-2.0
//
// The checker against outputs that no core gives: each doctored output must be named. The
// properties that lying messages can break are in testdata/checker.txt.
#include <catch2/catch.hpp>

#include "consensus/raft/invariants.h"
#include "tests/consensus/cluster.h"

using namespace geode;
using namespace geode::raft;
using namespace geode::raft::test;

namespace {

constexpr NodeId self(1);

/// A leader of a group of one with three committed entries, and the checker that watched it.
struct Watched {
    Watched() {
        Config config;
        config.self = self;
        config.voters = {self};
        raft.emplace(config, Restored{}, Prng(1));
        CHECK(checker.restart(self, *raft) == std::nullopt);
        step(Tick{});
        now = raft->deadline();
        step(Tick{});
        step(Persisted{*output.write});
        step(Persisted{*output.write});
        const Proposal proposals[] = {{1, make_payload("a")}, {2, make_payload("b")}};
        step(Propose{proposals});
        step(Persisted{*output.write});
        REQUIRE(raft->commit() == LogIndex(3));
        output.clear();
    }
    void step(Event event) {
        raft->step(now, std::move(event), output);
        CHECK(checker.observe(self, *raft, output) == std::nullopt);
    }
    /// The property named, without the rest of the sentence.
    std::string broken() {
        const std::string text = checker.observe(self, *raft, output).value_or("none");
        return text.substr(0, text.find(':'));
    }
    MonoTime now{seconds(1)};
    std::optional<Raft> raft;
    InvariantChecker checker;
    Output output;
};

}  // namespace

TEST_CASE("invariants: nothing to say about an output without news", "[fast]") {
    Watched watched;
    CHECK(watched.broken() == "none");
}

TEST_CASE("invariants: names a leader that overwrites its log", "[fast]") {
    Watched watched;
    watched.output.entries = {watched.raft->log().entry(LogIndex(3))};
    CHECK(watched.broken() == "leader append-only");
}

TEST_CASE("invariants: names a node that wrote what it did not keep", "[fast]") {
    Watched watched;
    watched.output.entries = {make_command(LogIndex(4), Term(1), "lost")};
    CHECK(watched.broken() == "log matching");
}

TEST_CASE("invariants: names an entry applied twice, out of order or changed", "[fast]") {
    Watched watched;
    watched.output.committed = {watched.raft->log().entry(LogIndex(3))};
    CHECK(watched.broken() == "state machine safety");

    Watched gap;
    gap.output.committed = {make_command(LogIndex(5), Term(1), "b")};
    CHECK(gap.broken() == "state machine safety");

    Watched early;
    early.output.committed = {make_command(LogIndex(4), Term(1), "c")};
    CHECK(early.broken() == "state machine safety");
}

TEST_CASE("invariants: names a second vote and an earlier term", "[fast]") {
    Watched watched;
    watched.output.hard_state = HardState{Term(1), NodeId(2)};
    watched.output.write = WriteToken{9, Term(1), LogIndex(3)};
    CHECK(watched.broken() == "election safety");

    Watched back;
    back.output.hard_state = HardState{Term(0), NodeId()};
    back.output.write = WriteToken{9, Term(1), LogIndex(3)};
    CHECK(back.broken() == "term order");
}

TEST_CASE("invariants: forgets what every log has compacted", "[fast]") {
    Watched watched;
    CHECK(watched.checker.ghost_entries() == 3);
    watched.step(Applied{LogIndex(3)});
    watched.step(Compact{{LogIndex(2), Term(1)}});
    CHECK(watched.checker.ghost_entries() == 1);
    CHECK(watched.checker.commit_max() == LogIndex(3));
}
