// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck/catch.h>

#include <map>

#include "runtime/os/timer_queue.h"

using namespace geode;
using namespace geode::os;

// The model is an ordered map by (time, order of addition), which cannot be wrong in the ways a
// heap with back references can.
TEST_CASE("timer queue: agrees with an ordered map", "[fast][prop]") {
    rc::prop("any mix of add, cancel and pop", [] {
        TimerQueue queue;
        using Key = std::pair<std::int64_t, std::uint32_t>;
        std::map<Key, TimerId> model;
        std::map<TimerId, Key> added;
        std::vector<TimerId> ids;
        // Long enough for a heap in which a removed leaf's replacement must move up.
        using Command = std::pair<std::uint8_t, std::uint8_t>;
        const auto commands = *rc::gen::container<std::vector<Command>>(
            600, rc::gen::pair(rc::gen::inRange<std::uint8_t>(0, 255),
                               rc::gen::inRange<std::uint8_t>(0, 255)));
        std::uint32_t order = 0;
        for (const auto& [kind, argument] : commands) {
            if (kind % 4 < 2) {
                const MonoTime when(nanoseconds(argument / 4));
                const TimerId id = queue.add(when, WakeToken{order, 1});
                RC_ASSERT(id != 0);
                RC_ASSERT(added.emplace(id, Key(when.time_since_epoch().count(), order)).second);
                model.emplace(added[id], id);
                ids.push_back(id);
                ++order;
            } else if (kind % 4 == 2 && !ids.empty()) {
                const TimerId id = ids[argument % ids.size()];
                RC_ASSERT(queue.cancel(id) == (model.erase(added[id]) == 1));
            } else {
                const auto token = queue.pop_due(MonoTime(nanoseconds(argument / 4)));
                const bool due = !model.empty() && model.begin()->first.first <= argument / 4;
                RC_ASSERT(token.has_value() == due);
                if (due) {
                    RC_ASSERT(token->slot == model.begin()->first.second);
                    model.erase(model.begin());
                }
            }
            RC_ASSERT(queue.size() == model.size());
            const MonoTime next =
                model.empty() ? never : MonoTime(nanoseconds(model.begin()->first.first));
            RC_ASSERT(queue.next() == next);
        }
    });
}
