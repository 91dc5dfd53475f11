// SPDX-License-Identifier: Apache-2.0
#pragma once

// The times in a history: nanoseconds since it began, where somebody started the watch. They are
// for people; the order of a history is that of its calls.

#include <cstdint>

#include "runtime/clock.h"
#include "workloads/check/history.h"

namespace geode::workloads {

class Stopwatch {
public:
    /// Times count from now. `clock` must outlive the last call of elapsed_ns().
    void start(Clock& clock) {
        clock_ = &clock;
        begun_ = clock.now();
    }
    /// check::no_time before the start.
    std::int64_t elapsed_ns() const {
        return clock_ == nullptr ? check::no_time : (clock_->now() - begun_).count();
    }

private:
    Clock* clock_ = nullptr;
    MonoTime begun_{};
};

}  // namespace geode::workloads
