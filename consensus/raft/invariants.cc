// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/invariants.h"

#include <algorithm>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/hash_map.h"

namespace geode::raft {
namespace {

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string broken(const char* property, NodeId node, const std::string& what) {
    return std::string(property) + ": node " + number(node.value()) + " " + what;
}

std::uint64_t hash_entry(const Entry& entry) {
    std::uint64_t hash = mix_hash(entry.term.value(), entry.index.value());
    hash = mix_hash(hash, static_cast<std::uint64_t>(entry.type));
    if (entry.payload == nullptr) return hash;
    return mix_hash(mix_hash(hash, crc32c(*entry.payload)), entry.payload->size());
}

}  // namespace

std::optional<std::string> InvariantChecker::restart(NodeId id, const Raft& raft) {
    const auto [place, first_life] = nodes_.try_emplace(id);
    Node& node = place->second;
    const HardState restored = raft.hard_state();
    if (restored.term < node.durable.term) {
        return broken("durability", id, "forgot term " + number(node.durable.term.value()));
    }
    const bool same_term = restored.term == node.durable.term;
    if (same_term && !node.durable.vote.is_none() && restored.vote != node.durable.vote) {
        return broken("durability", id, "forgot its vote of term " + number(restored.term.value()));
    }
    node = Node{};
    node.role = raft.role();
    node.term = restored.term;
    node.hard_state = restored;
    node.durable = restored;
    node.delivered = raft.commit();
    node.start = raft.log().start().index;
    node.last = raft.last_index();
    for (const Entry& entry : raft.log().entries()) {
        if (Failure failure = add_entry(id, raft, entry)) return failure;
    }
    return check_commit(id, node, raft);
}

std::optional<std::string> InvariantChecker::observe(NodeId id, const Raft& raft,
                                                     const Output& output) {
    const auto place = nodes_.find(id);
    GEODE_ASSERT_MSG(place != nodes_.end(), "restart() announces a node");
    Node& node = place->second;
    if (Failure failure = check_scalars(id, node, raft)) return failure;
    if (Failure failure = check_hard_state(id, node, raft, output)) return failure;
    if (Failure failure = check_log(id, node, raft, output)) return failure;
    if (Failure failure = check_commit(id, node, raft)) return failure;
    if (Failure failure = check_leader(id, node, raft)) return failure;
    if (Failure failure = check_matches(id, node, raft)) return failure;
    if (Failure failure = check_applied(id, node, raft, output)) return failure;
    node.role = raft.role();
    node.term = raft.term();
    if (output.log_start) forget_compacted();
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_scalars(NodeId id, Node& node, const Raft& raft) {
    if (raft.term() < node.term) return broken("term order", id, "went back to an earlier term");
    if (raft.commit() < node.commit) return broken("commit order", id, "took back a commit");
    if (raft.applied() > raft.commit() || raft.commit() > raft.last_index()) {
        return broken("commit order", id, "breaks applied <= commit <= last");
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_hard_state(NodeId id, Node& node,
                                                             const Raft& raft,
                                                             const Output& output) {
    if (output.hard_state) {
        const HardState& now = *output.hard_state;
        if (now.term < node.hard_state.term) {
            return broken("term order", id, "writes an earlier term");
        }
        const bool same_term = now.term == node.hard_state.term;
        if (same_term && !node.hard_state.vote.is_none() && now.vote != node.hard_state.vote) {
            return broken("election safety", id, "votes twice in term " + number(now.term.value()));
        }
        if (!output.write) return broken("durability", id, "changes its term without a write");
        node.hard_state = now;
        node.pending.emplace_back(output.write->sequence, now);
    }
    while (!node.pending.empty() && node.pending.front().first <= raft.persisted_sequence()) {
        node.durable = node.pending.front().second;
        node.pending.pop_front();
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_log(NodeId id, Node& node, const Raft& raft,
                                                      const Output& output) {
    node.start = raft.log().start().index;
    if (output.log_start && output.log_start->discard) node.last = output.log_start->at.index;
    if (!output.entries.empty()) {
        const LogIndex first = output.entries.front().index;
        const bool was_leader = node.role == Role::leader && node.term == raft.term();
        if (was_leader && first <= node.last) {
            return broken("leader append-only", id,
                          "overwrites its entry " + number(first.value()));
        }
        if (first <= node.commit || first > node.last.next()) {
            return broken("log matching", id, "writes outside its uncommitted log");
        }
        for (const Entry& entry : output.entries) {
            if (Failure failure = add_entry(id, raft, entry)) return failure;
        }
        node.last = output.entries.back().index;
    }
    if (raft.last_index() != node.last) {
        return broken("log matching", id, "has a log that differs from what it wrote");
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::add_entry(NodeId id, const Raft& raft,
                                                      const Entry& entry) {
    const std::optional<Term> before = raft.term_at(entry.index.prev());
    if (!before || raft.term_at(entry.index) != entry.term) {
        return broken("log matching", id,
                      "did not keep the entry " + number(entry.index.value()) + " it wrote");
    }
    const Link link{hash_entry(entry), *before};
    const auto [known, fresh] = links_.try_emplace({entry.index, entry.term}, link);
    if (!fresh && known->second != link) {
        return broken("log matching", id,
                      "has another entry " + number(entry.index.value()) + " of term " +
                          number(entry.term.value()) + ", or another before it");
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_commit(NodeId id, Node& node, const Raft& raft) {
    // A snapshot's entries are gone; its last position stands for them.
    LogIndex index = std::max(node.commit, raft.log().start().index);
    if (Failure failure = check_committed_term(id, raft, index)) return failure;
    while (index < raft.commit()) {
        index = index.next();
        if (Failure failure = check_committed_term(id, raft, index)) return failure;
        if (index <= commit_max()) continue;
        if (index != commit_max().next()) {
            // The checker began after what nobody remembers.
            committed_.clear();
            committed_start_ = index.prev();
        }
        const Term term = *raft.term_at(index);
        const auto link = links_.find({index, term});
        GEODE_ASSERT(link != links_.end());
        committed_.push_back({term, link->second.hash, raft.term()});
    }
    node.commit = raft.commit();
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_committed_term(NodeId id, const Raft& raft,
                                                                 LogIndex index) {
    const Committed* ghost = committed_at(index);
    if (ghost == nullptr || raft.term_at(index) == ghost->term) return std::nullopt;
    return broken("state machine safety", id, "commits another entry at " + number(index.value()));
}

InvariantChecker::Failure InvariantChecker::check_leader(NodeId id, Node& node, const Raft& raft) {
    if (raft.role() != Role::leader) return std::nullopt;
    const bool won = node.role != Role::leader || node.term != raft.term();
    if (!won) return std::nullopt;
    const auto [leader, fresh] = leaders_.try_emplace(raft.term(), id);
    if (leader->second != id) {
        return broken("election safety", id,
                      "leads term " + number(raft.term().value()) + ", as node " +
                          number(leader->second.value()) + " does");
    }
    // committed_in does not decrease along the log, so the last earlier one stands for all.
    LogIndex index = commit_max();
    while (index > committed_start_ && committed_at(index)->committed_in >= raft.term()) {
        index = index.prev();
    }
    if (index <= committed_start_ || index < node.start) return std::nullopt;
    if (raft.term_at(index) != committed_at(index)->term) {
        return broken("leader completeness", id,
                      "leads term " + number(raft.term().value()) + " without committed entry " +
                          number(index.value()));
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_matches(NodeId id, Node& node, const Raft& raft) {
    if (raft.role() != Role::leader) return std::nullopt;
    const bool won = node.role != Role::leader || node.term != raft.term();
    if (won) node.matches.assign(raft.peers().size(), LogIndex());
    std::size_t place = 0;
    for (const Progress& peer : raft.peers()) {
        LogIndex& before = node.matches[place++];
        if (peer.match() < before) return broken("match order", id, "takes back a match");
        before = peer.match();
    }
    return std::nullopt;
}

InvariantChecker::Failure InvariantChecker::check_applied(NodeId id, Node& node, const Raft& raft,
                                                          const Output& output) {
    if (raft.applied() > node.delivered) node.delivered = raft.applied();  // by a snapshot
    for (const Entry& entry : output.committed) {
        if (entry.index != node.delivered.next()) {
            return broken("state machine safety", id,
                          "applies " + number(entry.index.value()) + " after " +
                              number(node.delivered.value()));
        }
        node.delivered = entry.index;
        if (entry.index > raft.commit()) {
            return broken("state machine safety", id, "applies before commit");
        }
        const Committed* ghost = committed_at(entry.index);
        if (ghost != nullptr && ghost->hash != hash_entry(entry)) {
            return broken("state machine safety", id,
                          "applies another entry at " + number(entry.index.value()));
        }
    }
    return std::nullopt;
}

void InvariantChecker::forget_compacted() {
    LogIndex oldest = nodes_.begin()->second.start;
    Term oldest_term = nodes_.begin()->second.durable.term;
    for (const auto& [id, node] : nodes_) {
        oldest = std::min(oldest, node.start);
        oldest_term = std::min(oldest_term, node.durable.term);
    }
    while (committed_start_ < oldest && !committed_.empty()) {
        committed_.pop_front();
        committed_start_ = committed_start_.next();
    }
    links_.erase(links_.begin(), links_.lower_bound({oldest, Term(0)}));
    leaders_.erase(leaders_.begin(), leaders_.lower_bound(oldest_term));
}

const InvariantChecker::Committed* InvariantChecker::committed_at(LogIndex index) const {
    if (index <= committed_start_ || index > commit_max()) return nullptr;
    return &committed_[(index - committed_start_) - 1];
}

}  // namespace geode::raft
