// SPDX-License-Identifier: Apache-2.0
#include "node/raft_host.h"

#include <algorithm>

#include "base/probe.h"
#include "node/wire/frame.h"
#include "storage/log_record.h"

namespace geode::node {
namespace {

// Of one apply batch: enough to pay for the write, little enough that readers get their turn.
constexpr std::size_t apply_entries_max = 256;
constexpr std::uint64_t apply_bytes_max = 1 << 20;

// Of one write to the log: enough to stream, little enough that a backlog's first entries are
// acknowledged, and its memory freed, long before its last. One job may be over it by itself.
constexpr std::uint64_t log_write_bytes_target = 16 << 20;
static_assert(2 * log_write_bytes_target < storage::log_write_bytes_max);

// Compactions in a row that a slow snapshot stream may hold back: the log, which is in memory,
// grows by `compact_bytes` with each.
constexpr std::uint32_t compactions_held_max = 4;

// In election timeouts: a disk may pause for a write-back or two, but not hang.
constexpr int write_stall_timeouts = 8;

raft::Config core_config(const NodeOptions& options) {
    raft::Config config;
    config.self = options.self;
    for (const auto& [id, member] : options.members) config.voters.push_back(id);
    config.election_timeout_min = options.election_timeout_min;
    config.election_timeout_max = options.election_timeout_max;
    config.heartbeat_interval = options.heartbeat_interval;
    config.inflight_messages_max = options.inflight_messages_max;
    config.append_entries_max = options.append_entries_max;
    config.append_bytes_max = options.append_bytes_max;
    config.write_stall_max = write_stall_timeouts * options.election_timeout_max;
    return config;
}

PeerLinkOptions link_options(const NodeOptions& options, NodeId peer, const Member& member) {
    PeerLinkOptions link;
    link.cluster = options.cluster;
    link.self = options.self;
    link.peer = peer;
    link.address = member.cluster;
    return link;
}

}  // namespace

RaftHost::RaftHost(World& world, const NodeOptions& options, storage::LogStore& log,
                   StateMachine& state, raft::Restored restored)
    : world_(world),
      options_(options),
      log_(log),
      state_(state),
      core_(core_config(options), std::move(restored), world.random().stream("raft")),
      snapshot_sender_(*this),
      snapshot_receiver_(*this),
      log_work_(world),
      apply_work_(world),
      applying_(world),
      proposal_work_(world),
      timer_changed_(world),
      failed_(world) {
    for (const auto& [id, member] : options.members) {
        if (id == options.self) continue;
        links_.emplace(id, std::make_unique<PeerLink>(
                               world, link_options(options, id, member),
                               [this](NodeId peer) { post(raft::PeerUnreachable{peer}); }));
    }
}

void RaftHost::start() {
    if (options_.observer != nullptr) options_.observer->restored(options_.self, core_);
    for (const auto& [id, link] : links_) link->start();
    world_.spawn("raft proposer", [this] { run_proposer(); });
    world_.spawn("raft log", [this] { run_log(); });
    world_.spawn("raft applier", [this] { run_applier(); });
    world_.spawn("raft timer", [this] { run_timer(); });
    snapshot_receiver_.start();
}

void RaftHost::stop_links() {
    for (const auto& [id, link] : links_) link->stop();
}

void RaftHost::receive(raft::Message message) {
    const auto link = links_.find(message.from);
    if (link == links_.end() || message.to != options_.self) {
        GEODE_REACHED("node.message_from_stranger");
        return;
    }
    link->second->heard();
    if (!message.entries.empty() && log_backlog_bytes_ > options_.log_backlog_bytes_max) {
        // As if lost on the way: the leader asks again, at the pace of its heartbeats.
        GEODE_REACHED("node.append_dropped_for_backlog");
        return;
    }
    post(raft::Receive{std::move(message)});
}

// ---- stepping ----

void RaftHost::post(raft::Event event) {
    if (failure_.has_value()) return;
    events_.push_back(std::move(event));
    if (stepping_) return;
    stepping_ = true;
    while (!events_.empty() && !failure_.has_value()) {
        raft::Event next = std::move(events_.front());
        events_.pop_front();
        core_.step(world_.now(), std::move(next), output_);
        if (options_.observer != nullptr) {
            options_.observer->stepped(options_.self, core_, output_);
        }
        carry_out(output_);
    }
    stepping_ = false;
    if (core_.deadline() < timer_armed_) timer_changed_.notify_one();
}

void RaftHost::carry_out(raft::Output& output) {
    send(output.messages);
    queue_log(output);
    queue_committed(output);
    settle_clients(output);
    if (output.role_change.has_value()) settle_role(*output.role_change);
    for (const NodeId peer : output.snapshot_needed) snapshot_sender_.start(peer);
    if (output.snapshot_ack) snapshot_sender_.acknowledged(*output.snapshot_ack);
    if (output.snapshot_chunk) snapshot_receiver_.received(*std::move(output.snapshot_chunk));
}

void RaftHost::send(std::vector<raft::Message>& messages) {
    for (raft::Message& message : messages) {
        const auto link = links_.find(message.to);
        GEODE_ASSERT(link != links_.end());
        link->second->send(std::move(message));
    }
    messages.clear();
}

void RaftHost::queue_log(raft::Output& output) {
    if (!output.log_start && !output.write) {
        if (log_jobs_.empty() && !log_busy_) return send(output.messages_after_durable);
        if (output.messages_after_durable.empty()) return;
        // Messages may be lost; those of a disk that hangs would pile up instead.
        if (log_backlog_bytes_ > options_.log_backlog_bytes_max) return;
    }
    LogJob job{output.log_start, output.hard_state, std::move(output.entries), output.write,
               std::move(output.messages_after_durable)};
    job.bytes = sizeof(LogJob) + job.messages.size() * sizeof(raft::Message);
    for (const raft::Entry& entry : job.entries) {
        job.bytes += storage::record_bytes(entry.payload_bytes());
    }
    log_backlog_bytes_ += job.bytes;
    log_jobs_.push_back(std::move(job));
    log_work_.notify_one();
}

void RaftHost::queue_committed(raft::Output& output) {
    if (output.committed.empty()) return;
    std::move(output.committed.begin(), output.committed.end(), std::back_inserter(committed_));
    apply_work_.notify_one();
}

void RaftHost::settle_role(const raft::RoleChange& change) {
    world_.trace().event("raft.role", {{"role", raft::to_string(change.role)},
                                       {"term", change.term.value()},
                                       {"leader", change.leader.value()}});
    if (change.role == raft::Role::leader) return;
    // What was accepted may still be committed by the next leader, or be overwritten.
    for (const auto& [index, context] : proposals_at_) {
        finish(context, make_error(ErrorCode::unknown_outcome, "leadership was lost"));
    }
    proposals_at_.clear();
}

// ---- fibers ----

void RaftHost::run_proposer() {
    std::vector<raft::Proposal> batch;
    for (;;) {
        // `never`, here and below: these fibers live as long as the node.
        proposal_work_.wait_until(never, [&] { return !proposals_.empty(); });
        batch.swap(proposals_);
        proposals_bytes_ = 0;
        GEODE_ASSERT(!stepping_);
        post(raft::Propose{batch});
        batch.clear();
    }
}

void RaftHost::run_timer() {
    for (;;) {
        if (failure_.has_value()) return;
        timer_armed_ = core_.deadline();
        timer_changed_.wait(timer_armed_);
        if (world_.now() >= core_.deadline()) post(raft::Tick{});
    }
}

void RaftHost::run_log() {
    for (;;) {
        log_work_.wait_until(never, [&] { return !log_jobs_.empty(); });
        std::deque<LogJob> jobs = take_log_jobs();
        log_busy_ = true;
        const Result<void> written = write_log(jobs);
        if (!written) return fail(written.error());
        log_busy_ = false;
        std::optional<raft::WriteToken> token;
        for (LogJob& job : jobs) {
            if (job.token.has_value()) token = job.token;
            log_backlog_bytes_ -= job.bytes;
            send(job.messages);
        }
        // One token stands for all before it.
        if (token.has_value()) post(raft::Persisted{*token});
    }
}

/// The next jobs, as many as make one write.
std::deque<RaftHost::LogJob> RaftHost::take_log_jobs() {
    std::deque<LogJob> jobs;
    std::uint64_t bytes = 0;
    while (!log_jobs_.empty()) {
        bytes += log_jobs_.front().bytes;
        if (!jobs.empty() && bytes > log_write_bytes_target) {
            GEODE_REACHED("node.log_write_cut");
            break;
        }
        jobs.push_back(std::move(log_jobs_.front()));
        log_jobs_.pop_front();
    }
    return jobs;
}

Result<void> RaftHost::write_log(std::deque<LogJob>& jobs) {
    std::vector<std::vector<storage::LogEntry>> entries(jobs.size());
    std::vector<storage::LogWrite> writes;
    const auto flush = [&]() -> Result<void> {
        if (writes.empty()) return {};
        const Result<void> written = log_.write(writes);
        writes.clear();
        return written;
    };
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const LogJob& job = jobs[i];
        if (job.log_start.has_value()) {
            GEODE_TRY_VOID(flush());
            const raft::SnapshotId at = job.log_start->at;
            if (job.log_start->discard && job.hard_state) {
                // First: a log that begins in a term which the hard state does not know yet could
                // not be restored after a crash between the two.
                const storage::HardState ahead{job.hard_state->term, job.hard_state->vote};
                const storage::LogWrite write{only_group, ahead, {}};
                GEODE_TRY_VOID(log_.write({&write, 1}));
            }
            GEODE_TRY_VOID(job.log_start->discard ? log_.reset(only_group, at.index, at.term)
                                                  : log_.compact(only_group, at.index, at.term));
        }
        if (!job.hard_state && job.entries.empty()) continue;
        for (const raft::Entry& entry : job.entries) {
            entries[i].push_back(
                {entry.index, entry.term, static_cast<std::uint8_t>(entry.type), entry.payload});
        }
        storage::LogWrite write{only_group, std::nullopt, entries[i]};
        if (job.hard_state) {
            write.hard_state = storage::HardState{job.hard_state->term, job.hard_state->vote};
        }
        writes.push_back(write);
    }
    return flush();
}

