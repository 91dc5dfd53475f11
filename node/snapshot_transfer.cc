// SPDX-License-Identifier: Apache-2.0
#include "node/snapshot_transfer.h"

#include <algorithm>

#include "base/probe.h"
#include "graph/limits.h"
#include "node/raft_host.h"
#include "node/wire/frame.h"

namespace geode::node {

// A chunk holds whole records, and at least one; none comes near a frame.
static_assert(2 * graph::record_bytes_max < wire::frame_bytes_max / 2);
static_assert(outcome_actual_bytes_max + outcome_message_bytes_max < graph::record_bytes_max);

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
    if (ack.snapshot != stream.snapshot || ack.chunk_stream != stream.number ||
        ack.chunk_sequence >= stream.made) {
        GEODE_REACHED("node.snapshot_ack_of_another_stream");
        return;
    }
    if (ack.reject) stream.refused = true;
    if (!ack.reject) stream.staged = std::max(stream.staged, ack.chunk_sequence + 1);
    if (ack.chunk_done) stream.installed = true;
    stream.changed.notify_all();
}

std::optional<LogIndex> SnapshotSender::oldest() const {
    std::optional<LogIndex> oldest;
    for (const auto& [peer, stream] : streams_) {
        // None yet: it will be of the state at that time, which no compaction goes beyond.
        if (stream->snapshot.index.is_none()) continue;
        if (!oldest || stream->snapshot.index < *oldest) oldest = stream->snapshot.index;
    }
    return oldest;
}

void SnapshotSender::run(NodeId peer, Term term) {
    // A stream of an earlier leadership notices within `repeat_after` that it is not wanted.
    ended_.wait_until(never, [&] { return !streams_.contains(peer); });
    Stream stream(host_.world_, peer, term, next_number_++);
    struct Registered {
        SnapshotSender& sender;
        NodeId peer;
        ~Registered() {
            sender.streams_.erase(peer);
            sender.ended_.notify_all();
        }
    } registered{*this, peer};
    streams_.emplace(peer, &stream);
    host_.world_.trace().event("snapshot.send", {{"peer", peer.value()}});
    const bool ok = send_all(stream);
    host_.world_.trace().event("snapshot.sent",
                               {{"peer", peer.value()}, {"ok", static_cast<std::uint32_t>(ok)}});
    if (ok) GEODE_REACHED("node.snapshot_sent");
    // The core ignores the report of a stream that it has given up on.
    if (host_.core_.term() == term) {
        host_.post(raft::SnapshotSent{peer, stream.snapshot, ok});
    }
}

bool SnapshotSender::still_wanted(const Stream& stream) const {
    const raft::Raft& core = host_.core_;
    if (core.role() != raft::Role::leader || core.term() != stream.term) return false;
    const raft::Progress* progress = core.progress(stream.peer);
    return progress != nullptr && progress->state() == raft::ProgressState::snapshot;
}

/// Returns whether the peer has installed it.
bool SnapshotSender::send_all(Stream& stream) {
    auto snapshot = host_.state_.snapshot();
    if (!snapshot) return false;
    stream.snapshot = (*snapshot)->id();
    bool complete = false;
    do {
        const Result<void> filled = fill(stream, **snapshot, complete);
        if (!filled) {
            // A state that was replaced meanwhile is nobody's any more, broken or not.
            if (still_wanted(stream)) host_.fail(filled.error());
            return false;
        }
        if (!await_progress(stream)) return false;
    } while (!complete || !stream.window.empty());
    return stream.installed;
}

/// Sends more chunks while the window has room.
Result<void> SnapshotSender::fill(Stream& stream, StateMachine::Snapshot& snapshot,
                                  bool& complete) {
    while (!complete && stream.window.size() < snapshot_window_chunks) {
        GEODE_TRY(Bytes piece, snapshot.next(host_.options_.snapshot_chunk_bytes));
        complete = piece.empty();
        auto bytes = std::make_shared<const Bytes>(std::move(piece));
        stream.window.push_back({stream.made++, std::move(bytes), complete});
        if (!still_wanted(stream)) return {};
        send(stream, stream.window.back());
    }
    return {};
}

