// SPDX-License-Identifier: Apache-2.0
#include "jepsen/register_history.h"

#include "base/assert.h"

namespace geode::jepsen {

void RegisterHistory::invoked(const workloads::RegisterCall& call) {
    check::ValueTable& values = builder_.values();
    check::Call event;
    event.process = call.process;
    event.key = values.integer(static_cast<std::int64_t>(call.key.value()));
    event.time_ns = elapsed_ns();
    switch (call.function) {
        case workloads::RegisterFunction::read: event.function = check::Function::read; break;
        case workloads::RegisterFunction::write: event.function = check::Function::write; break;
        case workloads::RegisterFunction::cas:
            event.function = check::Function::cas;
            if (call.expected) event.expected = values.integer(*call.expected);
            break;
    }
    if (event.function != check::Function::read) event.argument = values.integer(call.argument);
    GEODE_ASSERT(builder_.invoke(event).has_value());
}

void RegisterHistory::completed(std::int64_t process, workloads::Ending ending,
                                std::optional<std::int64_t> seen) {
    check::ValueId result;
    if (seen) result = builder_.values().integer(*seen);
    const auto end = [&] {
        switch (ending) {
            case workloads::Ending::ok: return builder_.ok(process, result, elapsed_ns());
            case workloads::Ending::refused: return builder_.refuse(process, elapsed_ns());
            case workloads::Ending::fail: return builder_.fail(process, elapsed_ns());
            case workloads::Ending::unknown: return builder_.info(process, elapsed_ns());
        }
        GEODE_UNREACHABLE("an ending outside its enum");
    };
    GEODE_ASSERT(end().has_value());
}

}  // namespace geode::jepsen
