// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a history of sessions is serializable, or snapshot isolated, by trying every way to go on
// from where each session has got to: as slow as simple, but good for more transactions than trying
// every order (register_oracle.h).
//
// A transaction is an event, or two under snapshot isolation: it takes its snapshot, where all it
// read must be the latest versions and nobody under way may write what it writes; and it commits.
// What has been tried is remembered by how far the sessions are and which versions are the latest.
//
// Source: Biswas, Enea, OOPSLA 2019, section 5 (dbcop).

#include <map>
#include <set>
#include <vector>

#include "workloads/check/txn/register_index.h"

namespace geode::check::txn::oracle {

enum class Promised { serializable, snapshot };

class FrontierOracle {
public:
    /// Of an index with sessions and without problems.
    FrontierOracle(const RegisterIndex& index, Promised promised)
        : index_(index), promised_(promised), sessions_(index.session_count) {
        for (std::uint32_t node = 0; node < index.count(); ++node) {
            sessions_[index.session[node]].push_back(node);
        }
        state_.done.assign(sessions_.size(), 0);
        state_.latest.assign(index.keys.size(), no_node);
    }

    bool valid() {
        if (!tried_.insert(state_).second) return false;
        bool over = true;
        for (std::uint32_t session = 0; session < sessions_.size(); ++session) {
            const std::size_t place = state_.done[session] / 2;
            if (place == sessions_[session].size()) continue;
            over = false;
            if (goes_on(session, sessions_[session][place])) return true;
        }
        return over;
    }

private:
    struct State {
        std::vector<std::size_t> done;      // by session: events
        std::vector<std::uint32_t> latest;  // by key: who wrote it
        auto operator<=>(const State&) const = default;
    };

    bool begun(std::uint32_t session) const { return state_.done[session] % 2 == 1; }

    bool can_begin(std::uint32_t node) const {
        for (const RegisterRead& read : index_.reads_of(node)) {
            if (state_.latest[read.key] != read.writer) return false;
        }
        for (std::uint32_t other = 0; other < sessions_.size(); ++other) {
            if (!begun(other)) continue;
            const std::uint32_t active = sessions_[other][state_.done[other] / 2];
            for (const std::uint32_t key : index_.writes_of(node)) {
                if (index_.writes_key(active, key)) return false;
            }
        }
        return true;
    }

    bool goes_on(std::uint32_t session, std::uint32_t node) {
        if (!begun(session) && !can_begin(node)) return false;
        const State before = state_;
        const bool whole = promised_ == Promised::serializable;
        if (whole || begun(session)) {
            for (const std::uint32_t key : index_.writes_of(node)) state_.latest[key] = node;
        }
        state_.done[session] += whole ? 2 : 1;
        if (valid()) return true;
        state_ = before;
        return false;
    }

    const RegisterIndex& index_;
    Promised promised_;
    std::vector<std::vector<std::uint32_t>> sessions_;
    State state_;
    std::set<State> tried_;
};

}  // namespace geode::check::txn::oracle