/// Waits until the peer has more of it, repeating what is out, and moves the window.
bool SnapshotSender::await_progress(Stream& stream) {
    const MonoTime give_up = host_.world_.deadline_in(silence_max);
    const auto moved = [&] {
        return stream.refused || stream.window.front().sequence < stream.staged;
    };
    while (still_wanted(stream) && host_.world_.now() < give_up) {
        if (!stream.changed.wait_until(host_.world_.deadline_in(repeat_after), moved)) {
            GEODE_REACHED("node.snapshot_chunk_repeated");
            for (const Chunk& chunk : stream.window) send(stream, chunk);
            continue;
        }
        if (stream.refused) return false;
        while (!stream.window.empty() && stream.window.front().sequence < stream.staged) {
            stream.window.pop_front();
        }
        return true;
    }
    return false;
}

void SnapshotSender::send(const Stream& stream, const Chunk& chunk) {
    raft::Message message;
    message.type = raft::MessageType::snapshot_chunk;
    message.from = host_.options_.self;
    message.to = stream.peer;
    message.term = stream.term;
    message.snapshot = stream.snapshot;
    message.chunk_stream = stream.number;
    message.chunk_sequence = chunk.sequence;
    message.chunk = chunk.bytes;
    message.chunk_done = chunk.done;
    host_.links_.at(stream.peer)->send(std::move(message));
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
        const Result<void> handled = handle(chunk);
        if (!handled) return host_.fail(handled.error());
    }
}

SnapshotReceiver::StreamId SnapshotReceiver::stream_of(const raft::Message& chunk) {
    return {chunk.from, chunk.term, chunk.chunk_stream, chunk.snapshot};
}

/// Returns only errors of our own disk; a bad chunk is refused.
Result<void> SnapshotReceiver::handle(const raft::Message& chunk) {
    if (installed_ == stream_of(chunk)) {
        // Its answer was lost, or this was sent again before it could come.
        GEODE_REACHED("node.snapshot_chunk_after_install");
        answer(chunk, chunk.chunk_done ? Answer::installed : Answer::staged);
        return {};
    }
    if (staging_ != stream_of(chunk)) return handle_other(chunk);
    if (chunk.chunk_sequence < next_sequence_) {
        GEODE_REACHED("node.snapshot_chunk_duplicate");
        answer(chunk, Answer::staged);
        return {};
    }
    if (chunk.chunk_sequence > next_sequence_) {
        GEODE_REACHED("node.snapshot_chunk_gap");
        return {};  // what is missing will be sent again, and this with it
    }
    return stage(chunk);
}

/// A chunk of another stream than the one being staged.
Result<void> SnapshotReceiver::handle_other(const raft::Message& chunk) {
    const bool older = staging_ && staging_->from == chunk.from && staging_->term == chunk.term &&
                       chunk.chunk_stream < staging_->number;
    if (older) {
        GEODE_REACHED("node.snapshot_chunk_of_older_stream");
        return {};
    }
    if (chunk.chunk_sequence > 0) {
        // The beginning is still under way, or we lost it by a restart: then this is repeated
        // without it.
        const bool known = stray_ && stray_->stream == stream_of(chunk);
        if (known && stray_->sequence == chunk.chunk_sequence) answer(chunk, Answer::refused);
        if (!known) stray_ = Stray{stream_of(chunk), chunk.chunk_sequence};
        return {};
    }
    staging_.reset();
    GEODE_TRY_VOID(host_.state_.begin_install());
    staging_ = stream_of(chunk);
    next_sequence_ = 0;
    return stage(chunk);
}

Result<void> SnapshotReceiver::stage(const raft::Message& chunk) {
    const Result<void> added = host_.state_.install(*chunk.chunk);
    if (!added && added.code() != ErrorCode::protocol_error) return added.error();
    bool installed = false;
    if (added && chunk.chunk_done) {
        GEODE_TRY(installed, finish(chunk.snapshot));
    }
    if (!added || (chunk.chunk_done && !installed)) {
        staging_.reset();
        answer(chunk, Answer::refused);
        return {};
    }
    ++next_sequence_;
    if (installed) {
        installed_ = staging_;
        staging_.reset();
    }
    answer(chunk, installed ? Answer::installed : Answer::staged);
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

void SnapshotReceiver::answer(const raft::Message& chunk, Answer answer) {
    raft::Message ack;
    ack.type = raft::MessageType::snapshot_ack;
    ack.from = host_.options_.self;
    ack.to = chunk.from;
    ack.term = host_.core_.term();
    ack.snapshot = chunk.snapshot;
    ack.chunk_stream = chunk.chunk_stream;
    ack.chunk_sequence = chunk.chunk_sequence;
    ack.reject = answer == Answer::refused;
    ack.chunk_done = answer == Answer::installed;
    host_.links_.at(chunk.from)->send(std::move(ack));
}

}  // namespace geode::node