void RaftHost::run_applier() {
    for (;;) {
        apply_work_.wait_until(never, [&] { return !committed_.empty(); });
        const Result<void> applied = apply_batch();
        if (!applied) return fail(applied.error());
        const Result<void> compacted = compact_if_due();
        if (!compacted) return fail(compacted.error());
    }
}

Result<void> RaftHost::apply_batch() {
    const MutexLock lock(applying_);
    // A snapshot that was installed meanwhile covers what is at or before it.
    while (!committed_.empty() && committed_.front().index <= state_.applied().index) {
        GEODE_REACHED("node.committed_covered_by_snapshot");
        committed_.pop_front();
    }
    std::vector<raft::Entry> batch;
    std::uint64_t bytes = 0;
    while (!committed_.empty() && batch.size() < apply_entries_max && bytes < apply_bytes_max) {
        bytes += committed_.front().payload_bytes();
        batch.push_back(std::move(committed_.front()));
        committed_.pop_front();
    }
    if (batch.empty()) return {};
    GEODE_TRY(std::vector<wire::Applied> results, state_.apply(batch));
    applied_bytes_ += bytes;
    applied_entries_ += batch.size();
    settle_applied(batch, std::move(results));
    post(raft::Applied{batch.back().index});
    return {};
}

void RaftHost::settle_applied(std::span<const raft::Entry> entries,
                              std::vector<wire::Applied> results) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto proposal = proposals_at_.find(entries[i].index);
        if (proposal == proposals_at_.end()) continue;
        const std::uint64_t context = proposal->second;
        proposals_at_.erase(proposal);
        const auto waiter = waiters_.find(context);
        if (waiter == waiters_.end()) continue;
        if (waiter->second->term == entries[i].term) {
            finish(context, std::move(results[i]));
        } else {
            // Another leader's entry took the place: ours can never be committed.
            GEODE_REACHED("node.proposal_overwritten");
            finish(context, make_error(ErrorCode::unavailable, "overwritten by another leader"));
        }
    }
    release_reads(entries.back().index);
}

