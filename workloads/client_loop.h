// SPDX-License-Identifier: Apache-2.0
#pragma once

// What all workload clients share: a pace, a deadline, a stop signal, and counts of what came back.
//
// A workload is a function that runs in a fiber of a client's World and drives one node::Client
// until `Control::stop`. The harness (simulator or real processes) owns Control and Progress, reads
// them between steps and outlives the fibers. How an operation ended:
//   ok       it happened
//   refused  it was answered that its condition does not hold; it changed nothing
//   fail     it definitely did not happen (or was a read: it has no effect)
//   unknown  it may have happened, or may still at any later time

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "graph/command.h"
#include "runtime/world.h"

namespace geode::workloads {

enum class Ending : std::uint8_t { ok, refused, fail, unknown };

/// How a write that returned this error ended.
Ending ending_of_write(ErrorCode code);
/// How a write that was answered so ended; `refused` for every outcome but ok.
Ending ending_of(const Result<graph::Outcome>& written);

struct Control {
    bool stop = false;  ///< finish the running operation and return
};

/// One client's account of itself.
struct Progress {
    std::uint64_t ok = 0;  ///< answered, refusals among them
    std::uint64_t fail = 0;
    std::uint64_t unknown = 0;
    std::vector<std::uint32_t> latencies_us;  ///< of the answered ones
    bool finished = false;                    ///< the fiber has returned

    void count(Ending ending, Duration latency);
};

struct Pace {
    Duration think_time_mean = milliseconds(150);  ///< exponential, between operations
    Duration deadline = seconds(3);                ///< of one operation
};

/// Suspends for a drawn think time, cut short of nothing: a stop is noticed afterwards.
void think(World& world, Prng& prng, const Pace& pace);

/// Process numbers for histories: client i of n has i, then i + n after an operation of unknown
/// outcome, since a process must not have two operations running.
class ProcessNumber {
public:
    ProcessNumber(std::uint32_t client, std::uint32_t clients) : value_(client), stride_(clients) {}
    std::int64_t value() const { return value_; }
    void abandon() { value_ += stride_; }

private:
    std::int64_t value_;
    std::int64_t stride_;
};

}  // namespace geode::workloads
