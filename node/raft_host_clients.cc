// SPDX-License-Identifier: Apache-2.0
// RaftHost's clients: fibers that wait for a proposal or a read, and how they are answered.

#include "base/probe.h"
#include "node/raft_host.h"
#include "node/wire/frame.h"

namespace geode::node {

/// Registers a waiter for the length of a scope, kills included.
class RaftHost::Waiting {
public:
    Waiting(RaftHost& host, std::uint64_t context, Waiter& waiter)
        : host_(host), context_(context) {
        host_.waiters_.emplace(context, &waiter);
    }
    ~Waiting() { host_.waiters_.erase(context_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    RaftHost& host_;
    std::uint64_t context_;
};

void RaftHost::finish(std::uint64_t context, Result<wire::Applied> result) {
    const auto waiter = waiters_.find(context);
    if (waiter == waiters_.end() || waiter->second->result.has_value()) return;
    waiter->second->result = std::move(result);
    world_.scheduler().wake(waiter->second->token);
}

/// Parks until the waiter is finished or `deadline`; its token is the coming park's.
void RaftHost::wait(Waiter& waiter, MonoTime deadline) {
    struct Timer {
        Clock& clock;
        TimerId id;
        ~Timer() { clock.cancel(id); }
    } timer{world_.clock(), world_.clock().wake_at(deadline, waiter.token)};
    world_.scheduler().park();
}

Result<wire::Applied> RaftHost::propose(raft::Payload payload, MonoTime deadline) {
    GEODE_ASSERT(payload != nullptr && payload->size() <= wire::write_bytes_max);
    if (failure_.has_value()) return make_error(ErrorCode::unavailable, "the node has failed");
    if (core_.role() != raft::Role::leader) return rejection();
    if (log_backlog_bytes_ + proposals_bytes_ > options_.log_backlog_bytes_max) {
        GEODE_REACHED("node.proposal_refused_for_backlog");
        return rejection();
    }
    const std::uint64_t context = next_context_++;
    Waiter waiter;
    const Waiting waiting(*this, context, waiter);
    proposals_bytes_ += payload->size();
    proposals_.push_back({context, std::move(payload)});
    proposal_work_.notify_one();
    waiter.token = world_.scheduler().park_token();
    wait(waiter, deadline);
    if (waiter.result.has_value()) return *std::move(waiter.result);
    return make_error(ErrorCode::unknown_outcome, "not committed before the deadline");
}

Result<void> RaftHost::read_barrier(MonoTime deadline) {
    if (failure_.has_value()) return make_error(ErrorCode::unavailable, "the node has failed");
    const std::uint64_t context = next_context_++;
    Waiter waiter;
    const Waiting waiting(*this, context, waiter);
    waiter.token = world_.scheduler().park_token();
    post(raft::Read{context});
    wait(waiter, deadline);
    if (!waiter.result.has_value()) {
        return make_error(ErrorCode::timed_out, "no quorum answered before the deadline");
    }
    if (!*waiter.result) return waiter.result->error();
    return {};
}

void RaftHost::settle_clients(const raft::Output& output) {
    for (const raft::ProposalAccepted& accepted : output.accepted) {
        const auto waiter = waiters_.find(accepted.context);
        if (waiter == waiters_.end()) continue;  // gave up meanwhile
        waiter->second->index = accepted.index;
        waiter->second->term = accepted.term;
        proposals_at_[accepted.index] = accepted.context;
    }
    for (const std::uint64_t context : output.proposals_rejected) finish(context, rejection());
    for (const std::uint64_t context : output.reads_rejected) finish(context, rejection());
    for (const raft::ReadReady& ready : output.reads_ready) {
        if (state_.applied().index >= ready.index) {
            finish(ready.context, wire::Applied{});
        } else {
            reads_at_.emplace(ready.index, ready.context);
        }
    }
}

Error RaftHost::rejection() const {
    if (core_.role() == raft::Role::leader) {
        return make_error(ErrorCode::overloaded, "too much is under way");
    }
    return make_error(ErrorCode::not_leader, "this node does not lead");
}

}  // namespace geode::node