void RaftHost::release_reads(LogIndex applied) {
    while (!reads_at_.empty() && reads_at_.begin()->first <= applied) {
        finish(reads_at_.begin()->second, wire::Applied{});
        reads_at_.erase(reads_at_.begin());
    }
}

Result<void> RaftHost::compact_if_due() {
    if (applied_bytes_ < options_.compact_bytes && applied_entries_ < options_.compact_entries) {
        return {};
    }
    applied_bytes_ = applied_entries_ = 0;
    const LogIndex applied = state_.applied().index;
    GEODE_TRY_VOID(state_.make_durable());
    if (applied.value() <= options_.compact_keep_entries) return {};
    const LogIndex to = compaction_limit(LogIndex(applied.value() - options_.compact_keep_entries));
    // Below the first index the log was cut further already, by a snapshot.
    if (to < core_.first_index()) return {};
    const std::optional<Term> term = core_.term_at(to);
    GEODE_ASSERT(term.has_value());
    GEODE_REACHED("node.log_compacted");
    post(raft::Compact{{to, *term}});
    return {};
}

LogIndex RaftHost::compaction_limit(LogIndex wanted) {
    const std::optional<LogIndex> needed = snapshot_sender_.oldest();
    if (!needed || *needed >= wanted || ++compactions_held_ > compactions_held_max) {
        compactions_held_ = 0;
        return wanted;
    }
    GEODE_REACHED("node.compaction_held");
    return *needed;
}

// ---- status and failure ----

NodeStatus RaftHost::status() const {
    NodeStatus status;
    status.node = options_.self;
    status.cluster = options_.cluster;
    status.role = core_.role();
    status.term = core_.term();
    status.leader = core_.leader();
    status.commit = core_.commit();
    status.applied = state_.applied().index;
    status.first = core_.first_index();
    status.last = core_.last_index();
    status.healthy = !failure_.has_value();
    for (const auto& [id, link] : links_) {
        PeerStatus peer{id, LogIndex(), Duration(-1)};
        const raft::Progress* progress = core_.progress(id);
        if (core_.role() == raft::Role::leader && progress != nullptr) {
            peer.match = progress->match();
        }
        if (link->heard_at() != MonoTime::min()) {
            peer.since_heard = world_.now() - link->heard_at();
        }
        status.peers.push_back(peer);
    }
    return status;
}

void RaftHost::fail(Error error) {
    if (failure_.has_value()) return;
    world_.trace().event("node.failed", {{"code", to_string(error.code)}});
    failure_ = std::move(error);
    stop_links();
    // What clients wait for may or may not be in the log.
    for (const auto& [context, waiter] : waiters_) {
        finish(context, make_error(ErrorCode::unknown_outcome, "the node has failed"));
    }
    failed_.notify_all();
}

Error RaftHost::wait_failed() {
    failed_.wait_until(never, [&] { return failure_.has_value(); });
    return *failure_;
}

}  // namespace geode::node
