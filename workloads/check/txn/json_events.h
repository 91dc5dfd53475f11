// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON objects as the EDN maps they stand for: member names become keywords, null nil. Internal to
// formats.cc.

#include <string_view>

#include "workloads/check/txn/event_reader.h"

namespace geode::check::txn {

/// Hands every object of `text`, one array of objects or one object per line, to `events`.
/// invalid_argument with name:line for what is not such a text or what `events` refuses.
Result<void> read_json_events(std::string_view text, std::string_view name, EventReader& events);

}  // namespace geode::check::txn
