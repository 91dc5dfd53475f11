// SPDX-License-Identifier: Apache-2.0
#include "tests/consensus/cluster.h"

#include <utility>

#include "base/assert.h"

namespace geode::raft::test {

Payload make_payload(std::string_view text) {
    return std::make_shared<const Bytes>(text);
}

Entry make_command(LogIndex index, Term term, std::string_view text) {
    return {term, index, EntryType::command, make_payload(text)};
}

void NodeDisk::truncate_prefix(SnapshotId to) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.index <= to.index; });
    if (to.index > log_start.index) log_start = to;
}

void NodeDisk::write(const Output& output) {
    if (output.log_start && output.log_start->discard) {
        entries.clear();
        log_start = output.log_start->at;
    }
    if (output.hard_state) hard_state = *output.hard_state;
    if (output.entries.empty()) return;
    const LogIndex first = output.entries.front().index;
    std::erase_if(entries, [&](const Entry& entry) { return entry.index >= first; });
    for (const Entry& entry : output.entries) {
        // Writes from before a compaction may still be under way.
        if (entry.index > log_start.index) entries.push_back(entry);
    }
}

ModelNode& Cluster::add_node(const Config& config) {
    ModelNode& added = nodes_[config.self];
    added.id = config.self;
    added.config = config;
    return added;
}

void Cluster::start(NodeId id) {
    ModelNode& started = node(id);
    ++started.life;
    const Prng prng = prng_.split(id.value()).split(started.life);
    const NodeDisk& disk = started.disk;
    Restored restored{disk.hard_state, disk.log_start, disk.entries, disk.applied};
    started.raft = std::make_unique<Raft>(started.config, std::move(restored), prng);
    note(checker_.restart(id, *started.raft));
    step(id, Applied{disk.applied.index});  // arms the timer
}

void Cluster::crash(NodeId id, std::size_t writes_kept) {
    ModelNode& crashed = node(id);
    for (std::size_t i = 0; i < writes_kept && i < crashed.writes.size(); ++i) {
        crashed.disk.write(crashed.writes[i]);
    }
    crashed.writes.clear();
    crashed.unapplied.clear();
    crashed.raft.reset();
}

void Cluster::step(NodeId id, Event event) {
    ModelNode& stepped = node(id);
    GEODE_ASSERT(stepped.raft != nullptr);
    Output output = std::move(output_);
    stepped.raft->step(now, std::move(event), output);
    note(checker_.observe(id, *stepped.raft, output));
    if (observer) observer(stepped, output);
    carry_out(stepped, output);
    output_ = std::move(output);
}

void Cluster::carry_out(ModelNode& from, Output& output) {
    for (Message& message : output.messages) post(message);
    for (const Entry& entry : output.committed) from.unapplied.push_back(entry);
    if (output.log_start && !output.log_start->discard && output.write == std::nullopt) {
        from.disk.truncate_prefix(output.log_start->at);
    }
    const bool waits = output.write || !from.writes.empty();
    if (!waits) {
        for (Message& message : output.messages_after_durable) post(message);
    } else if (output.write || !output.messages_after_durable.empty()) {
        Output write;
        write.log_start = output.log_start;
        write.hard_state = output.hard_state;
        write.entries = output.entries;
        write.write = output.write;
        write.messages_after_durable = output.messages_after_durable;
        from.writes.push_back(std::move(write));
    }
    const NodeId id = from.id;
    const std::vector<NodeId> needy = output.snapshot_needed;
    const std::optional<Message> chunk = output.snapshot_chunk;
    const std::optional<Message> ack = output.snapshot_ack;
    if (!from.hold_apply) apply(id);
    if (auto_snapshot) {
        for (const NodeId peer : needy) send_snapshot(id, peer);
    }
    if (chunk) receive_chunk(from, *chunk);
    if (ack) step(id, SnapshotSent{ack->from, ack->snapshot, !ack->reject});
}

void Cluster::tick(NodeId id) {
    if (node(id).raft != nullptr && now >= node(id).raft->deadline()) step(id, Tick{});
}

void Cluster::persist(NodeId id, std::size_t count) {
    ModelNode& writer = node(id);
    std::optional<WriteToken> token;
    for (; count > 0 && !writer.writes.empty(); --count) {
        Output write = std::move(writer.writes.front());
        writer.writes.pop_front();
        writer.disk.write(write);
        if (write.write) token = write.write;
        for (Message& message : write.messages_after_durable) post(std::move(message));
    }
    if (token) step(id, Persisted{*token});
}

void Cluster::deliver(std::size_t position) {
    Message message = std::move(in_flight_.at(position));
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(position));
    const NodeId to = message.to;
    if (is_cut(to) || is_cut(message.from) || node(to).raft == nullptr) return;
    step(to, Receive{std::move(message)});
}

void Cluster::apply(NodeId id) {
    ModelNode& applying = node(id);
    if (applying.unapplied.empty()) return;
    for (const Entry& entry : applying.unapplied) {
        if (entry.index <= applying.disk.applied.index) continue;  // a snapshot overtook it
        GEODE_ASSERT(entry.index == applying.disk.applied.index.next());
        applying.disk.states.push_back(entry.payload ? *entry.payload : "-");
        applying.disk.applied = {entry.index, entry.term};
    }
    applying.unapplied.clear();
    step(id, Applied{applying.disk.applied.index});
}

void Cluster::compact(NodeId id, LogIndex to) {
    step(id, Compact{{to, *node(id).raft->term_at(to)}});
}

void Cluster::send_snapshot(NodeId id, NodeId peer) {
    const ModelNode& leader = node(id);
    Message chunk;
    chunk.type = MessageType::snapshot_chunk;
    chunk.from = id;
    chunk.to = peer;
    chunk.term = leader.raft->term();
    chunk.snapshot = leader.disk.applied;
    chunk.chunk_done = true;
    Bytes contents;
    for (const std::string& state : leader.disk.states) contents += state + "\n";
    chunk.chunk = std::make_shared<const Bytes>(std::move(contents));
    post(std::move(chunk));
}

void Cluster::receive_chunk(ModelNode& at, const Message& chunk) {
    // Applying and installing exclude each other: what was committed meanwhile is applied first.
    if (!at.hold_apply) apply(at.id);
    const bool wanted = chunk.snapshot.index > at.disk.applied.index;
    if (wanted) {
        at.disk.applied = chunk.snapshot;
        at.disk.states.clear();
        std::string line;
        for (const char c : *chunk.chunk) {
            if (c != '\n') {
                line.push_back(c);
                continue;
            }
            at.disk.states.push_back(std::move(line));
            line.clear();
        }
    }
    Message ack;
    ack.type = MessageType::snapshot_ack;
    ack.from = at.id;
    ack.to = chunk.from;
    ack.term = at.raft->term();
    ack.snapshot = chunk.snapshot;
    ack.chunk_done = true;
    if (wanted) step(at.id, SnapshotInstalled{chunk.snapshot});
    post(std::move(ack));
}

void Cluster::note(const std::optional<std::string>& violation) {
    if (violation && violation_.empty()) violation_ = *violation;
}

void Cluster::post(Message message) {
    if (!is_cut(message.from) && !is_cut(message.to)) in_flight_.push_back(std::move(message));
}

ModelNode& Cluster::node(NodeId id) {
    const auto place = nodes_.find(id);
    GEODE_ASSERT(place != nodes_.end());
    return place->second;
}

}  // namespace geode::raft::test
