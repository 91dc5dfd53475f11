// SPDX-License-Identifier: Apache-2.0
//
// Random schedules: loss, duplication, reordering, delay, cuts, crashes that lose writes, slow
// disks, compaction, snapshots and reads, with the safety properties checked at every step, reads
// checked against what was committed when they were asked, and progress checked after the storm.
#include <catch2/catch.hpp>

#include "tests/consensus/cluster.h"

using namespace geode;
using namespace geode::raft;
using namespace geode::raft::test;

namespace {

class Storm {
public:
    explicit Storm(std::uint64_t seed) : prng_(seed), cluster_(seed) {
        const std::uint64_t count = 1 + prng_.below(5);
        Config config;
        config.pre_vote = prng_.chance(1, 2);
        config.check_quorum = prng_.chance(1, 2);
        config.inflight_messages_max = static_cast<std::uint32_t>(1 + prng_.below(4));
        config.append_entries_max = static_cast<std::uint32_t>(1 + prng_.below(5));
        config.unapplied_entries_max = static_cast<std::uint32_t>(1 + prng_.below(20));
        config.uncommitted_entries_max = 30;
        loss_percent_ = prng_.below(20);
        // Restless storms hold an election every few steps, with slow disks and frequent crashes:
        // the stage of figure 8 and of votes that must be durable. The others have longer terms.
        restless_ = prng_.chance(1, 3);
        crash_tenths_ = restless_ ? 2 + prng_.below(9) : prng_.below(4);
        persist_chance_ = restless_ ? 5 + prng_.below(20) : 25;
        for (std::uint32_t i = 1; i <= count; ++i) config.voters.push_back(NodeId(i));
        for (const NodeId id : config.voters) {
            config.self = id;
            cluster_.add_node(config);
        }
        cluster_.observer = [this](const ModelNode& node, const Output& output) {
            observe(node, output);
        };
        for (const NodeId id : config.voters) cluster_.start(id);
        ids_ = config.voters;
    }

    /// Returns what was broken, or nothing.
    std::string run(std::uint64_t actions) {
        for (std::uint64_t i = 0; i < actions && failure().empty(); ++i) act();
        if (failure().empty()) calm();
        return failure();
    }
    std::uint64_t leaders() const { return leaders_; }
    std::uint64_t reads() const { return reads_served_; }
    std::uint64_t commits() const { return cluster_.checker().commit_max().value(); }
    std::uint64_t proposals() const { return proposals_accepted_; }

private:
    std::string failure() const {
        return cluster_.violation().empty() ? failure_ : cluster_.violation();
    }
    NodeId pick() { return ids_[prng_.below(ids_.size())]; }
    ModelNode& node(NodeId id) { return cluster_.node(id); }

    void observe(const ModelNode& node, const Output& output) {
        if (output.role_change && output.role_change->role == Role::leader) ++leaders_;
        proposals_accepted_ += output.accepted.size();
        for (const ReadReady& ready : output.reads_ready) {
            ++reads_served_;
            if (ready.index < read_floor_[ready.context]) {
                failure_ = "stale read at node " + std::to_string(node.id.value());
            }
        }
    }

    void act() {
        const bool jump = prng_.chance(restless_ ? 3 : 1, 10);
        cluster_.now += jump ? milliseconds(20) : microseconds(300);
        for (const NodeId id : ids_) cluster_.tick(id);
        const std::uint64_t choice = prng_.below(100);
        const NodeId id = pick();
        if (choice < 45) {
            deliver_one();
        } else if (choice < 70) {
            if (!node(id).raft || !prng_.chance(persist_chance_, 25)) return;
            cluster_.persist(id, 1 + prng_.below(3));
        } else if (choice < 80) {
            propose(id);
        } else if (choice < 84) {
            read(id);
        } else if (choice < 86 && prng_.chance(1, 4)) {
            cluster_.cut(id);
        } else if (choice < 88) {
            cluster_.heal();
        } else if (choice < 91) {
            crash_or_start(id);
        } else if (choice < 93) {
            compact(id);
        } else if (choice < 96) {
            node(id).hold_apply = !node(id).hold_apply;
            if (node(id).raft && !node(id).hold_apply) cluster_.apply(id);
        } else if (node(id).raft) {
            if (choice == 96) cluster_.step(id, PeerUnreachable{pick()});
            if (choice == 97) cluster_.step(id, ForgetLeader{});
            if (choice == 98) cluster_.step(id, SnapshotSent{pick(), {}, false});
        }
    }

    void deliver_one() {
        std::vector<Message>& flying = cluster_.in_flight();
        if (flying.size() > 200) flying.erase(flying.begin(), flying.begin() + 100);
        if (flying.empty()) return;
        const bool reorder = prng_.chance(1, 4);
        const std::size_t position = reorder ? prng_.below(flying.size()) : 0;
        if (prng_.chance(loss_percent_, 100)) {
            flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(position));
            return;
        }
        if (prng_.chance(1, 10)) flying.push_back(flying[position]);
        cluster_.deliver(position);
    }

