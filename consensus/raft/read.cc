// SPDX-License-Identifier: Apache-2.0
//
// ReadIndex (dissertation 6.4): a leader may serve reads at its commit index once a quorum has
// confirmed, after the read arrived, that it still is the leader.
//
// One round of heartbeats serves all reads that arrived before it began; those that arrive during a
// round wait for the next, since answers on their way may predate them. Before the term's no-op is
// committed the leader does not know what is, so reads wait for that, too.
#include <utility>

#include "base/assert.h"
#include "base/probe.h"
#include "consensus/raft/raft.h"

namespace geode::raft {

void Raft::handle(const Read& read) {
    const std::size_t pending = reads_in_round_.size() + reads_waiting_.size();
    if (role_ != Role::leader || pending >= config_.reads_pending_max) {
        out_->reads_rejected.push_back(read.context);
        return;
    }
    reads_waiting_.push_back(read.context);
    if (!may_read()) GEODE_REACHED("raft.read_waits_for_noop");
    start_read_round();
}

bool Raft::may_read() const {
    GEODE_ASSERT(role_ == Role::leader);
    return commit_ >= term_start_;
}

void Raft::start_read_round() {
    if (!may_read() || !reads_in_round_.empty() || reads_waiting_.empty()) return;
    std::swap(reads_in_round_, reads_waiting_);
    ++read_round_;
    read_index_ = commit_;
    for (Progress& peer : peers_) send_heartbeat(peer);
    advance_reads();  // a group of one is its own quorum
}

void Raft::advance_reads() {
    if (reads_in_round_.empty()) return;
    std::uint32_t confirmed = 1;
    for (const Progress& peer : peers_) confirmed += peer.read_acked >= read_round_ ? 1 : 0;
    if (confirmed < quorum()) return;
    for (const std::uint64_t context : reads_in_round_) {
        out_->reads_ready.push_back({context, read_index_});
    }
    reads_in_round_.clear();
    start_read_round();
}

void Raft::reject_reads() {
    for (const std::uint64_t context : reads_in_round_) out_->reads_rejected.push_back(context);
    for (const std::uint64_t context : reads_waiting_) out_->reads_rejected.push_back(context);
    reads_in_round_.clear();
    reads_waiting_.clear();
}

}  // namespace geode::raft
