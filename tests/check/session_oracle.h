// SPDX-License-Identifier: Apache-2.0
#pragma once

// The four session guarantees as Terry et al. state them (PDIS 1994, section 3): servers hold sets
// of writes, which they apply in one order; each read is of some server. A guarantee says which
// writes that server must hold, and which of them it applies in which order:
//
//   read your writes     what the session wrote before
//   monotonic reads      what the session's earlier reads showed
//   monotonic writes     with a write those its session made before, applied before it
//   writes follow reads  with a write what its session had read before, applied before it
//
// Writes of different registers commute, so only the order within a register is sought. The last
// two come with monotonic reads (sessions.h says why). And all small programs, to be judged so.

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "workloads/check/sessions.h"

namespace geode::check::oracle {

/// A read or write of one register in one session, told plainly.
struct Step {
    int session = 0;
    int key = 0;
    bool write = false;
    bool unknown = false;  ///< a write that nothing in its session comes after
    int from = -1;         ///< of a read: the step that wrote what it shows; -1: nothing
};

class Servers {
public:
    Servers(const std::vector<Step>& steps, SessionGuarantee guarantee)
        : steps_(steps), guarantee_(guarantee) {}

    bool hold() const {
        std::set<int> keys;
        for (const Step& step : steps_) keys.insert(step.key);
        return causal() && std::ranges::all_of(keys, [this](int key) { return ordered(key); });
    }

private:
    using Writes = std::set<int>;

    const Step& at(int step) const { return steps_[static_cast<std::size_t>(step)]; }
    int count() const { return static_cast<int>(steps_.size()); }
    bool earlier(int first, int second) const {
        return first < second && at(first).session == at(second).session && !at(first).unknown;
    }
    bool asks(SessionGuarantee guarantee) const { return guarantee_ == guarantee; }

    /// Nothing shows what depends on it.
    bool causal() const {
        std::vector<Writes> past(steps_.size());
        for (int round = 0; round < count(); ++round) {
            for (int step = 0; step < count(); ++step) {
                Writes& own = past[static_cast<std::size_t>(step)];
                for (int other = 0; other < count(); ++other) {
                    if (!earlier(other, step) && at(step).from != other) continue;
                    own.insert(other);
                    own.merge(Writes(past[static_cast<std::size_t>(other)]));
                }
                if (own.contains(step)) return false;
            }
        }
        return true;
    }

    /// What a server that holds the write holds too.
    Writes demanded_by(int write) const {
        Writes out;
        for (int step = 0; step < count(); ++step) {
            if (!earlier(step, write)) continue;
            const bool own = at(step).write && asks(SessionGuarantee::monotonic_writes);
            const bool read = !at(step).write && asks(SessionGuarantee::writes_follow_reads);
            if (own) out.insert(step);
            if (read && at(step).from >= 0) out.insert(at(step).from);
        }
        return out;
    }
    Writes closed(Writes held) const {
        for (std::size_t size = 0; size != held.size();) {
            size = held.size();
            for (const int write : Writes(held)) held.merge(demanded_by(write));
        }
        return held;
    }
    /// The least that the server of a read may hold.
    Writes server_of(int read) const {
        Writes held;
        if (at(read).from >= 0) held.insert(at(read).from);
        for (int step = 0; step < count(); ++step) {
            if (!earlier(step, read)) continue;
            const bool own = asks(SessionGuarantee::read_your_writes);
            if (own && at(step).write) held.insert(step);
            if (!own && !at(step).write && at(step).from >= 0) held.insert(at(step).from);
        }
        return closed(held);
    }

    bool ordered(int key) const {
        std::vector<int> order;
        for (int step = 0; step < count(); ++step) {
            if (at(step).write && at(step).key == key) order.push_back(step);
        }
        do {
            if (fits(key, order)) return true;
        } while (std::ranges::next_permutation(order).found);
        return false;
    }
    bool fits(int key, const std::vector<int>& order) const {
        for (auto write = order.begin(); write != order.end(); ++write) {
            for (const int before : closed(demanded_by(*write))) {
                if (std::find(write, order.end(), before) != order.end()) return false;
            }
        }
        for (int read = 0; read < count(); ++read) {
            if (at(read).write || at(read).key != key) continue;
            const Writes held = server_of(read);
            int shown = -1;
            for (const int write : order) {
                if (held.contains(write)) shown = write;
            }
            if (shown != at(read).from) return false;
        }
        return true;
    }