    void propose(NodeId id) {
        if (!node(id).raft) return;
        std::vector<Proposal> batch(1 + prng_.below(3));
        for (Proposal& proposal : batch) {
            proposal.context = ++context_;
            proposal.payload = make_payload(std::to_string(context_));
        }
        cluster_.step(id, Propose{batch});
    }

    void read(NodeId id) {
        if (!node(id).raft) return;
        read_floor_[++context_] = cluster_.checker().commit_max();
        cluster_.step(id, Read{context_});
    }

    void crash_or_start(NodeId id) {
        if (!node(id).raft) {
            cluster_.start(id);
        } else if (prng_.chance(crash_tenths_, 10)) {
            cluster_.crash(id, prng_.below(node(id).writes.size() + 1));
        }
    }

    void compact(NodeId id) {
        if (!node(id).raft) return;
        const LogIndex applied = node(id).raft->applied();
        const LogIndex first = node(id).raft->first_index();
        if (applied < first) return;
        cluster_.compact(id, first + prng_.below((applied - first) + 1));
    }

    void calm_round() {
        cluster_.now += milliseconds(5);
        for (const NodeId id : ids_) {
            cluster_.tick(id);
            cluster_.persist(id, 1000);
        }
        for (std::size_t count = cluster_.in_flight().size(); count > 0; --count) {
            cluster_.deliver(0);
        }
    }

    /// What a host does when a stream gets no answer for long.
    void time_out_snapshots(NodeId id) {
        for (const NodeId peer : ids_) {
            const Progress* progress = node(id).raft->progress(peer);
            const bool streaming =
                progress != nullptr && progress->state() == ProgressState::snapshot;
            if (streaming) cluster_.step(id, SnapshotSent{peer, {}, false});
        }
    }

    /// Everything heals: within 10 s a leader must commit something new everywhere and serve a
    /// read.
    void calm() {
        cluster_.heal();
        for (const NodeId id : ids_) {
            node(id).hold_apply = false;
            if (!node(id).raft) cluster_.start(id);
            cluster_.apply(id);
        }
        const LogIndex target = cluster_.checker().commit_max().next();
        const std::uint64_t reads_before = reads_served_;
        for (int i = 0; i < 2000 && failure().empty(); ++i) {
            calm_round();
            bool done = reads_served_ > reads_before;
            for (const NodeId id : ids_) {
                if (node(id).raft->role() == Role::leader && i % 10 == 0) {
                    propose(id);
                    read(id);
                }
                if (i % 50 == 0) time_out_snapshots(id);
                done = done && node(id).disk.applied.index >= target;
            }
            if (done) return;
        }
        if (failure().empty()) failure_ = "no progress after the storm" + describe();
    }

    std::string describe() {
        std::string text;
        for (const NodeId id : ids_) {
            const Raft& raft = *node(id).raft;
            text += "; " + std::to_string(id.value()) + " " + std::string(to_string(raft.role()));
            for (const std::uint64_t value :
                 {raft.term().value(), raft.first_index().value(), raft.last_index().value(),
                  raft.durable().value(), raft.commit().value(), raft.applied().value(),
                  std::uint64_t{node(id).writes.size()}}) {
                text += " " + std::to_string(value);
            }
            if (raft.role() != Role::leader) continue;
            for (const Progress& peer : raft.peers()) {
                text += " [" + std::to_string(peer.peer().value()) + ": " +
                        std::to_string(static_cast<int>(peer.state())) + " " +
                        std::to_string(peer.match().value()) + " " +
                        std::to_string(peer.next().value()) + (peer.paused() ? " paused" : "") +
                        "]";
            }
        }
        return text;
    }

    Prng prng_;
    Cluster cluster_;
    std::vector<NodeId> ids_;
    std::uint64_t loss_percent_ = 0;
    bool restless_ = false;
    std::uint64_t crash_tenths_ = 0;
    std::uint64_t persist_chance_ = 0;  ///< of 25
    std::uint64_t context_ = 0;
    std::uint64_t leaders_ = 0;
    std::uint64_t reads_served_ = 0;
    std::uint64_t proposals_accepted_ = 0;
    std::map<std::uint64_t, LogIndex> read_floor_;
    std::string failure_;
};

void sweep(std::uint64_t first, std::uint64_t count, std::uint64_t actions) {
    std::uint64_t leaders = 0;
    std::uint64_t reads = 0;
    std::uint64_t commits = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        Storm storm(seed);
        const std::string failure = storm.run(actions);
        INFO("seed " << seed);
        REQUIRE(failure == "");
        leaders += storm.leaders();
        reads += storm.reads();
        commits += storm.commits();
    }
    UNSCOPED_INFO("leaders " << leaders << " reads " << reads << " commits " << commits);
    // A storm in which nothing happens proves nothing.
    CHECK(leaders > 2 * count);
    CHECK(reads > 2 * count);
    CHECK(commits > 10 * count);
}

}  // namespace

TEST_CASE("raft: keeps its promises under random schedules", "[fast]") {
    sweep(1, 1000, 4000);
}

TEST_CASE("raft: keeps its promises under many random schedules", "[slow]") {
    sweep(10'000, 10'000, 5000);
}
