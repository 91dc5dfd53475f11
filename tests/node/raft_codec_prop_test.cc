// SPDX-License-Identifier: Apache-2.0
#include "node/wire/raft_codec.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include "base/prng.h"

using namespace geode;
using namespace geode::wire;

namespace {

raft::Message random_message(Prng& prng) {
    raft::Message message;
    message.type = static_cast<raft::MessageType>(prng.between(std::int64_t{1}, std::int64_t{11}));
    message.reject = prng.chance(1, 2);
    message.chunk_done = prng.chance(1, 2);
    message.from = NodeId(static_cast<std::uint32_t>(prng.below(9)));
    message.to = NodeId(static_cast<std::uint32_t>(prng.below(9)));
    message.term = Term(10 + prng.below(1000));
    message.log_index = LogIndex(prng.below(1'000'000));
    message.log_term = Term(prng.below(10));
    message.hint_index = LogIndex(prng.next());
    message.commit = LogIndex(prng.next());
    message.read_sequence = prng.next();
    message.snapshot = {LogIndex(prng.next()), Term(prng.next())};
    message.chunk_sequence = prng.next();
    Term term = message.log_term;
    for (std::uint64_t i = prng.below(5); i > 0; --i) {
        term = Term(std::max(term.value(), prng.below(10)));
        raft::Entry entry{term, message.log_index + message.entries.size() + 1,
                          prng.chance(1, 4) ? raft::EntryType::noop : raft::EntryType::command,
                          nullptr};
        if (entry.type == raft::EntryType::command) {
            entry.payload = std::make_shared<const Bytes>(prng.below(300), 'p');
        }
        message.entries.push_back(entry);
    }
    if (message.type == raft::MessageType::snapshot_chunk) {
        message.chunk = std::make_shared<const Bytes>(prng.below(5000), 'c');
    }
    return message;
}

BytesView payload_of(const Bytes& frame) {
    return BytesView(frame).substr(frame_header_bytes);
}

bool same(const raft::Payload& a, const raft::Payload& b) {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
}

void check_same(const raft::Message& a, const raft::Message& b) {
    RC_ASSERT(a.type == b.type && a.reject == b.reject && a.chunk_done == b.chunk_done);
    RC_ASSERT(a.from == b.from && a.to == b.to && a.term == b.term);
    RC_ASSERT(a.log_index == b.log_index && a.log_term == b.log_term);
    RC_ASSERT(a.hint_index == b.hint_index && a.commit == b.commit);
    RC_ASSERT(a.read_sequence == b.read_sequence && a.snapshot == b.snapshot);
    RC_ASSERT(a.chunk_sequence == b.chunk_sequence && same(a.chunk, b.chunk));
    RC_ASSERT(a.entries.size() == b.entries.size());
    for (std::size_t i = 0; i < a.entries.size(); ++i) {
        RC_ASSERT(a.entries[i].term == b.entries[i].term);
        RC_ASSERT(a.entries[i].index == b.entries[i].index);
        RC_ASSERT(a.entries[i].type == b.entries[i].type);
        RC_ASSERT(same(a.entries[i].payload, b.entries[i].payload));
    }
}

}  // namespace

TEST_CASE("raft codec: every message comes back as it was", "[fast][prop]") {
    rc::prop("round trip", [](std::uint64_t seed) {
        Prng prng(seed);
        Scratch scratch;
        const raft::Message message = random_message(prng);
        Bytes frame;
        append_raft_message(frame, scratch, message);
        const Result<raft::Message> decoded = read_raft_message(payload_of(frame));
        RC_ASSERT(decoded.has_value());
        check_same(message, *decoded);
    });
}

TEST_CASE("raft codec: damaged bytes give an error or a message, never worse", "[fast][prop]") {
    rc::prop("mutations", [](std::uint64_t seed) {
        Prng prng(seed);
        Scratch scratch;
        Bytes frame;
        append_raft_message(frame, scratch, random_message(prng));
        for (int round = 0; round < 50; ++round) {
            Bytes bad(payload_of(frame));
            for (std::uint64_t i = 1 + prng.below(4); i > 0; --i) {
                bad[prng.below(bad.size())] = static_cast<char>(prng.next());
            }
            if (prng.chance(1, 4)) bad.resize(prng.below(bad.size() / 8 + 1) * 8);
            const Result<raft::Message> decoded = read_raft_message(bad);
            if (!decoded) {
                RC_ASSERT(decoded.code() == ErrorCode::protocol_error ||
                          decoded.code() == ErrorCode::unsupported);
            }
        }
    });
}

TEST_CASE("raft codec: entries out of order are refused", "[fast]") {
    Prng prng(1);
    Scratch scratch;
    raft::Message message;
    message.type = raft::MessageType::append;
    message.term = Term(3);
    message.log_index = LogIndex(5);
    message.log_term = Term(2);
    const auto reads = [&](LogIndex index, Term term) {
        message.entries = {{term, index, raft::EntryType::noop, nullptr}};
        Bytes frame;
        append_raft_message(frame, scratch, message);
        return read_raft_message(payload_of(frame)).has_value();
    };
    CHECK(reads(LogIndex(6), Term(3)));
    CHECK_FALSE(reads(LogIndex(7), Term(3)));  // a gap
    CHECK_FALSE(reads(LogIndex(6), Term(1)));  // a term that falls
    CHECK_FALSE(reads(LogIndex(6), Term(4)));  // a term that the sender has not reached
}

TEST_CASE("raft codec: hello names both ends and refuses another protocol", "[fast]") {
    Scratch scratch;
    Bytes frame;
    append_hello(frame, scratch, {"social", NodeId(2), NodeId(3)});
    const Result<Hello> hello = read_hello(payload_of(frame));
    REQUIRE(hello.has_value());
    CHECK(hello->cluster == "social");
    CHECK(hello->from == NodeId(2));
    CHECK(hello->to == NodeId(3));
}
