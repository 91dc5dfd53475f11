// SPDX-License-Identifier: Apache-2.0
#pragma once

// InvariantChecker: Raft's safety properties, checked from outside over all replicas of one group.
//
// Fed after every step of every replica, it keeps ghost state and names the first property broken:
//   election safety        at most one leader per term
//   leader append-only     a leader's log only grows during its term
//   log matching           equal (index, term) means equal prefixes
//   leader completeness    what was committed in a term is in the logs of all later leaders
//   state machine safety   no two replicas apply different entries at one index, none skips one
//   and: term, vote, commit and a leader's match never go back; applied <= commit <= last.
//
// Logs are compared link by link: every entry ever written is remembered under (index, term) with
// its contents and the term before it. If all replicas agree on every link, then equal (index,
// term) implies equal prefixes, by induction; so a step costs O(new entries), and questions about
// whole logs (does this leader have all that was committed?) need the term of one position.
//
// Memory is bounded by the oldest log start among the replicas: everything before it is forgotten.
// Pure: no I/O, no influence on the replicas. Payloads are compared by CRC-32C and length.
//
// Source: the Raft paper, figure 3.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "consensus/raft/raft.h"

namespace geode::raft {

class InvariantChecker {
public:
    /// `node` starts its first or a later life with the state that `raft` was restored from.
    /// Returns a sentence that begins with the name of the property broken, if one is. What was
    /// durable must still be there; that property is called "durability".
    std::optional<std::string> restart(NodeId node, const Raft& raft);

    /// `node` took one step which left `raft` and gave `output`. Call it after each step, before
    /// the node's next one.
    std::optional<std::string> observe(NodeId node, const Raft& raft, const Output& output);

    /// Number of committed entries remembered.
    std::size_t ghost_entries() const { return committed_.size(); }
    /// The highest index known committed anywhere.
    LogIndex commit_max() const { return committed_start_ + committed_.size(); }

private:
    using Failure = std::optional<std::string>;
    struct Node {
        Role role = Role::follower;
        Term term;
        HardState hard_state;  ///< last one written, durable or not
        HardState durable;     ///< last one known durable
        std::deque<std::pair<std::uint64_t, HardState>> pending;
        LogIndex commit;
        LogIndex delivered;
        LogIndex start;  ///< of its log
        LogIndex last;
        std::vector<LogIndex> matches;  ///< of a leader's peers
    };
    /// A committed entry: ghost of what every state machine must apply there.
    struct Committed {
        Term term;
        std::uint64_t hash = 0;
        Term committed_in;  ///< term of the node first seen to have it committed
    };
    struct Link {
        std::uint64_t hash = 0;
        Term term_before;
        friend bool operator==(const Link&, const Link&) = default;
    };

    Failure check_scalars(NodeId id, Node& node, const Raft& raft);
    Failure check_hard_state(NodeId id, Node& node, const Raft& raft, const Output& output);
    Failure check_log(NodeId id, Node& node, const Raft& raft, const Output& output);
    Failure check_leader(NodeId id, Node& node, const Raft& raft);
    Failure check_matches(NodeId id, Node& node, const Raft& raft);
    Failure check_commit(NodeId id, Node& node, const Raft& raft);
    Failure check_applied(NodeId id, Node& node, const Raft& raft, const Output& output);
    Failure add_entry(NodeId id, const Raft& raft, const Entry& entry);
    Failure check_committed_term(NodeId id, const Raft& raft, LogIndex index);
    void forget_compacted();
    const Committed* committed_at(LogIndex index) const;

    std::map<NodeId, Node> nodes_;
    std::map<Term, NodeId> leaders_;
    std::map<std::pair<LogIndex, Term>, Link> links_;  ///< of every entry ever written
    LogIndex committed_start_;                         ///< committed_[0] is the entry after it
    std::deque<Committed> committed_;
};

}  // namespace geode::raft
