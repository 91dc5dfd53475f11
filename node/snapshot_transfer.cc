// SPDX-License-Identifier: Apache-2.0
#include "node/snapshot_transfer.h"

#include "base/probe.h"
#include "node/raft_host.h"

namespace geode::node {

// ---- sending ----

SnapshotSender::SnapshotSender(RaftHost& host) : host_(host), ended_(host.world_) {}

void SnapshotSender::start(NodeId peer) {
    const Term term = host_.core_.term();
    host_.world_.spawn("snapshot sender", [this, peer, term] { run(peer, term); });
}

void SnapshotSender::acknowledged(const raft::Message& ack) {
    const auto found = streams_.find(ack.from);
    if (found == streams_.end()) return;
    Stream& stream = *found->second;
    if (ack.snapshot != stream.snapshot || ack.chunk_sequence != stream.sequence) return;
    stream.acked = true;
    stream.refused = ack.reject;
    stream.installed = ack.chunk_done;
    stream.changed.notify_all();
}

void SnapshotSender::run(NodeId peer, Term term) {
    // A stream of an earlier leadership notices within `repeat_after` that it is not wanted.
    ended_.wait_until(never, [&] { return !streams_.contains(peer); });
    Stream current(host_.world_);
    struct Registered {
        SnapshotSender& sender;
        NodeId peer;
        ~Registered() {
            sender.streams_.erase(peer);
            sender.ended_.notify_all();
        }
    } registered{*this, peer};
    streams_.emplace(peer, &current);
    host_.world_.trace().event("snapshot.send", {{"peer", peer.value()}});
    const bool ok = stream(peer, term, current);
    host_.world_.trace().event("snapshot.sent",
                               {{"peer", peer.value()}, {"ok", static_cast<std::uint32_t>(ok)}});
    if (ok) GEODE_REACHED("node.snapshot_sent");
    // The core ignores the report of a stream that it has given up on.
    if (host_.core_.term() == term) {
        host_.post(raft::SnapshotSent{peer, current.snapshot, ok});
    }
}

bool SnapshotSender::still_wanted(NodeId peer, Term term) const {
    const raft::Raft& core = host_.core_;
    if (core.role() != raft::Role::leader || core.term() != term) return false;
    const raft::Progress* progress = core.progress(peer);
    return progress != nullptr && progress->state() == raft::ProgressState::snapshot;
}

bool SnapshotSender::stream(NodeId peer, Term term, Stream& stream) {
    auto snapshot = host_.state_.snapshot();
    if (!snapshot) return false;
    stream.snapshot = (*snapshot)->id();
    for (;;) {
        Result<Bytes> piece = (*snapshot)->next(host_.options_.snapshot_chunk_bytes);
        if (!piece) {
            host_.fail(piece.error());
            return false;
        }
        const bool done = piece->empty();
        const auto chunk = std::make_shared<const Bytes>(*std::move(piece));
        if (!send_chunk(peer, term, stream, chunk, done)) return false;
        if (done) return stream.installed;
        ++stream.sequence;
    }
}

bool SnapshotSender::send_chunk(NodeId peer, Term term, Stream& stream, raft::Payload chunk,
                                bool done) {
    stream.acked = false;
    const MonoTime give_up = host_.world_.deadline_in(silence_max);
    while (still_wanted(peer, term) && host_.world_.now() < give_up) {
        raft::Message message;
        message.type = raft::MessageType::snapshot_chunk;
        message.from = host_.options_.self;
        message.to = peer;
        message.term = term;
        message.snapshot = stream.snapshot;
        message.chunk_sequence = stream.sequence;
        message.chunk = chunk;
        message.chunk_done = done;
        host_.links_.at(peer)->send(std::move(message));
        const MonoTime repeat = host_.world_.deadline_in(repeat_after);
        if (stream.changed.wait_until(repeat, [&] { return stream.acked; })) {
            return !stream.refused;
        }
        GEODE_REACHED("node.snapshot_chunk_repeated");
    }
    return false;
}

// ---- receiving ----

SnapshotReceiver::SnapshotReceiver(RaftHost& host) : host_(host), work_(host.world_) {}

void SnapshotReceiver::start() {
    host_.world_.spawn("snapshot receiver", [this] { run(); });
}

void SnapshotReceiver::received(raft::Message chunk) {
    if (chunks_.size() >= queue_chunks_max) return;
    chunks_.push_back(std::move(chunk));
    work_.notify_one();
}

void SnapshotReceiver::run() {
    for (;;) {
        work_.wait_until(never, [&] { return !chunks_.empty(); });
        const raft::Message chunk = std::move(chunks_.front());
        chunks_.pop_front();
        const Result<void> staged = stage(chunk);
        if (!staged) return host_.fail(staged.error());
    }
}

/// Returns only errors of our own disk; a bad chunk is refused.
Result<void> SnapshotReceiver::stage(const raft::Message& chunk) {
    // The term stands for the sender's life: another one may cut the same state elsewhere.
    const bool same =
        staging_ == chunk.snapshot && staging_from_ == chunk.from && staging_term_ == chunk.term;
    if (chunk.chunk_sequence == 0 && !(same && next_sequence_ > 0)) {
        staging_ = chunk.snapshot;
        staging_from_ = chunk.from;
        staging_term_ = chunk.term;
        next_sequence_ = 0;
        GEODE_TRY_VOID(host_.state_.begin_install());
    } else if (!same) {
        answer(chunk, true, false);
        return {};
    }
    if (chunk.chunk_sequence < next_sequence_) {
        GEODE_REACHED("node.snapshot_chunk_duplicate");
        if (!chunk.chunk_done) answer(chunk, false, false);
        return {};
    }
    if (chunk.chunk_sequence > next_sequence_) {
        answer(chunk, true, false);
        return {};
    }
    const Result<void> added = host_.state_.install(*chunk.chunk);
    if (!added && added.code() != ErrorCode::protocol_error) return added.error();
    bool installed = false;
    if (added && chunk.chunk_done) {
        GEODE_TRY(installed, finish(chunk.snapshot));
    }
    if (!added || (chunk.chunk_done && !installed)) {
        staging_.reset();
        answer(chunk, true, false);
        return {};
    }
    ++next_sequence_;
    if (installed) staging_.reset();
    answer(chunk, false, installed);
    return {};
}

Result<bool> SnapshotReceiver::finish(raft::SnapshotId snapshot) {
    const MutexLock lock(host_.applying_);
    // Appends may have overtaken the stream: an old snapshot never undoes what is applied.
    if (snapshot.index <= host_.state_.applied().index) {
        GEODE_REACHED("node.snapshot_overtaken");
        return true;
    }
    const Result<void> finished = host_.state_.finish_install(snapshot);
    if (!finished && finished.code() == ErrorCode::protocol_error) return false;
    if (!finished) return finished.error();
    GEODE_REACHED("node.snapshot_installed");
    host_.world_.trace().event(
        "snapshot.installed", {{"index", snapshot.index.value()}, {"term", snapshot.term.value()}});
    host_.post(raft::SnapshotInstalled{snapshot});
    host_.release_reads(snapshot.index);
    return true;
}

void SnapshotReceiver::answer(const raft::Message& chunk, bool reject, bool installed) {
    raft::Message ack;
    ack.type = raft::MessageType::snapshot_ack;
    ack.from = host_.options_.self;
    ack.to = chunk.from;
    ack.term = host_.core_.term();
    ack.snapshot = chunk.snapshot;
    ack.chunk_sequence = chunk.chunk_sequence;
    ack.reject = reject;
    ack.chunk_done = installed;
    host_.links_.at(chunk.from)->send(std::move(ack));
}

}  // namespace geode::node
