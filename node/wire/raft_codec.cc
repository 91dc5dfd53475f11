// SPDX-License-Identifier: Apache-2.0
#include "node/wire/raft_codec.h"

#include "node/wire/raft.capnp.h"

namespace geode::wire {
namespace {

constexpr std::uint32_t protocol_version = 1;
Error malformed(const char* what) {
    return make_error(ErrorCode::protocol_error, what);
}

void build(LogEntry::Builder out, const raft::Entry& entry) {
    out.setTerm(entry.term.value());
    out.setIndex(entry.index.value());
    out.setType(static_cast<std::uint8_t>(entry.type));
    if (entry.payload != nullptr) out.setPayload(as_data(*entry.payload));
}

Result<raft::Entry> read_entry(LogEntry::Reader in) {
    raft::Entry entry{Term(in.getTerm()), LogIndex(in.getIndex()),
                      static_cast<raft::EntryType>(in.getType()), nullptr};
    switch (entry.type) {
        case raft::EntryType::noop: return entry;
        case raft::EntryType::command:
            entry.payload = std::make_shared<const Bytes>(view(in.getPayload()));
            return entry;
    }
    return make_error(ErrorCode::unsupported, "a log entry of an unknown type");
}

bool known(raft::MessageType type) {
    return type >= raft::MessageType::pre_vote && type <= raft::MessageType::timeout_now;
}

/// Entries must be contiguous and their terms must not fall: the core relies on it.
Result<void> check_entries(const raft::Message& message) {
    LogIndex expected = message.log_index;
    Term term = message.log_term;
    for (const raft::Entry& entry : message.entries) {
        expected = expected.next();
        if (entry.index != expected) return malformed("entries are not contiguous");
        if (entry.term < term || entry.term > message.term) return malformed("entry term order");
        term = entry.term;
    }
    return {};
}

Result<raft::Message> read_parts(RaftMessage::Reader in) {
    raft::Message message;
    message.type = static_cast<raft::MessageType>(in.getType());
    if (!known(message.type)) return malformed("a message of an unknown type");
    message.reject = in.getReject();
    message.chunk_done = in.getChunkDone();
    message.from = NodeId(in.getFrom());
    message.to = NodeId(in.getTo());
    message.term = Term(in.getTerm());
    message.log_index = LogIndex(in.getLogIndex());
    message.log_term = Term(in.getLogTerm());
    message.hint_index = LogIndex(in.getHintIndex());
    message.commit = LogIndex(in.getCommit());
    message.read_sequence = in.getReadSequence();
    message.snapshot = {LogIndex(in.getSnapshotIndex()), Term(in.getSnapshotTerm())};
    message.chunk_stream = in.getChunkStream();
    message.chunk_sequence = in.getChunkSequence();
    const auto entries = in.getEntries();
    if (entries.size() > append_entries_limit) return malformed("too many entries");
    message.entries.reserve(entries.size());
    for (const auto entry : entries) {
        GEODE_TRY(raft::Entry decoded, read_entry(entry));
        message.entries.push_back(std::move(decoded));
    }
    GEODE_TRY_VOID(check_entries(message));
    if (message.type == raft::MessageType::snapshot_chunk) {
        message.chunk = std::make_shared<const Bytes>(view(in.getChunk()));
    }
    return message;
}

}  // namespace

void append_hello(Bytes& out, Scratch& scratch, const Hello& hello) {
    auto builder = scratch.builder();
    auto root = builder.initRoot<wire::HelloMessage>();
    root.setProtocol(protocol_version);
    root.setCluster(as_data(hello.cluster));
    root.setFrom(hello.from.value());
    root.setTo(hello.to.value());
    append_frame(out, builder);
}

Result<Hello> read_hello(BytesView payload) {
    return read_message<HelloMessage>(payload, [](HelloMessage::Reader in) -> Result<Hello> {
        if (in.getProtocol() != protocol_version) {
            return make_error(ErrorCode::unsupported,
                              "cluster protocol " + std::to_string(in.getProtocol()));
        }
        return Hello{std::string(view(in.getCluster())), NodeId(in.getFrom()), NodeId(in.getTo())};
    });
}

void append_raft_message(Bytes& out, Scratch& scratch, const raft::Message& message) {
    auto builder = scratch.builder();
    auto root = builder.initRoot<RaftMessage>();
    root.setType(static_cast<std::uint8_t>(message.type));
    root.setReject(message.reject);
    root.setChunkDone(message.chunk_done);
    root.setFrom(message.from.value());
    root.setTo(message.to.value());
    root.setTerm(message.term.value());
    root.setLogIndex(message.log_index.value());
    root.setLogTerm(message.log_term.value());
    root.setHintIndex(message.hint_index.value());
    root.setCommit(message.commit.value());
    root.setReadSequence(message.read_sequence);
    root.setSnapshotIndex(message.snapshot.index.value());
    root.setSnapshotTerm(message.snapshot.term.value());
    root.setChunkStream(message.chunk_stream);
    root.setChunkSequence(message.chunk_sequence);
    if (message.chunk != nullptr) root.setChunk(as_data(*message.chunk));
    if (!message.entries.empty()) {
        auto entries = root.initEntries(static_cast<unsigned>(message.entries.size()));
        unsigned index = 0;
        for (const raft::Entry& entry : message.entries) build(entries[index++], entry);
    }
    append_frame(out, builder);
}

Result<raft::Message> read_raft_message(BytesView payload) {
    return read_message<RaftMessage>(payload,
                                     [](RaftMessage::Reader in) { return read_parts(in); });
}

}  // namespace geode::wire
