// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/writes.h"

#include <algorithm>

#include "base/assert.h"
#include "base/probe.h"

namespace geode::raft {

void Writes::overwritten_from(LogIndex first) {
    const LogIndex kept = first.prev();
    durable_ = std::min(durable_, kept);
    for (Pending& write : pending_) {
        if (write.claim > kept) GEODE_REACHED("raft.pending_write_overwritten");
        write.claim = std::min(write.claim, kept);
    }
}

void Writes::covered_to(LogIndex index) {
    durable_ = std::max(durable_, index);
}

WriteToken Writes::issue(Term term, LogIndex last) {
    const WriteToken token{next_sequence_++, term, last};
    pending_.push_back({token, last});
    return token;
}

bool Writes::persisted(const WriteToken& token) {
    GEODE_ASSERT(token.sequence < next_sequence_);
    if (token.sequence <= persisted_sequence_) return false;
    GEODE_ASSERT(!pending_.empty());
    const std::uint64_t offset = token.sequence - pending_.front().token.sequence;
    GEODE_ASSERT(offset < pending_.size());
    if (pending_[offset].token != token) {
        GEODE_REACHED("raft.foreign_write_token");
        return false;
    }
    for (std::uint64_t i = 0; i <= offset; ++i) {
        durable_ = std::max(durable_, pending_.front().claim);
        pending_.pop_front();
    }
    persisted_sequence_ = token.sequence;
    return true;
}

}  // namespace geode::raft
