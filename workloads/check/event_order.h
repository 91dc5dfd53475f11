// SPDX-License-Identifier: Apache-2.0
#pragma once

// The events of a history in the order in which a notation writes them down. Shared by the writers
// of operations and of transactions.
//
// Where an operation of unknown outcome was given up is no position in a history. It is written
// where its time belongs, if that was recorded, and else as late as it can be: when its process
// invokes again, or at the end.

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "workloads/check/history.h"

namespace geode::check {

struct OrderedEvent {
    std::uint32_t operation = 0;  ///< its index
    bool completion = false;      ///< else its invocation
    std::int64_t process = 0;     ///< as it is to be written
};

/// What becomes of a process after an operation of unknown outcome.
enum class Crashed : std::uint8_t {
    goes_on,  ///< under the same number
    retires,  ///< what it does next is another process's, as Jepsen has it; and no number is
              ///< negative
};

/// Made for one use: EventOrder(operations, crashed).run().
template <class Operations>
class EventOrder {
public:
    EventOrder(const Operations& operations, Crashed crashed)
        : operations_(operations), crashed_(crashed) {}

    /// Every operation twice: its invocation, and its completion.
    std::vector<OrderedEvent> run() && {
        for (const auto& [position, event] : stamps()) {
            const auto& operation = operations_[event.operation];
            const std::int64_t time =
                event.completion ? operation.completed_ns : operation.invoked_ns;
            while (!given_up_.empty() && given_up_.begin()->first <= time) {
                give_up(given_up_.begin()->second);
            }
            if (!event.completion) begin(operation.process);
            events_.push_back({event.operation, event.completion, name_of(operation.process)});
            if (operation.completed != never_completed) continue;
            open_[operation.process] = event.operation;
            if (operation.completed_ns != no_time) {
                given_up_.emplace(operation.completed_ns, operation.process);
            }
        }
        while (!given_up_.empty()) give_up(given_up_.begin()->second);
        while (!open_.empty()) give_up(open_.begin()->first);
        return std::move(events_);
    }

private:
    using Stamp = std::pair<std::uint64_t, OrderedEvent>;

    std::vector<Stamp> stamps() {
        std::vector<Stamp> stamps;
        for (std::uint32_t index = 0; index < operations_.size(); ++index) {
            const auto& operation = operations_[index];
            used_.insert(operation.process);
            stamps.push_back({operation.invoked, {.operation = index, .completion = false}});
            if (operation.completed == never_completed) continue;
            stamps.push_back({operation.completed, {.operation = index, .completion = true}});
        }
        std::ranges::sort(stamps, {}, &Stamp::first);
        return stamps;
    }

    void begin(std::int64_t process) {
        if (open_.contains(process)) give_up(process);
        const bool negative =
            process < 0 && crashed_ == Crashed::retires && !names_.contains(process);
        if (retired_.erase(process) == 0 && !negative) return;
        while (!used_.insert(next_).second) ++next_;
        names_[process] = next_;
    }

    void give_up(std::int64_t process) {
        const std::uint32_t index = open_.extract(process).mapped();
        given_up_.erase({operations_[index].completed_ns, process});
        events_.push_back({index, true, name_of(process)});
        if (crashed_ == Crashed::retires) retired_.insert(process);
    }

    std::int64_t name_of(std::int64_t process) const {
        const auto found = names_.find(process);
        return found == names_.end() ? process : found->second;
    }

    const Operations& operations_;
    Crashed crashed_;
    std::vector<OrderedEvent> events_;
    std::map<std::int64_t, std::uint32_t> open_;                // process -> of unknown outcome
    std::set<std::pair<std::int64_t, std::int64_t>> given_up_;  // time and process, of open_
    std::set<std::int64_t> retired_;
    std::map<std::int64_t, std::int64_t> names_;  // what retired processes go on as
    std::set<std::int64_t> used_;
    std::int64_t next_ = 0;
};

}  // namespace geode::check
