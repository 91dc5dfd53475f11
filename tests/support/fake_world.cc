// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_world.h"

namespace geode::test {

TimerId ManualClock::wake_at(MonoTime when, WakeToken token) {
    if (when == never) return 0;
    if (when <= now_) {
        scheduler_.wake(token, WakeReason::timed_out);
        return 0;
    }
    const TimerId id = next_id_++;
    timers_.emplace(std::pair(when, id), token);
    return id;
}

void ManualClock::cancel(TimerId timer) {
    std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
}

void ManualClock::advance(Duration duration) {
    GEODE_ASSERT(duration >= Duration::zero());
    now_ += duration;
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
        const WakeToken token = timers_.begin()->second;
        timers_.erase(timers_.begin());
        scheduler_.wake(token, WakeReason::timed_out);
    }
}

FakeWorld::FakeWorld(MemoryDisk& disk, std::uint64_t seed)
    : disk_(disk), prng_(seed), scheduler_({}), group_(scheduler_), clock_(scheduler_) {}

FakeWorld::~FakeWorld() {
    kill();
}

void FakeWorld::run(UniqueFunction<void()> body) {
    FiberHandle fiber = spawn("test", std::move(body));
    scheduler_.run_ready();
    GEODE_ASSERT_MSG(fiber.done(), "the test's fiber still waits");
}

void FakeWorld::kill() {
    GEODE_ASSERT(scheduler_.kill(group_));
}

Result<std::unique_ptr<Connection>> FakeWorld::connect(const Address& to, MonoTime) {
    return make_error(ErrorCode::refused, to.to_string());
}

Result<std::unique_ptr<Listener>> FakeWorld::listen(const Address& at) {
    return make_error(ErrorCode::invalid_argument, at.to_string());
}

void FakeWorld::run_blocking(FunctionRef<void()> work) {
    try {
        scheduler_.yield();
    } catch (const Killed&) {
        work();  // promised to run, as a worker thread would
        throw;
    }
    work();
    scheduler_.yield();
}

void FakeWorld::record(std::string_view name, std::span<const TraceField> fields) {
    std::string line(name);
    for (const TraceField& field : fields) {
        line.append(" ").append(field.key).append("=");
        if (const auto* text = std::get_if<std::string_view>(&field.value)) line.append(*text);
        if (const auto* s = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*s);
        if (const auto* u = std::get_if<std::uint64_t>(&field.value)) line += std::to_string(*u);
    }
    events_.push_back(std::move(line));
}

}  // namespace geode::test