    const std::vector<Step>& steps_;
    SessionGuarantee guarantee_;
};

/// The same as a history; only process order and values count.
inline History history_of(const std::vector<Step>& steps) {
    History history;
    std::uint64_t position = 0;
    const auto value_of = [&](int step) {
        return step < 0 ? nil_value : history.values.integer(100 + step);
    };
    for (int index = 0; index < static_cast<int>(steps.size()); ++index) {
        const Step& step = steps[static_cast<std::size_t>(index)];
        const std::uint64_t invoked = position++;
        const std::uint64_t completed = position++;
        history.operations.push_back(
            {.process = step.session,
             .function = step.write ? Function::write : Function::read,
             .completion = step.unknown ? Completion::unknown : Completion::ok,
             .key = history.values.integer(step.key),
             .argument = step.write ? value_of(index) : nil_value,
             .result = step.write ? nil_value : value_of(step.from),
             .invoked = invoked,
             .completed = step.unknown ? never_completed : completed});
    }
    return history;
}

struct ProgramShape {
    int steps = 5;
    int sessions = 3;
    int keys = 2;
    bool unknown = false;  ///< one write has an unknown outcome, and is read
    int idle_max = 100;    ///< reads that show nothing, and as many writes that nobody reads
};

/// Every program of this shape with every choice of what its reads show, but for those that differ
/// by the names of registers or of sessions only.
class Programs {
public:
    using Each = std::function<void(const std::vector<Step>&)>;

    Programs(const ProgramShape& shape, Each each) : shape_(shape), each_(std::move(each)) {}

    void run() { share(0, shape_.steps, shape_.steps); }

private:
    Step& at(int step) { return program_[static_cast<std::size_t>(step)]; }
    int count() const { return static_cast<int>(program_.size()); }
    bool read(int write) const {
        return std::ranges::find(program_, write, &Step::from) != program_.end();
    }

    /// Sessions take the steps in turn, none more than the one before it.
    void share(int session, int left, int most) {
        if (left == 0) return draw(0, 0);
        if (session == shape_.sessions) return;
        for (int own = std::min(left, most); own > 0; --own) {
            for (int step = 0; step < own; ++step) program_.push_back({.session = session});
            share(session + 1, left - own, own);
            program_.resize(program_.size() - static_cast<std::size_t>(own));
        }
    }
    void draw(int step, int keys) {
        if (step == count()) return answer(0, shape_.idle_max);
        for (int key = 0; key <= std::min(keys, shape_.keys - 1); ++key) {
            for (const bool write : {true, false}) {
                at(step) = {.session = at(step).session, .key = key, .write = write};
                draw(step + 1, std::max(keys, key + 1));
            }
        }
    }
    void answer(int step, int idle) {
        if (step == count()) return finish();
        if (at(step).write) return answer(step + 1, idle);
        if (idle > 0) answer(step + 1, idle - 1);
        for (int write = 0; write < count(); ++write) {
            if (!at(write).write || at(write).key != at(step).key) continue;
            at(step).from = write;
            answer(step + 1, idle);
            at(step).from = -1;
        }
    }
    void finish() {
        int unread = 0;
        for (int step = 0; step < count(); ++step) unread += at(step).write && !read(step) ? 1 : 0;
        if (unread > shape_.idle_max) return;
        if (!shape_.unknown) return each_(program_);
        for (int write = 0; write < count(); ++write) {
            // What nobody saw of an unknown outcome did not happen.
            if (!at(write).write || !read(write)) continue;
            at(write).unknown = true;
            each_(program_);
            at(write).unknown = false;
        }
    }

    ProgramShape shape_;
    Each each_;
    std::vector<Step> program_;
};

}  // namespace geode::check::oracle
