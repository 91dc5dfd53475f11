// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/progress.h"

#include <algorithm>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::raft {

Progress::Progress(NodeId peer, std::uint32_t inflight_max) : peer_(peer), inflight_(inflight_max) {
    GEODE_ASSERT(!peer.is_none());
    GEODE_ASSERT(inflight_max > 0);
}

void Progress::reset(LogIndex next, MonoTime now) {
    GEODE_ASSERT(!next.is_none());
    match_ = LogIndex(0);
    next_ = next;
    become_probe();
    next_ = next;
    heard_at = now;
    sent_at = now;
    commit_sent = LogIndex(0);
    read_acked = 0;
    question_due = false;
}

bool Progress::acknowledge(LogIndex index, LogIndex log_start) {
    const bool news = index > match_;
    match_ = std::max(match_, index);
    next_ = std::max(next_, match_.next());
    question_due = false;
    if (state_ == ProgressState::replicate) {
        release(index);
    } else if (state_ == ProgressState::probe) {
        // Even old news shows where the logs agree, if it is the position being probed.
        if (news || index.next() == next_) become_replicate();
    } else if (match_ >= log_start) {
        GEODE_REACHED("raft.snapshot_peer_caught_up");
        become_replicate();
    }
    GEODE_ASSERT(match_ < next_);
    return news;
}

bool Progress::refuse(LogIndex rejected, LogIndex next) {
    if (state_ == ProgressState::replicate) {
        if (rejected <= match_) return false;
        become_probe();
        return true;
    }
    if (state_ == ProgressState::snapshot || rejected.next() != next_) {
        GEODE_REACHED("raft.stale_refusal");
        return false;
    }
    if (rejected <= match_) return false;
    next_ = std::max(std::min(rejected, next), match_.next());
    paused_ = false;
    return true;
}

void Progress::sent(LogIndex last, std::uint64_t count) {
    GEODE_ASSERT(state_ != ProgressState::snapshot);
    if (state_ == ProgressState::probe) {
        paused_ = true;
        return;
    }
    if (count == 0) return;
    GEODE_ASSERT(last >= next_);
    GEODE_ASSERT(inflight_count_ < inflight_.size());
    next_ = last.next();
    inflight_[(inflight_first_ + inflight_count_) % inflight_.size()] = last;
    ++inflight_count_;
}

void Progress::resume() {
    paused_ = false;
}

void Progress::become_probe() {
    state_ = ProgressState::probe;
    next_ = match_.next();
    paused_ = false;
    inflight_count_ = 0;
}

void Progress::become_replicate() {
    state_ = ProgressState::replicate;
    next_ = match_.next();
    paused_ = false;
    inflight_count_ = 0;
}

void Progress::become_snapshot() {
    state_ = ProgressState::snapshot;
    next_ = match_.next();
    inflight_count_ = 0;
}

void Progress::leave_snapshot(LogIndex index) {
    GEODE_ASSERT(state_ == ProgressState::snapshot);
    become_probe();
    next_ = std::max(next_, index.next());
}

bool Progress::may_send() const {
    if (state_ == ProgressState::probe) return !paused_;
    return state_ == ProgressState::replicate && inflight_count_ < inflight_.size();
}

void Progress::release(LogIndex index) {
    while (inflight_count_ > 0 && inflight_[inflight_first_] <= index) {
        inflight_first_ = (inflight_first_ + 1) % static_cast<std::uint32_t>(inflight_.size());
        --inflight_count_;
    }
}

}  // namespace geode::raft
