// SPDX-License-Identifier: Apache-2.0
#include "sim/world/event_chain.h"

#include <array>
#include <cstdio>

#include "base/crc32c.h"

namespace geode::sim {

std::string_view to_string(EventKind kind) {
    static constexpr std::array<std::string_view, 15> names = {
        "scheduling", "timer",    "offload", "call", "delivery", "reset", "window",   "give_up",
        "connecting", "flapping", "send",    "disk", "trace",    "fault", "lifecycle"};
    static_assert(names.size() == static_cast<std::size_t>(EventKind::lifecycle) + 1);
    return names.at(static_cast<std::size_t>(kind));
}

std::uint64_t digest(std::string_view bytes) {
    return (std::uint64_t{bytes.size()} << 32) ^ crc32c(bytes);
}

std::string ChainEvent::describe() const {
    const std::int64_t ns = at.time_since_epoch().count();
    std::array<char, 160> text{};
    const std::string_view kind_name = to_string(kind);
    std::snprintf(text.data(), text.size(), "t=%lld.%09lld n%u %.*s %.*s a=0x%llx b=0x%llx",
                  static_cast<long long>(ns / 1'000'000'000),
                  static_cast<long long>(ns % 1'000'000'000), node.value(),
                  static_cast<int>(kind_name.size()), kind_name.data(),
                  static_cast<int>(label.size()), label.data(), static_cast<unsigned long long>(a),
                  static_cast<unsigned long long>(b));
    return text.data();
}

void EventLog::start_comparing() {
    GEODE_ASSERT(!comparing_);
    comparing_ = true;
}

void EventLog::add(const ChainEvent& event, std::uint64_t hash_after) {
    if (!comparing_) {
        entries_.push_back(Entry{event, hash_after});
        return;
    }
    const std::uint64_t index = compared_++;
    if (divergence_) return;
    if (index >= entries_.size()) {
        divergence_ = Divergence{index, "(end of run)", event.describe()};
    } else if (entries_[index].hash != hash_after) {
        divergence_ = Divergence{index, entries_[index].event.describe(), event.describe()};
    }
}

std::optional<Divergence> EventLog::divergence() const {
    GEODE_ASSERT(comparing_);
    if (divergence_ || compared_ >= entries_.size()) return divergence_;
    return Divergence{compared_, entries_[compared_].event.describe(), "(end of run)"};
}

}  // namespace geode::sim
